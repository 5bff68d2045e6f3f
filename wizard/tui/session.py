"""What is known of the profile that is open. Opening another one replaces all of it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from wizard.core.facts import ClusterFacts, Identity
from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.draft import Draft
from wizard.tui.machine_facts import MachineFacts
from wizard.tui.outline import StepId
from wizard.tui.set_aside import SetAside
from wizard.tui.work import Reviewed, Work
from wizard.wiring import HandOver, Say, Wiring
from wizard.wiring.machine import Address, Machine

if TYPE_CHECKING:
    from wizard.importing import Imported
    from wizard.profile.load import LoadedProfile
    from wizard.systems.gitlab import GitLab

GITLAB_TOKEN = "GITLAB_TOKEN"  # noqa: S105 - the variable's name
_ADDRESSES = ("host", "address")
"""What the settings of a backend call the address that its credentials belong to."""


def _only_looking(_what: str, _token: SecretStr) -> None:
    """Someone sits there, who stores a token when there is one: while looking there is none."""
    raise AssertionError("a token was made while only looking")


class HeldSecrets:
    """Secrets that were typed, each for one address; they live in memory only."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], SecretStr] = {}

    def hold(self, variable: str, address: str, text: str) -> None:
        """Hold a secret; a line end pasted along with it is not part of it.

        Args:
            variable: the environment variable that headless commands take it from.
            address: where it may be sent; empty where its service has only one.
            text: the empty text lets go of what was held.
        """
        if plain := text.strip():
            self._held[variable, address] = remember_secret(SecretStr(plain))
        else:
            self._held.pop((variable, address), None)

    def of(self, variable: str, address: str) -> SecretStr | None:
        """What was typed for this address, and for no other."""
        return self._held.get((variable, address))

    def variables(self) -> Iterator[str]:
        """The variables that anything is held for."""
        yield from dict.fromkeys(variable for variable, _ in self._held)


@dataclass
class ProfileSession:
    """Everything about one profile that outlives a step; no widget holds any of it."""

    draft: Draft
    facts: MachineFacts
    visited: set[StepId] = field(default_factory=set)
    """The steps that have been left with no problem in them."""
    at: StepId = StepId.START
    """The step that is shown, or was last."""
    secrets: HeldSecrets = field(default_factory=HeldSecrets)
    identity: Identity | None = None
    """Who the GitLab token is, once that is known."""
    runner: int = 0
    """Which of the draft's runners the steps are about."""
    set_aside: SetAside = field(default_factory=SetAside)
    imported: Imported | None = None
    """The set-up that the draft was made of, with what is wrong there."""
    left_presets: dict[str, Draft] = field(default_factory=dict)
    """Drafts of a new profile as they were when another preset was chosen, by preset."""
    just_files: bool = False
    """Whether only files are to be written, although there is a token."""
    reviewed: Reviewed | None = None
    """The plan that was shown last, and what it was made of."""
    work: Work | None = None
    """What was begun since then."""

    @property
    def machine(self) -> Machine:
        return self.facts.machine

    @property
    def cluster(self) -> ClusterFacts | None:
        """The facts of the chosen context; None without one, or before it has answered."""
        return self.facts.clusters.get(self.draft.value("cluster", "context") or "")

    # Secrets

    def address_of(self, variable: str) -> str:
        """The address that a secret of this variable is for, as the draft has it now."""
        if variable == GITLAB_TOKEN:
            return str(self.draft.value("gitlab", "url") or "")
        section = str(self.draft.value("secrets", "backend")).replace("-", "_")
        found = (self.draft.value("secrets", section, name) for name in _ADDRESSES)
        return next((str(address) for address in found if address), section)

    def keep_secret(self, variable: str, text: str) -> None:
        """Hold a secret that was typed, for the address that the draft has now."""
        self.secrets.hold(variable, self.address_of(variable), text)

    def secret(self, variable: str) -> SecretStr | None:
        """What is held for the address that the draft has now."""
        return self.secrets.of(variable, self.address_of(variable))

    # Systems

    @property
    def address(self) -> Address:
        """Where the draft's GitLab is, and the way there."""
        url, ca_file, proxy = (
            str(self.draft.value("gitlab", name) or "") for name in ("url", "ca_file", "proxy")
        )
        no_proxy = ",".join(self.draft.value("gitlab", "no_proxy") or ())
        beside = str(self.draft.path.parent / ca_file) if ca_file else ""
        allow_http = self.draft.value("gitlab", "allow_http") is True
        return Address(url, beside, proxy, no_proxy, allow_http)

    async def hold_token(self) -> str | None:
        """Hold the token that this machine knows for the draft's GitLab, unless one is held.

        Returns: where it was found, empty where one was held already; None without a token.
        """
        if self.secret(GITLAB_TOKEN):
            return ""
        url = self.address.url
        found, where = await asyncio.to_thread(self.machine.token, url)
        if not found:
            return None
        self.secrets.hold(GITLAB_TOKEN, url, found)
        return where

    def gitlab(self) -> GitLab | None:
        """The draft's GitLab with the token that is held for it; None without one.

        Raises: UsageError, when address or token cannot be one.
        """
        token = self.secret(GITLAB_TOKEN)
        return self.machine.gitlab(self.address, token) if token else None

    def wiring(
        self,
        say: Say = lambda _text: None,
        hand_over: HandOver = _only_looking,
        cancel: Event | None = None,
        loaded: LoadedProfile | None = None,
    ) -> Wiring:
        """The systems of the draft as it is now. Raises: InvalidDocumentError.

        Args:
            say: where to tell of a wait; called from any thread.
            hand_over: has someone store a token that only they can store.
            cancel: set it to end every wait early.
            loaded: the profile's file, where that is what is carried out.
        """
        typed = {
            variable: value.get_secret_value()
            for variable in self.secrets.variables()
            if (value := self.secret(variable))
        }
        return Wiring(
            loaded or self.draft.loaded(),
            typed=typed,
            trust=self.machine.trust,
            say=say,
            hand_over=hand_over,
            cancel=cancel,
        )
