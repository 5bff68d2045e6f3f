"""Tokens in plain Secrets of the cluster, where the runner manager reads them directly."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import OWNER_ID, Manifest, ObjectRef
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr, fingerprint, remember_secret
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Stored
from wizard.systems.backends.checks import checked, failed
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.ownership import RUNNER_ID, Owner, refuse_anothers
from wizard.systems.kubernetes import Cluster, Json, Outcome, Permission, created_by
from wizard.systems.kubernetes.owners import is_ours
from wizard.systems.kubernetes.secret_body import opaque

TOKEN_KEY = "runner-token"  # noqa: S105 - the key's name
REGISTRATION_KEY = "runner-registration-token"
"""GitLab's chart mounts both keys by name; the second must be there, and empty (chart 0.86.0)."""


class KubernetesSecrets:
    """The Secret of each runner, in the manager's namespace, labelled as ours.

    Written by server-side apply only: a client-side one would keep the token a second time, in an
    annotation.
    """

    def __init__(self, profile: Profile, cluster: Cluster) -> None:
        self._profile = profile
        self._cluster = cluster

    def where(self, runner: Runner) -> str:
        return str(self._ref(runner))

    def check(self) -> list[Check]:
        name = f"write Secrets in {self._profile.cluster.namespace}"
        return checked([(name, lambda: [self._may_write(name)])])

    def _may_write(self, name: str) -> Check:
        namespace = self._profile.cluster.namespace
        needed = [Permission(verb, "", "secrets", namespace) for verb in ("get", "create", "patch")]
        if refused := self._cluster.refused(needed):
            finding = Finding(
                f"Secrets of namespace {namespace} cannot be written",
                ", ".join(map(str, refused)),
                "the context's user has no right to",
                "Ask for these permissions, or use another context",
            )
            return failed(name, finding)
        if theirs := self._of_others():
            finding = Finding(
                f"{', '.join(map(str, theirs))} belongs to others",
                "",
                "it does not carry this profile's id, or another tool manages it",
                "Delete it if nothing needs it, or give the runner another name",
            )
            return failed(name, finding)
        if why := self._lacks_namespace():
            finding = Finding(
                f"there is no namespace {namespace} yet",
                "",
                why,
                "Render the files, commit and sync them, then run apply",
            )
            return failed(name, finding)
        return Check(name, Verdict.OK)

    def _lacks_namespace(self) -> str:
        """Why the namespace is not there for the tokens, and will not be before the files bring it.

        Where objects are applied directly, the namespace is one of them.
        """
        namespace = self._profile.cluster.namespace
        if not self._profile.delivery.writes_files:
            return ""
        with suppress(NotAllowedError):  # who may not look there learns it from the write
            if self._cluster.get(_namespace(namespace)) is not None:
                return ""
            if not self._profile.makes(namespace):
                return "the profile says that others make it"
            if not self._cluster.may(Permission("create", "", "namespaces")):
                return "the context's user may not create namespaces"
        return ""

    def read(self, runner: Runner) -> Stored | None:
        secret = self._cluster.get(self._ref(runner))
        token = token_in(secret)
        if secret is None or token is None:
            return None
        metadata = secret["metadata"]
        return Stored(
            fingerprint(token),
            metadata["resourceVersion"],
            datetime.fromisoformat(metadata["creationTimestamp"]),
            owner(secret),
            remember_secret(token),
        )

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        live = self._cluster.get(self._ref(runner))
        noted = owner(live) if live else None
        refuse_anothers(self.where(runner), noted, self._profile.id)
        manifest = self._manifest(runner, token, runner_id or (noted.runner if noted else 0))
        if _holds(live, manifest):
            return False
        # GitLab has this token alone now: whoever's hand was in a Secret of ours, it is written.
        force = live is not None and is_ours(live, self._profile.id)
        applied = self._cluster.apply(manifest, force=force)
        stored = self.read(runner)
        if stored is None or stored.fingerprint != fingerprint(token):
            raise WizardError(
                f"{self.where(runner)} does not hold what was written to it.",
                "something else writes this Secret as well",
                "Find its other owner (kubectl get secret -o yaml --show-managed-fields)",
            )
        return applied.outcome is not Outcome.UNCHANGED

    def remove(self, runner: Runner) -> bool:
        ref = self._ref(runner)
        secret = self._cluster.get(ref)
        if secret is None:
            return False
        refuse_anothers(self.where(runner), owner(secret), self._profile.id)
        if not created_by(secret, self._profile.id):
            return False
        return self._cluster.delete(ref, uid=secret["metadata"]["uid"])

    def policy(self) -> str:
        namespace = self._profile.cluster.namespace
        names = "\n".join(f"      - {runner.token_secret}" for runner in self._profile.runners)
        return (
            "apiVersion: rbac.authorization.k8s.io/v1\n"
            "kind: Role\n"
            f"metadata: {{name: runner-wizard-tokens, namespace: {namespace}}}\n"
            "rules:\n"
            '  - apiGroups: [""]\n'
            "    resources: [secrets]\n"
            "    verbs: [create]\n"
            '  - apiGroups: [""]\n'
            "    resources: [secrets]\n"
            "    verbs: [get, patch, delete]\n"
            f"    resourceNames:\n{names}\n"
        )

    def facts(self) -> Mapping[Key, Any]:
        return {}

    def close(self) -> None:
        """There is no session of its own to end."""

    def _of_others(self) -> list[ObjectRef]:
        """Secrets that are there already and are not this profile's."""
        refs = map(self._ref, self._profile.runners)
        found = ((ref, self._cluster.get(ref)) for ref in refs)
        return [ref for ref, live in found if live and not is_ours(live, self._profile.id)]

    def _ref(self, runner: Runner) -> ObjectRef:
        return ObjectRef("v1", "Secret", self._profile.cluster.namespace, runner.token_secret)

    def _manifest(self, runner: Runner, token: SecretStr, runner_id: int) -> Manifest:
        values = {TOKEN_KEY: token.get_secret_value().strip(), REGISTRATION_KEY: ""}
        ref = self._ref(runner)
        metadata: Json = {"name": ref.name, "namespace": ref.namespace}
        metadata["labels"] = labels(self._profile, runner)
        if runner_id:
            metadata["annotations"] = {RUNNER_ID: str(runner_id)}
        return opaque(metadata, values)


