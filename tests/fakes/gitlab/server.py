"""The HTTP server around the fake: routing, faults, counting, and GitLab's clock in `Date`."""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.gitlab import routes_agent, routes_identity, routes_projects, routes_runners
from tests.fakes.gitlab.auth import admit
from tests.fakes.gitlab.http import RefusalError, Reply, Request, Route

ROUTES: list[Route] = [
    route
    for module in (routes_identity, routes_projects, routes_agent, routes_runners)
    for route in module.routes.all
]
AGENT_ROUTES = {(route.method, route.template) for route in routes_agent.routes.all}


@dataclass(frozen=True)
class Call:
    """One request as it came, and the route that took it (empty for none)."""

    method: str
    target: str
    route: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def is_write(self) -> bool:
        """Whether a user changed something; what runners send does not count."""
        return self.method != "GET" and (self.method, self.route) not in AGENT_ROUTES


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.answer(self.rfile.read(length))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def answer(self, raw: bytes) -> None:
        fake = self.server.fake
        path = urlsplit(self.path).path.removeprefix(fake.relative).removeprefix("/api/v4")
        with fake.state.lock:
            fault = fake.faults.take(self.command, path)
        if fault and fault.drop_before:
            fake.note(Call(self.command, self.path, "", dict(self.headers), raw, 0))
            return self._cut()
        if fault and fault.meanwhile:
            fault.meanwhile()
        if fault and fault.reply:
            reply, route = fault.reply, ""
        else:
            reply, route = self._handle(fake, path, raw)
        if fault and fault.delay:
            time.sleep(fault.delay)
        dropped = bool(fault and fault.drop_after)
        status = 0 if dropped else reply.status
        fake.note(Call(self.command, self.path, route, dict(self.headers), raw, status))
        return self._cut() if dropped else self._send(reply)

    def _handle(self, fake: Any, path: str, raw: bytes) -> tuple[Reply, str]:
        with fake.state.lock:
            route, values = _find(self.command, path)
            if route is None:
                return Reply(404, {"error": "404 Not Found"}), ""
            try:
                request = Request(self.command, self.path, self.headers, raw, path, values)
                admit(fake, request, route)
                return route.handler(fake, request), route.template
            except RefusalError as refusal:
                return refusal.reply, route.template

    def _send(self, reply: Reply) -> None:
        body, kind = reply.encoded()
        if body.startswith(b"<html"):
            kind = "text/html"
        try:
            self.send_response(reply.status)
            for name, value in ({"Content-Type": kind} | reply.headers).items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client gave up waiting

    def _cut(self) -> None:
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.fake.state.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        if self.server.fake.verbose:
            super().log_message(format, *args)


def _find(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    for route in ROUTES:
        if route.method == method and (values := route.match(path)) is not None:
            return route, values
    return None, {}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: Any, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__((host, port), Handler)
        self.fake = fake
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if self.fake.verbose:
            super().handle_error(request, client_address)
