"""Every way in which a call may go wrong on the wire, and what must come of each.

A sample runs in every run of the tests; `FAULT_MATRIX=all` runs every fault at every request that
a call makes.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.proxy import Fault, FaultyProxy, Reply
from wizard.core.errors import ExitCode, NotReachedError, WizardError

WHOLE = os.environ.get("FAULT_MATRIX") == "all"
_JSON = {"Content-Type": "application/json"}
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def _says(status: int, body: Any, **headers: str) -> Callable[[], Fault]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Fault(times=99, reply=Reply(status, raw, {**_JSON, **named}))


def _refuses(status: int) -> Callable[[], Fault]:
    words = {"kind": "Status", "message": "no", "error": "no", "errors": ["no"], "code": status}
    return _says(status, words)


FAULTS: dict[str, Callable[[], Fault]] = {
    "cut before": lambda: Fault(times=99, drop_before=True),
    "cut after": lambda: Fault(times=99, drop_after=True),
    **{str(status): _refuses(status) for status in (400, 401, 403, 404, 409, 410, 422, 500, 503)},
    "404 of another server": _says(404, _PAGE, Content_Type="text/html"),
    "429": _says(429, {"message": "slow down"}),
    "429 with a superscript": _says(429, {}, Retry_After="\u00b2"),
    "429, negative": _says(429, {}, Retry_After="-5"),
    "429 of 400 digits": _says(429, {}, Retry_After="9" * 400),
    "429 with a date": _says(429, {}, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"),
    "429 with half a date": _says(429, {}, Retry_After="Wed, 99 Oct 20"),
    "429 that tells its end": _says(429, {}, RateLimit_Reset="\u00b2"),
    "502 page": _says(502, _PAGE, Content_Type="text/html"),
    "200 page": _says(200, _PAGE, Content_Type="text/html"),
    "200 empty": _says(200, b""),
    "half of an answer": _says(200, b'{"data": {"id": 1, "na'),
    "another content type": _says(200, b"hello", Content_Type="text/plain"),
    "{}": _says(200, {}),
    "[]": _says(200, []),
    "[{}]": _says(200, [{}]),
    "[null]": _says(200, [None]),
    "null": _says(200, None),
    "a number": _says(200, 7),
    "items null": _says(200, {"items": None, "metadata": {}, "data": None, "secret": None}),
    "items of nothing": _says(200, {"items": [{}], "metadata": {}, "data": {}, "secret": {}}),
    "wrong kinds": _says(
        200,
        {
            "id": [], "items": 5, "metadata": "x", "data": [1], "spec": 5, "status": [],
            "secret": 3,
            "token": 7, "version": {}, "gitVersion": 3, "resources": "x", "groups": {}, "scopes": 1,
        },
    ),
    "deep": _says(200, b"[" * 100_000),
    "redirect elsewhere": _says(302, b"", Location="http://127.0.0.1:9/elsewhere"),
    "redirect to nonsense": _says(302, b"", Location="http://[::1/"),
}  # fmt: skip
SLOW: dict[str, Callable[[], Fault]] = {"silence": lambda: Fault(times=99, delay=2.5)}
SAMPLE = ("cut after", "401", "404 of another server", "429 with a superscript", "{}", "[{}]",
          "null", "wrong kinds", "half of an answer", "502 page", "429 of 400 digits")  # fmt: skip


def faults() -> list[str]:
    """The names of those that are to be tried."""
    return [*FAULTS, *SLOW] if WHOLE else list(SAMPLE)


@dataclass(frozen=True)
class Call:
    """One call, and what may come of it.

    Args:
        run: makes its own client, as a program that has just been started.
        state: what the server has, to be compared before and after; a read leaves it as it is.
        writes: whether it changes that.
        right: whether what it returned, after it was carried out, is true; of a read without it,
            that it is what it returns where nothing fails.
        otherwise: whether a read may return something else besides, by the fault that says just
            that, and says it as the server does: `404` that nothing is there.
    """

    run: Callable[[], Any]
    state: Callable[[], Any] = lambda: None
    writes: bool = False
    right: Callable[[Any], bool] | None = None
    otherwise: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)


def every_cell(
    proxy: FaultyProxy, calls: Mapping[str, Call], most_requests: int = 8
) -> tuple[Counter[str], list[str]]:
    """Try every call with every fault, from each of its requests on, and judge what comes of it.

    Returns: how the cells ended, and those that ended badly, in words.
    """
    ended: Counter[str] = Counter()
    bad: list[str] = []
    for name, call in calls.items():
        proxy.heal()
        usual = None if call.writes or call.right else call.run()
        for fault_name in faults():
            for skip in range(most_requests if WHOLE else 3):
                fault = (FAULTS | SLOW)[fault_name]()
                fault.skip = skip
                proxy.heal()
                proxy.fail(fault)
                began = time.monotonic()
                wrong = _wrong(call, usual, fault_name, ended)
                if time.monotonic() - began > 40:
                    wrong = wrong or "it took too long"
                if wrong:
                    bad.append(f"{name}, {fault_name}, request {skip + 1}: {wrong}")
                time.sleep(fault.delay)  # what nobody waited for any more arrives all the same
                if not fault.hits:
                    break  # the call makes no more requests than this
    proxy.heal()
    return ended, bad


def _wrong(call: Call, usual: Any, fault: str, ended: Counter[str]) -> str:
    """What is wrong with how a call ended; empty where it is as it should be."""
    before = call.state()
    try:
        answer = call.run()
    except WizardError as error:
        ended[type(error).__name__] += 1
        return _wrong_error(error) or _wrong_state(call, before, error)
    except Exception as error:
        ended["crash"] += 1
        return f"{type(error).__name__}: {error}"
    ended["answered"] += 1
    if call.right is not None:
        return "" if call.right(answer) else f"it returned {answer!r}, which is not so"
    if not call.writes and call.state() != before:
        return "a read has changed something"
    if answer == usual or (fault in call.otherwise and call.otherwise[fault](answer)):
        return ""
    return f"it returned {answer!r} in place of {usual!r}"


def _wrong_error(error: WizardError) -> str:
    missing = [part for part in ("problem", "cause", "fix") if not getattr(error, part)]
    if missing:
        return f"{error.problem!r} has no {' and no '.join(missing)}"
    if error.fix.endswith("."):
        return f"the fix ends with a full stop: {error.fix}"
    if not error.fix[0].isupper():
        return f"the fix begins in the middle: {error.fix}"
    return "" if error.exit_code == ExitCode.FAILED else f"it would end with {error.exit_code}"


def _wrong_state(call: Call, before: Any, error: WizardError) -> str:
    """Nothing is done that the error does not admit to: it would be done again."""
    if call.state() == before:
        return ""
    if call.writes and isinstance(error, NotReachedError) and error.maybe_done:
        return ""
    return f"it was done, and the error does not say that it may be: {error.problem}"
