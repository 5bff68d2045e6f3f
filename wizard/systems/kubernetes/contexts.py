"""Choosing a cluster: by its context, or by its uid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wizard.core.errors import RefusedError, WizardError
from wizard.core.facts import ClusterFacts
from wizard.systems.http.policy import Policy
from wizard.systems.kubernetes import kubeconfig
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.api import Api, Timeouts
from wizard.systems.kubernetes.nouns import Contexts, RunningSetup, SetupText
from wizard.systems.kubernetes.setups import find_setups, read_setup

_QUICK = Timeouts(connect=3, read=5, sign_in=10)


def contexts() -> Contexts:
    """The contexts of the kubeconfig; nothing is contacted. Raises: UsageError."""
    return kubeconfig.load().names


def connect(
    context: str = "",
    uid: str = "",
    policy: Policy | None = None,
    say: Callable[[str], None] | None = None,
) -> KubernetesCluster:
    """The cluster of a context, or with a uid, or else of the current context.

    Args:
        context: a context of the kubeconfig; where it is given, only it is looked at.
        uid: the cluster's uid. Only the one context is asked for it: each has a sign-in command
            of its own, which no one wanted to run.
        policy: how a wait is shown and ended.
        say: told what is unsafe, before anything is sent.

    Raises: RefusedError, when the context reaches another cluster; NotFoundError,
        when there is no such context; UsageError, NotAllowed, NotReached.
    """
    config = kubeconfig.load()
    selection = config.select(context)
    if say and selection.warning:
        say(f"warning: {selection.warning}")
    cluster = KubernetesCluster(Api(selection, policy=policy))
    if uid and cluster.uid() != uid:
        raise RefusedError(
            f"Context {cluster.context} reaches another cluster than the profile's.",
            f"the profile's cluster has the uid {uid}, this one {cluster.uid()}",
            _other_context(config, cluster.context, context),
        )
    return cluster


def look_at(context: str, timeout: float = 5) -> ClusterFacts:
    """What one context reaches; what goes wrong is in its `trouble`.

    Args:
        timeout: seconds for each silence on the wire, and for a sign-in command.

    Raises: UsageError, when the kubeconfig itself cannot be read.
    """
    config = kubeconfig.load()
    try:
        selection = config.select(context)
        api = Api(selection, Timeouts(min(timeout, 5), timeout, timeout))
        return replace(KubernetesCluster(api).discover(), warning=selection.warning)
    except WizardError as error:
        return ClusterFacts(context, reachable=False, trouble=str(error))


def setups_of(context: str) -> list[RunningSetup]:
    """The runner managers of a context's cluster that someone else set up. Raises: WizardError."""
    return find_setups(Api(kubeconfig.load().select(context)))


def setup_text(context: str, setup: RunningSetup) -> SetupText:
    """What one of them was made of. Raises: WizardError."""
    return read_setup(Api(kubeconfig.load().select(context)), setup)


def _other_context(config: kubeconfig.Kubeconfig, tried: str, chosen: str) -> str:
    if chosen:
        return (
            "Choose the context of the right cluster, or clear cluster.uid in the profile "
            "if the cluster was really replaced"
        )
    others = ", ".join(name for name in config.names.names if name != tried)
    return "Write the context of the right cluster as cluster.context" + (
        f"; the kubeconfig has also {others}" if others else ""
    )
