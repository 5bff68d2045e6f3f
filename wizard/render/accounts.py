"""Namespaces, and the ServiceAccounts of managers and jobs."""

from __future__ import annotations

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner, SecurityLevel
from wizard.render.config_toml import job_service_account
from wizard.render.objects import manifest
from wizard.render.security import pod_security_level

_ENFORCE = "pod-security.kubernetes.io/enforce"


def namespaces(profile: Profile) -> list[Manifest]:
    """The managers' namespace and the jobs', each with the Pod Security level it enforces."""
    wanted: dict[str, SecurityLevel] = {profile.cluster.namespace: "restricted"}
    # One namespace for both must take the jobs, whatever they need.
    wanted[profile.cluster.job_namespace] = pod_security_level(profile)
    return [
        manifest(
            "v1",
            "Namespace",
            name,
            "",
            {**labels(profile), _ENFORCE: level, f"{_ENFORCE}-version": "latest"},
        )
        for name, level in wanted.items()
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
    """The jobs' ServiceAccount: no rights, and no token in any pod."""
    return manifest(
        "v1",
        "ServiceAccount",
        job_service_account(runner),
        profile.cluster.job_namespace,
        labels(profile, runner),
        automountServiceAccountToken=False,
    )
