"""A store of your own, of any provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.core.problems import Problems
from wizard.profile.backends.spec import EXTERNAL_SECRETS, BackendSpec
from wizard.profile.types import Section, Text, option

if TYPE_CHECKING:
    from wizard.profile.model import Profile


class ExistingStore(Section):
    """A store of your own, of any provider: you put the token where it reads."""

    key: Text = option(..., "The remote key; {runner} stands for the runner's name.")
    property: Text | None = option(None, "The field inside that key; none: the whole value.")
    push: bool = option(
        False,
        "Whether the cluster writes the token there, by a PushSecret; the store must be able to.",
    )

    def place(self, runner: str) -> tuple[str, str]:
        """The remote key and the property of a runner's token; the property may be empty."""
        return (
            self.key.replace("{runner}", runner),
            (self.property or "").replace("{runner}", runner),
        )


def _rule(profile: Profile, problems: Problems) -> None:
    own = profile.secrets.existing_store
    if profile.secrets.store.create:
        problems.at("secrets", "store").add(
            "a store of your own cannot be created here",
            "name it: {kind: ClusterSecretStore, name: NAME}",
        )
    if own and len({own.place(runner.name) for runner in profile.runners}) < len(profile.runners):
        problems.at("secrets", "existing_store", "key").add(
            "is one place for several runners, each of which has a token of its own",
            "write {runner} where the runner's name belongs",
        )


EXISTING_STORE = BackendSpec(
    name="existing-store",
    about="wherever your own store reads; you put the token there",
    needs="External Secrets; a store into which you put the token",
    client="existing_store",
    through="store",
    section=ExistingStore,
    operator=EXTERNAL_SECRETS,
    rule=_rule,
)
