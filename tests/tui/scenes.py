"""One scene for each step: what has happened when its picture is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.widgets import Input

from tests.tui.conftest import Sitting
from wizard.tui.outline import OUTLINE
from wizard.tui.work import State

SECONDS = 60
"""How long to wait for anything; a machine may be busy."""
FROM_NOTHING_ELSE = ("Review", "Apply", "Proof")
"""Scenes of a runner that needs nothing but Kubernetes, so that it can be seen to its end."""


async def come_to(it: Sitting, title: str) -> None:
    """Walk to a step, let everything that was asked be answered, and hold still."""
    await it.until(lambda: it.session.cluster or it.session.facts.clusters, SECONDS)
    await _SCENES[title](it)
    await it.until(lambda: not _asking(it), SECONDS)
    for typed in it.app.screen.query(Input):
        typed.cursor_blink = False
    await it.pilot.pause()


def preset_of(title: str) -> str:
    """The preset that a scene begins with."""
    return "direct" if title in FROM_NOTHING_ELSE else "homelab"


def _asking(it: Sitting) -> bool:
    return any(not worker.is_finished for worker in it.app.workers)


async def _simply(it: Sitting, title: str) -> None:
    await it.go_to(title)


async def _with_the_cluster(it: Sitting, title: str) -> None:
    await it.go_to("Cluster")
    await it.until(lambda: it.session.cluster, SECONDS)
    await it.go_to(title)


async def _signed_in(it: Sitting, title: str) -> None:
    await it.go_to("GitLab")
    await it.until(lambda: it.session.identity, SECONDS)
    await it.go_to(title)


async def _searching(it: Sitting, title: str) -> None:
    await _signed_in(it, title)
    await it.sees("acme/website")


async def _reviewed(it: Sitting, title: str) -> None:
    await _with_the_cluster(it, "Review")
    await it.until(lambda: it.session.reviewed, SECONDS)
    await it.pilot.pause()


async def _proven(it: Sitting, title: str) -> None:
    await _reviewed(it, title)
    await it.save(it.draft.path)
    await it.press("ctrl+n")
    await it.sees("Ready:")
    await it.press("tab", "enter")
    await it.until(lambda: it.session.work and it.session.work.state is State.DONE, SECONDS)
    await it.until(lambda: it.step.title == "Proof", SECONDS)
    if title != "Proof":
        await it.go_to(title)
    it.app.clear_notifications()


_Scene = Callable[[Sitting, str], Awaitable[None]]
_BY_TITLE: dict[str, _Scene] = {
    "Cluster": _with_the_cluster,
    "GitLab": _signed_in,
    "Runner": _searching,
    "Secrets": _with_the_cluster,
    "Resources": _with_the_cluster,
    "Image builds": _with_the_cluster,
    "Delivery": _with_the_cluster,
    "Review": _reviewed,
    "Apply": _proven,
    "Proof": _proven,
}


def _bound(title: str) -> Callable[[Sitting], Awaitable[None]]:
    scene = _BY_TITLE.get(title, _simply)
    return lambda it: scene(it, title)


_SCENES = {step.title: _bound(step.title) for step in OUTLINE}
