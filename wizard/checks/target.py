"""The cluster that is meant, and what has to be there before anything of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from wizard.checks.connected import Connected
from wizard.core.errors import NotAllowedError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import RunOptions
from wizard.profile.model import Profile
from wizard.profile.operators import Operator
from wizard.systems.kubernetes import Cluster
from wizard.systems.kubernetes.secret_stores import EXTERNAL_SECRETS, named_store, store_finding


def named(connected: Connected) -> Iterator[Check]:
    """Whether the profile says which cluster it means; connecting has shown that it is that one."""
    asked = "the profile names its cluster"
    finding = unnamed(connected.profile, connected.seen_cluster, connected.run)
    yield Check(asked, Verdict.FAIL if finding else Verdict.OK, finding)


def unnamed(profile: Profile, cluster: Cluster, run: RunOptions) -> Finding | None:
    """What is wrong where no one is there to be asked, and nothing says which cluster is meant."""
    if run.attended or profile.cluster.uid or profile.cluster.context:
        return None
    fix = f"Write cluster.context: {cluster.context} into it"
    with suppress(NotAllowedError):  # who has only namespaces may not know the uid
        fix += f", or cluster.uid: {cluster.uid()}"
    return Finding(
        "The profile does not say which cluster it is for.",
        cause="without a person to ask, the current context is not trusted",
        fix=fix,
    )


def operators(connected: Connected) -> Iterator[Check]:
    """Whether what the profile leaves to operators finds them."""
    cluster = connected.seen_cluster
    for operator in _operators(connected.profile):
        api, kind, title = operator.api, operator.kind, operator.title
        asked = f"{title} is there"
        if cluster.serves(api, kind):
            yield Check(asked, Verdict.OK)
            continue
        older = api == EXTERNAL_SECRETS and cluster.serves(f"{api}beta1", kind)
        yield Check(
            asked,
            Verdict.FAIL,
            Finding(
                f"{title} is older than 0.16." if older else f"{title} is not in the cluster.",
                f"context {cluster.context} does not serve {kind} of {api}",
                fix=f"{'Upgrade' if older else 'Install'} it first; a profile made with `init "
                "--preset direct` needs no operator at all",
            ),
        )


def store(connected: Connected) -> Iterator[Check]:
    """Whether the store that the profile names is there, ready, and open to the managers."""
    secrets = connected.profile.secrets
    if not (secrets.through_store and secrets.store.name):
        return
    ref = named_store(connected.profile)
    if not connected.seen_cluster.serves(ref.api_version, ref.kind):
        return  # that is what `operators` tells
    asked = f"{ref} can be read through"
    try:
        found = connected.object(ref)
    except NotAllowedError:  # the wait for the token shows it then
        yield Check(asked, Verdict.UNSEEN, Finding(f"{ref} is not for the context's user to see"))
        return
    finding = store_finding(found, ref, connected.profile.cluster.namespace)
    if finding is None:
        yield Check(asked, Verdict.OK)
        return
    problem = f"The cluster could not read the token: {finding.problem}."
    yield Check(asked, Verdict.FAIL, Finding(problem, finding.evidence, finding.cause, finding.fix))


def _operators(profile: Profile) -> list[Operator]:
    chosen = (profile.secrets.spec.operator, profile.delivery.spec.operator)
    return [operator for operator in chosen if operator]
