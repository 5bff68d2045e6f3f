"""How GitLab is reached: trust, proxy, timeouts."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.core.errors import UsageError
from wizard.systems.http.failures import Way

if TYPE_CHECKING:
    import requests

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Connection:
    """The way to a GitLab.

    Args:
        ca_file: PEM file of the authorities to trust; empty trusts the usual ones.
        proxy: URL of an HTTP proxy; empty takes what the environment says.
        no_proxy: comma-separated hosts that are reached directly, as in `NO_PROXY`.
        connect_timeout: seconds.
        read_timeout: seconds without a byte of the answer.
    """

    ca_file: str = ""
    proxy: str = ""
    no_proxy: str = ""
    connect_timeout: float = 5.0
    read_timeout: float = 30.0

    def trusted(self) -> str | bool:
        """The CA file to trust, or True for the usual authorities.

        Raises:
            UsageError: the file is not there.
        """
        named = {"gitlab.ca_file": self.ca_file} | {
            name: os.environ.get(name, "") for name in _CA_VARIABLES
        }
        where, file = next(((name, path) for name, path in named.items() if path), ("", ""))
        if file and not Path(file).exists():
            raise UsageError(f"There is no CA file {file}.", f"{where} names it.", "Correct it")
        return file or True

    def way(self, url: str) -> Way:
        """How it is reached, for people."""
        return Way(
            "GitLab",
            url,
            "gitlab.url",
            "Set gitlab.ca_file to the PEM file of the authority that signed it",
            "gitlab.proxy and gitlab.no_proxy, or HTTPS_PROXY and NO_PROXY",
            self.read_timeout,
        )


def open_session(
    url: str, connection: Connection, look_at: Callable[..., None]
) -> requests.Session:
    """A session that takes nothing from the environment but proxies.

    Args:
        url: GitLab's address.
        connection: the way there.
        look_at: called with every response before anything else is done with it.
    """
    import requests

    session = requests.Session()
    # The environment's ~/.netrc would sign calls that must go unsigned, and its proxies would win
    # over the profile's.
    session.trust_env = False
    session.proxies = _proxies(url, connection)
    session.max_redirects = 3
    session.hooks["response"] = [look_at]
    return session


def _proxies(url: str, connection: Connection) -> dict[str, Any]:
    from requests.utils import get_environ_proxies, should_bypass_proxies

    no_proxy = connection.no_proxy or None
    if not connection.proxy:
        return dict(get_environ_proxies(url, no_proxy=no_proxy))
    if should_bypass_proxies(url, no_proxy=no_proxy):
        return {}
    return {"http": connection.proxy, "https": connection.proxy}
