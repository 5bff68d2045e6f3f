"""What every store of ours asks of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.core.problems import Problems

if TYPE_CHECKING:
    from wizard.profile.secrets import Secrets


def require_reader_ca(secrets: Secrets, problems: Problems) -> None:
    """Ask for the private CA where the cluster can read it, if a file of ours has it."""
    settings = secrets.settings
    if settings and settings.ca_file and not settings.reader_ca and secrets.store.create:
        problems.at("secrets", secrets.spec.key, "ca_file").add(
            "the cluster needs the private CA too, and this file is not in it",
            "add reader_ca: {name: ...}, a ConfigMap with the CA as ca.crt",
        )
