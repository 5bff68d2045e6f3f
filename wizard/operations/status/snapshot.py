"""The objects of a profile as they are in the cluster: one list a kind, however many runners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from wizard.core.errors import NotAllowedError
from wizard.core.manifest import OWNER_ID, PRODUCT, Manifest, ObjectRef
from wizard.core.threads import map_concurrently
from wizard.profile.labels import manager_labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.kubernetes import Cluster, Json

_INSTANCE = "app.kubernetes.io/instance"
_NAME = "app.kubernetes.io/name"
_Place = tuple[str, str, str]


@dataclass(slots=True)
class Snapshot:
    """What was seen at one moment; what may not be seen is in `unseen`, with the reason."""

    objects: dict[ObjectRef, Json | None] = field(default_factory=dict)
    secrets: dict[str, Json | None] = field(default_factory=dict)
    """The Secrets of the tokens, by their runner's name."""
    pods: dict[str, list[Json]] = field(default_factory=dict)
    """The managers' pods, by release."""
    unseen: dict[str, str] = field(default_factory=dict)

    def knows(self, ref: ObjectRef) -> bool:
        return ref in self.objects


def take(profile: Profile, cluster: Cluster, wanted: Iterable[Manifest]) -> Snapshot:
    """Look at every object, token Secret and manager pod. Blocking.

    Raises: NotReachedError, when the cluster does not answer.
    """
    snapshot = Snapshot()
    places: dict[_Place, list[ObjectRef]] = defaultdict(list)
    for manifest in wanted:
        ref = manifest.ref
        places[ref.api_version, ref.kind, ref.namespace].append(ref)
    looks: list[Callable[[], None]] = [
        *(partial(_objects, profile, cluster, snapshot, *one) for one in places.items()),
        *(partial(_secret, profile, cluster, snapshot, one) for one in profile.runners),
        partial(_pods, profile, cluster, snapshot),
    ]
    map_concurrently(lambda look: look(), looks, max_workers=16)
    return snapshot


def _objects(
    profile: Profile, cluster: Cluster, snapshot: Snapshot, place: _Place, refs: list[ObjectRef]
) -> None:
    api_version, kind, namespace = place
    found: dict[ObjectRef, Json] = {}
    try:
        if len(refs) > 1:  # what someone took our labels off is asked for by its name below
            listed = cluster.find(api_version, kind, namespace, {OWNER_ID: profile.id or ""})
            found = {_ref(place, body): body for body in listed}
    except NotAllowedError:
        pass  # a single object may be ours to see though the list is not
    for ref in refs:
        try:
            snapshot.objects[ref] = found[ref] if ref in found else cluster.get(ref)
        except NotAllowedError as refused:
            snapshot.unseen[str(ref)] = refused.problem


def _ref(place: _Place, body: Json) -> ObjectRef:
    return ObjectRef(*place, body["metadata"]["name"])


def _secret(profile: Profile, cluster: Cluster, snapshot: Snapshot, runner: Runner) -> None:
    ref = ObjectRef("v1", "Secret", profile.cluster.namespace, runner.token_secret)
    try:
        snapshot.secrets[runner.name] = cluster.get(ref)
    except NotAllowedError as refused:
        snapshot.unseen[str(ref)] = refused.problem


def _pods(profile: Profile, cluster: Cluster, snapshot: Snapshot) -> None:
    shared = {_NAME: PRODUCT}
    if len(profile.runners) == 1:
        shared = manager_labels(profile, profile.runners[0])
    try:
        listed = cluster.find("v1", "Pod", profile.cluster.namespace, shared)
    except NotAllowedError as refused:
        snapshot.unseen["the managers' pods"] = refused.problem
        return
    for runner in profile.runners:
        snapshot.pods[runner.release] = []
    for pod in listed:
        release = (pod["metadata"].get("labels") or {}).get(_INSTANCE, "")
        if release in snapshot.pods:
            snapshot.pods[release].append(pod)
