"""The namespaces of a profile as they are in the cluster: whose, at which level, with what in them.

One that was there stays as it is. So whether its level admits the jobs, and whether anything else
runs there, is found out before anything is made; `level_questions` is what a person may be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from wizard.core.errors import NotAllowedError
from wizard.core.findings import Finding
from wizard.core.manifest import ENFORCE, FIELD_MANAGER, MANAGED_BY, ObjectRef
from wizard.profile.model import Profile
from wizard.profile.strategies import SecurityLevel
from wizard.render import pod_security_level
from wizard.systems.kubernetes import Cluster, Json, Permission, created_by, profile_of

_LEVELS: tuple[SecurityLevel, ...] = get_args(SecurityLevel)
_JOB_POD = "job.runner.gitlab.com/pod"
"""The label of every job pod (GitLab Runner 17.4 and later)."""
_WORKLOADS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "CronJob"),
    ("v1", "Pod"),
)
_SHOWN = 3
NONE_REFUSED = "none of the pods that run there now would be refused"


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace of the profile."""

    name: str
    live: Json | None
    """As it is; None where it is not there."""
    created: bool
    """Whether the profile created it, so that its level is the profile's to set."""
    wanted: SecurityLevel
    """The strictest level that admits all pods of the profile in it."""

    @property
    def enforces(self) -> str:
        """The level that it enforces; empty where it leaves that to the cluster."""
        return str(_labels(self.live).get(ENFORCE, ""))

    @property
    def maker(self) -> str:
        """The id of the profile that it is labelled with; empty for one that others made."""
        return profile_of(self.live) if self.live else ""


@dataclass(frozen=True, slots=True)
class LevelQuestion:
    """Whether a namespace that was there may be given the level that the profile's pods fit."""

    namespace: str
    present: str
    """The level it enforces now; empty for none of its own."""
    wanted: SecurityLevel
    refused: tuple[str, ...]
    """What the cluster says of pods that run there now and would be refused when made again."""

    def sentence(self) -> str:
        """All of it, for one line of a terminal."""
        pods = "; ".join(self.refused) or NONE_REFUSED
        return f"{self.situation} Have it enforce {self.wanted} for everything in it ({pods})?"

    @property
    def situation(self) -> str:
        """What is asked about, as it is now."""
        now = f"enforces {self.present}" if self.present else "enforces no level of its own"
        return (
            f"Namespace {self.namespace} was there before, and {now}. The pods of this profile fit "
            f"{self.wanted}."
        )


def places(profile: Profile, cluster: Cluster) -> list[Place]:
    """Every namespace of the profile. Blocking. Raises: WizardError, from the cluster."""
    return [_place(profile, name, cluster) for name in profile.namespaces]


def _place(profile: Profile, name: str, cluster: Cluster) -> Place:
    live = cluster.get(ObjectRef("v1", "Namespace", "", name))
    created = live is not None and created_by(live, profile.id)
    return Place(name, live, created, pod_security_level(profile, name))


def namespace_findings(profile: Profile, cluster: Cluster) -> Iterator[Finding]:
    """What speaks against the namespaces as they are. Raises: WizardError, from the cluster."""
    for place in places(profile, cluster):
        if place.live is None:
            if not profile.makes(place.name):
                yield _missing(place)
            continue
        if place.name in profile.job_namespaces:
            yield from _workloads(profile, place, cluster)
        yield from _level(profile, place, cluster)


def _missing(place: Place) -> Finding:
    return Finding(
        f"There is no namespace {place.name}.",
        cause="The profile says that its namespaces are there already, so none is made.",
        fix=f"Ask someone who may to run kubectl create namespace {place.name}, or write "
        "cluster.namespaces: create",
    )


