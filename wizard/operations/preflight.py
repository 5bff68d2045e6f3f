"""Finding out, before anything is changed, whether the work can be done at all."""

from __future__ import annotations

import asyncio

from wizard.core.errors import NotAllowed, Refused
from wizard.core.facts import Identity
from wizard.core.findings import Check, Verdict
from wizard.core.manifest import Manifest, ObjectRef
from wizard.operations.wish import Run
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import job_pod
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, token_page
from wizard.systems.kubernetes import Cluster, Permission, created_by
from wizard.systems.kubernetes.secret_stores import EXTERNAL_SECRETS, named_store, store_finding

_PLURALS = {
    "NetworkPolicy": "networkpolicies",
}


async def check_identity(gitlab: GitLab, run: Run) -> Identity:
    """Whether the token may create, find and reset runners.

    A token that can only create cannot find a runner again: killed half-way, a second run would
    make a second runner. Somebody who is asked may take that on; a pipeline may not.

    Raises: Refused.
    """
    identity = await asyncio.to_thread(gitlab.whoami)
    missing = [
        scope
        for scope in ("create_runner", "manage_runner", "read_api")
        if identity.may(scope) is False
    ]
    if "create_runner" in missing or (missing and not run.attended):
        raise Refused(
            f"The GitLab token of {identity.username or 'this user'} is not enough.",
            f"it has {', '.join(identity.scopes) or 'no scopes'}; {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing, without which a runner cannot be "
            "found again after an interruption",
            f"make one with create_runner, manage_runner and read_api (or api, to prove the "
            f"runner with a job) at {token_page(gitlab.url)}",
        )
    return identity


def check_target(profile: Profile, cluster: Cluster, run: Run) -> None:
    """Whether the profile says which cluster it means; that it is that one, connecting has shown.

    Raises: Refused, when nobody is there to be asked and nothing says which.
    """
    if not run.attended and not profile.cluster.uid and not profile.cluster.context:
        raise Refused(
            "The profile does not say which cluster it is for.",
            "without a person to ask, the current context is not taken on trust",
            f"write cluster.context: {cluster.context} into it",
        )


def check_operators(profile: Profile, cluster: Cluster) -> None:
    """Whether what the profile leaves to operators finds them, and the store it names. Blocking.

    Raises: Refused, with what is missing and the way without it.
    """
    for api, kind, title in _operators(profile):
        if not cluster.serves(api, kind):
            older = api == EXTERNAL_SECRETS and cluster.serves(f"{api}beta1", kind)
            raise Refused(
                f"{title} is older than 0.16." if older else f"{title} is not in the cluster.",
                f"context {cluster.context} does not serve {kind} of {api}",
                f"{'upgrade' if older else 'install'} it first; a profile made with `init --preset "
                "direct` needs no operator at all",
            )
    if profile.secrets.through_store and profile.secrets.store.name:
        _check_store(profile, cluster)


def _check_store(profile: Profile, cluster: Cluster) -> None:
    ref = named_store(profile)
    try:
        finding = store_finding(cluster.get(ref), ref, profile.cluster.namespace)
    except NotAllowed:  # to look is a right of its own; the wait for the token shows it then
        return
    if finding:
        raise Refused(
            f"The cluster could not read the token: {finding.symptom}.",
            finding.evidence,
            finding.fix,
        )


def _operators(profile: Profile) -> list[tuple[str, str, str]]:
    """API version, kind, and whose it is."""
    needed = []
    if operator := profile.secrets.spec.operator:
        needed.append((operator.api, operator.kind, operator.title))
    if profile.delivery.packaging == "argocd":
        needed.append(("argoproj.io/v1alpha1", "Application", "Argo CD"))
    return needed


async def check_permissions(profile: Profile, cluster: Cluster, manifests: list[Manifest]) -> None:
    """Whether we may write every kind of object, the token's Secret, and read the pods.

    Raises: Refused, naming every permission that is missing.
    """
    namespace = profile.cluster.namespace
    needed = {
        Permission(verb, _group(manifest.ref), _plural(manifest.kind), manifest.namespace)
        for manifest in manifests
        for verb in ("get", "create", "patch", "delete")
    }
    needed |= {Permission(verb, "", "secrets", namespace) for verb in ("get", "create", "patch")}
    needed |= {Permission(verb, "", "pods", namespace) for verb in ("list", "delete")}
    refused = await asyncio.to_thread(cluster.refused, sorted(needed, key=str))
    if refused:
        raise Refused(
            f"The user of context {cluster.context} may not do what is needed.",
            "\n".join(f"missing: {permission}" for permission in refused),
            "use a context whose user may, or ask for these permissions",
        )


async def check_admission(profile: Profile, runner: Runner, cluster: Cluster) -> tuple[str, ...]:
    """Whether a job's pod would be admitted; the server's warnings, if it has any.

    Raises: Refused, in the server's words.
    """
    return await asyncio.to_thread(cluster.admit, job_pod(profile, runner).body)


async def check_admission_where_judged(profile: Profile, cluster: Cluster) -> None:
    """The same before anything is made, where the namespace is there and will stay as it is.

    Elsewhere nothing can be judged before it has been made, which is done first of all. The jobs'
    account may be one of the things to come: admission looks it up, so that until then the one that
    every namespace has stands in for it.

    Raises: Refused, in the server's words.
    """
    for runner in profile.runners:
        await asyncio.to_thread(_judge, profile, runner, cluster)


def _judge(profile: Profile, runner: Runner, cluster: Cluster) -> None:
    pod = dict(job_pod(profile, runner).body)
    namespace = pod["metadata"]["namespace"]
    try:
        live = cluster.get(ObjectRef("v1", "Namespace", "", namespace))
    except NotAllowed:
        return
    if live is None or created_by(live, profile.id):
        return
    for account in (pod["spec"]["serviceAccountName"], "default"):
        if cluster.get(ObjectRef("v1", "ServiceAccount", namespace, account)) is not None:
            cluster.admit({**pod, "spec": {**pod["spec"], "serviceAccountName": account}})
            return


async def check_storing(backend: Backend) -> None:
    """Whether a token could be stored; one that nobody can store is not made.

    Raises: Refused, with every check that failed.
    """
    checks = await asyncio.to_thread(backend.check)
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    if failed:
        raise Refused(
            "The token could not be stored, so no runner was created.",
            "\n".join(_said(check) for check in failed),
            next((check.finding.fix for check in failed if check.finding), ""),
        )


def _said(check: Check) -> str:
    finding = check.finding
    return f"{check.name}: {finding.symptom}; {finding.cause}" if finding else check.name


def _group(ref: ObjectRef) -> str:
    return ref.api_version.rpartition("/")[0]


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, kind.lower() + "s")
