"""Calls to one API server: plain JSON in and out, each answer held against its shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wizard.core.errors import WizardError
from wizard.core.manifest import FIELD_MANAGER
from wizard.systems.http.answers import ShapeError
from wizard.systems.http.clock import ServerClock
from wizard.systems.http.policy import Policy, ThrottledError
from wizard.systems.http.throttling import seconds_asked
from wizard.systems.kubernetes.connection import Connection, open_connection
from wizard.systems.kubernetes.errors import (
    Asked,
    from_answer,
    from_wire,
    invalid_response,
    misshapen,
)
from wizard.systems.kubernetes.kubeconfig import Selection
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.shapes import hold, shape_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPHeaderDict

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
ONLY_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks for a list without the objects' contents: enough to know what is ours, no Secret read."""

LONGEST_WAIT = 30.0
"""Seconds that one call waits in all for a busy server: priority and fairness asks for one."""

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for each silence while reading, and for an exec plugin to sign in."""

    connect: float = 5
    read: float = 20
    sign_in: float = 60

    def policy(self) -> Policy:
        """With no one to see a wait, and nothing that ends it."""
        return Policy(self.connect, self.read, LONGEST_WAIT)


class Api:
    """One API server, as one context of the kubeconfig reaches it. Safe to share by threads.

    Args:
        selection: the context's cluster and user; its credentials go to that server alone.
        timeouts: seconds.
        policy: how a wait is shown and ended; its timeouts count.
    """

    def __init__(
        self,
        selection: Selection,
        timeouts: Timeouts | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.context = selection.context
        self._selection = selection
        self._sign_in = (timeouts or Timeouts()).sign_in
        self._policy = policy or (timeouts or Timeouts()).policy()
        self._lock = Lock()
        self._opened: Connection | None = None
        self._clock = ServerClock()

    @property
    def server(self) -> str:
        return self._connection().server

    def now(self) -> datetime:
        """The API server's clock, as of its newest answer."""
        return self._clock.now()

    def get(self, path: str, query: Query | None = None, *, accept: str = JSON) -> Json:
        """Read JSON. Raises: NotReachedError, NotAllowedError, NotFoundError, WizardError."""
        return self._json("GET", path, query or {}, accept=accept)

    def text(self, path: str, query: Query) -> str:
        """Read plain text, such as a log."""
        _, body, _ = self._call("GET", path, query, accept="*/*")
        return body.decode(errors="replace")

    def create(self, path: str, body: Any, query: Query | None = None) -> tuple[Json, list[str]]:
        """POST an object; returns the answer and the server's warnings."""
        asked, answer, warnings = self._call("POST", path, _ours(query), body)
        return _parsed(asked, answer, shape_of("POST", path)), warnings

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
        return _parsed(asked, answer, shape_of("PATCH", path)), warnings

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
        only_metadata = accept == ONLY_METADATA
        return _parsed(asked, answer, shape_of(method, path, only_metadata=only_metadata))

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

        def once() -> tuple[bytes, list[str]]:
            connection = self._connection()
            status, answer, headers = self._once(
                connection, asked, query, body, content_type, accept
            )
            self._clock.hear(headers.get("Date", ""))
            if status == 401:
                self._sign_in_again(connection)
                status, answer, headers = self._once(
                    self._connection(), asked, query, body, content_type, accept
                )
            if status == 429:
                raise ThrottledError(seconds_asked(headers))
            if status >= 300:  # redirects are never followed: they would carry credentials along
                raise from_answer(asked, status, answer)
            return answer, headers.getlist("Warning")

        answer, warnings = self._policy.call_with_retries(
            once, asked.doing, who="the cluster", is_read=not asked.writes
        )
        return asked, answer, warnings

    def _once(
        self,
        connection: Connection,
        asked: Asked,
        query: Query,
        body: Any,
        content_type: str,
        accept: str,
    ) -> tuple[int, bytes, HTTPHeaderDict]:
        with (
            self._translated(asked),
            self._open(connection, asked, query, body, content_type, accept) as response,
        ):
            return response.status, response.data, response.headers

    def _asked(self, method: str, path: str) -> Asked:
        return Asked(self.context, self._connection().server, method, path)

    @contextmanager
    def _translated(self, asked: Asked) -> Iterator[None]:
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError

        lost: WizardError | None = None
        try:
            yield
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            lost = from_wire(asked, error)
        if lost:  # outside the handler: what urllib3 raises holds the request, credentials and all
            raise lost

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
            timeout=Timeout(connect=self._policy.connect_timeout, read=self._policy.read_timeout),
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
                self._opened = open_connection(self._selection, sign_in_timeout=self._sign_in)
            return self._opened

    def _sign_in_again(self, refused: Connection) -> None:
        """Read token files and run exec plugins again: tokens end while we wait for pods."""
        with self._lock:
            if self._opened is refused:
                self._opened = None


def _ours(query: Query | None) -> dict[str, str | int]:
    return {**(query or {}), "fieldManager": FIELD_MANAGER}


def _parsed(asked: Asked, body: bytes, shape: Any) -> Json:
    try:
        answer: Json = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid_response(asked, body) from None
    try:
        hold(answer, shape)
    except ShapeError as why:
        raise misshapen(asked, why) from None
    return answer
