"""What one sitting knows: the draft, what was found, and secrets that live in memory alone."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from wizard.core.facts import ClusterFacts, Identity
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr, remember_secret
from wizard.machine import Address, Machine
from wizard.profile.draft import Answer, Draft
from wizard.tui.handing_over import ShowOutside, show_outside
from wizard.tui.memory import Memory
from wizard.tui.work import Reviewed, Work
from wizard.wiring import HandOver, Say, Wiring

if TYPE_CHECKING:
    from wizard.importing import Imported
    from wizard.systems.gitlab import GitLab

GITLAB_TOKEN = "GITLAB_TOKEN"  # noqa: S105 - the variable's name


def _only_looking(_what: str, _token: SecretStr) -> None:
    """Somebody sits there, who stores a token when there is one: while looking there is none."""
    raise AssertionError("a token was made while only looking")


@dataclass
class Session:
    """Everything that outlives a step. Steps read and write it; no widget holds any of it."""

    draft: Draft
    machine: Machine
    memory: Memory
    secrets: dict[str, SecretStr] = field(default_factory=dict)
    """By the environment variable that headless commands take it from: `GITLAB_TOKEN`, ..."""
    contexts: tuple[str, ...] | None = None
    """The kubeconfig's contexts; None while it has not been read."""
    current: str = ""
    """The kubeconfig's current context."""
    trouble: str = ""
    """Why there are no contexts, in words."""
    clusters: dict[str, ClusterFacts] = field(default_factory=dict)
    """What each context reaches, as far as it has answered."""
    identity: Identity | None = None
    """Who the GitLab token is, once that is known."""
    runner: int = 0
    """Which of the draft's runners the steps are about."""
    visited: set[str] = field(default_factory=set)
    """Titles of the steps that have been left with no problem in them."""

    set_aside: dict[str, dict[Key, Answer]] = field(default_factory=dict)
    """Answers that another choice made meaningless, by the choice that brings them back."""

    imported: Imported | None = None
    """The set-up that the draft was made of, with what is wrong there."""
    just_files: bool = False
    """Whether only files are to be written, although there is a token."""
    reviewed: Reviewed | None = None
    """The plan that was shown last, and what it was made of."""
    work: Work | None = None
    """What was begun since then."""
    show_outside: ShowOutside = show_outside
    """How a token is shown to whoever has to store it."""
    clock: Callable[[], float] = time.monotonic
    """Seconds; elapsed times are measured with it."""

    @property
    def cluster(self) -> ClusterFacts | None:
        """The facts of the chosen context; None without one, or before it has answered."""
        return self.clusters.get(self.draft.value("cluster", "context") or "")

    def keep_secret(self, name: str, text: str) -> None:
        """Hold a secret that was typed; a line end pasted along with it is not part of it."""
        if plain := text.strip():
            self.secrets[name] = remember_secret(SecretStr(plain))
        else:
            self.secrets.pop(name, None)

    @property
    def address(self) -> Address:
        """Where the draft's GitLab is, and the way there."""
        url, ca_file, proxy = (
            str(self.draft.value("gitlab", name) or "") for name in ("url", "ca_file", "proxy")
        )
        no_proxy = ",".join(self.draft.value("gitlab", "no_proxy") or ())
        beside = str(self.draft.path.parent / ca_file) if ca_file else ""
        return Address(url, beside, proxy, no_proxy)

    async def hold_token(self) -> str | None:
        """Hold the token that this machine knows for the draft's GitLab, unless one is held.

        Returns: where it was found, empty where one was held already; None without a token.
        """
        if GITLAB_TOKEN in self.secrets:
            return ""
        found, where = await asyncio.to_thread(self.machine.token, self.address.url)
        if not found:
            return None
        self.keep_secret(GITLAB_TOKEN, found)
        return where

    def gitlab(self) -> GitLab | None:
        """The draft's GitLab with the token that is held; None without one.

        Raises: UsageError, when address or token cannot be one.
        """
        token = self.secrets.get(GITLAB_TOKEN)
        return self.machine.gitlab(self.address, token) if token else None

    def wiring(
        self,
        say: Say = lambda _text: None,
        hand_over: HandOver = _only_looking,
        cancel: Event | None = None,
    ) -> Wiring:
        """The systems of the draft as it is now. Raises: InvalidDocument.

        Args:
            say: where to tell of a wait; called from any thread.
            hand_over: has somebody store a token that only they can store.
            cancel: set it to end every wait early.
        """
        typed = {name: value.get_secret_value() for name, value in self.secrets.items()}
        return Wiring(
            self.draft.loaded(),
            environ={**os.environ, **typed},
            say=say,
            hand_over=hand_over,
            cancel=cancel,
        )
