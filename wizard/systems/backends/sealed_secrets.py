"""Tokens sealed for the cluster's Sealed Secrets controller, which alone can open them.

The scheme is the controller's own (bitnami-labs/sealed-secrets 0.36, pkg/crypto): a new AES key
seals the value (AES-256-GCM, nonce of zeros, as no key is used twice), and the controller's RSA key
seals that key (OAEP with SHA-256). The label is `namespace/name`, its strict scope: the file opens
nowhere else.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.errors import UsageError, WizardError
from wizard.core.findings import Check, Verdict
from wizard.profile.secrets import SealedSecrets as Settings
from wizard.systems.backends.checks import checked
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.encrypted_files import EncryptedFiles, Json, as_yaml
from wizard.systems.kubernetes import Cluster

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

API = "bitnami.com/v1alpha1"


class SealedSecrets(EncryptedFiles):
    """A SealedSecret for each runner, from which the controller makes the token's Secret.

    Args:
        cluster: reaches the cluster, for a certificate that the profile does not name.
    """

    def __init__(self, around: BackendContext, cluster: Callable[[], Cluster]) -> None:
        super().__init__(around)
        self._settings = around.profile.secrets.sealed_secrets or Settings()
        self._certificate = around.beside(self._settings.certificate)
        self._cluster = cluster

    def check(self) -> list[Check]:
        name = f"the certificate of Sealed Secrets from {self._source}"

        def look() -> list[Check]:
            return [Check(name, Verdict.OK if self._key else Verdict.FAIL)]

        return checked([(name, look)])

    def policy(self) -> str:
        needs = (
            f"Nothing of the cluster is needed: the certificate is {self._certificate}.\n"
            if self._certificate
            else "apiVersion: rbac.authorization.k8s.io/v1\n"
            "kind: Role\n"
            "metadata: {name: runner-wizard-sealing, "
            f"namespace: {self._settings.controller_namespace}}}\n"
            "rules:\n"
            '  - apiGroups: [""]\n'
            "    resources: [services/proxy]\n"
            "    verbs: [get]\n"
            f'    resourceNames: ["http:{self._settings.controller_name}:"]\n'
        )
        return f"{needs}# Only the controller can open what is written:\n{self._files()}\n"

    @property
    def _source(self) -> str:
        settings = self._settings
        service = f"Service {settings.controller_namespace}/{settings.controller_name}"
        return self._certificate or service

    @cached_property
    def _key(self) -> RSAPublicKey:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        try:
            certificate = x509.load_pem_x509_certificate(self._pem().encode())
            key = certificate.public_key()
        except ValueError:
            key = None
        if not isinstance(key, RSAPublicKey):
            raise WizardError(
                f"{self._source} gives no certificate of Sealed Secrets.",
                "it is not PEM, or its key is not an RSA one",
                "Write the right one with kubeseal --fetch-cert",
            )
        if certificate.not_valid_after_utc < datetime.now(UTC):
            raise WizardError(
                f"The certificate of Sealed Secrets from {self._source} has expired.",
                f"it ended on {certificate.not_valid_after_utc:%Y-%m-%d}",
                "Fetch the controller's newest: kubeseal --fetch-cert",
            )
        return key

    def _pem(self) -> str:
        if not self._certificate:
            return self._cluster().service_get(
                self._settings.controller_namespace,
                self._settings.controller_name,
                "/v1/cert.pem",
            )
        try:
            return Path(self._certificate).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                f"There is no certificate {self._certificate}.",
                "secrets.sealed_secrets.certificate names it",
                "Write it with kubeseal --fetch-cert, or leave the key out to ask the cluster",
            ) from None

    def _encrypted(self, metadata: Json, values: Mapping[str, str]) -> str:
        scope = f"{metadata['namespace']}/{metadata['name']}".encode()
        sealed = {key: seal(self._key, value.encode(), scope) for key, value in values.items()}
        template = {"type": "Opaque", "metadata": {"labels": metadata["labels"]}}
        return as_yaml(
            {
                "apiVersion": API,
                "kind": "SealedSecret",
                "metadata": metadata,
                "spec": {"encryptedData": sealed, "template": template},
            }
        )

    def _readable(self, document: Json) -> bool:
        return document.get("kind") == "SealedSecret"


def seal(key: RSAPublicKey, value: bytes, label: bytes) -> str:
    """One value, so that only the owner of the private key can read it, and only under the label.

    Returns: base64 of the sealed key's length (16 bits, big endian), that key, and the value.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256

    once = os.urandom(32)
    sealed_key = key.encrypt(once, OAEP(MGF1(SHA256()), SHA256(), label))
    sealed_value = AESGCM(once).encrypt(bytes(12), value, None)
    return base64.b64encode(len(sealed_key).to_bytes(2) + sealed_key + sealed_value).decode()


def build(around: BackendContext, cluster: Callable[[], Cluster]) -> SealedSecrets:
    """The files of this profile; the certificate is asked for when it is first needed."""
    return SealedSecrets(around, cluster)
