"""A cluster over its REST API: reading, server-side apply, ownership, permissions, admission."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from threading import Event
from typing import Any

from wizard.core.changes import Action, Change, System
from wizard.core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from wizard.core.facts import ClusterFacts
from wizard.core.manifest import ENFORCE, FIELD_MANAGER, MANAGED_BY, OWNER_ID, Manifest, ObjectRef
from wizard.core.secrets import redact
from wizard.systems.kubernetes import rollout
from wizard.systems.kubernetes.api import ONLY_METADATA, Api
from wizard.systems.kubernetes.compare import field_changes, overlaid, same_ownership
from wizard.systems.kubernetes.contents import contents_of
from wizard.systems.kubernetes.creation import ANNOTATOR, created_by, field_managers, marked
from wizard.systems.kubernetes.discover import facts_of
from wizard.systems.kubernetes.errors import FieldsHeldError, NotAcceptedError
from wizard.systems.kubernetes.kinds import Kinds
from wizard.systems.kubernetes.leases import read_lease, write_lease
from wizard.systems.kubernetes.map_concurrently import map_concurrently
from wizard.systems.kubernetes.nouns import (
    Applied,
    Contents,
    Json,
    Lease,
    Outcome,
    Owned,
    Permission,
    ServiceAccountRef,
)
from wizard.systems.kubernetes.objects import selecting
from wizard.systems.kubernetes.owners import by_hand, is_ours, refuse_other_owner, stays

EVER_CREATED = (
    ("v1", ("Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service")),
    ("v1", ("ResourceQuota", "LimitRange")),
    ("apps/v1", ("Deployment",)),
    ("rbac.authorization.k8s.io/v1", ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")),
    ("policy/v1", ("PodDisruptionBudget",)),
    ("networking.k8s.io/v1", ("NetworkPolicy",)),
    ("external-secrets.io/v1", ("ExternalSecret", "SecretStore", "ClusterSecretStore")),
    ("external-secrets.io/v1alpha1", ("PushSecret",)),
    ("bitnami.com/v1alpha1", ("SealedSecret",)),
    ("monitoring.coreos.com/v1", ("PodMonitor", "ServiceMonitor", "PrometheusRule")),
    ("keda.sh/v1alpha1", ("ScaledObject",)),
    ("cilium.io/v2", ("CiliumNetworkPolicy",)),
    ("argoproj.io/v1alpha1", ("Application",)),
    ("source.toolkit.fluxcd.io/v1", ("HelmRepository", "GitRepository")),
    ("helm.toolkit.fluxcd.io/v2", ("HelmRelease",)),
    ("kustomize.toolkit.fluxcd.io/v1", ("Kustomization",)),
)
"""Every kind that the wizard ever creates: where `owned` looks."""

_REVIEWS = "/apis/authorization.k8s.io/v1"


class KubernetesCluster:
    """A `Cluster`, as one context of the kubeconfig reaches it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kinds = Kinds(api)

    @property
    def context(self) -> str:
        return self._api.context

    def uid(self) -> str:
        return self._uid

    @cached_property
    def _uid(self) -> str:
        return str(self._api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])

    def version(self) -> str:
        return str(self._api.get("/version")["gitVersion"])

    def serves(self, api_version: str, kind: str) -> bool:
        return self._kinds.look_up(api_version, kind) is not None

    def get(self, ref: ObjectRef) -> Json | None:
        if not (kind := self._kinds.look_up(ref.api_version, ref.kind)):
            return None
        try:
            return self._api.get(kind.path(ref.namespace, ref.name))
        except NotFoundError:
            return None

    def find(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> list[Json]:
        if not (found := self._kinds.look_up(api_version, kind)):
            return []
        items = self._api.pages(found.path(namespace), selecting(labels or {}))
        # Lists leave out what every item of them shares.
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def secret_fingerprint(self, ref: ObjectRef, key: str) -> str | None:
        value = ((self.get(ref) or {}).get("data") or {}).get(key)
        if value is None:
            return None
        try:
            return hashlib.sha256(base64.standard_b64decode(value)).hexdigest()
        except binascii.Error:
            return None

    def apply(self, manifest: Manifest, *, force: bool = False) -> Applied:
        before = self.get(manifest.ref)
        if before is None:
            try:
                created, _ = self._send(manifest, None, dry_run=False, force=force)
            except ConflictError:  # made meanwhile, perhaps by others: then it is not ours
                if (before := self.get(manifest.ref)) is None:
                    raise
            else:
                return Applied(Outcome.CREATED, None, created)
        if stays(manifest, before):
            return Applied(Outcome.UNCHANGED, before, before)
        if not force:
            refuse_other_owner(manifest, before)
        after, _ = self._send(manifest, before, dry_run=False, force=force)
        unchanged = _version(before) == _version(after)
        return Applied(Outcome.UNCHANGED if unchanged else Outcome.UPDATED, before, after)

    def annotate(self, ref: ObjectRef, annotations: Mapping[str, str]) -> None:
        patch = {"metadata": {"annotations": dict(annotations)}}
        self._api.merge(self._kinds.path_of(ref), patch, ANNOTATOR)

    def enforce(self, namespace: str, level: str, *, dry_run: bool) -> tuple[str, ...]:
        labels = {ENFORCE: level, f"{ENFORCE}-version": "latest"}
        path = self._kinds.path_of(ObjectRef("v1", "Namespace", "", namespace))
        patch = {"metadata": {"labels": labels}}
        _, warnings = self._api.merge(path, patch, ANNOTATOR, dry_run=dry_run)
        return tuple(map(_text_of, warnings))

    def diff(self, manifest: Manifest, *, force: bool = False) -> Change:
        try:
            return self._diff(manifest, force=force)
        except FieldsHeldError:
            raise
        except ConflictError:  # another run made or changed it between two questions: look again
            return self._diff(manifest, force=force)

    def _diff(self, manifest: Manifest, *, force: bool) -> Change:
        ref = manifest.ref
        before = self.get(ref)
        if stays(manifest, before):
            why = "it was there before, and stays as it is"
            return Change(System.CLUSTER, Action.KEEP, str(ref), why=why)
        if not force:
            refuse_other_owner(manifest, before)
        try:
            after, taken_back = self._send(manifest, before, dry_run=True, force=force)
        except NotFoundError:
            if not self._has_namespace(ref):
                return self._unjudged(manifest, "its namespace is new")
            if before is None and ref.kind == "RoleBinding":
                # Of anyone but the cluster's administrator the server looks the Role up, to see
                # that it gives nothing they do not have (tried on a real kube-apiserver).
                return self._unjudged(manifest, "its Role is new")
            # Another run may have made the namespace between the two questions.
            after, taken_back = self._send(manifest, before, dry_run=True, force=force)
        wanted = manifest.body if before is None else after
        fields = tuple(field_changes(before, wanted))
        change = Change(System.CLUSTER, Action.UPDATE, str(ref), fields, taken_back)
        if before is None:
            return replace(change, action=Action.CREATE)
        if fields:
            return change
        if same_ownership(before, after):
            return replace(change, action=Action.KEEP)
        return replace(change, why="its fields become ours; no value changes")

    def diff_by_reading(self, manifest: Manifest) -> Change:
        ref, why = manifest.ref, "compared by reading: a dry run takes the rights of the change"
        before = self.get(ref)
        after = overlaid(before or {}, manifest.body)
        fields = tuple(field_changes(before, after))
        if before is None:
            return Change(System.CLUSTER, Action.CREATE, str(ref), fields, why)
        action = Action.UPDATE if fields else Action.KEEP
        return Change(System.CLUSTER, action, str(ref), fields, why if fields else "")

    def _unjudged(self, manifest: Manifest, why: str) -> Change:
        return Change(
            System.CLUSTER,
            Action.CREATE,
            str(manifest.ref),
            tuple(field_changes(None, manifest.body)),
            why=f"{why}, so the cluster could not judge it yet",
        )

    def _has_namespace(self, ref: ObjectRef) -> bool:
        if not ref.namespace or not self.serves(ref.api_version, ref.kind):
            return True
        return self.get(ObjectRef("v1", "Namespace", "", ref.namespace)) is not None

    def _send(
        self, manifest: Manifest, live: Json | None, *, dry_run: bool, force: bool
    ) -> tuple[Json, str]:
        """The object as it is then, and why fields were taken from someone, if they were."""
        path, body = self._kinds.path_of(manifest.ref), marked(manifest.body, live)
        try:
            return self._api.apply(path, body, dry_run=dry_run, force=force), ""
        except FieldsHeldError as held:
            if live and is_ours(live, manifest.labels.get(OWNER_ID)) and by_hand(held.holders):
                after = self._api.apply(path, body, dry_run=dry_run, force=True)
                return after, f"was changed by hand, with {', '.join(held.holders)}"
            held.problem = f"{manifest.ref}: {held.problem}"
            raise
        except (ConflictError, NotAcceptedError) as error:
            # The server names the object only now and then.
            error.problem = f"{manifest.ref}: {error.problem}"
            raise

    def owned(self, profile_id: str, within: Sequence[str] = ()) -> list[Owned]:
        labels = {MANAGED_BY: FIELD_MANAGER, OWNER_ID: profile_id}
        wanted = [(version, kind) for version, kinds in EVER_CREATED for kind in kinds]
        # Each API version is asked for once before its kinds, which share the answer, are listed.
        map_concurrently(lambda pair: self.serves(*pair), dict(wanted).items())
        places = [(*pair, place) for pair in wanted for place in self._places(*pair, within)]
        found = map_concurrently(lambda place: self._owned_of(*place, profile_id, labels), places)
        return [item for items in found for item in items]

    def _places(self, api_version: str, name: str, within: Sequence[str]) -> Sequence[str]:
        """Where to look for a kind: everywhere (the empty string), or in these namespaces only."""
        kind = self._kinds.look_up(api_version, name)
        if kind is None or (within and not kind.namespaced):
            return ()
        return within or ("",)

    def _owned_of(
        self,
        api_version: str,
        name: str,
        namespace: str,
        profile_id: str,
        labels: Mapping[str, str],
    ) -> list[Owned]:
        path = self._kinds.path_of(ObjectRef(api_version, name, namespace, ""))
        try:
            listed = list(self._api.pages(path, selecting(labels), accept=ONLY_METADATA))
        except NotAllowedError:
            if not namespace:
                raise
            return []  # who has only namespaces may know nothing of kinds that they never make
        return [
            Owned(
                ObjectRef(api_version, name, meta.get("namespace", ""), meta["name"]),
                meta["uid"],
                meta.get("labels") or {},
                created=created_by({"kind": name, "metadata": meta}, profile_id),
            )
            for item in listed
            if FIELD_MANAGER in field_managers(item)
            for meta in (item["metadata"],)
        ]

    def contents(self, namespace: str) -> Contents:
        return contents_of(self._api, self._kinds, namespace)

    def delete(self, ref: ObjectRef, *, uid: str) -> bool:
        try:
            self._api.delete(self._kinds.path_of(ref), uid)
        except NotFoundError:
            return False
        return True

    def lease(self, ref: ObjectRef) -> Lease | None:
        return read_lease(self._api, ref)

    def write_lease(self, lease: Lease) -> Lease:
        return write_lease(self._api, lease)

    def now(self) -> datetime:
        return self._api.now()

    def may(self, permission: Permission, account: ServiceAccountRef | None = None) -> bool:
        kind = "SubjectAccessReview" if account else "SelfSubjectAccessReview"
        spec = {"resourceAttributes": _attributes(permission)} | _subject(account)
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
        answer, _ = self._api.create(f"{_REVIEWS}/{kind.lower()}s", review)
        return bool(answer["status"]["allowed"])

    def refused(
        self, permissions: list[Permission], account: ServiceAccountRef | None = None
    ) -> list[Permission]:
        answers = map_concurrently(lambda permission: self.may(permission, account), permissions)
        return [permission for permission, may in zip(permissions, answers, strict=True) if not may]

    def admit(self, pod: Mapping[str, Any]) -> tuple[str, ...]:
        namespace = pod["metadata"]["namespace"]
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        try:
            _, warnings = self._api.create(f"/api/v1/namespaces/{namespace}/pods", pod, query)
        except NotAcceptedError as error:
            raise RefusedError(
                f"Namespace {namespace} would not admit this pod.", error.cause, error.fix
            ) from None
        return tuple(map(_text_of, warnings))

    def watch_rollout(
        self, deployment: ObjectRef, *, deadline: float, cancel: Event, grace: float = 30
    ) -> Iterator[str]:
        return rollout.Rollout(self._api, cancel).watch(deployment, deadline, grace)

    def restart_pods(
        self, namespace: str, labels: Mapping[str, str], *, deadline: float, cancel: Event
    ) -> Iterator[str]:
        return rollout.Rollout(self._api, cancel).restart(namespace, labels, deadline)

    def logs(self, namespace: str, pod: str, container: str = "", *, lines: int = 20) -> str:
        return rollout.last_log_lines(self._api, namespace, pod, container, lines=lines)

    def service_get(self, namespace: str, service: str, path: str) -> str:
        return self._api.text(
            f"/api/v1/namespaces/{namespace}/services/http:{service}:/proxy{path}", {}
        )

    def discover(self) -> ClusterFacts:
        return facts_of(self._api)


def _text_of(warning: str) -> str:
    """The text of a header `299 - "text"`; the numbers say nothing to a reader."""
    return redact(warning.partition('"')[2].rstrip('"').replace('\\"', '"'))


def _version(body: Json) -> str:
    return str(body["metadata"].get("resourceVersion", ""))


def _attributes(permission: Permission) -> dict[str, str]:
    resource, _, subresource = permission.resource.partition("/")
    attributes = {
        "verb": permission.verb,
        "group": permission.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": permission.namespace,
        "name": permission.name,
    }
    return {key: value for key, value in attributes.items() if value}


def _subject(account: ServiceAccountRef | None) -> dict[str, Any]:
    """A ServiceAccount as the authenticator names it, with the groups it always has."""
    if account is None:
        return {}
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{account.namespace}"]
    return {
        "user": f"system:serviceaccount:{account.namespace}:{account.name}",
        "groups": [*groups, "system:authenticated"],
    }
