"""The HTTP side of the fake cluster: paths, verbs, selectors, streams."""

from __future__ import annotations

import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.kubernetes.faults import Fault, status_body
from tests.fakes.kubernetes.kinds import Kind
from tests.fakes.kubernetes.store import ClashError, ForbiddenError, Json, MissingError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.cluster import FakeCluster

_OBJECT = re.compile(
    r"(?P<root>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>[^/]+))?)?"
)
_REVIEW = re.compile(r"/apis/authorization\.k8s\.io/v1/(self)?subjectaccessreviews")


class Handler(BaseHTTPRequestHandler):
    """One request; `cluster` is set on the subclass that a server uses."""

    cluster: FakeCluster
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet; without it, every answer waits for an ACK

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cluster.requests.append((self.command, self.path))
        self.cluster.headers.append(self.headers)
        if fault := self.cluster.fault_for(self.command, self.path):
            time.sleep(fault.delay)
            if self._struck(fault):
                return
        if self.headers.get("Authorization") != f"Bearer {self.cluster.token}":
            self._refuse(401, "Unauthorized")
            return
        try:
            self._route(url.path)
        except MissingError as error:
            self._refuse(404, str(error))
        except ClashError as error:
            self._refuse(409, str(error))
        except ForbiddenError as error:
            self._refuse(403, str(error))

    def _struck(self, fault: Fault) -> bool:
        if fault.drop:
            self.close_connection = True
            self.connection.close()
        elif fault.body:
            self._send(fault.status or 200, fault.body, "text/html", fault.headers)
        elif fault.status:
            self._refuse(fault.status, fault.message, fault.headers)
        return fault.drop or bool(fault.body or fault.status)

    def _route(self, path: str) -> None:
        if path == "/version":
            self._answer({"major": "1", "minor": "32", "gitVersion": self.cluster.version})
        elif path == "/apis":
            self._answer(self.cluster.groups())
        elif resources := self.cluster.resources(path):
            self._answer(resources)
        elif _REVIEW.fullmatch(path):
            self._answer(self.cluster.review(json.loads(self.body)), 201)
        elif path in self.cluster.services:
            self._send(200, self.cluster.services[path].encode(), "text/plain")
        elif found := _OBJECT.fullmatch(path):
            self._object(found)
        else:
            self._refuse(404, "the server could not find the requested resource")

    def _object(self, found: re.Match[str]) -> None:
        root, plural = found["root"], found["plural"]
        namespace, name = found["namespace"] or "", found["name"] or ""
        if plural == "namespaces" or (namespace and plural == "status"):
            namespace = ""
        kind = self.cluster.kind(root, plural)
        if kind is None:
            return self._refuse(404, "the server could not find the requested resource")
        if found["sub"] == "log":
            return self._log(namespace, name)
        dry = self.query.get("dryRun") == "All"
        match self.command:
            case "GET" if name:
                return self._answer(self.cluster.store.get(kind, namespace, name))
            case "GET":
                return self._list(kind, namespace)
            case "POST":
                body = json.loads(self.body)
                manager = self.query.get("fieldManager", "kubectl-create")
                return self._answer(
                    self.cluster.create(kind, namespace, body, manager, dry=dry), 201
                )
            case "PATCH":
                return self._apply(kind, namespace, name, dry=dry)
            case "DELETE":
                uid = json.loads(self.body or b"{}").get("preconditions", {}).get("uid", "")
                return self._answer(self.cluster.delete(kind, namespace, name, uid, dry=dry))
        return self._refuse(405, "the server does not allow this method on the resource")

    def _apply(self, kind: Kind, namespace: str, name: str, *, dry: bool) -> None:
        if self.headers.get("Content-Type") == "application/merge-patch+json":
            patch = json.loads(self.body)
            merged = self.cluster.merge(kind, namespace, name, patch, dry=dry)
            warning = self.cluster.level_warning if kind.kind == "Namespace" else ""
            headers = {"Warning": f'299 - "{warning}"'} if warning else {}
            return self._answer(merged, headers=headers)
        if self.headers.get("Content-Type") != "application/apply-patch+yaml":
            return self._refuse(415, "the body of the request was in an unknown format")
        manager = self.query.get("fieldManager", "")
        if not manager:
            return self._refuse(422, "fieldManager: Required value")
        body = json.loads(self.body)
        answer = self.cluster.apply(kind, namespace, name, body, manager, dry=dry)
        return self._answer(answer)

    def _log(self, namespace: str, name: str) -> None:
        lines = self.cluster.logs.get((namespace, name), "").splitlines(keepends=True)
        tail = int(self.query.get("tailLines", len(lines)))
        self._send(200, "".join(lines[-tail:]).encode(), "text/plain")

    def _list(self, kind: Kind, namespace: str) -> None:
        if self.query.get("watch") == "true":
            return self._watch(kind, namespace)
        items = [body for body in self.cluster.store.list(kind, namespace) if self._wanted(body)]
        bare = "PartialObjectMetadataList" in self.headers.get("Accept", "")
        if bare:
            items = [{"metadata": body["metadata"]} for body in items]
        start, limit = int(self.query.get("continue", 0)), int(self.query.get("limit", 10**9))
        metadata = {"resourceVersion": str(self.cluster.store.version)}
        if start + limit < len(items):
            metadata["continue"] = str(start + limit)
        here = items[start : start + limit]
        if bare:  # the server says null of an empty list of this kind
            kind_of_list = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            return self._answer({**kind_of_list, "metadata": metadata, "items": here or None})
        return self._answer(
            {
                "kind": f"{kind.kind}List",
                "apiVersion": kind.api_version,
                "metadata": metadata,
                "items": here,
            }
        )

    def _watch(self, kind: Kind, namespace: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        since, seconds = int(self.query["resourceVersion"]), float(self.query["timeoutSeconds"])
        for event, body in self.cluster.store.watch(since, seconds):
            here = namespace in ("", body["metadata"].get("namespace", ""))
            if body["kind"] == kind.kind and here and self._wanted(body):
                line = json.dumps({"type": event, "object": body}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _wanted(self, body: Json) -> bool:
        labels = body["metadata"].get("labels") or {}
        return all(
            labels.get(key) == value
            for key, _, value in (
                part.partition("=") for part in _parts(self.query.get("labelSelector", ""))
            )
        ) and all(
            _field_matches(body, part) for part in _parts(self.query.get("fieldSelector", ""))
        )

    def _refuse(self, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        self._answer(status_body(code, message), code, headers)

    def _answer(self, body: Any, code: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(code, json.dumps(body).encode(), "application/json", headers)

    def _send(
        self, code: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _parts(selector: str) -> list[str]:
    return [part for part in selector.split(",") if part]


def _field_matches(body: Json, part: str) -> bool:
    path, _, value = part.partition("!=" if "!=" in part else "=")
    found: Any = body
    for key in path.split("."):
        found = found.get(key, "") if isinstance(found, dict) else ""
    return (found != value) if "!=" in part else (found == value)
