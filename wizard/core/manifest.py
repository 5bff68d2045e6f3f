"""A Kubernetes object we render, and a file we write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
OWNER_ID = "runner-wizard/id"
"""Labels by which an object is found again as one of a profile's; never by its name."""

CREATED_BY = "runner-wizard/created-by"
"""Annotation with the id of the profile that created an object. It is part of the request that
creates, and is never put on what is there already: prune and destroy delete by it and nothing else.
"""

ENFORCE = "pod-security.kubernetes.io/enforce"
"""The label with the Pod Security level of a namespace."""

FIELD_MANAGER = "runner-wizard"
PRODUCT = "gitlab-runner"


def own_labels(profile_id: str | None) -> dict[str, str]:
    """What everything that a profile makes is labelled with; before it has an id, without one.

    Not with `instance`, by which Argo CD may track what it deploys: it would prune the rest.
    """
    found = {PART_OF: PRODUCT, MANAGED_BY: FIELD_MANAGER}
    return found | {OWNER_ID: profile_id} if profile_id else found


class ObjectRef(NamedTuple):
    """Which object: API version and kind, namespace (empty for cluster-scoped) and name."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Kubernetes object as we want it; `body` is plain data, ready to be written as YAML."""

    body: Mapping[str, Any] = field(repr=False)  # it may be a Secret

    @property
    def ref(self) -> ObjectRef:
        metadata = self.body["metadata"]
        return ObjectRef(
            self.body["apiVersion"],
            self.body["kind"],
            metadata.get("namespace", ""),
            metadata["name"],
        )

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.body["metadata"].get("labels") or {}
        return found

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"].get("namespace", ""))


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file of the delivery: `path` relative to the delivery's directory, with `/`."""

    path: str
    content: str
    about: str
    """One line: what the file is for."""
