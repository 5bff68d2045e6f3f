"""A conversation with one Vault or OpenBao server, as one identity."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from wizard.core.errors import LoginRefusedError, NotAllowedError, UsageError, WizardError
from wizard.core.secrets import remember_secret
from wizard.profile.secrets import Vault
from wizard.systems.backends import vault_errors, vault_login
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.vault_errors import SOURCE, VaultResponseError
from wizard.systems.http import failures
from wizard.systems.http.answers import Record, reading
from wizard.systems.http.policy import ThrottledError
from wizard.systems.http.throttling import seconds_asked

if TYPE_CHECKING:
    import hvac
    import requests

Answer = TypeVar("Answer")

_HEALTH = "/v1/sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200"


class Session:
    """Calls to one server through hvac; signs in when first needed. Safe to share between threads.

    Args:
        settings: the profile's section.
        around: VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TLS_SERVER_NAME of its
            environment win over the settings, as with Vault's own program; BAO_* are the same.

    Raises:
        UsageError: the CA file is not there.
    """

    def __init__(self, settings: Vault, around: BackendContext) -> None:
        self._settings = settings
        self._around = around
        self.address = _variable(around, "ADDR") or settings.address
        self._namespace = _variable(around, "NAMESPACE") or settings.namespace
        self._ca_file = _ca_file(settings, around)
        self._server_name = _variable(around, "TLS_SERVER_NAME") or settings.tls_server_name
        self._lock = Lock()
        self._http: requests.Session | None = None
        self._client: hvac.Client | None = None
        self._refused: LoginRefusedError | None = None

    def health(self) -> None:
        """Reach the server, without signing in.

        Raises: NotReachedError, when no one answers, or a Vault that is sealed or uninitialised.
        """
        doing = "tell its health"

        def ask(_client: Any) -> Mapping[str, Any]:
            # Without hvac: health is asked outside any namespace.
            answer = self._open().get(f"{self.address}{_HEALTH}", timeout=self._around.timeouts)
            state: Mapping[str, Any] = answer.json() if answer.content else {}
            return state

        answer = self._carried_out(doing, lambda: self._once(doing, ask, None))
        with reading(doing, of=SOURCE):
            state = Record(answer)
            initialized, is_sealed = state.flag("initialized"), state.flag("sealed", False)
        if not initialized:
            raise vault_errors.uninitialised("be used", f"{self.address} says so of itself")
        if is_sealed:
            raise vault_errors.sealed("be used", f"{self.address} says so of itself")

    def data(self, doing: str, ask: Callable[[hvac.Client], Any]) -> Mapping[str, Any]:
        """What an answer holds under `data`.

        Raises: Missing; NotReachedError, for an answer without it; other WizardErrors.
        """
        answer = self.call(doing, ask)
        with reading(doing, of=SOURCE):
            return Record(answer).record("data").plain()

    def call(
        self, doing: str, ask: Callable[[hvac.Client], Answer], *, is_read: bool = True
    ) -> Answer:
        """Ask the server something through hvac.

        Args:
            doing: completes "could not ...".
            ask: makes the call.
            is_read: whether it may be sent again when the connection is cut.

        Raises: Missing; WizardError.
        """
        client = self._signed_in()

        def once() -> Answer:
            return self._once(doing, ask, client)

        try:
            return self._carried_out(doing, once, is_read=is_read)
        except NotAllowedError:
            if self._settings.login == "token":
                raise
        # A login's token lives for minutes; refused, nothing was done, so all may go again.
        client = self._signed_in(instead_of=client)
        return self._carried_out(doing, once, is_read=is_read)

    def _carried_out(
        self, doing: str, once: Callable[[], Answer], *, is_read: bool = True
    ) -> Answer:
        return self._around.policy.call_with_retries(once, doing, who="Vault", is_read=is_read)

    def close(self) -> None:
        """End a session that we began; a token that was given to us is left alone."""
        client, self._client = self._client, None
        if client is not None and self._settings.login != "token":
            with suppress(WizardError):
                self._once("sign out", lambda c: c.auth.token.revoke_self(), client)

    def _signed_in(self, instead_of: hvac.Client | None = None) -> hvac.Client:
        """One thread signs in for all, and a refusal is final: repeated ones lock a user out."""
        with self._lock:
            if self._refused:
                raise LoginRefusedError(
                    self._refused.problem, self._refused.cause, self._refused.fix
                )
            if self._client is None or self._client is instead_of:
                self._client = self._log_in()
            return self._client

    def _log_in(self) -> hvac.Client:
        client = self._new_client()
        credentials = vault_login.credentials(self._settings, self._around, self.address)

        def ask(fresh: hvac.Client) -> None:
            vault_login.sign_in(fresh, self._settings, credentials)

        refusal: VaultResponseError | None = None
        try:
            self._carried_out(
                "sign in",
                lambda: self._once("sign in", ask, client, signing_in=True),
                is_read=False,
            )
        except VaultResponseError as refused:
            refusal = refused
        if refusal:
            self._refused = vault_errors.login_refused(refusal, self._settings.login)
            raise self._refused
        remember_secret(vault_login.token_of(client))
        return client

    def _once(
        self,
        doing: str,
        ask: Callable[[Any], Answer],
        client: hvac.Client | None,
        *,
        signing_in: bool = False,
    ) -> Answer:
        from requests.exceptions import RequestException

        try:
            return ask(client)
        except RequestException as lost:
            way = vault_errors.way(self.address)
            error: Exception = failures.failure(lost, way, doing, is_read=False)
        except VaultResponseError as refusal:
            error = refusal if signing_in and refusal.status < 500 else refusal.error(doing)
        except (LookupError, TypeError, AttributeError, ValueError):
            error = vault_errors.invalid_response(doing)  # hvac takes answers apart by itself
        # Outside the handler, so that no exception of requests, which holds the request and its
        # headers, travels along as context.
        raise error

    def _new_client(self) -> hvac.Client:
        import hvac

        return hvac.Client(
            url=self.address,
            token="",  # with None, hvac would look for one by itself
            verify=self._ca_file or True,
            timeout=self._around.timeouts,
            session=self._open(),
            namespace=self._namespace,
        )

    def _open(self) -> requests.Session:
        if self._http is None:
            import requests

            session = requests.Session()
            session.verify = self._ca_file or True
            session.auth = _leave_unsigned  # else requests looks into ~/.netrc
            session.hooks["response"].append(self._judge)
            if self._server_name:
                session.mount("https://", _named(self._server_name))
            self._http = session
        return self._http

    def _judge(self, response: requests.Response, **_: Any) -> None:
        """Read an answer's status before hvac does, and before a redirect would be followed."""
        if response.is_redirect:
            raise vault_errors.refused_redirect(self.address, response.headers["Location"])
        if response.status_code == 429:
            raise ThrottledError(seconds_asked(response.headers))
        if response.status_code >= 400:
            raise VaultResponseError(response.status_code, response.content)
        if response.content and not _is_object(response.content):
            raise vault_errors.invalid_response("answer at all")


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def _variable(around: BackendContext, name: str) -> str:
    return around.variable(f"VAULT_{name}", f"BAO_{name}")


def _ca_file(settings: Vault, around: BackendContext) -> str:
    from pathlib import Path

    name = _variable(around, "CACERT") or around.beside(settings.ca_file)
    if name and not Path(name).is_file():
        raise UsageError(
            f"There is no CA file {name}.",
            "secrets.vault.ca_file or VAULT_CACERT names it",
            "Correct it",
        )
    return name


def _leave_unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _named(name: str) -> requests.adapters.HTTPAdapter:
    """An adapter that asks for, and expects, the certificate of another name."""
    from requests.adapters import HTTPAdapter

    class Named(HTTPAdapter):
        def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
            super().init_poolmanager(*sizes, **options, server_hostname=name, assert_hostname=name)

    return Named()
