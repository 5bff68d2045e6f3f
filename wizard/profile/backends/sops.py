"""SOPS with age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from wizard.core.problems import Problems
from wizard.profile.backends.spec import BackendSpec
from wizard.profile.types import Matching, Section, option

if TYPE_CHECKING:
    from wizard.profile.model import Profile

_AgeRecipient = Annotated[str, Matching(r"age1[0-9a-z]{20,}", "an age public key (age1...)")]


class Sops(Section):
    """SOPS with age: encrypted into the GitOps files."""

    age: list[_AgeRecipient] = option([], "The age recipients (public keys) to encrypt for.")


def _rule(profile: Profile, problems: Problems) -> None:
    settings = profile.secrets.sops
    if settings and not settings.age:
        problems.at("secrets", "sops", "age").add(
            "is empty", "name the age public keys to encrypt for"
        )
    packaging = profile.delivery.spec
    if packaging.sops_plugin:
        problems.at("secrets", "backend").warn(
            f"{packaging.title} does not decrypt SOPS by itself",
            f"install a plugin for it, such as {packaging.sops_plugin}",
        )


SOPS = BackendSpec(
    name="sops",
    about="encrypted into the GitOps files with SOPS and age",
    needs="an age key that whatever syncs the repository holds",
    client="sops",
    through="files",
    section=Sops,
    rule=_rule,
)
