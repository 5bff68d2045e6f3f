"""What can be made to go wrong with a call, and the shape in which the server says no."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass
class Fault:
    """What happens instead to matching calls.

    `delay` seconds pass first; then the connection is cut (`drop`), or `body` is sent as it is
    (nonsense), or a `Status` with `status` and `message`; without any of these the call goes on.
    """

    method: str
    path: str
    status: int = 0
    message: str = ""
    times: int = 10**9
    delay: float = 0
    drop: bool = False
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def strikes(self, method: str, path: str) -> bool:
        if not self.times or self.method not in ("", method) or not re.search(self.path, path):
            return False
        self.times -= 1
        return True


def status_body(code: int, message: str) -> dict[str, Any]:
    """A `Status`, as every refusal of a real API server is."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, ""),
        "code": code,
    }