def token_in(secret: Json | None) -> SecretStr | None:
    """The token that a Secret holds; None where it holds none, or nothing that can be one."""
    encoded = ((secret or {}).get("data") or {}).get(TOKEN_KEY) or ""
    try:
        plain = base64.b64decode(encoded).decode()
    except (ValueError, TypeError):
        return None
    return SecretStr(plain) if plain else None


def owner(live: Json) -> Owner | None:
    """Whose an object is that holds a token, by what it is labelled with."""
    metadata = live["metadata"]
    noted = metadata.get("annotations") or {}
    return Owner.of_labels((metadata.get("labels") or {}).get(OWNER_ID), noted.get(RUNNER_ID))


def _namespace(name: str) -> ObjectRef:
    return ObjectRef("v1", "Namespace", "", name)


def _holds(found: Json | None, wanted: Manifest) -> bool:
    """Whether a Secret is ours already, with these very values."""
    if found is None or found.get("data") != wanted.body["data"]:
        return False
    there, ours = found["metadata"], wanted.body["metadata"]
    return all(
        (ours.get(kind) or {}).items() <= (there.get(kind) or {}).items()
        for kind in ("labels", "annotations")
    )


def build(around: BackendContext, cluster: Callable[[], Cluster]) -> KubernetesSecrets:
    """The Secrets of the profile's cluster."""
    return KubernetesSecrets(around.profile, cluster())
