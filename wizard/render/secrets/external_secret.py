"""The token's way into the cluster through External Secrets: the store and the ExternalSecret.

Every default that all its versions know is written out, because a GitOps controller would see the
ones that the server adds as a difference for ever (external-secrets #6797).
`external-secrets.io/v1` is served since 0.16 and alone since 0.17.
"""

from __future__ import annotations

from typing import Any

from wizard.core.manifest import OWNER_ID, PART_OF, Manifest
from wizard.core.units import go_duration
from wizard.profile.labels import RUNNER_LABEL, labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.secrets import TOKEN_FIELD
from wizard.render.objects import manifest
from wizard.render.secrets.providers import provider, remote_key

_API = "external-secrets.io/v1"


def external_secret(profile: Profile, runner: Runner) -> Manifest | None:
    """What makes the token's Secret; None where the wizard or another controller writes it."""
    if not profile.secrets.through_store:
        return None
    return manifest(
        _API,
        "ExternalSecret",
        runner.token_secret,
        profile.cluster.namespace,
        labels(profile, runner),
        spec={
            "refreshPolicy": "Periodic",
            "refreshInterval": go_duration(profile.secrets.refresh),
            "secretStoreRef": _store_reference(profile),
            "target": _target(profile, runner),
            "data": [
                {
                    "secretKey": TOKEN_FIELD,
                    "remoteRef": {
                        **remote_key(profile, runner),
                        "conversionStrategy": "Default",
                        "decodingStrategy": "None",
                        "metadataPolicy": "None",
                    },
                }
            ],
        },
    )


def store(profile: Profile) -> Manifest | None:
    """The store that only the managers' namespace may use; None where one is there already.

    It is a ClusterSecretStore, so that the reader's credential can stay in the operator's own
    namespace: out of reach of the managers and of every job.
    """
    if not profile.secrets.through_store or not profile.secrets.store.create:
        return None
    return manifest(
        _API,
        "ClusterSecretStore",
        profile.shared,
        "",
        labels(profile),
        spec={
            "conditions": [{"namespaces": [profile.cluster.namespace]}],
            "provider": provider(profile),
        },
    )


def _store_reference(profile: Profile) -> dict[str, str]:
    wanted = profile.secrets.store
    if wanted.create:
        return {"kind": "ClusterSecretStore", "name": profile.shared}
    return {"kind": wanted.kind, "name": wanted.name or ""}


def _target(profile: Profile, runner: Runner) -> dict[str, Any]:
    return {
        "name": runner.token_secret,
        "creationPolicy": "Owner",
        # A backend that does not answer must not take the token away from a manager that runs.
        "deletionPolicy": "Retain",
        "template": {
            "engineVersion": "v2",
            "mergePolicy": "Replace",
            "type": "Opaque",
            "metadata": {"labels": _secret_labels(profile, runner)},
            "data": {
                # A line end after the token makes every request of the runner invalid.
                "runner-token": f"{{{{ .{TOKEN_FIELD} | trim }}}}",
                # GitLab's chart mounts both keys by name; without this one no pod starts.
                "runner-registration-token": "",
            },
        },
    }


def _secret_labels(profile: Profile, runner: Runner) -> dict[str, str]:
    # Neither the instance, by which Argo CD may track what it deploys and would then prune, nor
    # `managed-by`, since the operator manages it.
    own = labels(profile, runner)
    return {key: own[key] for key in (PART_OF, OWNER_ID, RUNNER_LABEL) if key in own}
