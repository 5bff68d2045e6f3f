"""Calls to one API server: plain JSON in and out, timeouts, retries of reads, patience with 429."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wizard.core.errors import NotReached
from wizard.core.manifest import FIELD_MANAGER
from wizard.systems.kubernetes.connection import Connection, open_connection
from wizard.systems.kubernetes.errors import Asked, from_answer, from_wire, nonsense
from wizard.systems.kubernetes.kubeconfig import Selection
from wizard.systems.kubernetes.nouns import Json

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
ONLY_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks for a list without the objects' contents: enough to know what is ours, no Secret read."""

_READ_RETRIES = 2
_BUSY_BUDGET = 30.0
"""Seconds that all waits for a busy server (429) of one call may add up to."""
_log = logging.getLogger(__name__)

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for each silence while reading, and for an exec plugin to sign in."""

    connect: float = 5
    read: float = 20
    sign_in: float = 60


class Api:
    """One API server, as one context of the kubeconfig reaches it. Safe to share by threads."""

    def __init__(self, selection: Selection, timeouts: Timeouts | None = None) -> None:
        self.context = selection.context
        self._selection = selection
        self._timeouts = timeouts or Timeouts()
        self._lock = Lock()
        self._opened: Connection | None = None

    @property
    def server(self) -> str:
        return self._connection().server

    def get(self, path: str, query: Query | None = None, *, accept: str = JSON) -> Json:
        """Read JSON. Raises: NotReached, NotAllowed, NotFound, WizardError."""
        return self._json("GET", path, query or {}, accept=accept)

    def text(self, path: str, query: Query) -> str:
        """Read plain text, such as a log."""
        _, body, _ = self._call("GET", path, query, accept="*/*")
        return body.decode(errors="replace")

    def create(self, path: str, body: Any, query: Query | None = None) -> tuple[Json, list[str]]:
        """POST an object; returns the answer and the server's warnings."""
        asked, answer, warnings = self._call("POST", path, _ours(query), body)
        return _parsed(asked, answer), warnings

    def apply(self, path: str, body: Any, *, dry_run: bool, force: bool) -> Json:
        """Server-side apply, with strict field validation, as our field manager."""
        query = {"fieldValidation": "Strict", "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        return self._json("PATCH", path, _ours(query), body, content_type=APPLY)

    def merge(
        self, path: str, patch: Any, manager: str, *, dry_run: bool = False
    ) -> tuple[Json, list[str]]:
        """Merge a few fields into an object that is there, as this field manager.

        Returns: the object as it is then, and the server's warnings.
        """
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        asked, answer, warnings = self._call("PATCH", path, query, patch, content_type=MERGE)
        return _parsed(asked, answer), warnings

    def delete(self, path: str, uid: str) -> Json:
        """Delete one incarnation; what depends on it is collected in the background."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        return self._json("DELETE", path, {}, options)

    def pages(self, path: str, query: Query | None = None, *, accept: str = JSON) -> Iterator[Json]:
        """The items of a list, read 500 at a time."""
        more = dict(query or {}, limit=500)
        while True:
            page = self.get(path, more, accept=accept)
            yield from page.get("items") or ()
            if not (token := (page.get("metadata") or {}).get("continue")):
                return
            more["continue"] = token

    def wait_for_event(self, path: str, query: Query, *, seconds: int) -> None:
        """Return at the next event of a watch, or after the seconds have passed without one."""
        watch = dict(query, watch="true", timeoutSeconds=seconds)
        asked = self._asked("GET", path)
        with (
            self._translated(asked),
            self._open(self._connection(), asked, watch) as response,
        ):
            if response.status >= 400:
                raise from_answer(asked, response.status, response.data)
            next(response.stream(amt=1), None)

    def _json(
        self,
        method: str,
        path: str,
        query: Query,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Json:
        asked, answer, _ = self._call(
            method, path, query, body, content_type=content_type, accept=accept
        )
        return _parsed(asked, answer)

    def _call(
        self,
        method: str,
        path: str,
        query: Query,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> tuple[Asked, bytes, list[str]]:
        asked = self._asked(method, path)
        patience = _Patience(asked)
        while True:
            connection = self._connection()
            try:
                with (
                    self._translated(asked),
                    self._open(connection, asked, query, body, content_type, accept) as response,
                ):
                    status, answer, headers = response.status, response.data, response.headers
            except NotReached as error:
                if not patience.after_cut(error):
                    raise
                continue
            if status == 401 and patience.once():
                self._sign_in_again(connection)
            elif not patience.after_answer(status, headers.get("Retry-After", "")):
                break
        if status >= 300:  # redirects are never followed: they would carry our credentials along
            raise from_answer(asked, status, answer)
        return asked, answer, headers.getlist("Warning")

    def _asked(self, method: str, path: str) -> Asked:
        return Asked(self.context, self._connection().server, method, path)

    @contextmanager
    def _translated(self, asked: Asked) -> Iterator[None]:
        from urllib3.exceptions import HTTPError

        try:
            yield
        except HTTPError as error:
            raise from_wire(asked, error) from error

    @contextmanager
    def _open(
        self,
        connection: Connection,
        asked: Asked,
        query: Query,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Iterator[BaseHTTPResponse]:
        from urllib3 import Timeout

        headers = connection.headers.copy()
        headers["Accept"] = accept
        if body is not None:
            headers["Content-Type"] = content_type
        response = connection.pool.request(
            asked.method,
            f"{connection.server}{asked.path}" + (f"?{urlencode(query)}" if query else ""),
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=Timeout(connect=self._timeouts.connect, read=self._timeouts.read),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            yield response
        finally:
            # A response read to its end has given its connection back; any other is cut here.
            response.close()

    def _connection(self) -> Connection:
        with self._lock:
            if self._opened is None:
                self._opened = open_connection(
                    self._selection, sign_in_timeout=self._timeouts.sign_in
                )
            return self._opened

    def _sign_in_again(self, refused: Connection) -> None:
        """Read token files and run exec plugins anew: tokens end while we wait for pods."""
        with self._lock:
            if self._opened is refused:
                self._opened = None


class _Patience:
    """What is tried again, and how often: one object per call."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._retries = 0
        self._waited = 0.0
        self._signed_in_again = False

    def once(self) -> bool:
        first = not self._signed_in_again
        self._signed_in_again = True
        return first

    def after_cut(self, error: NotReached) -> bool:
        """Whether to read again after the connection was cut; a time-out is waited for once."""
        from urllib3.exceptions import ProtocolError

        return isinstance(error.__cause__, ProtocolError) and self._read_again()

    def after_answer(self, status: int, retry_after: str) -> bool:
        """Whether to ask again, having slept as long as the server wants."""
        if status == 429:  # refused before it was looked at, so a write may be repeated as well
            return self._wait(float(retry_after) if retry_after.isdigit() else 1.0)
        return status >= 500 and self._read_again()

    def _read_again(self) -> bool:
        if self._asked.writes or self._retries >= _READ_RETRIES:
            return False
        self._retries += 1
        time.sleep(0.2 * self._retries)
        return True

    def _wait(self, seconds: float) -> bool:
        seconds = max(seconds, 0.1)
        self._waited += seconds
        if self._waited > _BUSY_BUDGET:
            return False
        _log.info("%s is busy, asking again in %.0f s", self._asked.server, seconds)
        time.sleep(seconds)
        return True


def _ours(query: Query | None) -> dict[str, str | int]:
    return {**(query or {}), "fieldManager": FIELD_MANAGER}


def _parsed(asked: Asked, body: bytes) -> Json:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise nonsense(asked, body)
    return answer
