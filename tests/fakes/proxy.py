"""A way to a server that can fail: it passes calls on until it is told to cut, delay or answer."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Call:
    """A call as it came in."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer that is given instead of the server's own."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def always(_call: Call) -> bool:
    return True


@dataclass
class Fault:
    """One way to fail, for the calls that `when` is true of.

    The first `skip` of them pass unharmed and the next `times` fail. `drop_before` cuts the
    connection before the server has seen the call, `drop_after` when the server has carried it
    out; `delay` seconds pass before it is passed on; `reply` is sent and the server sees nothing.
    """

    when: Callable[[Call], bool] = always
    skip: int = 0
    times: int = 1
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0
    reply: Reply | None = None
    hits: int = 0
    """How many calls have failed by it."""


class FaultyProxy:
    """An HTTP server on loopback that passes every call on to `upstream` (`http[s]://host:port`)."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        """Every call that came in, failed ones too."""

    def __enter__(self) -> Self:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an ACK

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                proxy.serve(self)

            def log_message(self, *_: object) -> None:
                """The test's output is for the test."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self._listening = True
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()

    def vanish(self) -> None:
        """Nobody listens at `url` any more."""
        if self._listening:
            self._listening = False
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def fail(self, fault: Fault) -> Fault:
        """Fail calls from now on as told; returns the fault, which counts its hits."""
        self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """Forget every fault."""
        self._faults.clear()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        call = Call(handler.command, handler.path, dict(handler.headers.items()), body)
        with self._lock:
            self.calls.append(call)
            fault = self._fault_for(call)
        if fault:
            time.sleep(fault.delay)
        if fault and fault.drop_before:
            handler.close_connection = True
            return
        reply = fault.reply if fault and fault.reply else self._passed_on(call)
        if fault and fault.drop_after:
            handler.close_connection = True
            return
        _answer(handler, reply)

    def _fault_for(self, call: Call) -> Fault | None:
        for fault in self._faults:
            if not fault.when(call):
                continue
            if fault.skip:
                fault.skip -= 1
            elif fault.hits < fault.times:
                fault.hits += 1
                return fault
        return None

    def _passed_on(self, call: Call) -> Reply:
        host, port = self._upstream.hostname or "", self._upstream.port
        if self._upstream.scheme == "https":
            context = ssl._create_unverified_context()  # the server's own certificate, on loopback
            way: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=30, context=context
            )
        else:
            way = http.client.HTTPConnection(host, port, timeout=30)
        try:
            headers = {k: v for k, v in call.headers.items() if k.lower() not in _HOP_BY_HOP}
            way.request(call.method, call.path, call.body or None, headers)
            answer = way.getresponse()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
            return Reply(answer.status, answer.read(), kept)
        except OSError:
            return Reply(502, b"<html><title>502 Bad Gateway</title></html>")
        finally:
            way.close()


def _answer(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    try:
        handler.send_response_only(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(reply.body)
    except OSError:
        handler.close_connection = True  # the caller has given up waiting
