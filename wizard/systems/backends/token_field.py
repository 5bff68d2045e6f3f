"""A token as one field of a secret that may hold other fields, which are none of our business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wizard.core.errors import Conflict, WizardError
from wizard.core.secrets import SecretStr, fingerprint
from wizard.profile.runner import Runner
from wizard.profile.secrets import TOKEN_FIELD
from wizard.systems.backends import Stored

_TRIES = 4


@dataclass(frozen=True, slots=True)
class Content:
    """What a secret holds now."""

    fields: Mapping[str, Any] = field(repr=False)
    version: str = ""
    """As the backend counts; empty where it does not."""
    changed_at: datetime | None = None

    @property
    def token(self) -> str:
        value = self.fields.get(TOKEN_FIELD)
        return "" if value is None else str(value).strip()


class ChangedMeanwhile(Exception):
    """What is there is no longer what was read; read it again."""


class TokenField(ABC):
    """Reading, writing and removing the field; how a secret is reached is the subclass's part."""

    @abstractmethod
    def where(self, runner: Runner) -> str:
        """The place of this runner's token, as people name it."""

    @abstractmethod
    def _fetch(self, runner: Runner) -> Content | None:
        """What the runner's secret holds, or None where there is none."""

    @abstractmethod
    def _put(self, runner: Runner, fields: Mapping[str, Any], over: Content | None) -> None:
        """Make these all its fields, in one step.

        Raises: ChangedMeanwhile, when it is known not to be `over` any more.
        """

    @abstractmethod
    def _drop(self, runner: Runner) -> None:
        """Remove the secret and everything it ever held."""

    def read(self, runner: Runner) -> Stored | None:
        content = self._fetch(runner)
        if content is None or not content.token:
            return None
        token = SecretStr(content.token)
        return Stored(fingerprint(token), content.version, content.changed_at)

    def write(self, runner: Runner, token: SecretStr) -> bool:
        plain = token.get_secret_value().strip()
        for _ in range(_TRIES):
            content = self._fetch(runner)
            if content and content.fields.get(TOKEN_FIELD) == plain:
                return False
            fields = {**(content.fields if content else {}), TOKEN_FIELD: plain}
            try:
                self._put(runner, fields, content)
            except ChangedMeanwhile:
                continue
            self._compare(runner, plain)
            return True
        raise self._contested(runner)

    def remove(self, runner: Runner) -> bool:
        for _ in range(_TRIES):
            content = self._fetch(runner)
            if content is None or TOKEN_FIELD not in content.fields:
                return False
            others = {k: v for k, v in content.fields.items() if k != TOKEN_FIELD}
            try:
                if others:
                    self._put(runner, others, content)
                else:
                    self._drop(runner)
            except ChangedMeanwhile:
                continue
            return True
        raise self._contested(runner)

    def _compare(self, runner: Runner, plain: str) -> None:
        stored = self._fetch(runner)
        if stored is None or stored.token != plain:
            raise WizardError(
                f"{self.where(runner)} does not hold what was written to it.",
                "something else writes it as well",
                "find what does, then run it again",
            )

    def _contested(self, runner: Runner) -> Conflict:
        return Conflict(
            f"{self.where(runner)} changes faster than it can be written.",
            f"each of {_TRIES} attempts found it changed since it was read",
            "find what writes it, then run it again",
        )
