"""Where a credential may go: to the origin that it is bound to, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from wizard.core.errors import NotReachedError
from wizard.core.secrets import SecretStr, redact

_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> str:
    """Scheme, host and port of an address, the port left out where it is the usual one."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = None
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS.get(scheme) else "")


def same_origin(one: str, other: str) -> bool:
    return origin(one) == origin(other)


def is_part_of(address: str, url: str) -> bool:
    """Whether a URL is of the server at an address: below its path too, where it has one.

    What else a host serves beside a GitLab at `/gitlab` is not that GitLab.
    """
    path = urlsplit(url).path
    top = urlsplit(address).path.rstrip("/")
    if ".." in path.split("/") or "%2e" in path.lower():
        return False
    return same_origin(address, url) and (path == top or path.startswith(f"{top}/"))


@dataclass(frozen=True, slots=True)
class Bound:
    """A credential and the one address that it is for; how clients are handed either.

    Args:
        address: the server's, as the person wrote it who trusts it with the credential.
        credential: sent to that origin alone; None for calls without one.
    """

    address: str
    credential: SecretStr | None = field(default=None, repr=False)

    def for_url(self, url: str) -> SecretStr | None:
        """The credential, for a request to `url`.

        Raises: NotReachedError, where that is another server: nothing is sent there.
        """
        if self.credential is not None and not is_part_of(self.address, url):
            raise sent_elsewhere(self.address, url, "its address")
        return self.credential


def redirect_target(url: str, location: str) -> str:
    """Where an answer of `url` with this `Location` sends its reader."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def sent_elsewhere(address: str, target: str, setting: str, why: str = "") -> NotReachedError:
    """The error for an answer that sends us to another address; it is not followed.

    Args:
        setting: what to write the address as, for people: `gitlab.url`.
        why: why this server may do so, where that is known.
    """
    try:
        there = origin(target)
    except ValueError:
        there = target
    there = redact(there) if "://" in there else redact(target)
    cause = "Credentials are sent only to the address that you wrote."
    return NotReachedError(
        f"{address} redirects to {there}.",
        f"{why} {cause}".strip(),
        f"If that is the right one, write {there} as {setting}",
    )
