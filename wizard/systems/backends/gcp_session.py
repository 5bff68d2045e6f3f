"""A conversation with Google Cloud's Secret Manager over REST, as one identity."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    TransientError,
    UsageError,
    WizardError,
)
from wizard.core.secrets import excerpt
from wizard.systems.backends.context import BackendContext
from wizard.systems.http import answers, failures
from wizard.systems.http.policy import ThrottledError
from wizard.systems.http.throttling import seconds_asked

Answer = TypeVar("Answer")

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
"""gcloud's variable for a private endpoint of Secret Manager."""
_ACCESS_TOKEN = "CLOUDSDK_AUTH_ACCESS_TOKEN"  # noqa: S105 - gcloud's variable for one
SOURCE = answers.Source("Google Cloud", f"the endpoint ({_ENDPOINT}, where it is set)")
_WAY = failures.Way(
    "Google Cloud",
    "Secret Manager",
    f"the endpoint ({_ENDPOINT}, where it is set)",
    "A proxy may be in between: give its authority with REQUESTS_CA_BUNDLE",
)


class FailedPreconditionError(WizardError):
    """What is there is in no state for it: a version that was disabled or destroyed."""


class Session:
    """Calls to Secret Manager; finds its credentials when first needed. Safe between threads."""

    def __init__(self, around: BackendContext) -> None:
        self._around = around
        self._lock = Lock()
        self._client: Any = None
        self._who = ""

    def identity(self) -> str:
        """Who we are, as far as the credentials say."""
        self._signed_in()
        return self._who

    def call(
        self, doing: str, ask: Callable[[Any, dict[str, Any]], Answer], *, is_read: bool = True
    ) -> Answer:
        """Make one call.

        Args:
            doing: completes "could not ...".
            ask: makes it; gets the client, and the options that every call is to have.
            is_read: whether it may be sent again when the connection is cut.

        Raises: NotFoundError; ConflictError, where it is there already; FailedPreconditionError;
        other
            WizardErrors.
        """
        return self._around.policy.call_with_retries(
            lambda: self._once(doing, ask), doing, who="Google Cloud", is_read=is_read
        )

    def _once(self, doing: str, ask: Callable[[Any, dict[str, Any]], Answer]) -> Answer:
        client = self._signed_in()
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError
        from google.protobuf.json_format import ParseError
        from requests.exceptions import RequestException

        # The library's own retries would send a write again as well.
        options = {"retry": None, "timeout": self._around.timeouts[1]}
        try:
            return ask(client, options)
        except GoogleAPICallError as refused:
            error = _refusal(refused, doing)
        except GoogleAuthError as refused:
            error = _not_signed_in(refused)
        except RequestException as lost:
            error = failures.failure(lost, _WAY, doing, is_read=False)
        except (ParseError, LookupError, TypeError, AttributeError, ValueError):
            error = invalid_response(doing)
        # Outside the handler: what is raised there holds the request, token and all.
        raise error

    def _signed_in(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> Any:
        try:
            from google.api_core.client_options import ClientOptions
            from google.cloud import secretmanager_v1
        except ImportError:
            raise UsageError(
                "The part for Google Cloud is not installed.",
                "it is an extra, for its size",
                "Run pip install 'gitlab-runner-wizard[gcp]'",
            ) from None
        # At DEBUG the library may log the bodies of its calls, and ours hold tokens.
        logging.getLogger("google").setLevel(logging.INFO)
        credentials = self._credentials()
        self._who = getattr(credentials, "service_account_email", "") or "yourself"
        endpoint = self._around.variable(_ENDPOINT).rstrip("/")
        self._around.may_send((), endpoint)  # this machine's own word; the profile names none
        return secretmanager_v1.SecretManagerServiceClient(
            credentials=credentials,
            transport="rest",
            client_options=ClientOptions(api_endpoint=endpoint or None),
        )

    def _credentials(self) -> Any:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

        if self._around.variable(_ACCESS_TOKEN):
            return self._given_token()
        try:
            return google.auth.default(scopes=[_SCOPE])[0]
        except DefaultCredentialsError as none:
            if self._around.ask is None:
                raise UsageError(
                    "There are no Google Cloud credentials.",
                    excerpt(str(none)),
                    "Run gcloud auth application-default login, or set "
                    "GOOGLE_APPLICATION_CREDENTIALS to a key file",
                ) from None
        except GoogleAuthError as refused:
            raise _not_signed_in(refused) from None
        return self._given_token()

    def _given_token(self) -> Any:
        from google.oauth2.credentials import Credentials

        make: Any = Credentials  # without types
        prompt = "Google Cloud access token (gcloud auth print-access-token)"
        return make(self._around.credential(prompt, _ACCESS_TOKEN).get_secret_value())


def invalid_response(doing: str) -> NotReachedError:
    """The error for an answer that is not Secret Manager's."""
    return SOURCE.invalid_response(doing)


def _refusal(refused: Any, doing: str) -> Exception:
    """The error for Google's; by its HTTP status, which gRPC's errors have as well."""
    status = int(refused.code or 500)
    if status == 429:
        headers = getattr(refused.response, "headers", None) or {}
        return ThrottledError(seconds_asked(headers))
    message = _text_of(str(refused.message))
    cause = f"Google says: {message}" if message else f"it answered {status}"
    if status >= 500:
        return TransientError(
            f"Google Cloud is in trouble and could not {doing} (status {status}).",
            cause,
            "Try again in a few minutes",
            maybe_done=True,
        )
    if status == 401:
        return NotAllowedError(
            "Google Cloud does not accept these credentials.",
            cause,
            "Sign in again: gcloud auth application-default login",
        )
    if status == 403:
        return NotAllowedError(
            f"Google Cloud does not let us {doing}.",
            cause,
            "Give that account the writer's roles of docs/secrets.md, and check that the "
            "Secret Manager API is enabled in the project",
        )
    if status == 404 and not _speaks_json(refused.response):
        return invalid_response(doing)  # a proxy's page does not say that a secret is gone
    kind = {400: FailedPreconditionError, 404: NotFoundError, 409: ConflictError}.get(
        status, WizardError
    )
    return kind(f"Google Cloud could not {doing}.", cause, "Check secrets.gcp: project and prefix")


def _speaks_json(response: Any) -> bool:
    """Whether the answer is an API's; one of gRPC has no headers of HTTP, and is."""
    headers = getattr(response, "headers", None)
    return headers is None or "json" in headers.get("Content-Type", "")


def _text_of(said: str) -> str:
    """Google's words, without the call that the library puts before them, nor a proxy's page."""
    said = re.sub(r"^[A-Z]+ \S+: ", "", said)
    return "" if "<" in said else excerpt(said)


def _not_signed_in(refused: Exception) -> WizardError:
    from google.auth.exceptions import TransportError

    said = excerpt(str(refused))
    if isinstance(refused, TransportError):
        return NotReachedError(
            "Google's sign-in cannot be reached.", said, "Check your network; HTTPS_PROXY is obeyed"
        )
    return NotAllowedError(
        "Google does not accept these credentials.",
        said,
        "Sign in again: gcloud auth application-default login",
    )
