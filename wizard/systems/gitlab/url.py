"""GitLab's address as people write it, and the page where a token is made."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlencode, urlsplit

from wizard.core.errors import UsageError

TOKEN_SCOPES = ("api",)
"""What everything needs: create, find, update and prove a runner. The smoke job's commit and
pipeline need `api`; without them `RUNNER_SCOPES` will do."""

RUNNER_SCOPES = ("create_runner", "manage_runner", "read_api")
"""The least with which a runner can be created, found again and updated, but not proven."""

_NEW_TOKEN_PAGE_SINCE = (18, 9)


def clean_url(written: str) -> str:
    """The address to use: scheme, host, relative path; without `/api/v4` or trailing slash.

    Args:
        written: as the user wrote it; without a scheme, https is meant.

    Raises:
        UsageError: not an address, or one with a user name, password, query or fragment.
    """
    text = written.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise _no_address() from None
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or re.search(r"\s", text):
        raise _no_address()
    host = f"[{host}]" if ":" in host else host
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "GitLab's address holds more than scheme, host and path.",
            "Credentials and queries do not belong into an address: it is logged and shown.",
            f"Write it as {parts.scheme}://{host}{port}",
        )
    path = parts.path.rstrip("/").removesuffix("/api/v4")
    return f"{parts.scheme}://{host}{port}{path}"


def _no_address() -> UsageError:
    return UsageError(
        "That is not the address of a GitLab server.",
        "it has no scheme and host that could be asked",
        "Write it as https://gitlab.example.com",
    )


def plain_http_warning(url: str) -> str:
    """What to tell about an address without TLS; empty for https and for loopback."""
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return ""
    return f"{url} is not encrypted: anyone on the network path can read the tokens."


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def version_of(text: str) -> tuple[int, int]:
    """Major and minor of a GitLab version such as `19.4.1-ee`; (0, 0) when there is none."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def token_page(
    url: str,
    version: str = "",
    scopes: tuple[str, ...] = TOKEN_SCOPES,
    name: str = "Runner Wizard",
) -> str:
    """The page that makes a personal access token, its form filled in.

    Args:
        url: GitLab's address, as from `clean_url`.
        version: GitLab's version where known. Since 18.9 the form has its own page, which is
            missing before; the older page opens on all of them, but only fills in the form there
            (docs.gitlab.com, "Personal access tokens"). gitlab.com is always newer.
        scopes: the scopes to tick.
        name: the token's name.
    """
    page = f"{url}/-/user_settings/personal_access_tokens"
    if urlsplit(url).hostname == "gitlab.com" or version_of(version) >= _NEW_TOKEN_PAGE_SINCE:
        page += "/legacy/new"
    return f"{page}?{urlencode({'name': name, 'scopes': ','.join(scopes)}, safe=',')}"
