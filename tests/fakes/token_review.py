"""The one call of a Kubernetes API that Vault's Kubernetes login needs: TokenReview."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import trustme


def account_token(namespace: str, account: str, audience: str) -> str:
    """Shaped like a ServiceAccount's token; only the reviewer below believes its signature."""
    claims = {
        "sub": f"system:serviceaccount:{namespace}:{account}",
        "aud": [audience],
        "kubernetes.io": {
            "namespace": namespace,
            "serviceaccount": {"name": account, "uid": "0c3e5b9e-0000-4000-8000-000000000000"},
        },
    }
    head = {"alg": "RS256", "kid": "suite"}
    return ".".join([_part(head), _part(claims), base64.urlsafe_b64encode(b"-" * 66).decode()])


class TokenReviewer:
    """An API server over TLS that knows TokenReview alone, and believes every token's claims."""

    def __enter__(self) -> Self:
        authority = trustme.CA()
        self.ca = authority.cert_pem.bytes().decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Review)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Review(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        claims = _claims(review["spec"]["token"])
        wanted = review["spec"].get("audiences") or claims["aud"]
        audiences = [one for one in claims["aud"] if one in wanted]
        account = claims["kubernetes.io"]["serviceaccount"]
        status: dict[str, Any] = {"authenticated": bool(audiences)}
        if audiences:
            status |= {
                "audiences": audiences,
                "user": {
                    "username": claims["sub"],
                    "uid": account["uid"],
                    "groups": ["system:serviceaccounts"],
                },
            }
        body = json.dumps({**review, "status": status}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The test's output is for the test."""


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def signer() -> tuple[Callable[[dict[str, Any]], str], str]:
    """A function that signs claims (RS256), and the public key in PEM to check them with."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def sign(claims: dict[str, Any]) -> str:
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    return sign, public.decode()
