"""Objects that the tests of a cluster need again and again."""

from __future__ import annotations

from typing import Any

from wizard.core.manifest import FIELD_MANAGER, MANAGED_BY, OWNER_ID, Manifest

PROFILE = "3f9c2a71"
OURS = {MANAGED_BY: FIELD_MANAGER, OWNER_ID: PROFILE}
NAMESPACE = "ci"
POD_LABELS = {"app": "manager"}


def namespace(name: str = NAMESPACE, **labels: str) -> Manifest:
    body = {"apiVersion": "v1", "kind": "Namespace"}
    return Manifest(body | {"metadata": {"name": name, "labels": OURS | labels}})


def config_map(
    name: str = "settings", data: dict[str, str] | None = None, **fields: Any
) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": OURS}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    return Manifest(body | {"data": data or {"limit": "2"}} | fields)


def secret(value: str, name: str = "token") -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": OURS}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    return Manifest(body | {"stringData": {"runner-token": value}})


def deployment(image: str = "manager:1", name: str = "manager") -> Manifest:
    template = {
        "metadata": {"labels": POD_LABELS},
        "spec": {"containers": [{"name": "manager", "image": image}]},
    }
    return Manifest(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": OURS},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": POD_LABELS},
                "template": template,
            },
        }
    )


def pod(name: str = "job", **container: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "build", "image": "alpine:3.22"} | container]}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
