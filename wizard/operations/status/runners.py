"""Each runner: what GitLab says of it, where its token is, and whether its managers run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from wizard.core.findings import Finding
from wizard.core.secrets import fingerprint
from wizard.operations.cluster.restarts import started_before
from wizard.operations.runners.observe import ObservedRunner
from wizard.operations.runners.truth import SILENT_AFTER, accepted, at_time, life_of
from wizard.operations.status.nouns import (
    Copy,
    ManagerStatus,
    Remark,
    RunnerStatus,
    State,
    TokenStatus,
    worst,
)
from wizard.operations.status.objects import deployment_ref
from wizard.operations.status.reaching import LenientBackend, not_asked, tried
from wizard.operations.status.snapshot import Snapshot
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends.kubernetes_secret import token_in
from wizard.systems.gitlab import GitLab, Manager, RunnerInfo
from wizard.systems.kubernetes import Cluster, Json
from wizard.systems.kubernetes.troubles import of_pod

_MANY = 3


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who is asked about a runner; the cluster's part was looked at before."""

    profile: Profile
    gitlab: GitLab
    backend: LenientBackend
    cluster: Cluster | None
    snapshot: Snapshot | None


async def runner_status(one: ObservedRunner, who: Witnesses) -> RunnerStatus:
    """One runner, in every system that could be asked. Raises: StoppedError."""
    if one.info is None:
        return _not_in_gitlab(one, who)
    info, gitlab = one.info, who.gitlab
    (managers, no_managers), (jobs, _), (is_accepted, _) = await asyncio.gather(
        tried(lambda: gitlab.managers(info.id)),
        tried(lambda: gitlab.running_jobs(info.id)),
        tried(lambda: accepted(who.profile, one, gitlab, who.cluster)),
    )
    now = gitlab.now()
    seen = _managers(managers or (), now)
    token = _token(one, info, is_accepted, who)
    is_online = None if managers is None else _is_online(seen, who.profile)
    remarks = [
        *([not_asked("GitLab", no_managers)] if no_managers else ()),
        *_of_managers(one, seen, is_online, who.profile),
        *_of_token(one, info, token, now, who),
        *_of_settings(one, info),
        *_of_pods(one.runner, who),
    ]
    return RunnerStatus(
        one.runner.name,
        worst(remark.state for remark in remarks),
        info.id,
        info.place,
        is_online,
        max((one.contacted_at for one in seen if one.contacted_at), default=info.contacted_at),
        info.settings.paused,
        jobs,
        seen,
        who.profile.manager.replicas,
        token,
        tuple(remarks),
    )


def unseen_runner(runner: Runner, profile: Profile, snapshot: Snapshot | None) -> RunnerStatus:
    """A runner that GitLab could not be asked about: what the cluster shows of it."""
    remarks = tuple(_pod_remarks(runner, profile, snapshot))
    state = worst([State.UNSEEN, *(remark.state for remark in remarks)])
    return RunnerStatus(
        runner.name, state, managers_wanted=profile.manager.replicas, remarks=remarks
    )


def _not_in_gitlab(one: ObservedRunner, who: Witnesses) -> RunnerStatus:
    finding = Finding(
        f"Runner {one.runner.name} is not in GitLab.",
        cause="it was never created, or was deleted",
        fix="Run apply",
    )
    remarks = (Remark(State.BROKEN, finding), *_of_pods(one.runner, who))
    token = TokenStatus(who.backend.where(one.runner))
    return RunnerStatus(
        one.runner.name,
        State.BROKEN,
        is_online=False,
        managers_wanted=who.profile.manager.replicas,
        token=token,
        remarks=remarks,
    )


def _managers(found: Sequence[Manager], now: datetime) -> tuple[ManagerStatus, ...]:
    """Those that are heard from first, then the newest of the others."""
    known = [
        ManagerStatus(
            one.system_id,
            one.version,
            one.contacted_at,
            one.contacted_at is not None and now - one.contacted_at < SILENT_AFTER,
        )
        for one in found
    ]
    return tuple(sorted(known, key=lambda one: str(one.contacted_at), reverse=True))


def _is_online(managers: tuple[ManagerStatus, ...], profile: Profile) -> bool:
    return sum(one.is_heard for one in managers) >= profile.manager.replicas


def _of_managers(
    one: ObservedRunner,
    managers: tuple[ManagerStatus, ...],
    is_online: bool | None,
    profile: Profile,
) -> Iterator[Remark]:
    name, wanted = one.runner.name, profile.manager.replicas
    heard = [manager for manager in managers if manager.is_heard]
    if is_online is False and heard:
        problem = f"GitLab hears from {len(heard)} of the {wanted} managers of {name}."
        yield Remark(State.DIFFERS, Finding(problem, fix=_LOOK))
    elif is_online is False:
        last = max((m.contacted_at for m in managers if m.contacted_at), default=None)
        evidence = f"it last did at {at_time(last)}" if last else "it never has"
        problem = f"GitLab does not hear from the manager of {name}."
        yield Remark(State.BROKEN, Finding(problem, evidence, fix=_LOOK))
    other = sorted({m.version for m in heard if m.version} - {profile.manager.runner_version})
    if other:
        problem = f"The manager of {name} runs another version than the profile says."
        evidence = f"{', '.join(other)}, and manager.runner_version is "
        evidence += profile.manager.runner_version
        yield Remark(State.DIFFERS, Finding(problem, evidence, fix="Run apply"))


