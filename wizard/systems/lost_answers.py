"""What an exception of requests says of a call that got no answer."""

from __future__ import annotations


def timed_out(lost: BaseException) -> bool:
    """Whether the answer, or the rest of it, did not come in time."""
    from requests.exceptions import ReadTimeout
    from urllib3.exceptions import ReadTimeoutError

    return isinstance(lost, ReadTimeout) or any(
        isinstance(part, ReadTimeoutError) for part in lost.args
    )


def was_cut(lost: BaseException) -> bool:
    """Whether a connection that stood was broken off, so that the call may have arrived."""
    from requests.exceptions import ChunkedEncodingError
    from urllib3.exceptions import ProtocolError

    return isinstance(lost, ChunkedEncodingError) or any(
        isinstance(part, ProtocolError) for part in lost.args
    )


def innermost(error: BaseException) -> str:
    """The words at the bottom of requests' nested exceptions."""
    while True:
        nested = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(nested, BaseException):
            return str(error.args[-1] if error.args else error)
        error = nested
