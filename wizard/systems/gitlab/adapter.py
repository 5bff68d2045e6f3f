"""`GitLab` over the REST API, carried by python-gitlab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event

from wizard.core.secrets import SecretStr
from wizard.systems.gitlab.comments import CommentCalls
from wizard.systems.gitlab.connection import Connection
from wizard.systems.gitlab.runners import RunnerCalls
from wizard.systems.gitlab.scopes import ScopeCalls
from wizard.systems.gitlab.smoke import SmokeCalls
from wizard.systems.gitlab.transport import Transport
from wizard.systems.gitlab.url import plain_http_warning


class PythonGitLab(RunnerCalls, ScopeCalls, SmokeCalls, CommentCalls):
    """One GitLab and one token. Nothing is asked, and no SDK imported, before the first call.

    Args:
        url: GitLab's address as the user wrote it; https where no scheme is written.
        token: a personal, project, group or OAuth access token.
        connection: CA file, proxy, timeouts.
        on_wait: called once a second with the seconds left and the reason, while GitLab asks us to
            wait (429); what it raises ends the call.
        sleep: takes seconds; tests hand in their own.
        cancel: set it to end every wait.

    Raises:
        UsageError: the address or the token cannot be one.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        connection: Connection | None = None,
        on_wait: Callable[[int, str], None] | None = None,
        sleep: Callable[[float], None] | None = None,
        cancel: Event | None = None,
    ) -> None:
        way = connection or Connection()
        self._transport = Transport(url, token, way, on_wait, sleep, cancel)

    @property
    def url(self) -> str:
        return self._transport.url

    @property
    def warning(self) -> str:
        return plain_http_warning(self.url)

    def now(self) -> datetime:
        return self._transport.now()
