"""Tokens in a store of the user's own, of any provider: the wizard sees only what comes out of it.

What is stored is known by the Secret that External Secrets makes of it. To store a token, someone
is told what to put where, or the cluster pushes it there; either way it is kept in memory until
that Secret holds it. A run that is killed before has lost it, and the next one resets the runner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wizard.core.errors import NotFoundError, RefusedError, WizardError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr, fingerprint, redact, remember_secret
from wizard.profile.runner import Runner
from wizard.systems.backends import Stored
from wizard.systems.backends.checks import checked, failed
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.kubernetes_secret import token_in
from wizard.systems.backends.ownership import OWNER_NOTE, Owner, not_known_as_ours, refuse_anothers
from wizard.systems.backends.push_secret import API as PUSH_API
from wizard.systems.backends.push_secret import Push
from wizard.systems.kubernetes import Cluster, Permission
from wizard.systems.kubernetes.objects import condition
from wizard.systems.kubernetes.secret_stores import (
    EXTERNAL_SECRETS,
    force_sync,
    last_warning,
    named_store,
    store_finding,
)

_GROUP = "external-secrets.io"
_RIGHTS = (("", "secrets", ("get",)), (_GROUP, "externalsecrets", ("get", "create", "patch")))
_PUSH_RIGHTS = (
    _RIGHTS[1],
    ("", "secrets", ("get", "create", "patch", "delete")),
    (_GROUP, "pushsecrets", ("get", "create", "patch", "delete")),
)


class ExistingStore:
    """The runners' keys in a SecretStore or ClusterSecretStore that is there already.

    Args:
        around: with someone to hand the token over to, unless the cluster pushes it.
        cluster: where the store is.
        patience: seconds until a token is taken for lost that someone was to store.
        glance: seconds to wait for the Secret before telling again what is missing.
        poll: seconds between two looks.
    """

    def __init__(
        self,
        around: BackendContext,
        cluster: Cluster,
        *,
        timeout: float = 900,
        glance: float = 60,
        poll: float = 2,
    ) -> None:
        settings = needed(around.profile.secrets.existing_store)
        self._settings = settings
        self._around = around
        self._profile = around.profile
        self._cluster = cluster
        self._namespace = around.profile.cluster.namespace
        self._timeout = timeout
        self._glance = glance
        self._poll = poll

    def where(self, runner: Runner) -> str:
        key, inside = self._settings.place(runner.name)
        return f"{self._store}, key {key}" + (f", property {inside}" if inside else "")

    def check(self) -> list[Check]:
        return checked(
            (
                ("External Secrets", self._check_operator),
                (str(self._store), self._check_store),
                ("rights in the cluster", self._check_rights),
                ("a person to store the token", self._check_way),
            )
        )

    def read(self, runner: Runner) -> Stored | None:
        token = token_in(self._cluster.get(self._secret(runner)))
        if token is None:
            return None
        return Stored(fingerprint(token), owner=self._owner(runner), token=remember_secret(token))

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        wanted = fingerprint(SecretStr(token.get_secret_value().strip()))
        noted = self._owner(runner)
        refuse_anothers(self.where(runner), noted, self._profile.id)
        if self._holds(runner, wanted):
            self._note(runner, noted, runner_id)
            return False
        if not self._settings.push and self._around.hand_over is None:
            raise self._no_person()
        self._begin_reading(runner)
        # Before it is stored, so that whatever comes out from here on is known as ours.
        self._note(runner, noted, runner_id)
        if self._settings.push:
            self._push(runner).run(token)
            arrived = self._arrives(runner, wanted, self._timeout)
        else:
            arrived = self._store_by_hand(runner, token, wanted)
        if not arrived:
            raise self._never_arrived(runner)
        return True

    def remove(self, runner: Runner) -> bool:
        """Take back what a push left; what is in the store is its owner's, and worth nothing."""
        refuse_anothers(self.where(runner), self._owner(runner), self._profile.id)
        self._push(runner).clear()
        return False

    def policy(self) -> str:
        keys = "\n".join(f"  {self.where(runner)}" for runner in self._around.profile.runners)
        rights = "read and write" if self._settings.push else "read"
        by_hand = "" if self._settings.push else "Anyone who stores the tokens may write them.\n"
        return f"The identity of {self._store} may {rights}, and no more than:\n{keys}\n{by_hand}"

    def facts(self) -> Mapping[Key, Any]:
        return {}

    def close(self) -> None:
        """There is no session of its own to end."""

    def _begin_reading(self, runner: Runner) -> None:
        """Have the store read, and see what it holds already.

        Raises: ConflictError, when that is a token which nothing shows to be this profile's.
        """
        missing = [
            one for one in self._around.readers(runner) if self._cluster.get(one.ref) is None
        ]
        for manifest in missing:
            self._cluster.apply(manifest)
        if not any(manifest.ref == self._reader(runner) for manifest in missing):
            return
        for _ in self._looks(self._glance):
            if condition(self._cluster.get(self._reader(runner)) or {}, "Ready"):
                break
        if token_in(self._cluster.get(self._secret(runner))):
            raise not_known_as_ours(self.where(runner), runner.name)

    def _owner(self, runner: Runner) -> Owner | None:
        """As it is noted on the ExternalSecret: nothing can be noted in a store of any provider."""
        found = self._cluster.get(self._reader(runner)) or {}
        annotations = (found.get("metadata") or {}).get("annotations") or {}
        return Owner.read(annotations.get(OWNER_NOTE))

    def _note(self, runner: Runner, noted: Owner | None, runner_id: int) -> None:
        if self._profile.id is None:
            return
        wanted = Owner(self._profile.id, runner_id)
        if noted is None or not noted.covers(wanted):
            self._cluster.annotate(self._reader(runner), {OWNER_NOTE: str(wanted)})

    def _store_by_hand(self, runner: Runner, token: SecretStr, wanted: str) -> bool:
        """Have it stored by hand; told again, with what is there instead, until it has arrived."""
        if self._around.hand_over is None:
            raise self._no_person()
        end = time.monotonic() + self._timeout
        wanted_text = f"Store the token of runner {runner.name} in {self.where(runner)}."
        request = wanted_text
        while time.monotonic() < end and not self._around.cancel.is_set():
            self._around.hand_over(request, token)
            if self._arrives(runner, wanted, self._glance):
                return True
            request = f"{wanted_text} It is not there yet: {self._seen(runner)}."
        return False

    def _arrives(self, runner: Runner, wanted: str, timeout: float) -> bool:
        """Whether the Secret comes to hold the token, its operator forced to sync all the while."""
        for _ in self._looks(timeout):
            if self._holds(runner, wanted):
                return True
            self._force_sync(runner)
        return False

    def _looks(self, timeout: float) -> Iterator[None]:
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0 and not self._around.cancel.is_set():
            yield
            if self._around.on_wait:
                self._around.on_wait(round(left), "for External Secrets to read the token")
            self._around.cancel.wait(self._poll)

    def _force_sync(self, runner: Runner) -> None:
        force_sync(self._cluster, self._reader(runner))

    def _holds(self, runner: Runner, wanted: str) -> bool:
        token = token_in(self._cluster.get(self._secret(runner)))
        return token is not None and fingerprint(token) == wanted

    def _seen(self, runner: Runner) -> str:
        """What External Secrets says of its last look, in its own words."""
        ref = self._reader(runner)
        ready = condition(self._cluster.get(ref) or {}, "Ready")
        if ready.get("status") == "True":
            return "another value is there"
        said = redact(str(ready.get("message") or "External Secrets has not looked yet"))
        cause = last_warning(self._cluster, ref)
        return said if cause in said else f"{said}: {cause}"

    def _push(self, runner: Runner) -> Push:
        key, inside = self._settings.place(runner.name)
        remote = {"remoteKey": key} | ({"property": inside} if inside else {})
        return Push(
            self._cluster,
            self._secret(runner),
            {"kind": self._store.kind, "name": self._store.name},
            remote,
            self._around,
        )

    def _check_operator(self) -> list[Check]:
        needed = [(EXTERNAL_SECRETS, "ExternalSecret")]
        needed += [(PUSH_API, "PushSecret")] * self._settings.push
        missing = [
            f"{kind} of {api}" for api, kind in needed if not self._cluster.serves(api, kind)
        ]
        if missing:
            raise NotFoundError(
                "External Secrets is not in the cluster, or older than 0.16.",
                f"the cluster does not serve {', '.join(missing)}",
                "Install or upgrade it, or set secrets.backend: kubernetes",
            )
        return [Check("External Secrets", Verdict.OK)]

    def _check_store(self) -> list[Check]:
        found = self._cluster.get(self._store)
        finding = store_finding(found, self._store, self._namespace)
        can = ((found or {}).get("status") or {}).get("capabilities", "none")
        if finding is None and self._settings.push and can not in {"ReadWrite", "WriteOnly"}:
            finding = Finding(
                f"{self._store} cannot write",
                f"status.capabilities: {can}",
                fix="Set secrets.existing_store.push: false and store the token by hand",
            )
        name = str(self._store)
        return [failed(name, finding) if finding else Check(name, Verdict.OK)]

    def _check_rights(self) -> list[Check]:
        needed = [
            Permission(verb, group, resource, self._namespace)
            for group, resource, verbs in (_PUSH_RIGHTS if self._settings.push else _RIGHTS)
            for verb in verbs
        ]
        refused = self._cluster.refused(needed)
        if not refused:
            return [Check("rights in the cluster", Verdict.OK)]
        finding = Finding(
            "the context's user may not do what is needed",
            "\n".join(map(str, refused)),
            fix="Ask for these permissions, or use another context",
        )
        return [failed("rights in the cluster", finding)]

    def _check_way(self) -> list[Check]:
        if self._settings.push:
            return [Check("the cluster stores the token", Verdict.OK)]
        if self._around.hand_over is not None:
            return [Check("a person stores the token", Verdict.OK)]
        raise self._no_person()

    def _no_person(self) -> RefusedError:
        return RefusedError(
            "There is no one to store the token in your store.",
            "the wizard cannot write there: it shows the token once, to a person at a terminal",
            "Run it in a terminal, or set secrets.existing_store.push: true where the store may "
            "write",
        )

    def _never_arrived(self, runner: Runner) -> WizardError:
        if self._around.cancel.is_set():
            return WizardError(
                f"Stopped before the token of {runner.name} was seen in {self.where(runner)}.",
                "only this run knew the token",
                "Run it again: the runner is there, and gets a new token; one that was stored "
                "meanwhile is useless",
            )
        return WizardError(
            f"The token of {runner.name} has not come out of {self.where(runner)}.",
            f"External Secrets says: {self._seen(runner)}",
            "Fix that, then run it again: the runner gets a new token",
        )

    @property
    def _store(self) -> ObjectRef:
        return named_store(self._around.profile)

    def _secret(self, runner: Runner) -> ObjectRef:
        return ObjectRef("v1", "Secret", self._namespace, runner.token_secret)

    def _reader(self, runner: Runner) -> ObjectRef:
        return ObjectRef(EXTERNAL_SECRETS, "ExternalSecret", self._namespace, runner.token_secret)


def build(around: BackendContext, cluster: Callable[[], Cluster]) -> ExistingStore:
    """The store that the profile names, in its cluster."""
    return ExistingStore(around, cluster())
