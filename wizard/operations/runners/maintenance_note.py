"""What the wizard writes into a runner's maintenance note: the only memory outside the profile.

There is no state file. Which token the runner has now is known by a part of its SHA-256, noted in
GitLab after the token has reached its backend, and struck out before a reset. So a run that was
killed between any two steps leaves a note that differs from what is stored, and the next run sees
that the stored token cannot be trusted. Sixteen hex digits of the hash of a random token lead
no one back to it. In the same way the proof is struck out before the runner changes, so that what
is noted as proven has run as it is now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from wizard.profile.model import Profile
from wizard.systems.backends import Stored

_LENGTH = 16
_TOKEN = re.compile(rf"^token ([0-9a-f]{{{_LENGTH}}})$", re.MULTILINE)
_GIVEN = re.compile(r"^given at (\S{20,32})$", re.MULTILINE)
_LIFE = re.compile(r"^valid from (\S{20,32}) to (\S{20,32})$", re.MULTILINE)
_JOB = re.compile(r"^proven by job (\d{1,18})$", re.MULTILINE)
_MANAGER = re.compile(r"^proven by manager (\S+)$", re.MULTILINE)
_HELD = re.compile(r"^paused by (\S{1,255}) since (\S{20,32})(?:: (.{1,200}))?$", re.MULTILINE)
_RENEWED_BELOW = 0.25
"""Of a token's life; gitlab-runner itself renews at the same point, which is switched off."""


@dataclass(frozen=True, slots=True)
class Life:
    """From when to when a token that expires is valid."""

    begins: datetime
    ends: datetime

    def is_nearly_over(self, now: datetime) -> bool:
        """Whether less than a quarter of it is left."""
        return self.ends - now < (self.ends - self.begins) * _RENEWED_BELOW

    def __str__(self) -> str:
        return f"valid from {self.begins.isoformat()} to {self.ends.isoformat()}"


@dataclass(frozen=True, slots=True)
class Hold:
    """That a runner is paused on purpose, until the one who did it, or another, ends that.

    Args:
        who: a user's name in GitLab.
        why: what they said; may be empty. At most 200 characters, on one line.
    """

    who: str
    since: datetime
    why: str = ""

    def __str__(self) -> str:
        reason = f": {self.why}" if self.why else ""
        return f"paused by {self.who} since {self.since.isoformat()}{reason}"

    def sentence(self, name: str) -> str:
        """For people."""
        reason = f" ({self.why})" if self.why else ""
        return f"{name} is paused by {self.who} since {self.since:%Y-%m-%d %H:%M} UTC{reason}"


@dataclass(frozen=True, slots=True)
class Note:
    """The note's parts.

    Args:
        text: what people read.
        token: the beginning of the fingerprint of the token that was last stored.
        life: of that token; None where it does not expire.
        given: when GitLab gave that token; None where an earlier version has not noted it.
        job: the id of the job that has run with that token and this configuration; 0 for none.
        manager: the system id of a manager that GitLab has heard from, where no job could prove it.
        hold: who keeps the runner paused; None where no one does.
    """

    text: str
    token: str = ""
    life: Life | None = None
    job: int = 0
    manager: str = ""
    given: datetime | None = None
    hold: Hold | None = None

    @classmethod
    def of(cls, profile: Profile) -> Note:
        """The note of a runner that has no token stored yet."""
        return cls(
            f"Managed by Runner Wizard from profile {profile.name} ({profile.id}). "
            "Change the profile, not this runner."
        )

    def remembering(self, found: str) -> Note:
        """This note with what a note found in GitLab remembers."""
        token, job, manager = _TOKEN.search(found), _JOB.search(found), _MANAGER.search(found)
        return replace(
            self,
            token=token[1] if token else "",
            life=_life(found),
            job=int(job[1]) if job else 0,
            manager=manager[1] if manager else "",
            given=_moments(_GIVEN.search(found), 1)[0],
            hold=_hold(found),
        )

    @property
    def without_token(self) -> Note:
        """This note while the runner's token is not known to be stored."""
        return Note(self.text, hold=self.hold)

    def with_token(self, fingerprint: str, given: datetime, ends: datetime | None) -> Note:
        """This note once the token with this fingerprint has become the runner's.

        Args:
            given: when GitLab gave it.
            ends: None where it does not expire.
        """
        token = fingerprint[:_LENGTH]
        if ends is None:
            return replace(self.without_token, token=token, given=given)
        life = Life(given, ends.replace(microsecond=0))
        return replace(self.without_token, token=token, life=life)

    @property
    def since(self) -> datetime | None:
        """From when the token is valid, as far as the note knows."""
        return self.life.begins if self.life else self.given

    def proven_by(self, job: int, manager: str) -> Note:
        """This note after a proof: a job's, or where none could run, a manager's first contact."""
        return replace(self, job=job, manager="" if job else manager)

    @property
    def unproven(self) -> Note:
        """This note without any proof."""
        return replace(self, job=0, manager="")

    @property
    def has_proof(self) -> bool:
        return bool(self.job or self.manager)

    def fits(self, stored: Stored | None) -> bool:
        """Whether the stored token is the one that was last noted as the runner's."""
        return bool(self.token) and stored is not None and stored.fingerprint.startswith(self.token)

    def __str__(self) -> str:
        lines = [self.text]
        if self.token:
            lines.append(f"token {self.token}")
        if self.given:
            lines.append(f"given at {self.given.isoformat()}")
        if self.life:
            lines.append(str(self.life))
        if self.has_proof:
            by = f"job {self.job}" if self.job else f"manager {self.manager}"
            lines.append(f"proven by {by}")
        if self.hold:
            lines.append(str(self.hold))
        return "\n".join(lines)


def _life(found: str) -> Life | None:
    begins, ends = _moments(_LIFE.search(found), 2)
    return Life(begins, ends) if begins and ends else None


def _hold(found: str) -> Hold | None:
    written = _HELD.search(found)
    try:
        since = datetime.fromisoformat(written[2]) if written else None
    except ValueError:
        since = None
    return Hold(written[1], since, written[3] or "") if written and since else None


def _moments(written: re.Match[str] | None, count: int) -> tuple[datetime | None, ...]:
    """The moments that stand there; all None where one of them cannot be read."""
    try:
        read = [datetime.fromisoformat(part) for part in written.groups()] if written else []
    except ValueError:
        read = []
    if not read or any(moment.tzinfo is None for moment in read):
        return (None,) * count
    return tuple(read)
