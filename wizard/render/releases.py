"""Everything the profile wants in a cluster, in the order in which it is needed."""

from __future__ import annotations

from wizard.core.manifest import Manifest
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.runner import authority
from wizard.render.runner.accounts import job_account, manager_account, namespaces
from wizard.render.runner.job_volumes import docker_daemon
from wizard.render.runner.manager import config_map, deployment, disruption_budget
from wizard.render.runner.network import network_policies
from wizard.render.runner.rbac import role, role_binding
from wizard.render.secrets.external_secret import external_secret, store
from wizard.render.secrets.providers import reader_account


def shared(profile: Profile) -> list[Manifest]:
    """What all runners share: the namespaces, a private CA, and the store that the wizard makes."""
    account = _as_list(reader_account(profile))
    return [
        *namespaces(profile),
        *authority.config_maps(profile),
        *account,
        *_as_list(store(profile)),
    ]


def companions(profile: Profile, runner: Runner) -> list[Manifest]:
    """What GitLab's chart does not make for a runner."""
    return [
        job_account(profile, runner),
        *_as_list(docker_daemon(profile, runner)),
        *_as_list(external_secret(profile, runner)),
        *network_policies(profile, runner),
        disruption_budget(profile, runner),
    ]


def release(profile: Profile, runner: Runner) -> list[Manifest]:
    """All of one runner, where no chart makes any of it."""
    return [
        manager_account(profile, runner),
        job_account(profile, runner),
        role(profile, runner),
        role_binding(profile, runner),
        config_map(profile, runner),
        *_as_list(docker_daemon(profile, runner)),
        *_as_list(external_secret(profile, runner)),
        *network_policies(profile, runner),
        deployment(profile, runner),
        disruption_budget(profile, runner),
    ]


def token_readers(profile: Profile, runner: Runner) -> list[Manifest]:
    """What the cluster needs to read a runner's token from its store, the ExternalSecret last."""
    managers = [one for one in namespaces(profile) if one.name == profile.cluster.namespace]
    return [*managers, *_as_list(external_secret(profile, runner))]


def manifests(profile: Profile) -> list[Manifest]:
    """Everything for a cluster without any chart; the tokens' Secrets are never among it."""
    found = shared(profile)
    for runner in profile.runners:
        found += release(profile, runner)
    return found


def _as_list(manifest: Manifest | None) -> list[Manifest]:
    return [manifest] if manifest else []
