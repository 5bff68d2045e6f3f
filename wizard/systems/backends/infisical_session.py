"""A conversation with one Infisical server, as one machine identity.

Infisical's own SDK has no timeout, takes no CA file and retries silently for 15 seconds
(infisicalsdk 1.0.17), so its few calls are made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from wizard.core.errors import LoginRefusedError, NotReachedError, UsageError, WizardError
from wizard.core.secrets import SecretStr, remember_secret
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.infisical_errors import (
    SOURCE,
    Refusal,
    SignedOutError,
    login_refused,
    refused_redirect,
    way,
)
from wizard.systems.http import failures
from wizard.systems.http.answers import Record, read, reading
from wizard.systems.http.policy import ThrottledError
from wizard.systems.http.throttling import seconds_asked

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]

_LOGIN = "/api/v1/auth/universal-auth/login"
_FIRST_PAUSE = 5.0
"""Seconds to wait after a 429 that does not say how long."""


class Session:
    """Calls to one server; signs in when first needed. Safe to share between threads.

    Args:
        host: the server's address; a trailing `/api` is dropped, as External Secrets does.
        ca_file: PEM file of the authorities to trust; empty trusts the usual ones.
        around: gives the identity's INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, or asks.

    Raises:
        UsageError: the CA file is not there.
    """

    def __init__(self, host: str, ca_file: str, around: BackendContext) -> None:
        if ca_file and not Path(ca_file).is_file():
            raise UsageError(
                f"There is no CA file {ca_file}.",
                "secrets.infisical.ca_file names it",
                "Correct it",
            )
        self.host = host.rstrip("/").removesuffix("/api")
        self._around = around
        self._trusted = ca_file or True
        self._lock = Lock()
        self._http: requests.Session | None = None
        self._token: SecretStr | None = None
        self._refused: LoginRefusedError | None = None

    def is_there(self) -> None:
        """Reach the server, without signing in."""
        self._call("tell its status", "get", "/api/status")

    def sign_in(self) -> None:
        """Raises: LoginRefusedError; NotReachedError; UsageError, where there is no one to sign in
        as.
        """
        self._signed_in()

    def get(self, doing: str, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Ask for something; sent again when the connection is cut or a proxy is in trouble."""
        return self._as_us(doing, "get", path, query)

    def send(self, doing: str, verb: str, path: str, body: Json) -> Json:
        """Change something; sent once."""
        return self._as_us(doing, verb, path, body=body)

    def close(self) -> None:
        """End the session on the server too; one that cannot be ended now expires by itself."""
        token, self._token = self._token, None
        if token is None:
            return
        body = {"accessToken": token.get_secret_value()}
        with suppress(WizardError):
            self._call("sign out", "post", "/api/v1/auth/token/revoke", body=body)

    def _as_us(
        self,
        doing: str,
        verb: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        token = self._signed_in()
        try:
            return self._call(doing, verb, path, query, body, token)
        except (
            SignedOutError
        ):  # answered before anything was done, so that a write may go again too
            renewed = self._signed_in(instead_of=token)
        return self._call(doing, verb, path, query, body, renewed)

    def _signed_in(self, instead_of: SecretStr | None = None) -> SecretStr:
        """The access token; a new one when the one we had was refused.

        One thread signs in for all, and a refusal is final: runners are looked at side by side,
        and each trying a bad secret of its own would lock the identity.
        """
        with self._lock:
            if self._refused:
                raise LoginRefusedError(
                    self._refused.problem, self._refused.cause, self._refused.fix
                )
            if self._token is None or self._token is instead_of:
                try:
                    self._token = self._log_in()
                except LoginRefusedError as refused:
                    self._refused = refused
                    raise
            return self._token

    def _log_in(self) -> SecretStr:
        asked = self._around.credential
        client_id = asked("Infisical client id", "INFISICAL_CLIENT_ID", to=self.host)
        secret = asked("Infisical client secret", "INFISICAL_CLIENT_SECRET", to=self.host)
        body = {"clientId": client_id.get_secret_value(), "clientSecret": secret.get_secret_value()}
        answer = self._call("sign in", "post", _LOGIN, body=body)
        with reading("sign in", of=SOURCE):
            return remember_secret(SecretStr(Record(answer).text("accessToken")))

    def _call(
        self,
        doing: str,
        verb: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        token: SecretStr | None = None,
    ) -> Json:
        def call() -> Json:
            return self._once(doing, verb, path, query, body, token)

        policy = replace(self._around.policy, first_pause=_FIRST_PAUSE)
        return policy.call_with_retries(call, doing, who="Infisical", is_read=verb == "get")

    def _once(
        self,
        doing: str,
        verb: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Json | None,
        token: SecretStr | None,
    ) -> Json:
        from requests.exceptions import RequestException

        try:
            response = self._open().request(
                verb,
                f"{self.host}{path}",
                params=query,
                json=body,
                auth=_Bearer(token),
                timeout=self._around.timeouts,
                verify=self._trusted,
                allow_redirects=False,
            )
        except RequestException as lost:
            error: WizardError = failures.failure(lost, way(self.host), doing, is_read=False)
        else:
            answer = self._judge(response, doing, signing_in=path == _LOGIN)
            if not isinstance(answer, WizardError):
                return answer
            error = answer
            if isinstance(error, NotReachedError):
                error.maybe_done = True  # it may have been carried out before it failed
        # Outside the handler, so that no exception of requests, which holds the request and its
        # headers, travels along as context.
        raise error

    def _judge(
        self, response: requests.Response, doing: str, *, signing_in: bool
    ) -> Json | WizardError:
        if response.is_redirect:
            return refused_redirect(self.host, response.headers["Location"])
        if response.status_code == 429:
            message = Refusal.of(response.status_code, response.content).message
            raise ThrottledError(seconds_asked(response.headers, message))
        if response.status_code >= 400:
            refusal = Refusal.of(response.status_code, response.content)
            return login_refused(refusal, self.host) if signing_in else refusal.error(doing)
        return read(response.content, lambda answer: Record(answer).plain(), doing, of=SOURCE)

    def _open(self) -> requests.Session:
        if self._http is None:
            import requests

            self._http = requests.Session()
        return self._http


class _Bearer:
    """Signs one call, or leaves it unsigned; either way requests leaves ~/.netrc alone."""

    def __init__(self, token: SecretStr | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request
