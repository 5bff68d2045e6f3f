"""Whether two addresses are the same one, however they are written, and who can read along."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]|%2e|%2f|%5c", re.IGNORECASE)


def canonical(written: str, suffix: str = "") -> str:
    """An address in the one spelling that every spelling of it has; https where none is written.

    Args:
        written: scheme, host, port and the path that a server is below.
        suffix: the path of the server's API, which may be written too, such as `/api/v4`.

    Raises: ValueError, for one that different programs would read differently (user names,
        backslashes, dots in the path), or that is none.
    """
    text = written.strip()
    if "://" not in text:
        text = f"https://{text}"
    parts = urlsplit(text)
    scheme, host, path = parts.scheme.lower(), parts.hostname or "", parts.path.rstrip("/")
    if scheme not in _PORTS or not host or "@" in parts.netloc or _ODD.search(text):
        raise ValueError("not an address")
    if parts.query or parts.fragment or {".", ".."} & set(path.split("/")):
        raise ValueError("more than scheme, host and path")
    port = f":{parts.port}" if parts.port not in {None, _PORTS[scheme]} else ""
    return f"{scheme}://{_host(host)}{port}{path.removesuffix(suffix)}"


def legible(address: str) -> str:
    """An address as a person can judge it: no letter in it looks like another."""
    return address if address.isascii() else canonical(address)


def same(one: str, other: str, suffix: str = "") -> bool:
    """Whether both name the same server; an address that cannot be read is never the same."""
    try:
        return canonical(one, suffix) == canonical(other, suffix)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_readable_by_others(address: str) -> bool:
    """Whether what is sent there travels unencrypted over a network."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    return parts.scheme.lower() != "https" and not is_loopback(parts.hostname or "")


def _host(host: str) -> str:
    host = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host if host.isascii() else _ascii(host)
    return f"[{address}]" if address.version == 6 else str(address)


def _ascii(host: str) -> str:
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("not a host name") from None
