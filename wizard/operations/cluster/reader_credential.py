"""The credential with which the cluster reads the tokens: kept where it is, else put there.

It is another identity's than the wizard's own, one that may only read. It goes from the
environment or a prompt into its Secret, by server-side apply, and into no file: a store in Git
names that Secret and nothing more.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass

from wizard.core.changes import Action, Change, System
from wizard.core.errors import NotAllowedError, RefusedError
from wizard.core.manifest import Manifest, ObjectRef, own_labels
from wizard.core.secrets import EMPTY_FINGERPRINT, SecretStr, fingerprint
from wizard.profile.model import Profile
from wizard.profile.readers import ReaderPart, reader_parts, reader_secret
from wizard.profile.secrets import OPERATOR_NAMESPACE
from wizard.systems import Systems
from wizard.systems.kubernetes import Cluster
from wizard.systems.kubernetes.owners import is_ours
from wizard.systems.kubernetes.secret_body import opaque


@dataclass(frozen=True, slots=True)
class ReaderCredential:
    """The reader's Secret of one profile, as far as it could be looked at."""

    profile: Profile
    ref: ObjectRef
    parts: tuple[ReaderPart, ...]
    systems: Systems
    change: Change
    unseen: str = ""
    """Why it could not be looked at, as a sentence; empty where it could."""

    def manifest(self) -> Manifest | None:
        """The Secret to be applied; None where the one that is there is kept. May ask.

        Raises: RefusedError, naming what is missing, when there is no terminal to ask on.
        """
        if self.change.action is Action.KEEP:
            return None
        values = {part: self.systems.credential(part.label, part.variable) for part in self.parts}
        missing = [part.variable for part, value in values.items() if value is None]
        if missing:
            problem = f"The cluster has nothing to read the tokens with: no {self.ref}."
            if self.change.action is Action.UPDATE:
                problem = f"{self.ref} must be rewritten, but part of it was not given."
            are, them = ("are", "them") if len(missing) > 1 else ("is", "it")
            raise RefusedError(
                problem,
                f"it is what the store signs in with; {', '.join(missing)} {are} not set, and "
                "there is no terminal to ask on",
                f"Set {them} to the credential of an identity that may only read, or make the "
                f"Secret yourself, with {' and '.join(part.key for part in self.parts)}",
            )
        found = {part: value for part, value in values.items() if value is not None}
        for part, value in found.items():
            _judge(part, value)
        return _secret(self.profile, self.ref, found)

    def shared_with_the_writer(self) -> str:
        """A warning, where the wizard writes as the identity that is to read; else empty."""
        for part in self.parts:
            reads = self.systems.credential("", part.variable, ask=False)
            writes = self.systems.credential("", part.variable.replace("_READER", ""), ask=False)
            if reads is not None and reads == writes:
                return (
                    f"{part.variable} is the wizard's own: the cluster should read as another "
                    "identity, which cannot write and whose failed logins lock out no one else"
                )
        return ""


def look_at_reader(profile: Profile, cluster: Cluster, systems: Systems) -> ReaderCredential | None:
    """What there is of the reader's credential; None where the profile needs none. Blocking.

    Raises: RefusedError, when its place is not there, or holds something else of another's.
    """
    ref, parts = reader_ref(profile), reader_parts(profile.secrets)
    if ref is None:
        return None
    try:
        change = _compare(profile, ref, parts, cluster, systems)
    except NotAllowedError:
        keep = Change(System.SECRETS, Action.KEEP, str(ref), (), "it could not be looked at")
        unseen = f"{ref}: the context's user may not read it, so it is assumed to exist"
        return ReaderCredential(profile, ref, parts, systems, keep, unseen)
    return ReaderCredential(profile, ref, parts, systems, change)


async def asked_for(reader: ReaderCredential | None) -> Manifest | None:
    """The credential that is to be put into the cluster; a person may be asked for it.

    Raises: RefusedError, where it is missing, or not what it is to be.
    """
    return await asyncio.to_thread(reader.manifest) if reader else None


def reader_ref(profile: Profile) -> ObjectRef | None:
    """The Secret of the reader's credential; None where the profile needs none."""
    secret = reader_secret(profile.secrets)
    if secret is None:
        return None
    return ObjectRef("v1", "Secret", secret.namespace or OPERATOR_NAMESPACE, secret.name)


def _compare(
    profile: Profile,
    ref: ObjectRef,
    parts: tuple[ReaderPart, ...],
    cluster: Cluster,
    systems: Systems,
) -> Change:
    found = cluster.get(ref)
    if found is None:
        _check_namespace(ref, cluster)
        why = "what the cluster reads the tokens with"
        return Change(System.SECRETS, Action.CREATE, str(ref), (), why)
    keys = [part.key for part in parts]
    stored = {key: cluster.secret_fingerprint(ref, key) for key in keys}
    lacking = [key for key in keys if stored[key] in {None, EMPTY_FINGERPRINT}]
    ours = is_ours(found, profile.id)
    if lacking and not ours:
        raise RefusedError(
            f"{ref} belongs to others, and has no {' and no '.join(lacking)}.",
            "the store signs in with it; the wizard overwrites nothing that it did not create",
            "Add what is missing, or name another Secret as reader_secret",
        )
    given = {part.key: systems.credential("", part.variable, ask=False) for part in parts}
    differs = [key for key in keys if (new := given[key]) and fingerprint(new) != stored[key]]
    if not lacking and not (differs and ours):
        return Change(System.SECRETS, Action.KEEP, str(ref))
    why = "a part of it is missing" if lacking else "another one is given"
    return Change(System.SECRETS, Action.UPDATE, str(ref), (), why)


def _check_namespace(ref: ObjectRef, cluster: Cluster) -> None:
    with suppress(
        NotAllowedError
    ):  # who may not look at namespaces learns it from the Secret's apply
        if cluster.get(ObjectRef("v1", "Namespace", "", ref.namespace)) is None:
            raise RefusedError(
                f"There is no namespace {ref.namespace}, which is to hold the store's credential.",
                "it is where External Secrets is installed, unless the profile says otherwise",
                "Install External Secrets there, or write reader_secret: {name: "
                f"{ref.name}, namespace: ...}}",
            )


def _judge(part: ReaderPart, value: SecretStr) -> None:
    if part.key != "secret-access-credentials":
        return
    try:
        read = json.loads(value.get_secret_value())
    except ValueError:
        read = None
    if not isinstance(read, dict) or "private_key" not in read:
        raise RefusedError(
            f"{part.variable} is not the key file of a service account.",
            "it is to hold the file's text, which is JSON with a private_key",
            f'Run: export {part.variable}="$(cat KEY-FILE)"',
        )


def _secret(profile: Profile, ref: ObjectRef, values: dict[ReaderPart, SecretStr]) -> Manifest:
    metadata = {"name": ref.name, "namespace": ref.namespace, "labels": own_labels(profile.id)}
    return opaque(metadata, {part.key: one.get_secret_value() for part, one in values.items()})
