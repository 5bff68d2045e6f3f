"""Fakes under names of their own: an HTTP proxy that knows which server on loopback a host is.

A program that is sent through it shows `https://gitlab.example.com`, whatever port a fake has got,
and speaks to it over a real connection with real certificates.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import trustme

_AT_ONCE = 65536


class Names:
    """A proxy on loopback for `CONNECT`; it ends TLS and passes on what is inside.

    Args:
        servers: each host with the URL on loopback that answers for it; others are refused.
        ca_file: where the certificate goes that a client has to trust.
    """

    def __init__(self, servers: Mapping[str, str], ca_file: Path) -> None:
        self.ca_file = ca_file
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_file))
        self.doors = {
            host: (_certified(authority, host), (to.hostname or "", to.port or 0))
            for host, url in servers.items()
            for to in [urlsplit(url)]
        }
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("_Handler", (_Handler,), {"names": self})
        )
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection; `names` is set on the subclass that a proxy uses."""

    names: Names
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_CONNECT(self) -> None:
        self.close_connection = True
        door = self.names.doors.get(self.path.rpartition(":")[0])
        if door is None:
            self.send_error(502, "no such host")
            return
        context, address = door
        self.send_response(200)
        self.end_headers()
        try:
            with (
                context.wrap_socket(self.connection, server_side=True) as inside,
                socket.create_connection(address) as server,
            ):
                back = threading.Thread(target=_pass_on, args=(server, inside), daemon=True)
                back.start()
                _pass_on(inside, server)
                back.join()
        except OSError:
            return  # the client has gone away


def _pass_on(giver: socket.socket, taker: socket.socket) -> None:
    try:
        while data := giver.recv(_AT_ONCE):
            taker.sendall(data)
        taker.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _certified(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context