_LOOK = "Run doctor: it reads the manager's log"


def _token(
    one: ObservedRunner, info: RunnerInfo, is_accepted: bool | None, who: Witnesses
) -> TokenStatus:
    life = life_of(one, info)
    noted = one.note.life.begins if one.note.life else None
    changed = one.stored.changed_at if one.stored else None
    return TokenStatus(
        who.backend.where(one.runner),
        noted or changed,
        life.ends if life else None,
        is_accepted,
        tuple(_copies(one, who)),
    )


def _copies(one: ObservedRunner, who: Witnesses) -> Iterator[Copy]:
    """The token where it is kept, where managers read it, and in those that run."""
    where = who.backend.where(one.runner)
    secret_name = f"Secret {who.profile.cluster.namespace}/{one.runner.token_secret}"
    if error := who.backend.troubles.get(one.runner.name):
        yield Copy(where, None, error.problem)
    elif one.stored is None:
        yield Copy(where, False if who.backend.is_open else None, "no token is there")
    elif where != secret_name or who.snapshot is None:
        yield Copy(where, _is_noted(one, one.stored.fingerprint))
    if who.snapshot is None:
        return
    if why := who.snapshot.unseen.get(secret_name):
        yield Copy(secret_name, None, why)
        return
    secret = who.snapshot.secrets.get(one.runner.name)
    token = token_in(secret)
    if token is None:
        yield Copy(secret_name, False, "no token is there")
        return
    yield Copy(secret_name, _is_noted(one, fingerprint(token)))
    yield from _in_pods(one, who.snapshot, secret or {})


def _is_noted(one: ObservedRunner, found: str) -> bool | None:
    """Whether a fingerprint is of the token that the runner was last given, by its note."""
    if not one.note.token or not found:
        return None
    return found.startswith(one.note.token)


def _in_pods(one: ObservedRunner, snapshot: Snapshot, secret: Json) -> Iterator[Copy]:
    """A manager reads its token once, when it starts."""
    pods = snapshot.pods.get(one.runner.release)
    if not pods:
        return
    old = started_before(secret, pods)
    count = f"{len(pods)} running pod{'s' if len(pods) > 1 else ''}"
    names = ", ".join(pod["metadata"]["name"] for pod in old[:_MANY])
    seen = f"{names} started before the token was last written" if old else ""
    yield Copy(count, not old, seen)


def _of_token(
    one: ObservedRunner, info: RunnerInfo, token: TokenStatus, now: datetime, who: Witnesses
) -> Iterator[Remark]:
    name, life = one.runner.name, life_of(one, info)
    if error := who.backend.troubles.get(name):
        yield not_asked(f"The place of the token of {name}", error)
    for copy in token.copies:
        if copy.is_same is False:
            problem = f"{copy.place} does not have the token of {name}."
            finding = Finding(problem, copy.seen or "another one is there", fix="Run apply")
            yield Remark(State.DIFFERS, finding)
    if token.is_accepted is False:
        problem = f"GitLab refuses the stored token of {name}."
        cause = "it was reset elsewhere, or has expired"
        yield Remark(State.BROKEN, Finding(problem, "", cause, "Run apply: it gets a new one"))
    elif life and life.ends <= now:
        problem = f"The token of {name} has expired."
        evidence = f"at {at_time(life.ends)}"
        yield Remark(State.BROKEN, Finding(problem, evidence, "", "Run apply: it gets a new one"))
    elif life and life.is_nearly_over(now):
        problem = f"The token of {name} expires at {at_time(life.ends)}."
        cause = "less than a quarter of its life is left"
        yield Remark(State.DIFFERS, Finding(problem, "", cause, "Run apply: it gets a new one"))


def _of_settings(one: ObservedRunner, info: RunnerInfo) -> Iterator[Remark]:
    changes = one.wanted.changes_from(info.settings)
    changes.pop("maintenance_note", None)
    if not changes:
        return
    lines = [
        f"{name}: {_plain(found)}, the profile says {_plain(wanted)}"
        for name, (found, wanted) in changes.items()
    ]
    problem = f"{one.runner.name} has other settings in GitLab than in the profile."
    yield Remark(State.DIFFERS, Finding(problem, "\n".join(lines), fix="Run apply"))


def _plain(value: object) -> str:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _of_pods(runner: Runner, who: Witnesses) -> Iterator[Remark]:
    return _pod_remarks(runner, who.profile, who.snapshot)


def _pod_remarks(runner: Runner, profile: Profile, snapshot: Snapshot | None) -> Iterator[Remark]:
    if snapshot is None:
        return
    for pod in snapshot.pods.get(runner.release, ()):
        if trouble := of_pod(pod):
            yield Remark(State.BROKEN, Finding(trouble.problem, trouble.cause, fix=trouble.fix))
    ref = deployment_ref(profile, runner)
    live = snapshot.objects.get(ref)
    if live is None:
        if snapshot.knows(ref) and profile.delivery.spec.uses_chart:
            yield Remark(State.BROKEN, Finding(f"The cluster has no {ref}.", fix=_SYNC))
        return
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    ready = min(status.get(key, 0) for key in ("updatedReplicas", "availableReplicas"))
    if ready < wanted:
        problem = f"{ref} has {ready} of {wanted} pods up to date and available."
        state = State.DIFFERS if status.get("availableReplicas", 0) else State.BROKEN
        yield Remark(state, Finding(problem, fix=_LOOK))


_SYNC = "See why its files have not reached the cluster: apply says so"
