"""What a backend is built from: the profile, this machine, and whoever sits before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TypeVar

from wizard.core.command_line import command
from wizard.core.errors import MissingCredentialError, UsageError
from wizard.core.manifest import Manifest
from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.http.policy import Policy

Section = TypeVar("Section")


def _anywhere(_names: tuple[str, ...], _address: str) -> None:
    """Where no one keeps watch."""


def _nothing(_runner: Runner) -> Sequence[Manifest]:
    return ()


@dataclass(frozen=True, slots=True)
class BackendContext:
    """Everything outside a backend that it may use.

    Args:
        profile: with the backend's own section.
        folder: what the profile's paths are relative to.
        environ: the environment's variables.
        ask: asks for a hidden value, prompt in, answer out; None where no one is there.
        on_wait: called once a second with the seconds left and why, while a server has us wait.
        sleep: takes seconds, instead of waiting for `cancel`; for tests.
        timeouts: seconds to connect, and seconds without a byte of the answer.
        hand_over: shows someone what to store where, and the token, in a way that leaves no
            trace; returns when they have done it. None where no one is there.
        readers: what must are in the cluster for it to read a runner's token through its store:
            the namespace, and last the ExternalSecret, as they are rendered.
        cancel: ends every wait early.
        may_send: asked before a credential is sent, with the variables or the file that it comes
            from (none where a person was asked for it) and the address; raises Refused.
    """

    profile: Profile
    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    ask: Callable[[str], str] | None = None
    on_wait: Callable[[int, str], None] | None = None
    sleep: Callable[[float], None] | None = None
    timeouts: tuple[float, float] = (5.0, 20.0)
    hand_over: Callable[[str, SecretStr], None] | None = None
    readers: Callable[[Runner], Sequence[Manifest]] = _nothing
    cancel: Event = field(default_factory=Event)
    may_send: Callable[[tuple[str, ...], str], None] = _anywhere

    @property
    def policy(self) -> Policy:
        """How calls are made, and how a wait is shown and ended."""
        return Policy(*self.timeouts, on_wait=self.on_wait, cancel=self.cancel, sleep=self.sleep)

    def variable(self, *names: str) -> str:
        """The first of these variables that is set; empty where none is."""
        values = (self.environ.get(name, "").strip() for name in names)
        return next(filter(None, values), "")

    def credential(self, prompt: str, *names: str, to: str = "") -> SecretStr:
        """A secret from the first of these variables that is set, or from whoever is asked.

        Args:
            to: the address that it will be sent to; empty where its service has only one.

        Raises: MissingCredentialError, when there is none and no one to ask; RefusedError, when it
        may
            not be sent there.
        """
        found = self.variable(*names)
        if to:
            self.may_send(names if found else (), to)
        if not found and self.ask:
            found = self.ask(f"{prompt} for {to}" if to else prompt).strip()
        if not found:
            raise MissingCredentialError(
                f"There is no {prompt}.",
                f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} not set, and there is "
                "no terminal to ask on",
                f"Set {names[0]}",
                variable=names[0],
            )
        return remember_secret(SecretStr(found))

    def beside(self, name: str | None) -> str:
        """The full path of a file that the profile names; empty for none."""
        return str(self.folder / name) if name else ""


def needed(settings: Section | None) -> Section:
    """A backend's own section, which the profile's rules demand where it is chosen.

    Raises: UsageError, where a profile came here past those rules.
    """
    if settings is None:
        raise UsageError(
            "The profile chooses a secret backend and has no section for it.",
            "secrets.backend names one whose settings are missing",
            f"Run {command('check', 'PROFILE')}, and add the section that it names",
        )
    return settings
