"""The labels by which objects are found again: those we render, and those that backends write."""

from __future__ import annotations

from wizard.core.manifest import PRODUCT, own_labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner

RUNNER_LABEL = "runner-wizard/runner"
TOKEN_REVISION = "runner-wizard/token-revision"  # noqa: S105 - an annotation's name
"""On a manager's pods: raised, it makes new ones."""
JOB_LABEL = "runner-wizard/jobs-of"
"""On every job's pod of a runner with network policies, by which its policy selects it."""
_NAME = "app.kubernetes.io/name"
_INSTANCE = "app.kubernetes.io/instance"


def manager_labels(_profile: Profile, runner: Runner) -> dict[str, str]:
    """The labels that a runner's manager pods have in every packaging: how they are selected.

    A Deployment's selector can never change, so these two depend on the runner's name alone.
    """
    return {_NAME: PRODUCT, _INSTANCE: runner.release}


def job_labels(profile: Profile, runner: Runner) -> dict[str, str]:
    """What job pods are labelled with; nothing where no policy has to select them."""
    return {JOB_LABEL: runner.release} if profile.network.policy != "none" else {}


def labels(profile: Profile, runner: Runner | None = None) -> dict[str, str]:
    """The labels of an object of one runner, or of one that all runners share."""
    instance = runner.release if runner else profile.shared
    found = {_NAME: PRODUCT, _INSTANCE: instance, **own_labels(profile.id)}
    if runner:
        found[RUNNER_LABEL] = runner.name
    return found
