"""What can go wrong on the way: the next calls of a route fail as told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.fakes.gitlab.http import Reply

BAD_GATEWAY = (
    "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1>"
    "<hr>nginx</body>\n</html>"
)


@dataclass
class Fault:
    """One way to fail.

    `drop_before` cuts the connection before anything is done, `drop_after` when it is done and
    only the answer is missing; `delay` seconds pass before the answer; `reply` is sent instead of
    the true answer, and nothing is done; `meanwhile` is carried out before the call is, as what
    another client does between two calls of the first.
    """

    method: str
    path: str
    times: int = 1
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0
    reply: Reply | None = None
    meanwhile: Callable[[], object] | None = None

    def is_for(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in {method, "*"} and fnmatchcase(path, self.path)


@dataclass
class Faults:
    pending: list[Fault] = field(default_factory=list)

    def take(self, method: str, path: str) -> Fault | None:
        """The next fault for this call, used up by one."""
        for fault in self.pending:
            if fault.is_for(method, path):
                fault.times -= 1
                return fault
        return None


def throttled(dialect: str, retry_after: str | None, reset: str | None) -> Reply:
    """A 429 of either limiter: `rack` speaks plain text, `application` JSON."""
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    if reset is not None:
        headers["RateLimit-Reset"] = reset
    if dialect == "rack":
        headers |= {"RateLimit-Limit": "60", "RateLimit-Remaining": "0"}
        return Reply(429, "Retry later\n", headers)
    text = "This endpoint has been requested too many times. Try again later."
    return Reply(429, {"message": text}, headers)
