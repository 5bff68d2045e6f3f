"""What the wizard writes into a runner's maintenance note: the only memory outside the profile.

There is no state file. Which token the runner has now is known by a part of its SHA-256, noted in
GitLab after the token has reached its backend, and struck out before a reset. So a run that was
killed between any two steps leaves a note that differs from what is stored, and the next run sees
that the stored token cannot be trusted. Sixteen hex digits of the hash of a random token lead
nobody back to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from wizard.profile.model import Profile
from wizard.systems.backends import Stored

_LENGTH = 16
_TOKEN = re.compile(rf"^token ([0-9a-f]{{{_LENGTH}}})$", re.MULTILINE)
_PROOF = re.compile(r"^proven by ((?:job|manager) \S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Note:
    """The note's parts.

    Args:
        text: what people read.
        token: the beginning of the fingerprint of the token that was last stored.
        proof: `job ID` once a job has run with that token, `manager SYSTEM_ID` while GitLab has
            only heard from a manager.
    """

    text: str
    token: str = ""
    proof: str = ""

    @classmethod
    def of(cls, profile: Profile) -> Note:
        """The note of a runner that has no token stored yet."""
        return cls(
            f"Managed by Runner Wizard from profile {profile.name} ({profile.id}). "
            "Change the profile, not this runner."
        )

    def remembering(self, found: str) -> Note:
        """This note with what a note found in GitLab remembers."""
        token, proof = _TOKEN.search(found), _PROOF.search(found)
        return replace(self, token=token[1] if token else "", proof=proof[1] if proof else "")

    def with_token(self, stored: Stored) -> Note:
        """This note after the stored token has become the runner's."""
        return replace(self, token=stored.fingerprint[:_LENGTH], proof="")

    def fits(self, stored: Stored | None) -> bool:
        """Whether the stored token is the one the runner has."""
        return bool(self.token) and stored is not None and stored.fingerprint.startswith(self.token)

    def __str__(self) -> str:
        lines = [self.text]
        if self.token:
            lines.append(f"token {self.token}")
        if self.proof:
            lines.append(f"proven by {self.proof}")
        return "\n".join(lines)
