"""Secret Manager on loopback: secrets, versions, permissions by account, Google's errors.

What it does follows the API's reference (v1): an absent secret has an empty set of permissions
instead of a 404; a disabled or destroyed version is FAILED_PRECONDITION; a secret without versions
is NOT_FOUND to who reads it; to somebody without rights everything is PERMISSION_DENIED.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Json = dict[str, Any]

UNIVERSE = "google.example.com"
"""Not Google's own: for that, google-auth would ask the true Google about the account's regions."""

EVERYTHING = frozenset(
    f"secretmanager.{right}"
    for right in (
        "secrets.create",
        "secrets.delete",
        "secrets.get",
        "secrets.update",
        "versions.access",
        "versions.add",
        "versions.destroy",
        "versions.get",
    )
)
_PATH = re.compile(
    r"/v1/projects/(?P<project>[^/]+)/secrets(?:/(?P<secret>[^/:?]+))?"
    r"(?:/versions/(?P<version>[^/:?]+))?(?::(?P<verb>\w+))?(?:\?(?P<query>.*))?"
)


@dataclass
class Version:
    data: bytes
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: str = "ENABLED"


@dataclass
class _Error(Exception):
    code: int
    status: str
    message: str


@dataclass
class FakeSecretManager:
    """Secrets by project and id, each a list of versions; rights by an account's e-mail."""

    secrets: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    labels: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """By secret; set when it is made, or by who may change it."""

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an ACK

            def do_GET(self) -> None:
                fake.serve(self)

            def do_POST(self) -> None:
                fake.serve(self)

            def do_PATCH(self) -> None:
                fake.serve(self)

            def do_DELETE(self) -> None:
                fake.serve(self)

            def log_message(self, *_: object) -> None:
                """The test's output is for the test."""

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def account(self, name: str, folder: Path, rights: frozenset[str] = EVERYTHING) -> Path:
        """Make a service account with rights on everything; returns its key file."""
        email = f"{name}@acme.iam.gserviceaccount.com"
        self.rights[email] = rights
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = folder / f"{name}.json"
        content = {
            "type": "service_account",
            "project_id": "acme",
            "private_key_id": "suite",
            "private_key": key.decode(),
            "client_email": email,
            "token_uri": f"{self.url}/token",
            "universe_domain": UNIVERSE,
        }
        path.write_text(json.dumps(content))
        return path

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        try:
            with self._lock:
                status, answer = 200, self._answer(handler, json.loads(body or b"{}"))
        except _Error as error:
            status = error.code
            answer = {"error": {"code": status, "message": error.message, "status": error.status}}
        sent = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json; charset=UTF-8")
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    def _answer(self, handler: BaseHTTPRequestHandler, body: Json) -> Json:
        found = _PATH.fullmatch(handler.path)
        if not found:
            raise _Error(404, "NOT_FOUND", "Requested entity was not found.")
        held = self.rights.get(_email(handler.headers.get("Authorization", "")))
        if held is None:
            raise _Error(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token.",
            )
        call = f"{handler.command} {'versions ' if found['version'] else ''}{found['verb'] or ''}"
        where = (found["project"], found["secret"] or "")
        return self._carry_out(call.strip(), where, found, held, body)

    def _carry_out(
        self,
        call: str,
        where: tuple[str, str],
        found: re.Match[str],
        held: frozenset[str],
        body: Json,
    ) -> Json:
        if call == "POST testIamPermissions":
            asked = set(body["permissions"]) & held if where in self.secrets else set()
            return {"permissions": sorted(asked)} if asked else {}
        right = {
            "POST": "secrets.create",
            "GET": "secrets.get",
            "PATCH": "secrets.update",
            "DELETE": "secrets.delete",
            "POST addVersion": "versions.add",
            "GET versions access": "versions.access",
            "GET versions": "versions.get",
            "POST versions destroy": "versions.destroy",
        }[call]
        if f"secretmanager.{right}" not in held:
            raise _Error(
                403,
                "PERMISSION_DENIED",
                f"Permission 'secretmanager.{right}' denied on resource (or it may not exist).",
            )
        if call == "POST":
            return self._create(where[0], found["query"] or "", body)
        if where not in self.secrets:
            raise _Error(404, "NOT_FOUND", f"Secret [{_name(where)}] not found.")
        if call == "PATCH":
            self.labels[where] = body["labels"]
        if call in {"GET", "PATCH"}:
            return {"name": _name(where), "labels": self.labels.get(where, {})}
        if call == "DELETE":
            del self.secrets[where]
            self.labels.pop(where, None)
            return {}
        if call == "POST addVersion":
            self.secrets[where].append(Version(base64.b64decode(body["payload"]["data"])))
            return self._shown(where, len(self.secrets[where]))
        return self._version(call, where, found["version"])

    def _create(self, project: str, query: str, body: Json) -> Json:
        where = (project, dict(part.split("=") for part in query.split("&"))["secretId"])
        if where in self.secrets:
            raise _Error(409, "ALREADY_EXISTS", f"Secret [{_name(where)}] already exists.")
        self.secrets[where] = []
        self.labels[where] = body.get("labels", {})
        return {"name": _name(where)}

    def _version(self, call: str, where: tuple[str, str], asked: str) -> Json:
        versions = self.secrets[where]
        if asked == "latest" and call == "POST versions destroy":
            raise _Error(400, "INVALID_ARGUMENT", "The version must be given by its number.")
        number = len(versions) if asked == "latest" else int(asked)
        if not 1 <= number <= len(versions):
            raise _Error(404, "NOT_FOUND", f"Secret [{_name(where)}] not found or has no versions.")
        version = versions[number - 1]
        if call == "POST versions destroy":
            version.state, version.data = "DESTROYED", b""
        if call != "GET versions access":
            return self._shown(where, number)
        if version.state != "ENABLED":
            raise _Error(
                400,
                "FAILED_PRECONDITION",
                f"Secret Version [{_name(where)}/versions/{number}] is in {version.state} state.",
            )
        data = base64.b64encode(version.data).decode()
        return {"name": f"{_name(where)}/versions/{number}", "payload": {"data": data}}

    def _shown(self, where: tuple[str, str], number: int) -> Json:
        version = self.secrets[where][number - 1]
        return {
            "name": f"{_name(where)}/versions/{number}",
            "createTime": version.created.isoformat().replace("+00:00", "Z"),
            "state": version.state,
        }


def _name(where: tuple[str, str]) -> str:
    return f"projects/{where[0]}/secrets/{where[1]}"


def _email(authorization: str) -> str:
    """Who a bearer is: the issuer of a self-signed token, or a plain token itself."""
    token = authorization.removeprefix("Bearer ")
    if token.count(".") != 2:
        return token
    middle = token.split(".")[1]
    claims: Json = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return str(claims["iss"])
