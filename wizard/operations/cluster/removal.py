"""Deleting what a profile created, and nothing else: the one way for prune, destroy and withdraw.

A namespace goes last, and only when nothing is left in it but what every namespace has: deleting it
would delete all the rest without a question.
"""

from __future__ import annotations

from collections.abc import Collection

from wizard.core.errors import NotAllowedError
from wizard.core.events import Left
from wizard.core.manifest import OWNER_ID, ObjectRef
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster, Json, Owned

_SHOWN = 5
_OF_EVERY_NAMESPACE = {
    ("ServiceAccount", "default"),
    ("ConfigMap", "kube-root-ca.crt"),
    # OpenShift's own.
    ("ServiceAccount", "builder"),
    ("ServiceAccount", "deployer"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("RoleBinding", "system:deployers"),
    ("RoleBinding", "system:image-builders"),
    ("RoleBinding", "system:image-pullers"),
}
"""What the cluster puts into each namespace, and puts back when it is deleted."""
_ACCOUNT_OF = "kubernetes.io/service-account.name"
"""On a token that clusters before 1.24 made for each ServiceAccount."""
_NOT_OURS = "it was there before this profile, or came another way than by the wizard"


def owned_objects(profile: Profile, cluster: Cluster) -> list[Owned]:
    """Everything of the profile in the cluster. Blocking.

    Where the namespaces are others', so is the rest of the cluster: it is not looked at.
    """
    if profile.id is None:
        return []
    within = profile.namespaces if profile.cluster.namespaces == "existing" else ()
    return cluster.owned(profile.id, within)


def delete_object(cluster: Cluster, owned: Owned) -> Left | None:
    """Delete one object; returns what was left instead, and why.

    Raises: WizardError, from the cluster.
    """
    if why := why_left(cluster, owned):
        return Left(str(owned.ref), why)
    cluster.delete(owned.ref, uid=owned.uid)
    return None


def why_left(cluster: Cluster, owned: Owned, besides: Collection[str] = ()) -> str:
    """Why an object of the profile is not deleted; empty where it is. Blocking.

    Args:
        besides: uids of what is deleted before it.
    """
    if not owned.created:
        return _NOT_OURS
    return _still_in(cluster, owned, besides) if owned.kind == "Namespace" else ""


def _still_in(cluster: Cluster, namespace: Owned, besides: Collection[str]) -> str:
    """What keeps a namespace, as words; empty where nothing does."""
    contents = cluster.contents(namespace.ref.name)
    there = {metadata["uid"] for _, metadata in contents.objects}
    kept = sorted(
        f"{ref.kind} {ref.name}"
        for ref, metadata in contents.objects
        if metadata["uid"] not in besides
        and "deletionTimestamp" not in metadata
        and not _of_every_namespace(ref, metadata)
        and not _is_lease_of(namespace.labels[OWNER_ID], ref, metadata)
        and not _goes_with_its_owner(cluster, ref, metadata, there)
    )
    if kept:
        return f"it still holds {', '.join(kept[:_SHOWN])}" + (", ..." if kept[_SHOWN:] else "")
    if contents.unseen:
        return f"not all of it could be looked at ({'; '.join(contents.unseen[:_SHOWN])})"
    return ""


def _is_lease_of(profile_id: str, ref: ObjectRef, metadata: Json) -> bool:
    """Whether it is what keeps two runs of the profile apart: a run holds it to its very end."""
    labels = metadata.get("labels") or {}
    return ref.kind == "Lease" and labels.get(OWNER_ID) == profile_id


def _of_every_namespace(ref: ObjectRef, metadata: Json) -> bool:
    account = (metadata.get("annotations") or {}).get(_ACCOUNT_OF)
    return (ref.kind, ref.name) in _OF_EVERY_NAMESPACE or (
        ref.kind == "Secret" and account == "default"
    )


def _goes_with_its_owner(cluster: Cluster, ref: ObjectRef, metadata: Json, there: set[str]) -> bool:
    """Whether it is collected with its owner: one that is counted itself, or is gone already."""
    owners = metadata.get("ownerReferences") or ()
    return bool(owners) and all(
        owner["uid"] in there or _is_gone(cluster, ref.namespace, owner) for owner in owners
    )


def _is_gone(cluster: Cluster, namespace: str, owner: Json) -> bool:
    ref = ObjectRef(owner["apiVersion"], owner["kind"], namespace, owner["name"])
    try:
        found = cluster.get(ref)
    except NotAllowedError:
        return False
    return found is None or found["metadata"]["uid"] != owner["uid"]
