"""`FakeInfisical`: start it, seed it, break it, look into it."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.gitlab.faults import Fault, Faults
from tests.fakes.gitlab.http import Reply
from tests.fakes.infisical.routes import RefusalError, Request, answer
from tests.fakes.infisical.state import Clock, Identity, Project, Token


@dataclass(frozen=True)
class Call:
    """One request as it came; `status` 0 for one that was cut."""

    method: str
    target: str
    headers: dict[str, str]
    body: str
    status: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def is_write(self) -> bool:
        """Whether it changed a project; signing in and out does not."""
        return self.method != "GET" and "/auth/" not in self.target and self.status == 200


class FakeInfisical:
    """An Infisical on loopback.

    Args:
        port: 0 takes a free one.
        host: address to listen on.
        tls: serve https with this context.
        verbose: print a line a request.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        *,
        verbose: bool = False,
    ) -> None:
        self.verbose = verbose
        self.legacy = False
        """Know only the calls before v4."""
        self.clock = Clock()
        self.identities: dict[str, Identity] = {}
        self.tokens: dict[str, Token] = {}
        self.projects: dict[str, Project] = {}
        self.faults = Faults()
        self.calls: list[Call] = []
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer((host, port), type("_Here", (_Handler,), {"fake": self}))
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # Seeding

    def add_project(self, slug: str) -> Project:
        project = Project(slug)
        self.projects[project.id] = project
        return project

    def add_identity(self, role: str = "admin") -> Identity:
        """A machine identity with this role in every project there is; empty for none."""
        identity = Identity(roles={known: role for known in self.projects if role})
        self.identities[identity.client_id] = identity
        return identity

    def new_token(self) -> str:
        head, payload, signature = (secrets.token_urlsafe(18) for _ in range(3))
        return f"eyJ{head}.eyJ{payload}.{signature}"

    # Breaking

    def fail_next(
        self, method: str, path: str, status: int = 0, body: Any = None, **how: Any
    ) -> Fault:
        """The next calls of a path pattern fail: see `Fault`; `headers` go with the reply."""
        headers = how.pop("headers", {})
        reply = Reply(status, body, headers) if status else None
        fault = Fault(method, path, reply=reply, **how)
        self.faults.pending.append(fault)
        return fault

    def throttle_next(self, method: str, path: str, seconds: int, times: int = 1) -> None:
        body = {
            "reqId": "req-throttled",
            "statusCode": 429,
            "message": f"Rate limit exceeded. Please try again in {seconds} seconds",
            "error": "RateLimitExceeded",
        }
        self.fail_next(method, path, 429, body, times=times)

    def revoke_all(self) -> None:
        for token in self.tokens.values():
            token.revoked = True

    def approve_all(self) -> None:
        """Merge every change request, as somebody in the browser would."""
        for project in self.projects.values():
            covered, project.approval_folders = project.approval_folders, []
            waiting, project.approvals = project.approvals, []
            by = Identity(roles={project.id: "admin"})
            for method, body in waiting:
                path = "/api/v4/secrets/RUNNER_TOKEN"
                token = self.new_token()
                self.tokens[token] = Token(by, self.clock.now() + 60)
                answer(self, Request(method, path, body, {}, f"Bearer {token}"))
            project.approval_folders = covered

    # Looking

    @property
    def writes(self) -> list[tuple[str, str]]:
        """What was changed, `("POST", "/api/v4/secrets/RUNNER_TOKEN")`, in order."""
        return [(call.method, call.path) for call in self.calls if call.is_write]

    @property
    def logins(self) -> int:
        return sum(call.path.endswith("/login") for call in self.calls)

    def versions(self, project: Project, path: str, environment: str = "prod") -> list[str]:
        """Every value that a secret has had, by its whole path; empty where there is none."""
        folder, _, name = path.rpartition("/")
        secret = project.secrets.get((environment, folder or "/", name))
        return [version.value for version in secret.versions] if secret else []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    fake: FakeInfisical

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = urlsplit(self.path).path
        with self.fake.lock:
            fault = self.fake.faults.take(self.command, path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        if fault and fault.drop_before:
            return self._end(raw, None)
        reply = fault.reply if fault and fault.reply else self._answer(raw, path)
        return self._end(raw, None if fault and fault.drop_after else reply)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _answer(self, raw: str, path: str) -> Reply:
        try:
            given = dict(parse_qsl(urlsplit(self.path).query)) | (json.loads(raw) if raw else {})
            signed = self.headers.get("Authorization", "")
            with self.fake.lock:
                request = Request(self.command, path, given, {}, signed)
                return Reply(200, answer(self.fake, request))
        except RefusalError as refusal:
            return Reply(refusal.status, refusal.body)
        except ValueError:
            return Reply(400, {"statusCode": 400, "message": "Invalid JSON", "error": "BadRequest"})

    def _end(self, raw: str, reply: Reply | None) -> None:
        status = reply.status if reply else 0
        call = Call(self.command, self.path, dict(self.headers), raw, status)
        with self.fake.lock:
            self.fake.calls.append(call)
        if reply is None:
            self.close_connection = True
            return
        body, kind = reply.encoded()
        if body.startswith(b"<"):
            kind = "text/html"
        try:
            self.send_response(reply.status)
            for name, value in ({"Content-Type": kind} | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client gave up waiting

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        if self.fake.verbose:
            super().log_message(format, *args)
