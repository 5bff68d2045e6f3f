"""Namespaces, and the ServiceAccounts of managers and jobs."""

from __future__ import annotations

from wizard.core.manifest import ENFORCE, Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.objects import manifest
from wizard.render.runner.security import pod_security_level


def namespaces(profile: Profile) -> list[Manifest]:
    """The managers' namespace and the jobs', each with the Pod Security level it enforces.

    Those that others made are not among them.
    """
    return [
        manifest(
            "v1",
            "Namespace",
            name,
            "",
            {
                **labels(profile),
                ENFORCE: pod_security_level(profile, name),
                f"{ENFORCE}-version": "latest",
            },
        )
        for name in profile.namespaces
        if profile.makes(name)
    ]


def manager_account(profile: Profile, runner: Runner) -> Manifest:
    """The manager's ServiceAccount, whose token its pod gets."""
    return manifest(
        "v1",
        "ServiceAccount",
        runner.release,
        profile.cluster.namespace,
        labels(profile, runner),
    )


def job_account(profile: Profile, runner: Runner) -> Manifest:
    """The jobs' ServiceAccount: no rights, and no token in a pod unless the profile asks for it."""
    wanted = runner.jobs.service_account
    account = manifest(
        "v1",
        "ServiceAccount",
        runner.job_account,
        profile.job_namespace(runner),
        labels(profile, runner),
        automountServiceAccountToken=wanted.automount,
    )
    if not wanted.annotations:
        return account
    metadata = {**account.body["metadata"], "annotations": dict(wanted.annotations)}
    return Manifest({**account.body, "metadata": metadata})
