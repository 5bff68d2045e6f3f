"""The one place where a GitLab client is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from wizard.core.secrets import SecretStr
from wizard.wiring.trust import PROXY, Trust, refuse_plain_http

if TYPE_CHECKING:
    from wizard.systems.gitlab import GitLab


@dataclass(frozen=True, slots=True)
class Address:
    """Where a GitLab is, and the way there; empty where the usual way will do."""

    url: str
    ca_file: str = ""
    proxy: str = ""
    no_proxy: str = ""
    allow_http: bool = False
    """Whether a token may be sent there unencrypted."""


def require_way(address: Address, trust: Trust) -> str:
    """Whether a token may be sent on this way at all; asked before one is.

    Returns: what to say before anything is sent; empty for nothing.
    Raises: RefusedError.
    """
    warning = refuse_plain_http(address.url, "gitlab", allowed=address.allow_http)
    # Over TLS a proxy sees nothing, unless the profile also says whose certificates to believe.
    if address.proxy and (address.ca_file or warning):
        trust.require(PROXY, "A GitLab token", address.proxy)
    return warning


def open_gitlab(
    address: Address,
    token: SecretStr,
    on_wait: Callable[[int, str], None] | None = None,
    read_timeout: float = 30.0,
    cancel: Event | None = None,
) -> GitLab:
    """The GitLab at an address; nothing is sent yet.

    Raises: UsageError, when address or token cannot be one.
    """
    from wizard.systems.gitlab.adapter import PythonGitLab
    from wizard.systems.gitlab.connection import Connection

    way = Connection(address.ca_file, address.proxy, address.no_proxy, read_timeout=read_timeout)
    return PythonGitLab(address.url, token, way, on_wait, cancel=cancel)
