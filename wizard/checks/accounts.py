"""What the accounts in the cluster may do, asked as themselves: enough for managers, no more."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.profile.runner import Runner
from wizard.render import job_pod
from wizard.render.runner.rbac import role, role_binding, rules
from wizard.systems.kubernetes import Permission, ServiceAccountRef


def of_managers(connected: Connected) -> Iterator[Check]:
    """Whether each manager may do all that its features need, once its Role is there.

    What is still to be written says nothing yet, and a Role says nothing of who denies it.
    """
    cluster, profile = connected.seen_cluster, connected.profile
    to_write = {manifest.ref for manifest in connected.pending.manifests}
    for runner in connected.pending.runners:
        ours = {role(profile, runner).ref, role_binding(profile, runner).ref}
        if ours & to_write or any(connected.object(ref) is None for ref in ours):
            continue
        account = ServiceAccountRef(profile.cluster.namespace, runner.release)
        asked = f"the manager of {runner.name} may do what its features need"
        refused = cluster.refused(_needed(connected, runner), account)
        if not refused:
            yield Check(asked, Verdict.OK)
            continue
        finding = Finding(
            f"The manager of {runner.name} may not do what its jobs need.",
            "\n".join(f"missing: {permission}" for permission in refused),
            "its Role gives it, so something else in the cluster denies it",
            "Look at what judges requests beside RBAC, and at the Role's rules in the cluster",
        )
        yield Check(asked, Verdict.WARN, finding)


def of_jobs(connected: Connected) -> Iterator[Check]:
    """Whether the account of the jobs may do what no job should: read tokens, or make pods."""
    cluster, profile = connected.seen_cluster, connected.profile
    for runner in connected.pending.runners:
        pod = job_pod(profile, runner)
        account = ServiceAccountRef(pod.namespace, pod.body["spec"]["serviceAccountName"])
        forbidden = [
            Permission("get", "", "secrets", profile.cluster.namespace, runner.token_secret),
            Permission("list", "", "secrets", pod.namespace),
            Permission("create", "", "pods", pod.namespace),
        ]
        asked = f"the jobs of {runner.name} may do nothing in the cluster"
        denied = set(cluster.refused(forbidden, account))
        given = [permission for permission in forbidden if permission not in denied]
        if not given:
            yield Check(asked, Verdict.OK)
            continue
        finding = Finding(
            f"The jobs of {runner.name} have rights in the cluster.",
            "\n".join(f"allowed: {permission}" for permission in given),
            f"they were granted to the account {account.name}, or to all accounts of "
            f"{account.namespace}",
            "Remove them: anyone who can push to the project could read the runner's token",
        )
        yield Check(asked, Verdict.WARN, finding)


def _needed(connected: Connected, runner: Runner) -> list[Permission]:
    namespace = connected.profile.job_namespace(runner)
    return [
        Permission(verb, group, resource, namespace)
        for rule in rules(connected.profile, runner)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]
