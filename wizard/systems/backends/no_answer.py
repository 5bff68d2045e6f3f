"""A call of requests that got no answer, in our words."""

from __future__ import annotations

from wizard.core.errors import NotReached
from wizard.core.secrets import redact
from wizard.systems.backends.patience import MayPass


def no_answer(lost: BaseException, doing: str, who: str, address: str, ca: str) -> NotReached:
    """The error for a call that got no answer; `maybe_done` where it may have arrived.

    Args:
        lost: what requests raised. Do not chain it: it holds the request, credentials and all.
        doing: completes "asked to ...".
        who: the server's name, for people.
        address: where it was looked for.
        ca: how to name a certificate authority to be trusted, for people.
    """
    from requests.exceptions import SSLError

    said = redact(_innermost(lost))
    if isinstance(lost, SSLError):
        return NotReached(f"{address} shows a certificate that is not trusted.", said, ca)
    if _timed_out(lost):
        return NotReached(
            f"{who} did not answer in time; asked to {doing}.",
            said,
            "try again; on your own server, look at its load",
            maybe_done=True,
        )
    if _was_cut(lost):
        return MayPass(
            f"The connection was cut before {who} answered; asked to {doing}.",
            said,
            "try again",
            maybe_done=True,
        )
    return NotReached(
        f"{address} cannot be reached.",
        said,
        "check the address and your network; a proxy is set with HTTPS_PROXY",
    )


def _timed_out(lost: BaseException) -> bool:
    from requests.exceptions import ReadTimeout
    from urllib3.exceptions import ReadTimeoutError

    return isinstance(lost, ReadTimeout) or any(
        isinstance(part, ReadTimeoutError) for part in lost.args
    )


def _was_cut(lost: BaseException) -> bool:
    from requests.exceptions import ChunkedEncodingError
    from urllib3.exceptions import ProtocolError

    return isinstance(lost, ChunkedEncodingError) or any(
        isinstance(part, ProtocolError) for part in lost.args
    )


def _innermost(error: BaseException) -> str:
    """The words at the bottom of requests' nested exceptions."""
    while True:
        nested = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(nested, BaseException):
            return str(error.args[-1] if error.args else error)
        error = nested
