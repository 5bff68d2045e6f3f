"""Ways to build container images, side by side: what each asks of the nodes and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wizard.profile.model import Profile
from wizard.profile.runner import Builds, Runner
from wizard.profile.strategies import STRATEGIES, SecurityLevel, Strategy
from wizard.render.pipelines import pipeline
from wizard.render.runner.security import enforced_level

_BUILT_FOR = frozenset({"amd64", "arm64"})
"""Architectures that the images of all builders are published for."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of a strategy on any cluster, in a word or two each."""

    privilege: str
    """`none`, `user ns` (user namespaces), `partial` (no seccomp, no AppArmor), `full`."""
    speed: str
    cache: str
    """Whether layers are `kept`, in a registry, for the next job."""
    upkeep: str
    """Who keeps its builder alive: its makers (`active`), a community `fork`, ..."""
    asks: str = ""
    """What nodes must allow that cannot be seen from outside; empty where nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A strategy for one runner on one cluster."""

    name: Strategy
    traits: Traits
    level: SecurityLevel
    """The Pod Security level that its jobs need with the pinned version."""
    here: str
    """`fits`, `depends` or `unsure`."""
    why: str


_NAMESPACES = "nodes must allow user namespaces to normal users"
_LEVEL = "the job namespace must be allowed to be privileged, which some clusters forbid"
TRAITS: dict[Strategy, Traits] = {
    "none": Traits("none", "-", "-", "none"),
    "kaniko": Traits("none", "slow", "kept", "fork"),
    "buildah": Traits("user ns", "fair", "kept", "active", _NAMESPACES),
    "buildkit": Traits("partial", "fast", "kept", "active", f"{_NAMESPACES}; {_LEVEL}"),
    "podman": Traits("full", "fair", "kept", "active", _LEVEL),
    "dind": Traits("full", "fast", "lost", "active", _LEVEL),
    "shared-runners": Traits("none", "queue", "lost", "GitLab"),
}


def compare(architectures: Iterable[str], profile: Profile | None, at: int) -> list[Compared]:
    """Every strategy as it would be for a runner, in the order of their declaration.

    Args:
        architectures: of the nodes.
        profile: the profile as it is, for the version that is pinned; None while it is not valid.
        at: which of its runners.
    """
    others = sorted(set(architectures) - _BUILT_FOR)
    return [
        Compared(name, traits, _level(name, profile, at), *_here(name, traits, others))
        for name, traits in TRAITS.items()
    ]


def example(profile: Profile, at: int) -> str:
    """The pipeline to start from, for one runner of a valid profile."""
    return pipeline(profile, profile.runners[at]).content


def _here(name: Strategy, traits: Traits, others: list[str]) -> tuple[str, str]:
    if STRATEGIES[name].hosted:
        return "fits", "nothing builds on these nodes; GitLab's runners do, on your minutes"
    if not STRATEGIES[name].builds_here:
        return "fits", "nothing runs that needs more than any job"
    if others:
        return "unsure", f"its image may not be there for {', '.join(others)}"
    if traits.asks:
        return "depends", traits.asks
    return "fits", "its image is there for the nodes' architectures, and it asks for no privilege"


def _level(name: Strategy, profile: Profile | None, at: int) -> SecurityLevel:
    if profile is None:
        return STRATEGIES[name].level
    return enforced_level(profile, _building(profile.runners[at], name))


def _building(runner: Runner, strategy: Strategy) -> Runner:
    jobs = runner.jobs.model_copy(update={"pod_security": "auto"})
    return runner.model_copy(update={"builds": Builds(strategy=strategy), "jobs": jobs})