def _level(profile: Profile, place: Place, cluster: Cluster) -> Iterator[Finding]:
    enforces = place.enforces
    if enforces not in _LEVELS:  # none, or one of a later Kubernetes: admission is asked
        return
    if place.created:
        if enforces != place.wanted and (others := _other_profiles(profile, place, cluster)):
            yield Finding(
                f"Namespace {place.name} enforces {enforces}, and would have to enforce "
                f"{place.wanted}.",
                cause=f"Runners of another profile work in it ({', '.join(others)}), and its "
                "level counts for them too.",
                fix=_elsewhere(place),
            )
    elif _LEVELS.index(enforces) < _LEVELS.index(place.wanted):
        whose = f"the profile with the id {place.maker}" if place.maker else "others"
        yield Finding(
            f"Namespace {place.name} enforces {enforces}, and this profile's jobs need "
            f"{place.wanted}.",
            cause=f"It belongs to {whose}, so its level is not lowered: it protects what else "
            "runs there.",
            fix=_elsewhere(place),
        )


def _elsewhere(place: Place) -> str:
    return (
        "Give the runners a namespace of their own: write job_namespace: "
        f"{place.name}-{place.wanted} in their entry"
    )


def _other_profiles(profile: Profile, place: Place, cluster: Cluster) -> list[str]:
    labels = {MANAGED_BY: FIELD_MANAGER}
    accounts = cluster.find("v1", "ServiceAccount", place.name, labels)
    return sorted({profile_of(one) for one in accounts} - {profile.id or "", ""})


def _workloads(profile: Profile, place: Place, cluster: Cluster) -> Iterator[Finding]:
    """Whether a namespace in which this profile has no job yet is used for something else."""
    if place.created or _has_jobs(profile, place, cluster):
        return
    found = [
        f"{kind} {one['metadata']['name']}"
        for api_version, kind in _WORKLOADS
        for one in _seen(cluster, api_version, kind, place.name)
        if not _of_runners(one)
    ]
    if found:
        more = f" and {len(found) - _SHOWN} more" if found[_SHOWN:] else ""
        yield Finding(
            f"Other workloads run in namespace {place.name}, which is to be the one of jobs.",
            cause=f"{', '.join(found[:_SHOWN])}{more}: the runner's manager could read their "
            "Secrets, and jobs would share their quota and their network.",
            fix="Write a namespace for jobs only as cluster.job_namespace",
        )


def _has_jobs(profile: Profile, place: Place, cluster: Cluster) -> bool:
    refs = [
        ObjectRef("v1", "ServiceAccount", place.name, runner.job_account)
        for runner in profile.runners
        if profile.job_namespace(runner) == place.name
    ]
    found = filter(None, map(cluster.get, refs))
    return any(profile.id and profile_of(one) == profile.id for one in found)


def _seen(cluster: Cluster, api_version: str, kind: str, namespace: str) -> list[Json]:
    try:
        return cluster.find(api_version, kind, namespace)
    except NotAllowedError:
        return []


def _of_runners(workload: Json) -> bool:
    """Whether it is a manager of the wizard's, a job of any runner, or done."""
    labels = _labels(workload)
    done = (workload.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
    return done or _JOB_POD in labels or labels.get(MANAGED_BY) == FIELD_MANAGER


def _labels(body: Json | None) -> Json:
    found: Json = (body or {}).get("metadata", {}).get("labels") or {}
    return found


def level_questions(profile: Profile, cluster: Cluster) -> list[LevelQuestion]:
    """What to ask a person about namespaces that others made and that enforce less. Blocking.

    Nothing is asked about another profile's namespace, or where the profile says `existing`.
    """
    if profile.cluster.namespaces == "existing":
        return []
    looser = [
        place
        for place in places(profile, cluster)
        if place.live is not None and not place.created and not place.maker and _is_looser(place)
    ]
    if not looser or not cluster.may(Permission("patch", "", "namespaces")):
        return []
    return [
        LevelQuestion(
            place.name,
            place.enforces,
            place.wanted,
            cluster.enforce(place.name, place.wanted, dry_run=True),
        )
        for place in looser
    ]


def _is_looser(place: Place) -> bool:
    level = place.enforces
    return level not in _LEVELS or _LEVELS.index(level) > _LEVELS.index(place.wanted)
