"""What would change where: the plan and the changes it is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wizard.core.findings import Check, Verdict, with_verdict


class System(StrEnum):
    """The systems a plan looks at, in the order in which it is carried out."""

    GITLAB = "gitlab"
    SECRETS = "secrets"
    CLUSTER = "cluster"
    FILES = "files"


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. Values of a secret field are already replaced by their hashes."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one thing in one system."""

    system: System
    action: Action
    subject: str
    """The thing, as its system names it: `runner homelab`, `Deployment gitlab-runner/x`."""
    fields: tuple[FieldChange, ...] = ()
    why: str = ""
    runner: str = ""
    """The profile's runner this belongs to; empty for shared things."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not as it should be of a runner, though nothing of it would be changed."""

    runner: str
    what: str
    """Evidence, without a full stop: `GitLab has heard from none of its managers since ...`."""

    def __str__(self) -> str:
        return f"{self.runner}: {self.what}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change, `keep` included, and what could not be seen."""

    changes: tuple[Change, ...] = ()
    unseen: tuple[str, ...] = ()
    """Sentences: what this plan could not look at, and why."""
    notes: tuple[str, ...] = ()
    """Sentences: what must be known before this is agreed to, such as a downtime."""
    doubts: tuple[Doubt, ...] = ()
    """What is not as it should be; apply proves these runners again."""
    checks: tuple[Check, ...] = ()
    """What was asked beforehand, with its answers."""

    @property
    def refusals(self) -> list[Check]:
        """The checks over which `apply` refuses; of two that met the same wall, the first."""
        failed = with_verdict(self.checks, Verdict.FAIL)
        return list({check.finding: check for check in reversed(failed)}.values())[::-1]

    @property
    def pending(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action is not Action.KEEP)

    def comes_to_the_same_as(self, other: Plan) -> bool:
        """Whether both change the same things in the same way, and change anything at all.

        Not to the very same values: a first run makes the profile's id between the two.
        """
        ours, theirs = (
            [(one.system, one.action, one.subject) for one in plan.pending]
            for plan in (self, other)
        )
        return bool(ours) and ours == theirs

    def of(self, system: System) -> Iterator[Change]:
        return (change for change in self.changes if change.system is system)

    def counts(self) -> dict[str, int]:
        """How many changes of each action, in the order of `Action`."""
        counted = Counter(change.action for change in self.changes)
        return {action.value: counted[action] for action in Action if counted[action]}
