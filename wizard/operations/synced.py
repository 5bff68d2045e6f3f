"""Whether what stands in Git has reached the cluster, and the token the Secret."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from wizard.core.errors import WizardError
from wizard.core.events import Event, Progress
from wizard.core.manifest import ObjectRef
from wizard.operations.wish import Run
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster
from wizard.systems.kubernetes.objects import condition
from wizard.systems.kubernetes.secret_stores import EXTERNAL_SECRETS

_POLL = 2.0
_TOKEN_KEY = "runner-token"  # noqa: S105 - the key's name


@dataclass(frozen=True, slots=True)
class Sync:
    """The way of one runner's files and token into the cluster."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    backend: Backend
    git: Checkout | None
    run: Run

    def not_begun(self) -> str:
        """Why there is nothing yet to wait for, in words; empty where there is something."""
        if self.profile.delivery.packaging == "argocd":
            if self.cluster.get(self._application) is None:
                return f"Argo CD has no {self._application} yet"
        elif self.cluster.get(self._deployment) is None:
            return f"the cluster has no {self._deployment} yet"
        return ""

    async def wait(self) -> AsyncIterator[Event]:
        """Follow Argo CD, External Secrets and the token's Secret until each has what we have.

        Raises: WizardError, when the deadline passes; it says what is there instead.
        """
        steps: list[Callable[[], str]] = []
        if self.profile.delivery.packaging == "argocd":
            steps.append(self._application_lacks)
        if self.profile.secrets.through_store:
            await asyncio.to_thread(self._refresh)
            steps.append(self._external_secret_lacks)
        steps.append(self._secret_lacks)
        for lacks in steps:
            async for event in self._until(lacks):
                yield event

    async def _until(self, lacks: Callable[[], str]) -> AsyncIterator[Event]:
        end = time.monotonic() + self.run.deadline
        told = ""
        while what := await asyncio.to_thread(lacks):
            if time.monotonic() > end or self.run.cancel.is_set():
                raise WizardError(
                    f"{self.runner.name} has not reached the cluster.",
                    what,
                    "commit and push the files, look at what is named here, then run apply again",
                )
            if what != told:
                yield Progress(what)
                told = what
            await asyncio.sleep(_POLL)

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

    def _external_secret_lacks(self) -> str:
        ref = self._external_secret
        found = self.cluster.get(ref)
        if found is None:
            return f"the cluster has no {ref} yet"
        ready = condition(found, "Ready")
        # By the reason: SecretMissing and SecretDeleted are Ready as well (External Secrets 2.9).
        if ready.get("reason") != "SecretSynced":
            return f"{ref} is {ready.get('reason', 'not synced')}: {ready.get('message', '')}"
        return ""

    def _secret_lacks(self) -> str:
        ref = self._of_the_runner("v1", "Secret", self.runner.token_secret)
        stored = self.backend.read(self.runner)
        found = self.cluster.secret_fingerprint(ref, _TOKEN_KEY)
        if found is None:
            return f"the cluster has no {ref} with a token yet"
        if stored is None or found != stored.fingerprint:
            return f"{ref} does not hold the token that is in {self.backend.where(self.runner)}"
        return ""

    def _refresh(self) -> None:
        """Have External Secrets look now, where the Secret holds an older token."""
        ref = self._external_secret
        if self._secret_lacks() and self.cluster.get(ref) is not None:
            self.cluster.annotate(ref, {"force-sync": str(int(time.time()))})


def _said(status: dict[str, Any]) -> str:
    said = status.get("message") or status.get("operationState", {}).get("message") or ""
    return f": {said}" if said else ""
