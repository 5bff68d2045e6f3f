"""Whether what stands in Git has reached the cluster, and the token the Secret."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from wizard.core.errors import NotAllowed, WizardError
from wizard.core.events import Event, Progress
from wizard.core.manifest import ObjectRef
from wizard.operations.wish import Run
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.systems.backends import Backend
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster, Json
from wizard.systems.kubernetes.objects import condition
from wizard.systems.kubernetes.secret_stores import (
    EXTERNAL_SECRETS,
    last_warning,
    nudge,
    store_finding,
)

_POLL = 1.0
_NUDGE_EVERY = 10.0
"""Seconds between two nudges; by itself the operator waits minutes after a few failures (2.9)."""
_TOKEN_KEY = "runner-token"  # noqa: S105 - the key's name


@dataclass(slots=True)
class Sync:
    """The way of one runner's files and token into the cluster."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    backend: Backend
    git: Checkout | None
    run: Run
    anew: bool = False
    """The store has changed, or what it signs in with: that it was read before proves nothing."""
    _read_before: str | None = field(default=None, init=False)
    _nudged: dict[str, float] = field(default_factory=dict, init=False)

    def not_begun(self) -> str:
        """Why there is nothing yet to wait for, in words; empty where there is something."""
        if self.profile.delivery.packaging == "argocd":
            if self.cluster.get(self._application) is None:
                return f"Argo CD has no {self._application} yet"
        elif self.cluster.get(self._deployment) is None:
            return f"the cluster has no {self._deployment} yet"
        return ""

    def behind(self) -> str:
        """How what runs is not what the files say, in words; empty where it is.

        Also where it cannot be told: a release of Helm's does not say what it was made of.
        """
        with suppress(NotAllowed):
            if self.profile.delivery.packaging == "argocd":
                return self._application_lacks()
            if self.profile.delivery.packaging == "manifests":
                return self._deployment_lacks()
        return ""

    def _deployment_lacks(self) -> str:
        alone = self.profile.model_copy(update={"runners": [self.runner]})
        wanted = next(one.body for one in manifests(alone) if one.ref == self._deployment)
        found = self.cluster.get(self._deployment)
        if found is None or _made_of(found) != _made_of(wanted):
            return f"{self._deployment} is not yet what the files say"
        return ""

    def is_stuck(self) -> bool:
        """Whether External Secrets says that it cannot bring the token."""
        return self._has_failed(self._external_secret)

    def store_is_stuck(self) -> bool:
        """Whether it says so of our own store; nothing has to have been read through it since."""
        return self.profile.secrets.store.create and self._has_failed(self._store)

    def _has_failed(self, ref: ObjectRef) -> bool:
        with suppress(NotAllowed):
            return condition(self.cluster.get(ref) or {}, "Ready").get("status") == "False"
        return False

    async def wait(self) -> AsyncIterator[Event]:
        """Follow Argo CD, External Secrets and the token's Secret until each has what we have.

        Raises: WizardError, when the deadline passes; it says what is there instead.
        """
        steps: list[Callable[[], str]] = []
        if self.profile.delivery.packaging == "argocd":
            steps.append(self._application_lacks)
        if self.profile.secrets.through_store:
            steps += [self._store_lacks, self._external_secret_lacks]
        steps.append(self._secret_lacks)
        for lacks in steps:
            async for event in self._until(lacks):
                yield event

    async def _until(self, lacks: Callable[[], str]) -> AsyncIterator[Event]:
        end = time.monotonic() + self.run.deadline
        told = ""
        while what := await asyncio.to_thread(lacks):
            if time.monotonic() > end or self.run.cancel.is_set():
                raise await asyncio.to_thread(self._given_up, what)
            if what != told:
                yield Progress(what)
                told = what
            await asyncio.sleep(_POLL)

    def _given_up(self, what: str) -> WizardError:
        fix = "look at what is named here, then run apply again"
        if self.profile.delivery.target == "cluster":
            problem = f"The token of {self.runner.name} has not reached the cluster."
        else:
            problem = f"{self.runner.name} has not reached the cluster."
            fix = f"commit and push the files, {fix}"
        return WizardError(problem, "\n".join([what, *self._operator_said()]), fix)

    @property
    def _application(self) -> ObjectRef:
        namespace = self.profile.delivery.argocd.namespace
        return ObjectRef("argoproj.io/v1alpha1", "Application", namespace, self.runner.release)

    @property
    def _deployment(self) -> ObjectRef:
        return self._of_the_runner("apps/v1", "Deployment", self.runner.release)

    @property
    def _external_secret(self) -> ObjectRef:
        return self._of_the_runner(EXTERNAL_SECRETS, "ExternalSecret", self.runner.token_secret)

    def _of_the_runner(self, api_version: str, kind: str, name: str) -> ObjectRef:
        return ObjectRef(api_version, kind, self.profile.cluster.namespace, name)

    def _application_lacks(self) -> str:
        found = self.cluster.get(self._application)
        if found is None:
            return f"Argo CD has no {self._application} yet"
        status = found.get("status", {})
        sync, health = status.get("sync", {}), status.get("health", {})
        revisions = [*sync.get("revisions", []), sync.get("revision", "")]
        if self.git and self.git.revision and not any(map(self.git.holds, revisions)):
            return f"Argo CD has not synced commit {self.git.revision[:8]} yet"
        if sync.get("status") != "Synced":
            return f"{self._application} is {sync.get('status', 'not synced')}{_said(status)}"
        if health.get("status") != "Healthy":
            return f"{self._application} is {health.get('status', 'not healthy')}{_said(health)}"
        return ""

    @property
    def _store(self) -> ObjectRef:
        return ObjectRef(EXTERNAL_SECRETS, "ClusterSecretStore", "", self.profile.shared)

    def _store_lacks(self) -> str:
        """What keeps our own store from being read; one of somebody else's was looked at before."""
        if not self.profile.secrets.store.create:
            return ""
        try:
            if self.cluster.get(self._store) is None:
                return f"the cluster has no {self._store} yet"
            if self.anew and self._store.kind not in self._nudged:
                self._nudge(self._store)
            found = self.cluster.get(self._store)
        except NotAllowed:  # the ExternalSecret says whether it works, only later
            return ""
        if finding := store_finding(found, self._store, self.profile.cluster.namespace):
            self._nudge(self._store)
            return f"{finding.problem}: {finding.evidence}".removesuffix(": ")
        return ""

    def _external_secret_lacks(self) -> str:
        ref = self._external_secret
        found = self.cluster.get(ref)
        if found is None:
            return f"the cluster has no {ref} yet"
        if self.anew and self._read_before is None:
            self._read_before = _last_read(found)
        ready = condition(found, "Ready")
        # By the reason: SecretMissing and SecretDeleted are Ready as well (External Secrets 2.9).
        if ready.get("reason") != "SecretSynced":
            self._nudge(ref)
            if not ready:
                return f"{ref} has not been read yet"
            return f"{ref} is {ready.get('reason', 'not synced')}: {ready.get('message', '')}"
        if self.anew and _last_read(found) == self._read_before:
            self._nudge(ref)
            return f"{ref} has not been read anew yet"
        return ""

    def _secret_lacks(self) -> str:
        ref = self._of_the_runner("v1", "Secret", self.runner.token_secret)
        stored = self.backend.read(self.runner)
        found = self.cluster.secret_fingerprint(ref, _TOKEN_KEY)
        if found is None:
            self._hurry()
            return f"the cluster has no {ref} with a token yet"
        if stored is None or found != stored.fingerprint:
            self._hurry()
            return f"{ref} does not hold the token that is in {self.backend.where(self.runner)}"
        return ""

    def _hurry(self) -> None:
        if self.profile.secrets.through_store:
            self._nudge(self._external_secret)

    def _nudge(self, ref: ObjectRef) -> None:
        """Have External Secrets look now, though not at every look of ours."""
        now = time.monotonic()
        if now - self._nudged.get(ref.kind, -_NUDGE_EVERY) < _NUDGE_EVERY:
            return
        self._nudged[ref.kind] = now
        with suppress(NotAllowed):  # then it comes by itself, in its own time
            nudge(self.cluster, ref)

    def _operator_said(self) -> list[str]:
        if not self.profile.secrets.through_store:
            return []
        said = (last_warning(self.cluster, ref) for ref in (self._store, self._external_secret))
        return [words for words in said if words]


def _made_of(deployment: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What shows in a Deployment of its runner's configuration: a checksum, and the images."""
    template = deployment["spec"]["template"]
    annotations = template["metadata"].get("annotations") or {}
    images = [container["image"] for container in template["spec"]["containers"]]
    return annotations.get("checksum/config", ""), images


def _last_read(external_secret: Json) -> str:
    """Changes with every reading that a nudge has caused (External Secrets 2.9)."""
    status = external_secret.get("status", {})
    return f"{status.get('syncedResourceVersion', '')} {status.get('refreshTime', '')}"


def _said(status: dict[str, Any]) -> str:
    said = status.get("message") or status.get("operationState", {}).get("message") or ""
    return f": {said}" if said else ""
