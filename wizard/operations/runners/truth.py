"""What is true now of a runner that has its token: asked of GitLab, not remembered.

A note that says "proven" is no proof: the token may have expired or been reset by someone, and
the managers may have been silent for days. Times are compared with GitLab's own clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import SecretStr, fingerprint, remember_secret
from wizard.operations.runners.maintenance_note import Life
from wizard.operations.runners.observe import ObservedRunner
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend, Stored
from wizard.systems.backends.kubernetes_secret import token_in
from wizard.systems.gitlab import GitLab, Manager, RunnerInfo
from wizard.systems.kubernetes import Cluster

_GONE_AFTER = timedelta(hours=3)
"""GitLab calls a manager offline after two, and takes it off the list itself after a week or so."""
SILENT_AFTER = timedelta(hours=1)
"""A manager asks for jobs every few seconds; GitLab writes down that it did every 40 to 55 minutes,
and the newest contact is lost with its cache."""


async def with_truth(
    profile: Profile, one: ObservedRunner, gitlab: GitLab, cluster: Cluster | None
) -> ObservedRunner:
    """A runner with what GitLab says of its token and its managers now.

    Args:
        cluster: shows the token of a backend that cannot be read back; None where it is not seen.
    """
    if one.info is None or not one.note.fits(one.stored):
        return one
    known, managers = await asyncio.gather(
        asyncio.to_thread(accepted, profile, one, gitlab, cluster),
        asyncio.to_thread(gitlab.managers, one.info.id),
    )
    now = gitlab.now()
    dead = why_dead(one, one.info, known, now)
    wanted = profile.manager.replicas
    silent = silence(managers, now, wanted) if one.note.has_proof else ""
    gone = () if dead or not known else long_gone(managers, now, wanted)
    return replace(one, dead=dead, silent="" if dead else silent, gone=gone)


def why_dead(one: ObservedRunner, info: RunnerInfo, known: bool | None, now: datetime) -> str:
    """Why the noted token is no good, or not for long; empty where it is.

    Args:
        known: whether GitLab accepts it; None where that could not be asked.
        now: by GitLab's clock.
    """
    life = life_of(one, info)
    if life and life.ends <= now:
        return f"its token expired at {at_time(life.ends)}"
    if known is False:
        return "GitLab refuses the stored token: it was reset elsewhere, or has expired"
    if life and life.is_nearly_over(now):
        ends = at_time(life.ends)
        return f"its token expires at {ends}, with less than a quarter of its life left"
    return ""


def life_of(one: ObservedRunner, info: RunnerInfo) -> Life | None:
    """From when to when its token is valid; None where it does not expire."""
    ends = info.token_expires_at or (one.note.life.ends if one.note.life else None)
    if ends is None:
        return None
    stored = one.stored.changed_at if one.stored else None
    # Of an earlier version's token the beginning is not noted; too early a one renews too early.
    begins = one.note.life.begins if one.note.life else stored or info.created_at
    return Life(begins or ends - timedelta(days=30), ends)


def given_at(one: ObservedRunner) -> datetime | None:
    """When its token was given, or at the latest; None where nothing shows it."""
    stored = one.stored.changed_at if one.stored else None
    return one.note.since or stored or (one.info.created_at if one.info else None)


def accepted(
    profile: Profile, one: ObservedRunner, gitlab: GitLab, cluster: Cluster | None
) -> bool | None:
    """Whether GitLab accepts the stored token now; None where that cannot be asked. Blocking."""
    token = token_of(profile, one, cluster)
    return gitlab.knows_token(token) if token else None


def token_of(profile: Profile, one: ObservedRunner, cluster: Cluster | None) -> SecretStr | None:
    """The stored token itself; None where neither its backend nor the cluster shows it. Blocking.

    Args:
        cluster: shows the token of a backend that cannot be read back; None where it is not seen.
    """
    token = one.stored.token if one.stored else None
    if token is None and cluster is not None and one.stored:
        return _in_cluster(profile, one.runner, one.stored, cluster)
    return token


def _in_cluster(
    profile: Profile, runner: Runner, stored: Stored, cluster: Cluster
) -> SecretStr | None:
    """The stored token, from the Secret that it was decrypted to; None where it is another."""
    try:
        token = token_in(cluster.get(token_secret(profile, runner)))
    except WizardError:
        return None
    if token is None or fingerprint(token) != stored.fingerprint:
        return None
    return remember_secret(token)


def long_gone(managers: Sequence[Manager], now: datetime, wanted: int) -> tuple[Manager, ...]:
    """Managers that died without signing off, where as many as there should be are heard."""
    if silence(managers, now, wanted):
        return ()
    return tuple(
        one
        for one in managers
        if (last := one.contacted_at or one.created_at) and now - last > _GONE_AFTER
    )


def silence(managers: Sequence[Manager], now: datetime, wanted: int) -> str:
    heard = [one.contacted_at for one in managers if one.contacted_at]
    lately = [moment for moment in heard if now - moment < SILENT_AFTER]
    if len(lately) >= wanted:
        return ""
    if lately:
        return f"GitLab has heard from {len(lately)} of its {wanted} managers in the last hour"
    if not heard:
        return "GitLab shows no manager of it any more"
    return f"GitLab has heard from none of its managers since {at_time(max(heard))}"


def why_not_running(
    profile: Profile, one: ObservedRunner, backend: Backend, cluster: Cluster | None
) -> str:
    """How what runs in the cluster is not what it should be; empty where it is. Blocking.

    Anyone who may not look there is not told: what cannot be seen is not known to be wrong.
    """
    if cluster is None:
        return ""
    for lacks in (_deployment_lacks, _secret_lacks):
        try:
            if what := lacks(profile, one, backend, cluster):
                return what
        except NotAllowedError:
            continue
    return ""


def _deployment_lacks(
    profile: Profile, one: ObservedRunner, _backend: Backend, cluster: Cluster
) -> str:
    ref = ObjectRef("apps/v1", "Deployment", profile.cluster.namespace, one.runner.release)
    found = cluster.get(ref)
    if found is None:
        return f"the cluster has no {ref}"
    status, wanted = found.get("status") or {}, found["spec"].get("replicas", 1)
    counts = [status.get(key, 0) for key in ("updatedReplicas", "availableReplicas")]
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        return f"{ref} is being rolled out"
    if min(counts) < wanted:
        return f"{ref} has {min(counts)} of {wanted} pods up to date and available"
    return ""


def _secret_lacks(profile: Profile, one: ObservedRunner, backend: Backend, cluster: Cluster) -> str:
    ref, stored, where = token_secret(profile, one.runner), one.stored, backend.where(one.runner)
    if stored is None or str(ref) == where:
        return ""
    token = token_in(cluster.get(ref))
    if token is None:
        return f"the cluster has no {ref} with a token"
    if stored.fingerprint and fingerprint(token) != stored.fingerprint:
        return f"{ref} does not hold the token that is in {where}"
    return ""


def token_secret(profile: Profile, runner: Runner) -> ObjectRef:
    """The Secret that a runner's managers read their token from."""
    return ObjectRef("v1", "Secret", profile.cluster.namespace, runner.token_secret)


def at_time(moment: datetime) -> str:
    """A moment, for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
