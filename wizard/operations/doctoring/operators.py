"""What the operators of a profile say of their objects."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.manifest import ObjectRef
from wizard.doctor import Kind, Text
from wizard.operations.delivery.arrival import operator_reports
from wizard.operations.explaining import said_of
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster
from wizard.systems.kubernetes.secret_stores import EXTERNAL_SECRETS


def of_operators(profile: Profile, cluster: Cluster) -> Iterator[Text]:
    """What Argo CD and External Secrets say of their objects. Blocking. Raises: WizardError."""
    lines: list[str] = []
    for ref in _operated(profile, cluster):
        if body := cluster.get(ref):
            lines += said_of(ref, body)
    yield Text(Kind.GITOPS, "what the operators say", "\n".join(lines))


def _operated(profile: Profile, cluster: Cluster) -> Iterator[ObjectRef]:
    namespace = profile.cluster.namespace
    if profile.secrets.through_store:
        for runner in profile.runners:
            name = runner.token_secret
            yield ObjectRef(EXTERNAL_SECRETS, "ExternalSecret", namespace, name)
    yield from operator_reports(profile, cluster)
