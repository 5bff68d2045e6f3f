"""Whether what is in Git has reached the cluster, and the token the Secret."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from wizard.core.errors import NotAllowedError, NotFoundError, WizardError
from wizard.core.events import Event, Progress
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.delivery.arrival import Arrival, arrival_of
from wizard.operations.explaining import explained, said_of
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend
from wizard.systems.backends.kubernetes_secret import TOKEN_KEY
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster, Json
from wizard.systems.kubernetes.objects import condition
from wizard.systems.kubernetes.secret_stores import (
    EXTERNAL_SECRETS,
    force_sync,
    last_warning,
    store_finding,
)

_POLL = 1.0
_FORCE_EVERY = 10.0
"""Seconds between two nudges; by itself the operator waits minutes after a few failures (2.9)."""
_NAMED = 3
"""So many files are named one by one."""


@dataclass(slots=True)
class GitOpsSync:
    """The way of one runner's files and token into the cluster."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    backend: Backend
    git: Checkout | None
    run: RunOptions
    has_changed: bool = False
    """The store has changed, or what it signs in with: that it was read before proves nothing."""
    _read_before: str | None = field(default=None, init=False)
    _forced: dict[str, float] = field(default_factory=dict, init=False)
    _arrival: Arrival = field(init=False)

    def __post_init__(self) -> None:
        self._arrival = arrival_of(self.profile, self.runner, self.cluster, self.git)

    def not_started(self) -> str:
        """Why there is nothing yet to wait for, in words; empty where there is something."""
        return self._arrival.not_started()

    def behind(self) -> str:
        """How what runs is not what the files say, in words; empty where it is.

        Also where it cannot be told.
        """
        with suppress(NotAllowedError):
            return self._arrival.behind()
        return ""

    def is_stuck(self) -> bool:
        """Whether External Secrets says that it cannot bring the token."""
        return self._has_failed(self._external_secret)

    def store_is_stuck(self) -> bool:
        """Whether it says so of our own store; nothing has to have been read through it since."""
        return self.profile.secrets.store.create and self._has_failed(self._store)

    def _has_failed(self, ref: ObjectRef) -> bool:
        with suppress(NotAllowedError):
            return condition(self.cluster.get(ref) or {}, "Ready").get("status") == "False"
        return False

    async def wait(self) -> AsyncIterator[Event]:
        """Follow Argo CD, External Secrets and the token's Secret until each has what we have.

        Raises: WizardError, when the deadline passes; it says what is there instead.
        """
        steps: list[Callable[[], str]] = [self._arrival.awaited]
        if self.profile.secrets.through_store:
            steps += [self._store_lacks, self._external_secret_lacks]
        steps.append(self._secret_lacks)
        for lacks in steps:
            async for event in self._until(lacks):
                yield event

    async def _until(self, lacks: Callable[[], str]) -> AsyncIterator[Event]:
        end = time.monotonic() + self.run.deadline
        reported = ""
        asked = -_FORCE_EVERY
        while what := await asyncio.to_thread(lacks):
            if time.monotonic() > end or self.run.cancel.is_set():
                raise await asyncio.to_thread(self._given_up, what)
            if what != reported:
                yield Progress(what)
                reported = what
            if time.monotonic() - asked >= _FORCE_EVERY:
                asked = time.monotonic()
                await asyncio.to_thread(self._look_now)
            await asyncio.sleep(_POLL)

    def _look_now(self) -> None:
        with suppress(NotAllowedError, NotFoundError):  # then it comes in its own time
            self._arrival.look_now()

    def _given_up(self, what: str) -> WizardError:
        fix = "Look at whether named objects exist here, then run apply again"
        problem = f"The token of {self.runner.name} has not reached the cluster."
        if self.profile.delivery.writes_files:
            problem = f"{self.runner.name} has not reached the cluster."
            fix = f"{self._before_the_cluster()}{fix[0].lower()}{fix[1:]}" if self.git else fix
            fix = fix[0].upper() + fix[1:]
        said = dict.fromkeys([what, *self._operator_said(), *self._delivery_said()])
        return explained(WizardError(problem, "\n".join(said), fix))

    def _before_the_cluster(self) -> str:
        """What is still to be done with the files by hand; empty where all of it is done."""
        if self.git and self.git.uncommitted:
            return f"commit and push {_few(self.git.uncommitted)}, "
        if self.git and self.git.unpushed:
            return f"push {_few(self.git.unpushed)}, "
        return ""

    def _delivery_said(self) -> list[str]:
        """What the operator that brings the files says of its objects, the shared ones too."""
        said: list[str] = []
        for ref in self._arrival.reports(self.profile, self.cluster):
            with suppress(WizardError):
                said += said_of(ref, self.cluster.get(ref) or {})
        return said

    @property
    def _external_secret(self) -> ObjectRef:
        return self._of_the_runner(EXTERNAL_SECRETS, "ExternalSecret", self.runner.token_secret)

    def _of_the_runner(self, api_version: str, kind: str, name: str) -> ObjectRef:
        return ObjectRef(api_version, kind, self.profile.cluster.namespace, name)

    @property
    def _store(self) -> ObjectRef:
        return ObjectRef(EXTERNAL_SECRETS, "ClusterSecretStore", "", self.profile.shared)

    def _store_lacks(self) -> str:
        """What keeps our own store from being read; one of another's was looked at before."""
        if not self.profile.secrets.store.create:
            return ""
        try:
            if self.cluster.get(self._store) is None:
                return f"the cluster has no {self._store} yet"
            if self.has_changed and self._store.kind not in self._forced:
                self._force_sync(self._store)
            found = self.cluster.get(self._store)
        except NotAllowedError:  # the ExternalSecret says whether it works, only later
            return ""
        if finding := store_finding(found, self._store, self.profile.cluster.namespace):
            self._force_sync(self._store)
            return f"{finding.problem}: {finding.evidence}".removesuffix(": ")
        return ""

    def _external_secret_lacks(self) -> str:
        ref = self._external_secret
        found = self.cluster.get(ref)
        if found is None:
            return f"the cluster has no {ref} yet"
        if self.has_changed and self._read_before is None:
            self._read_before = _last_read(found)
        ready = condition(found, "Ready")
        # By the reason: SecretMissing and SecretDeleted are Ready as well (External Secrets 2.9).
        if ready.get("reason") != "SecretSynced":
            self._force_sync(ref)
            if not ready:
                return f"{ref} has not been read yet"
            return f"{ref} is {ready.get('reason', 'not synced')}: {ready.get('message', '')}"
        if self.has_changed and _last_read(found) == self._read_before:
            self._force_sync(ref)
            return f"{ref} has not been read again yet"
        return ""

    def _secret_lacks(self) -> str:
        ref = self._of_the_runner("v1", "Secret", self.runner.token_secret)
        stored = self.backend.read(self.runner)
        found = self.cluster.secret_fingerprint(ref, TOKEN_KEY)
        if found is None:
            self._force_secret()
            return f"the cluster has no {ref} with a token yet"
        if stored is None or found != stored.fingerprint:
            self._force_secret()
            return f"{ref} does not hold the token that is in {self.backend.where(self.runner)}"
        return ""

    def _force_secret(self) -> None:
        if self.profile.secrets.through_store:
            self._force_sync(self._external_secret)

    def _force_sync(self, ref: ObjectRef) -> None:
        """Have External Secrets look now, though not at every look of ours."""
        now = time.monotonic()
        if now - self._forced.get(ref.kind, -_FORCE_EVERY) < _FORCE_EVERY:
            return
        self._forced[ref.kind] = now
        with suppress(NotAllowedError):  # then it comes by itself, in its own time
            force_sync(self.cluster, ref)

    def _operator_said(self) -> list[str]:
        if not self.profile.secrets.through_store:
            return []
        said = (last_warning(self.cluster, ref) for ref in (self._store, self._external_secret))
        return [words for words in said if words]


def _few(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _last_read(external_secret: Json) -> str:
    """Changes with every reading that a forced sync has caused (External Secrets 2.9)."""
    status = external_secret.get("status", {})
    return f"{status.get('syncedResourceVersion', '')} {status.get('refreshTime', '')}"
