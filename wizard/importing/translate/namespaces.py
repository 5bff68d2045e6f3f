"""Which namespaces the profile takes, what is not taken as ours, and what must move along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, Said, entries, section, texts
from wizard.importing.texts.templates import unread
from wizard.importing.translate.manager import PULL_SECRETS
from wizard.importing.view import View
from wizard.importing.wrappers.beside import Beside
from wizard.profile.delivery import TargetCluster

_SHARED = frozenset(
    {
        *("default", "gitlab", "gitlab-system", "gitlab-operator", "argocd", "argo-cd", "argo"),
        *(
            "flux-system",
            "monitoring",
            "cert-manager",
            "ingress-nginx",
            "traefik",
            "longhorn-system",
        ),
        *("cattle-system", "fleet-system", "openshift", "external-secrets", "vault", "infra"),
    }
)
_SYSTEM = re.compile(r"(?:kube|openshift|cattle)-")
_DEFAULT = TargetCluster()


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of a profile, and which of them are there already."""

    manager: str
    jobs: str
    existing: tuple[str, ...] = ()


def is_shared(name: str) -> bool:
    """Whether a namespace surely holds other things than runners."""
    return name in _SHARED or bool(_SYSTEM.match(name))


def namespaces(release: Release, table: View, beside: Beside) -> Namespaces:
    """The namespaces for a table, with a finding for everything that moves."""
    manager, jobs = (_known(said) for said in release.namespaces(table))
    target = _manager_of(release, manager)
    wanted = jobs.text or manager.text
    taken = wanted
    if not wanted or wanted in (manager.text, target) or is_shared(wanted):
        taken = f"{target}-jobs"
    _tell_jobs(release, table, manager, jobs, taken)
    _tell_objects_of_manager(release, manager, target)
    used = ((manager, target), (jobs, taken))
    there = [said for said, name in used if said and said.text == name]
    _tell_existing(release, there, taken, beside)
    return Namespaces(target, taken, tuple(dict.fromkeys(said.text for said in there)))


def _known(said: Said) -> Said:
    return Said() if unread(said.text) else said


def _manager_of(release: Release, manager: Said) -> str:
    if not manager:
        return _DEFAULT.namespace
    if not is_shared(manager.text):
        return manager.text
    release.report.breaks(
        f"the namespace {manager.text} is shared with others",
        manager.at,
        "the profile's namespaces get Pod Security labels, and other pods there "
        "could be refused at their next start",
        f"Write cluster.namespace if you want another than {_DEFAULT.namespace}: "
        f"{manager.text} stays as it is",
    )
    return _DEFAULT.namespace


def _tell_existing(release: Release, there: list[Said], taken: str, beside: Beside) -> None:
    """Say that namespaces of the file stay as they are: the old runner is in them, or others."""
    for said in there:
        own = "runner" in said.text or said.text in beside.namespaces or release.makes_namespace
        tell = release.report.tidy if own else release.report.surprises
        with_label = (
            "; label it yourself once the old runner is gone: kubectl label namespace "
            f"{said.text} pod-security.kubernetes.io/enforce=LEVEL"
            if said.text == taken
            else ""
        )
        tell(
            f"the namespace {said.text} is there already, and stays as it is",
            said.at,
            ("the old runner is in it" if own else "it may hold more than the runner")
            + ", so the profile does not label it for Pod Security, and destroy leaves "
            "it",
            f"Keep it in cluster.existing_namespaces{with_label}",
        )


def _tell_jobs(release: Release, table: View, manager: Said, jobs: Said, taken: str) -> None:
    at = table.at("kubernetes", "namespace") if table.has("kubernetes", "namespace") else jobs.at
    beside = (not jobs and not manager) or (jobs.text and jobs.text == manager.text)
    said = table.is_written("kubernetes", "namespace")
    if said and not table.get("kubernetes", "namespace"):
        return  # it is not filled in, which has been told
    if beside and (jobs or (release.has_chart and not release.unread_jobs)):
        where = f" ({jobs.text})" if jobs else ""
        release.report.opens(
            f"jobs run in the manager's namespace{where}",
            at or release.jobs_at(table, "kubernetes"),
            "anyone who can create job pods there can mount the manager's Secrets into "
            "them, including the runner's token",
            f"Nothing to do: the profile gives jobs their own namespace, {taken}",
        )
    if jobs and is_shared(jobs.text) and jobs.text != manager.text:
        release.report.breaks(
            f"jobs run in {jobs.text}, which is shared with others",
            at,
            "a job namespace runs code that no one reviewed and gets a Pod Security "
            "label, with which other pods there could be refused at their next start",
            f"Write cluster.job_namespace if you want another than {taken}: "
            f"{jobs.text} stays as it is",
        )
    if jobs.text == taken:
        return
    objects = list(job_objects(table))
    names = ", ".join(what for what, _ in objects)
    if jobs.text and jobs.text not in (manager.text,) and not is_shared(jobs.text):
        release.report.surprises(
            f"jobs move from the namespace {jobs.text} to {taken}",
            at,
            f"the profile's managers run in {jobs.text}, and jobs get their own "
            "namespace, where the network policies, quotas and rights of the old one "
            "do not apply",
            "Write cluster.namespace and cluster.job_namespace if you want others",
        )
    if objects:
        old = jobs.text or "the release's own"
        release.report.breaks(
            f"jobs need what is in their old namespace, {old}: {names}",
            table.at(*objects[0][1]),
            f"the profile's jobs run in {taken}; without these, their pods do not start",
            f"Copy them to {taken} before the first job",
        )


