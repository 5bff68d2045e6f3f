"""A call of requests that got no answer, in our words."""

from __future__ import annotations

from wizard.core.errors import NotReached
from wizard.core.secrets import redact
from wizard.systems.backends.patience import MayPass
from wizard.systems.lost_answers import innermost, timed_out, was_cut


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

    said = redact(innermost(lost))
    if isinstance(lost, SSLError):
        return NotReached(f"{address} shows a certificate that is not trusted.", said, ca)
    if timed_out(lost):
        return NotReached(
            f"{who} did not answer in time; asked to {doing}.",
            said,
            "try again; on your own server, look at its load",
            maybe_done=True,
        )
    if was_cut(lost):
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
