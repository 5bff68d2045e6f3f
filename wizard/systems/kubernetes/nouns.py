"""The records that pass between the operations and a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from wizard.core.manifest import ObjectRef

Json = dict[str, Any]
"""A Kubernetes object, or a part of one, as plain data."""


class Outcome(StrEnum):
    """What an apply did to the stored object."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """Not written: the object's resourceVersion is the one it had."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer to one apply; `before` is None where the object was not there.

    Both objects may hold a Secret's values, so they never show in a repr.
    """

    outcome: Outcome
    before: Json | None = field(repr=False)
    after: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Owned:
    """An object that carries our labels and that our field manager has written."""

    ref: ObjectRef
    uid: str
    labels: Mapping[str, str]
    created: bool = True
    """Whether the profile created it; what it only changed or labelled is never deleted."""

    @property
    def kind(self) -> str:
        return self.ref.kind


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a namespace: the metadata of its objects, and the kinds that did not show."""

    objects: tuple[tuple[ObjectRef, Json], ...]
    """Each object, and its metadata."""
    unseen: tuple[str, ...]
    """Plurals or API versions that could not be listed, each with the reason."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that someone may or may not do; an empty namespace means cluster-wide."""

    verb: str
    group: str
    """API group; empty for the core group."""
    resource: str
    """Plural, with its subresource if there is one: `pods/exec`."""
    namespace: str = ""
    name: str = ""
    """One object's name; empty for any."""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {resource}{named} {where}"


@dataclass(frozen=True, slots=True)
class ServiceAccountRef:
    """A ServiceAccount, as someone whose permissions are asked for."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who is at work on something, and since when; all times are the API server's."""

    ref: ObjectRef
    profile: str
    """Id of the profile that it is labelled with; empty for one that others made."""
    holder: str = ""
    """Empty where no one holds it."""
    doing: str = ""
    since: datetime | None = None
    renewed: datetime | None = None
    seconds: int = 0
    """After how many without being renewed it is no one's any more."""
    turns: int = 0
    """How often it has changed hands."""
    version: str = ""
    """By which a change is refused if another has come between; empty while it is not there."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """The contexts of the kubeconfig, in its order, and the current one (may be empty)."""

    names: tuple[str, ...]
    current: str


@dataclass(frozen=True, slots=True)
class RunningSetup:
    """The Deployment of a runner manager that someone else set up."""

    namespace: str
    name: str
    version: str
    """Its image's tag; empty where it has none."""


@dataclass(frozen=True, slots=True)
class SetupText:
    """What a manager was made of, as text; it may hold secrets, so it never shows in a repr."""

    kind: Literal["application", "values", "objects"]
    """An Application of Argo CD, the values of a Helm release, or the manager's own objects."""
    name: str
    """For people: where it stands."""
    text: str = field(repr=False)
    """JSON."""
    chart: str = ""
    """The chart's version, where that is known."""
    release: str = ""
    namespace: str = ""