def job_objects(table: View) -> Iterator[tuple[str, Key]]:
    """Objects of the job namespace that the table names, and where."""
    kubernetes = table.section("kubernetes")
    for name in filter(_is_known, texts(kubernetes.get("image_pull_secrets"))):
        yield f"Secret {name}", ("kubernetes", "image_pull_secrets")
    for kind, what in (
        ("secret", "Secret"),
        ("pvc", "PersistentVolumeClaim"),
        ("config_map", "ConfigMap"),
    ):
        for volume in entries(section(kubernetes, "volumes").get(kind)):
            if isinstance(volume, Mapping) and _is_known(str(volume.get("name") or "")):
                yield f"{what} {volume['name']}", ("kubernetes", "volumes", kind)


def _is_known(name: str) -> bool:
    return bool(name) and not unread(name)


def _tell_objects_of_manager(release: Release, manager: Said, target: str) -> None:
    objects = list(manager_objects(release.values))
    if not objects or manager.text == target:
        return
    names = ", ".join(dict.fromkeys(what for what, _ in objects))
    old = f"its old namespace, {manager.text}" if manager else "the release's namespace"
    release.report.breaks(
        f"the manager needs what is in {old}: {names}",
        release.values.at(*objects[0][1]),
        f"the profile's manager runs in {target}; without these, its pod does not "
        "start, or the cache and private images fail",
        f"Copy them to {target}, or write in cluster.namespace where they are",
    )


def manager_objects(values: View) -> Iterator[tuple[str, Key]]:
    """Objects of the manager's namespace that the values name, and where."""
    named: tuple[Key, ...] = (("certsSecretName",), ("runners", "cache", "secretName"))
    for key in named:
        if name := values.get(*key):
            yield f"Secret {name}", key
    for key in PULL_SECRETS:
        for one in entries(values.get(*key)):
            yield f"Secret {one.get('name') if isinstance(one, Mapping) else one}", key
    for place in ("secrets", "volumes", "extraEnvFrom", "envVars", "extraEnvFromRefs"):
        for what, name in _named_inside(values.get(place)):
            yield f"{what} {name}", (place,)


_REFERENCES = {
    "secretKeyRef": "Secret",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "configMapRef": "ConfigMap",
    "configMap": "ConfigMap",
    "secret": "Secret",
    "persistentVolumeClaim": "PersistentVolumeClaim",
}


def _named_inside(data: Any) -> Iterator[tuple[str, str]]:
    if isinstance(data, list):
        for one in data:
            yield from _named_inside(one)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            name = (
                next((value[k] for k in ("name", "secretName", "claimName") if k in value), None)
                if isinstance(value, Mapping)
                else None
            )
            if key in _REFERENCES and name:
                yield _REFERENCES[key], str(name)
            else:
                yield from _named_inside(value)


def note_namespaces(release: Release) -> None:
    """Say in the ledger what became of every word about namespaces."""
    values = release.values
    values.note(("namespace",), Fate.CARRIED, "cluster.namespace", ("cluster", "namespace"))
    for key in ("namespace", "jobNamespace"):
        target: Key = ("cluster", "job_namespace")
        if any(table.has("kubernetes", "namespace") for table in release.tables):
            values.note(("runners", key), Fate.ASIDE, "the namespace of runners.config counts")
        values.note(("runners", key), Fate.CARRIED, "cluster.job_namespace", target)
    for table in release.tables:
        key2 = ("kubernetes", "namespace")
        table.note(key2, Fate.CARRIED, "cluster.job_namespace", ("cluster", "job_namespace"))
