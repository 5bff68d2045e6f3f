"""One HTTP call to GitLab, with everything a careful client does, and nothing it must not.

python-gitlab carries the calls (its lowest public level, `http_request`), but not its habits: it
would sleep silently on 429, resend a lost POST, follow redirects with the token, and its managers
lack half the calls we need (versions 7 and 8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar, cast

from wizard.core.errors import (
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    RejectedError,
    UsageError,
)
from wizard.core.secrets import SecretStr, remember_secret
from wizard.systems.gitlab.connection import Connection, open_session
from wizard.systems.gitlab.errors import Call, refusal
from wizard.systems.gitlab.url import clean_url, token_page
from wizard.systems.http import answers, failures
from wizard.systems.http.clock import ServerClock
from wizard.systems.http.origins import Bound, is_part_of, redirect_target, sent_elsewhere
from wizard.systems.http.policy import Policy, ThrottledError
from wizard.systems.http.throttling import seconds_asked

if TYPE_CHECKING:
    import gitlab
    import requests

T = TypeVar("T")

_GITLAB = answers.Source("GitLab", "gitlab.url")
_NO_CONTENT = 204
_FIRST_PAUSE = 5.0
"""Seconds after a 429 that says no time, as those of GitLab's application limiter before 18.6."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its body, and the headers that page through lists."""

    call: Call
    is_read: bool
    body: bytes
    headers: Mapping[str, str]

    def read(self, shape: Callable[[Any], T]) -> T:
        """The JSON of the answer in our words.

        Args:
            shape: builds our record from the parsed JSON.

        Raises:
            InvalidAnswerError: the answer is not what GitLab answers here.
        """
        try:
            return answers.read(self.body, shape, self.call.doing, of=_GITLAB)
        except NotReachedError as error:
            error.maybe_done = not self.is_read
            raise


class Transport:
    """Calls to one GitLab with one token, safe to share between threads.

    Args:
        url: as the user wrote it.
        token: goes to the origin of `url` and to no other. A personal, project, group or OAuth
            access token; sent as `Authorization: Bearer`, which unlike `PRIVATE-TOKEN` is never
            sent on to another host.
        connection: CA, proxy, timeouts.
        on_wait: called once a second with the seconds left and the reason while GitLab asks us to
            wait; what it raises ends the call.
        sleep: takes seconds, instead of waiting for `cancel`.
        cancel: set it to end every wait.

    Raises:
        UsageError: the address or the token cannot be one.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        connection: Connection,
        on_wait: Callable[[int, str], None] | None = None,
        sleep: Callable[[float], None] | None = None,
        cancel: Event | None = None,
    ) -> None:
        self.url = clean_url(url)
        self._bound = Bound(self.url, remember_secret(_sendable(token)))
        self._connection = connection
        self._policy = Policy(
            connection.connect_timeout,
            connection.read_timeout,
            first_pause=_FIRST_PAUSE,
            on_wait=on_wait,
            cancel=cancel or Event(),
            sleep=sleep,
        )
        self._clients: tuple[gitlab.Gitlab, gitlab.Gitlab] | None = None
        self._clock = ServerClock()

    def get(self, call: Call, path: str, **query: Any) -> Answer:
        """Ask for something; sent again when the connection is cut or a proxy is in trouble."""
        return self._call(call, "get", path, query=query)

    def send(
        self,
        call: Call,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        signed: bool = True,
    ) -> Answer:
        """Change something; sent once.

        Args:
            errand: what it is for.
            verb: `post`, `put` or `delete`.
            path: below `/api/v4`.
            body: sent as JSON, so that nothing of it is in a URL.
            signed: False leaves our token out, for calls that carry a runner's token.
        """
        return self._call(call, verb, path, body=dict(body or {}), signed=signed)

    def ping(self, call: Call) -> None:
        """Ask, unsigned, whether there is a GitLab: that it wants a token is an answer too."""
        try:
            self._call(call, "get", "/metadata", signed=False).read(answers.record)
        except NotAllowedError:
            return

    def now(self) -> datetime:
        """GitLab's clock, from its newest answer and the time passed since."""
        if not self._clock.is_known:
            self._set_clock()
        return self._clock.now()

    def _set_clock(self) -> None:
        try:
            self._call(Call("tell the time"), "get", "/version")
        except (NotAllowedError, NotFoundError, RejectedError):
            return  # a refusal carries the time as well

    def _call(
        self,
        call: Call,
        verb: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        signed: bool = True,
    ) -> Answer:
        return self._policy.call_with_retries(
            lambda: self._once(call, verb, path, query, body, signed),
            call.doing,
            who="GitLab",
            is_read=verb == "get",
        )

    def _once(
        self,
        call: Call,
        verb: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        signed: bool,
    ) -> Answer:
        from gitlab.exceptions import GitlabError

        is_read = verb == "get"
        ours, anonymous = self._open()
        try:
            response = (ours if signed else anonymous).http_request(
                verb,
                path,
                query_data=dict(query or {}),
                post_data=dict(body) if body else None,
                timeout=cast(
                    "float", self._policy.timeouts
                ),  # requests takes the pair, the annotation does not
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        except GitlabError as refused:
            status = refused.response_code or 500
            error = refusal(status, refused.response_body or b"", call, token_page(self.url))
            if isinstance(error, NotReachedError):
                error.maybe_done = not is_read
        except (OSError, ValueError) as lost:  # every exception of requests is one, or the other
            way = self._connection.way(self.url)
            error = failures.failure(lost, way, call.doing, is_read=is_read)
        else:
            # GitLab answers 204 and no word to every deletion; a login page says 200 to anything.
            if verb != "delete" or response.status_code == _NO_CONTENT:
                return Answer(call, is_read, response.content, response.headers)
            error = _GITLAB.invalid_response(call.doing, body=response.content)
        # Outside the handler, so that no SDK exception, which holds the request and its headers,
        # travels along as context.
        raise error

    def _open(self) -> tuple[gitlab.Gitlab, gitlab.Gitlab]:
        """The client with our token, and the one without."""
        if self._clients is None:
            import gitlab

            session = open_session(self.url, self._connection, self._look_at)
            options: dict[str, Any] = {
                "ssl_verify": self._connection.trusted(),
                "user_agent": "runner-wizard",
                "session": session,
            }
            token = (self._bound.for_url(self.url) or SecretStr("")).get_secret_value()
            self._clients = (
                gitlab.Gitlab(self.url, oauth_token=token, **options),
                gitlab.Gitlab(self.url, **options),
            )
        return self._clients

    def _look_at(self, response: requests.Response, **_: Any) -> None:
        """See every answer before python-gitlab or requests act on it."""
        self._clock.hear(response.headers.get("Date", ""))
        if response.is_redirect:
            self._allow_redirect(response)
        if response.status_code == 429:
            response.close()
            raise ThrottledError(seconds_asked(response.headers))

    def _allow_redirect(self, response: requests.Response) -> None:
        """Let only a read go on to another path of the same GitLab (a moved project)."""
        target = redirect_target(response.url, response.headers["Location"])
        if response.request.method == "GET" and is_part_of(self.url, target):
            return
        response.close()
        raise sent_elsewhere(self.url, target, "GitLab's address (gitlab.url)")


def _sendable(token: SecretStr) -> SecretStr:
    plain = token.get_secret_value().strip()
    if not plain or not plain.isascii() or not plain.isprintable() or " " in plain:
        raise UsageError(
            "That cannot be a GitLab token.",
            "It is empty, or holds spaces, line breaks or other characters no token has.",
            "Copy it again from the page that made it",
        )
    return SecretStr(plain)
