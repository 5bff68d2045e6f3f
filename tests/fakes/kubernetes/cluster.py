"""The fake cluster a test holds in its hands: start, seed, break, inspect, stop."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from email.message import Message
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.fakes.kubernetes.controllers import Controllers
from tests.fakes.kubernetes.faults import Fault
from tests.fakes.kubernetes.kinds import Kind, served
from tests.fakes.kubernetes.server import Handler
from tests.fakes.kubernetes.store import ForbiddenError, Json, Store


class FakeCluster:
    """A small Kubernetes API on loopback; `with FakeCluster() as cluster: ...`.

    Args:
        operators: which operators' kinds are served, by the names in `kinds.OPERATORS`.
        tls: serve HTTPS with a certificate of a CA that only the kubeconfig knows.
    """

    def __init__(self, *operators: str, tls: bool = False, version: str = "v1.32.0") -> None:
        self.version = version
        self.token = secrets.token_hex(16)
        self.store = Store()
        self.controllers = Controllers(self)
        self.requests: list[tuple[str, str]] = []
        self.headers: list[Message] = []
        self.writes: list[tuple[str, str]] = []
        """What clients really changed, `("PATCH", "ConfigMap ns/name")`; no-ops do not count."""
        self.logs: dict[tuple[str, str], str] = {}
        self.services: dict[str, str] = {}
        """What Services answer through the API server's proxy, by the whole path."""
        self.lingering: set[str] = set()
        """Namespaces that, once a client has deleted them, stay until a test removes them."""
        self.level_warning = ""
        """What the server warns of when the level of a namespace is changed."""
        self._kinds = served(operators)
        self._denied: list[Json] = []
        self._given: list[Json] = []
        self._faults: list[Fault] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("_Handler", (Handler,), {"cluster": self})
        )
        self._server.daemon_threads = True
        self._ca = self._make_tls() if tls else b""
        for name in ("default", "kube-system"):
            self.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        scheme = "https" if self._ca else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def uid(self) -> str:
        found = self.find("Namespace", "kube-system")
        assert found
        return str(found["metadata"]["uid"])

    def write_kubeconfig(self, file: Path, context: str = "fake", **user: Any) -> Path:
        """A kubeconfig with one context; `user` replaces the token by other credentials."""
        cluster: Json = {"server": self.url}
        if self._ca:
            (file.parent / "ca.pem").write_bytes(self._ca)
            cluster["certificate-authority"] = "ca.pem"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": user or {"token": self.token}}],
        }
        file.write_text(json.dumps(config))
        return file

    # What a test says and sees

    def seed(self, body: Json) -> Json:
        """Put an object there as if somebody else had created it."""
        return self.store.create(self._kind_of(body), _namespace(body), body, dry=False)

    def put(self, body: Json) -> Json:
        """Replace an object as somebody else would."""
        return self.store.replace(self._kind_of(body), body)

    def remove(self, body: Json) -> None:
        self.store.delete(
            self._kind_of(body), _namespace(body), body["metadata"]["name"], "", dry=False
        )

    def objects(self, kind: str) -> list[Json]:
        known = next(one for one in self._kinds if one.kind == kind)
        return self.store.list(known, "")

    def find(self, kind: str, name: str, namespace: str = "") -> Json | None:
        return next(
            (
                body
                for body in self.objects(kind)
                if (body["metadata"]["name"], _namespace(body)) == (name, namespace)
            ),
            None,
        )

    def serves_also(self, api_version: str, kind: str, plural: str) -> None:
        """Serve one more namespaced kind, as after its CustomResourceDefinition is there."""
        self._kinds = (*self._kinds, Kind(api_version, kind, plural))

    def deny(self, **attributes: str) -> None:
        """Answer access reviews with these attributes (`verb`, `resource`, `user`, ...) with no."""
        self._denied.append(attributes)

    def fails(self, method: str, path: str, **what: Any) -> Fault:
        """From now on, calls whose path matches this pattern meet a `Fault`."""
        self._faults.append(Fault(method, path, **what))
        return self._faults[-1]

    # What the server asks

    def fault_for(self, method: str, path: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.strikes(method, path)), None)

    def kind(self, root: str, plural: str) -> Kind | None:
        return next((k for k in self._kinds if (k.root, k.plural) == (root, plural)), None)

    def resources(self, root: str) -> Json | None:
        here = [kind for kind in self._kinds if kind.root == root]
        if not here:
            return None
        return {
            "kind": "APIResourceList",
            "groupVersion": here[0].api_version,
            "resources": [
                {
                    "name": kind.plural,
                    "kind": kind.kind,
                    "namespaced": kind.namespaced,
                    "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
                }
                for kind in here
            ],
        }

    def groups(self) -> Json:
        versions: dict[str, str] = {}
        for kind in self._kinds:
            group, _, version = kind.api_version.rpartition("/")
            if group:
                versions.setdefault(group, version)  # the first is the preferred one
        return {
            "kind": "APIGroupList",
            "groups": [
                {
                    "name": group,
                    "versions": [_version(group, version)],
                    "preferredVersion": _version(group, version),
                }
                for group, version in versions.items()
            ],
        }

    def review(self, body: Json) -> Json:
        asked = body["spec"]["resourceAttributes"] | {"user": body["spec"].get("user", "")}
        denied = any(
            all(asked.get(key, "") == value for key, value in rule.items()) for rule in self._denied
        )
        is_job = asked["user"].endswith("-job")  # whom nobody has given any right
        return body | {"status": {"allowed": (not denied and not is_job) or self._is_given(asked)}}

    def _is_given(self, asked: Json) -> bool:
        return any(
            all(asked.get(key, "") == value for key, value in rule.items()) for rule in self._given
        )

    def give(self, **attributes: str) -> None:
        """Answer access reviews with these attributes with yes, whoever asks."""
        self._given.append(attributes)

    def create(self, kind: Kind, namespace: str, body: Json, manager: str, *, dry: bool) -> Json:
        if kind.kind == "Pod":
            self._admit(namespace, body)
        made = self.store.create(kind, namespace, body, dry=dry, manager=manager)
        return self._noted("POST", made, dry=dry)

    def _admit(self, namespace: str, pod: Json) -> None:
        """The ServiceAccount admission of the API server: a pod's account has to be there."""
        account = pod["spec"].get("serviceAccountName") or "default"
        there = ("Namespace", "", namespace) in self.store.objects
        if there and ("ServiceAccount", namespace, account) not in self.store.objects:
            raise ForbiddenError(
                f'pods "{pod["metadata"]["name"]}" is forbidden: error looking up service account '
                f'{namespace}/{account}: serviceaccount "{account}" not found'
            )

    def apply(
        self, kind: Kind, namespace: str, name: str, body: Json, manager: str, *, dry: bool
    ) -> Json:
        with self.store.changed:
            before = self.store.version
            after = self.store.apply(kind, namespace, name, body, manager, dry=dry)
            changed = self.store.version != before
        return self._noted("PATCH", after, dry=dry or not changed)

    def merge(self, kind: Kind, namespace: str, name: str, patch: Json, *, dry: bool) -> Json:
        return self._noted(
            "PATCH", self.store.merge(kind, namespace, name, patch, dry=dry), dry=dry
        )

    def delete(self, kind: Kind, namespace: str, name: str, uid: str, *, dry: bool) -> Json:
        if kind.kind == "Namespace" and name in self.lingering and not dry:
            live = self.store.get(kind, namespace, name)
            leaving = live["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}
            return self.store.replace(kind, live | {"metadata": leaving})
        gone = self.store.delete(kind, namespace, name, uid, dry=dry)
        if not dry:
            self.writes.append(("DELETE", _label(gone)))
            self.controllers.after_delete(gone)
        return gone

    def _noted(self, method: str, body: Json, *, dry: bool) -> Json:
        if not dry:
            self.writes.append((method, _label(body)))
            self.controllers.after_change(json.loads(json.dumps(body)))
        return body

    def _kind_of(self, body: Json) -> Kind:
        wanted = (body["apiVersion"], body["kind"])
        return next(kind for kind in self._kinds if (kind.api_version, kind.kind) == wanted)

    def _make_tls(self) -> bytes:
        import trustme

        ca = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        return ca.cert_pem.bytes()


def _version(group: str, version: str) -> Json:
    return {"groupVersion": f"{group}/{version}", "version": version}


def _namespace(body: Json) -> str:
    return str(body["metadata"].get("namespace", ""))


def _label(body: Json) -> str:
    namespace = _namespace(body)
    place = f"{namespace}/" if namespace else ""
    return f"{body['kind']} {place}{body['metadata']['name']}"
