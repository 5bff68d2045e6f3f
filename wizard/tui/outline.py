"""The way through the wizard: which steps there are, in their order, and what each one answers.

The steps themselves are in `steps/`. This table is what everything below them may know: a problem's
key leads to its step, and a kept draft or a jump names a step by its id, never by its title.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wizard.core.problems import Key
from wizard.profile.fields import ITEM


class StepId(StrEnum):
    """What a step is called in code, and in drafts that are kept; titles are for people."""

    START = "start"
    CLUSTER = "cluster"
    GITLAB = "gitlab"
    RUNNER = "runner"
    SECRETS = "secrets"
    RESOURCES = "resources"
    BUILDS = "builds"
    DELIVERY = "delivery"
    REVIEW = "review"
    APPLY = "apply"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One step: its title, and the keys of the profile that it owns, as `FieldInfo.dotted`."""

    id: StepId
    title: str
    owns: tuple[str, ...] = ()

    def is_owner(self, key: Key) -> bool:
        """Whether a key of the profile is answered here; a key owns what is below it."""
        path = dotted(key)
        return any(path == own or path.startswith((f"{own}.", f"{own}[")) for own in self.owns)


def _jobs(*names: str) -> tuple[str, ...]:
    return tuple(f"runners[].jobs.{name}" for name in names)


def _runner(*names: str) -> tuple[str, ...]:
    return tuple(f"runners[].{name}" for name in names)


OUTLINE: tuple[StepInfo, ...] = (
    StepInfo(StepId.START, "Start", ("version", "id", "name")),
    StepInfo(StepId.CLUSTER, "Cluster", ("cluster",)),
    StepInfo(StepId.GITLAB, "GitLab", ("gitlab",)),
    StepInfo(
        StepId.RUNNER,
        "Runner",
        _runner(
            "name",
            "scope",
            "adopt",
            "description",
            "tags",
            "run_untagged",
            "protected",
            "locked",
            "paused",
            "maximum_timeout",
            "token_revision",
        ),
    ),
    StepInfo(StepId.SECRETS, "Secrets", ("secrets",)),
    StepInfo(
        StepId.RESOURCES,
        "Resources",
        _jobs(
            "concurrent",
            "image",
            "cpu",
            "memory",
            "ephemeral_storage",
            "helper",
            "services",
            "node_selector",
            "tolerations",
            "image_pull_secrets",
            "priority_class",
            "runtime_class",
            "gpu",
            "allowed_images",
            "allowed_services",
            "start_timeout",
        ),
    ),
    StepInfo(StepId.BUILDS, "Image builds", ("runners[].builds", "runners[].jobs.pod_security")),
    StepInfo(StepId.DELIVERY, "Delivery", ("delivery",)),
    StepInfo(StepId.REVIEW, "Review"),
    StepInfo(StepId.APPLY, "Apply"),
    StepInfo(StepId.PROOF, "Proof"),
)
ANSWERED_BY_PROFILE = frozenset(info.id for info in OUTLINE if info.owns)
"""The steps that a saved profile answers."""


def info_of(step: StepId) -> StepInfo:
    """What the outline says of a step."""
    return OUTLINE[position(step)]


def position(step: StepId) -> int:
    """Its place on the way, from 0."""
    return list(StepId).index(step)


def owner_of(key: Key) -> StepInfo | None:
    """The step that answers a key; None for one that only the file can hold."""
    return next((info for info in OUTLINE if info.is_owner(key)), None)


def dotted(key: Key) -> str:
    """A key as declarations write it: `runners[].tags`; what runners inherit is theirs."""
    if key[:1] == ("defaults",):
        key = ("runners", 0, *key[1:])
    path = ""
    for part in key:
        path += ITEM if isinstance(part, int) else f".{part}" if path else part
    return path
