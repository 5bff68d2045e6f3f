"""Every secret backend, by its name in the profile.

Another one is its module here, its client in `systems/backends`, and its provider in
`render/providers` where External Secrets reads it; a test holds every table to these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from wizard.profile.backends.aws import AWS
from wizard.profile.backends.existing_store import EXISTING_STORE
from wizard.profile.backends.gcp import GCP
from wizard.profile.backends.infisical import INFISICAL
from wizard.profile.backends.kubernetes import KUBERNETES
from wizard.profile.backends.sealed_secrets import SEALED_SECRETS
from wizard.profile.backends.sops import SOPS
from wizard.profile.backends.spec import BackendSpec
from wizard.profile.backends.vault import VAULT


def _by_name(specs: Iterable[BackendSpec]) -> Mapping[str, BackendSpec]:
    return MappingProxyType({spec.name: spec for spec in specs})


BACKENDS = _by_name((KUBERNETES, INFISICAL, VAULT, AWS, GCP, EXISTING_STORE, SEALED_SECRETS, SOPS))
"""In the order in which they are offered."""
