"""A server that is none of ours: it keeps what it is sent, and answers nothing useful."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class Stranger:
    """Listens on loopback within its block."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        """Every request: its line, headers and body."""

    def __enter__(self) -> Self:
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append(f"{self.command} {self.path}\n{self.headers}\n{body.decode()}")
                self.send_response(404)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Silent."""

        for verb in ("GET", "POST", "PUT", "HEAD", "CONNECT"):
            setattr(Handler, f"do_{verb}", Handler._any)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
