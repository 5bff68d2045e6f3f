"""A token and its owner as two fields of a secret; its other fields are none of our business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wizard.core.errors import ConflictError, WizardError
from wizard.core.secrets import SecretStr, fingerprint, remember_secret
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.secrets import TOKEN_FIELD
from wizard.systems.backends import Stored
from wizard.systems.backends.ownership import OWNER_FIELD, Owner, refuse_anothers

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

    @property
    def owner(self) -> Owner | None:
        return Owner.read(self.fields.get(OWNER_FIELD))


class ConcurrentChangeError(Exception):
    """What is there is no longer what was read; read it again."""


class TokenField(ABC):
    """Reading, writing and removing the two; how a secret is reached is the subclass's part."""

    _profile: Profile

    @abstractmethod
    def where(self, runner: Runner) -> str:
        """The place of this runner's token, as people name it."""

    @abstractmethod
    def _fetch(self, runner: Runner) -> Content | None:
        """What the runner's secret holds, or None where there is none."""

    @abstractmethod
    def _put(self, runner: Runner, fields: Mapping[str, Any], over: Content | None) -> None:
        """Make these all its fields, in one step.

        Raises: ConcurrentChangeError, when it is known not to be `over` any more.
        """

    @abstractmethod
    def _drop(self, runner: Runner) -> None:
        """Remove the secret and everything it ever held."""

    def read(self, runner: Runner) -> Stored | None:
        content = self._fetch(runner)
        if content is None or not content.token:
            return None
        token = remember_secret(SecretStr(content.token))
        return Stored(fingerprint(token), content.version, content.changed_at, content.owner, token)

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        plain = token.get_secret_value().strip()
        for _ in range(_TRIES):
            content = self._fetch_ours(runner)
            owner = self._owner(content, runner_id)
            if _holds(content, plain, owner if runner_id else None):
                return False
            fields = {**(content.fields if content else {}), TOKEN_FIELD: plain}
            if owner:
                fields[OWNER_FIELD] = str(owner)
            try:
                self._put(runner, fields, content)
            except ConcurrentChangeError:
                continue
            self._compare(runner, plain)
            return True
        raise self._contested(runner)

    def remove(self, runner: Runner) -> bool:
        for _ in range(_TRIES):
            content = self._fetch_ours(runner)
            if content is None or TOKEN_FIELD not in content.fields:
                return False
            ours = {TOKEN_FIELD, OWNER_FIELD}
            others = {k: v for k, v in content.fields.items() if k not in ours}
            try:
                if others:
                    self._put(runner, others, content)
                else:
                    self._drop(runner)
            except ConcurrentChangeError:
                continue
            return True
        raise self._contested(runner)

    def _fetch_ours(self, runner: Runner) -> Content | None:
        """What is there. Raises: BelongsToAnotherError, where it is another profile's token."""
        content = self._fetch(runner)
        if content and content.token:
            refuse_anothers(self.where(runner), content.owner, self._profile.id)
        return content

    def _owner(self, content: Content | None, runner_id: int) -> Owner | None:
        """What is to be noted as owner: us, with the runner that is noted where none is given."""
        if not self._profile.id:
            return None
        noted = content.owner if content else None
        wanted = Owner(self._profile.id, runner_id)
        return noted if noted and noted.covers(wanted) else wanted

    def _compare(self, runner: Runner, plain: str) -> None:
        stored = self._fetch(runner)
        if stored is None or stored.token != plain:
            raise WizardError(
                f"{self.where(runner)} does not hold what was written to it.",
                "something else writes it as well",
                "Find out what, then run it again",
            )

    def _contested(self, runner: Runner) -> ConflictError:
        return ConflictError(
            f"{self.where(runner)} changes faster than it can be written.",
            f"each of {_TRIES} attempts found it changed since it was read",
            "Find out what writes it, then run it again",
        )


def _holds(content: Content | None, plain: str, owner: Owner | None) -> bool:
    """Whether this very token is there, with this owner beside it, where one is asked for."""
    if content is None or content.fields.get(TOKEN_FIELD) != plain:
        return False
    return owner is None or content.owner == owner
