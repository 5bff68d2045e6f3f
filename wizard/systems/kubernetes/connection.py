"""One way to one API server: address, TLS, proxy and credentials of a kubeconfig's context.

Credentials and certificates are read by the kubernetes package into its `Configuration`. The pool
of connections is ours, because the package writes client keys to files that it needs again for
every new connection, and leaves them behind when the process is killed; here they exist for the
milliseconds in which the TLS context reads them.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wizard.core.errors import NotAllowedError, UsageError
from wizard.core.secrets import SecretStr, redact, remember_secret
from wizard.systems.kubernetes import exec_plugin
from wizard.systems.kubernetes.kubeconfig import Selection

if TYPE_CHECKING:
    import urllib3

_IMPERSONATION = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid"}
_LOOPBACK = ("localhost", "127.", "::1")


@dataclass(frozen=True, slots=True)
class Connection:
    """A pool of connections to one server, and the headers that say who we are."""

    server: str
    pool: urllib3.PoolManager = field(repr=False)
    headers: urllib3.HTTPHeaderDict = field(repr=False)


def open_connection(selection: Selection, *, sign_in_timeout: float) -> Connection:
    """Read the credentials of a context; nothing is sent yet.

    Args:
        sign_in_timeout: seconds that an exec plugin may take.

    Raises: UsageError, when the context cannot be used as it stands; NotAllowedError, when its
    sign-in
        command fails.
    """
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException

    user = {} if selection.in_cluster else _signed_in(selection, sign_in_timeout)
    settings = Configuration()
    settings.proxy = None  # taken from the environment without regard to loopback; see _proxy
    try:
        with tempfile.TemporaryDirectory() as folder:
            _load(selection, user, settings, folder)
            tls = _tls(settings)
    except (ConfigException, ValueError, OSError) as error:
        raise UsageError(
            f"Context {selection.context} cannot be used as it is.",
            redact(str(error)),
            "Repair this context's cluster and user in the kubeconfig",
        ) from None
    server = str(settings.host).rstrip("/")
    return Connection(
        server,
        _pool(_proxy(server, selection.cluster.get("proxy-url")), tls, settings.tls_server_name),
        _headers(settings, user),
    )


def _signed_in(selection: Selection, timeout: float) -> dict[str, Any]:
    """The user entry with whatever has to be asked for turned into credentials."""
    user = dict(selection.user)
    plugin, provider = user.pop("exec", None), user.pop("auth-provider", None)
    if user.get("tokenFile"):
        user.pop("token", None)  # the file is the fresher one; client-go prefers it too
    elif plugin and not user.get("token"):
        user |= exec_plugin.credentials(plugin, selection.cluster, selection.context, timeout)
    elif provider and not user.get("token"):
        user["token"] = _id_token(provider, selection.context)
    return user


def _id_token(provider: Mapping[str, Any], context: str) -> str:
    """The current token of kubectl's built-in OIDC sign-in.

    It is not refreshed here: a refresh uses up the refresh token, and the new one would have to be
    written into the user's kubeconfig.
    """
    token = (provider.get("config") or {}).get("id-token")
    if provider.get("name") != "oidc" or not token:
        raise NotAllowedError(
            f"Context {context} signs in with auth-provider {provider.get('name')!r}.",
            "kubectl removed the built-in cloud sign-ins in Kubernetes 1.26",
            "Use the exec plugin of the cloud or identity provider in the kubeconfig",
        )
    return str(token)


def _load(selection: Selection, user: dict[str, Any], settings: Any, folder: str) -> None:
    from kubernetes import config

    if selection.in_cluster:
        config.load_incluster_config(settings, try_refresh_token=False)  # type: ignore[no-untyped-call]
        return
    config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
        {
            "clusters": [{"name": "it", "cluster": dict(selection.cluster)}],
            "users": [{"name": "it", "user": user}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        },
        client_configuration=settings,
        persist_config=False,
        temp_file_path=folder,
    )


def _tls(settings: Any) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    # Python 3.13 began to demand extensions that kubeadm's, k3s's and minikube's CAs do not carry.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not settings.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        tls.load_cert_chain(settings.cert_file, settings.key_file)
    return tls


def _proxy(server: str, configured: str | None) -> str | None:
    """The proxy for a server: the cluster's own, else the environment's, as Go chooses it."""
    from urllib.request import getproxies_environment

    from requests.utils import should_bypass_proxies

    if configured:
        return configured
    url = urlsplit(server)
    if (url.hostname or "").startswith(_LOOPBACK) or should_bypass_proxies(server, no_proxy=None):
        return None
    return getproxies_environment().get(url.scheme)


def _pool(proxy: str | None, tls: ssl.SSLContext, server_name: str | None) -> urllib3.PoolManager:
    import urllib3

    if tls.verify_mode is ssl.CERT_NONE:
        # The user's own kubeconfig says insecure-skip-tls-verify; a warning per call helps no one.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    options: dict[str, Any] = {"ssl_context": tls, "maxsize": 16, "retries": False}
    if server_name:
        options["server_hostname"] = server_name
    if not proxy:
        return urllib3.PoolManager(**options)
    if proxy.startswith("socks"):
        return _socks_pool(proxy, options)
    auth = urllib3.util.parse_url(proxy).auth
    headers = urllib3.make_headers(proxy_basic_auth=auth) if auth else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def _socks_pool(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError:
        raise UsageError(
            "The cluster is behind a SOCKS proxy, which needs one more package.",
            f"proxy {redact(proxy)}; the package PySocks is not installed",
            "Install PySocks beside the wizard, or use an HTTP proxy",
        ) from None
    # Go resolves names at the proxy for both spellings; urllib3 only for socks5h.
    return SOCKSProxyManager(proxy.replace("socks5://", "socks5h://", 1), **options)


def _headers(settings: Any, user: Mapping[str, Any]) -> urllib3.HTTPHeaderDict:
    import urllib3

    headers = urllib3.HTTPHeaderDict({"User-Agent": "runner-wizard"})
    # The key's name in `api_key` has changed between releases of the package; it holds only one.
    if authorization := next(iter(settings.api_key.values()), "").strip():
        remember_secret(SecretStr(authorization.partition(" ")[2]))
        headers["Authorization"] = authorization
    for key, header in _IMPERSONATION.items():
        if user.get(key):
            headers[header] = str(user[key])
    for group in user.get("as-groups") or ():
        headers.add("Impersonate-Group", str(group))
    return headers
