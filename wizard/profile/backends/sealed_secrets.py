"""Bitnami Sealed Secrets."""

from __future__ import annotations

from wizard.profile.backends.spec import BackendSpec
from wizard.profile.operators import Operator
from wizard.profile.types import DnsLabel, FilePath, ObjectName, Section, option


class SealedSecrets(Section):
    """Bitnami Sealed Secrets: encrypted into the GitOps files."""

    certificate: FilePath | None = option(
        None, "The controller's certificate, relative to the profile; none: from the cluster."
    )
    controller_namespace: DnsLabel = option("kube-system", "The controller's namespace.")
    controller_name: ObjectName = option("sealed-secrets-controller", "The controller's Service.")


SEALED_SECRETS = BackendSpec(
    name="sealed-secrets",
    about="encrypted into the GitOps files for Sealed Secrets",
    needs="Sealed Secrets, and files for a repository",
    client="sealed_secrets",
    through="files",
    section=SealedSecrets,
    needs_section=False,
    operator=Operator(
        "sealed-secrets",
        "Sealed Secrets",
        "bitnami.com/v1alpha1",
        "SealedSecret",
        "sealing tokens",
    ),
)
