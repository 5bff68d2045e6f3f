"""A machine with a GitLab and a cluster on loopback, and the wizard before it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.journeys.world import World
from wizard.core.errors import ExitCode
from wizard.profile.draft import Draft
from wizard.tui import drafts
from wizard.tui.app import WizardApp
from wizard.tui.files import opened_session
from wizard.tui.machine_facts import MachineFacts
from wizard.tui.memory import Memory
from wizard.tui.outline import OUTLINE
from wizard.tui.session import ProfileSession
from wizard.tui.step import Step
from wizard.wiring.machine import Machine


@pytest.fixture(autouse=True)
def _started_from_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands that the screens print begin with how the wizard was started."""
    monkeypatch.setattr(sys, "argv", ["runner-wizard"])


_NO_SCROLLBARS = str.maketrans(dict.fromkeys("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉", " "))
Size = tuple[int, int]
BOTH_SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
"""The size the screens are designed for, and one with the stepper beside them."""


class Sitting:
    """A wizard that is open, and somebody who presses its keys."""

    def __init__(self, app: WizardApp, pilot: Pilot[ExitCode]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def session(self) -> ProfileSession:
        return self.app.session

    @property
    def draft(self) -> Draft:
        return self.app.session.draft

    @property
    def step(self) -> Step:
        return self.app.wizard.step

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Replace what stands in the focused input, as a paste does."""
        focused = self.app.focused
        assert isinstance(focused, Input), focused
        focused.value = text
        await self.pilot.pause()

    async def focus(self, selector: str) -> None:
        self.app.wizard.set_focus(self.app.screen.query(selector).first())
        await self.pilot.pause()

    async def go_to(self, title: str) -> None:
        """Go on from step to step until that one, as if all before were answered."""
        for step in OUTLINE:
            if step.title == title:
                break
            self.session.visited.add(step.id)
        self.app.wizard.go_to([step.title for step in OUTLINE].index(title))
        await self.until(lambda: self.app.wizard.step.title == title)
        await self.pilot.pause()

    async def save(self, path: Path) -> None:
        """Save the profile to a file that is not there yet."""
        assert await self.app.files.save(self.session, path)
        self.app.wizard.refresh_marks()

    async def until(self, true: Callable[[], object], seconds: float = 8) -> None:
        """Wait until something holds."""
        for _ in range(int(seconds / 0.02)):
            if true():
                return
            await asyncio.sleep(0.02)
            await self.pilot.pause()
        raise AssertionError(f"not within {seconds} s; on the screen:\n{self.screen}")

    async def sees(self, text: str) -> None:
        """Wait until a text is on the screen; a long path may be broken anywhere."""
        await self.until(lambda: "".join(text.split()) in "".join(self.words.split()))

    @property
    def words(self) -> str:
        return " ".join(self.screen.translate(_NO_SCROLLBARS).split())

    @property
    def screen(self) -> str:
        """What is on the screen, as text."""
        size = self.app.size
        lines = self.app.screen._compositor.render_strips(size)
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@pytest.fixture
def gitlab() -> Iterator[FakeGitLab]:
    with FakeGitLab() as gitlab:
        gitlab.add_project("acme/homelab")
        gitlab.add_project("acme/website")
        gitlab.add_group("acme")
        yield gitlab


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as cluster:
        for name, architecture in (("node-1", "amd64"), ("node-2", "amd64")):
            cluster.seed(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {"name": name},
                    "status": {
                        "allocatable": {"cpu": "4", "memory": "8Gi"},
                        "nodeInfo": {"architecture": architecture},
                        "conditions": [{"type": "Ready", "status": "True"}],
                    },
                }
            )
        yield cluster


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, without kubeconfig, keyring or anything in the environment."""
    for name in (
        "GITLAB_TOKEN",
        "GITLAB_HOST",
        "NO_COLOR",
        "TEXTUAL_THEME",
        "KUBERNETES_SERVICE_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr("keyring.core._keyring_backend", None)
    return tmp_path


@pytest.fixture
def kubeconfig(cluster: FakeCluster, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine knows the cluster, as its context `fake`."""
    file = cluster.write_kubeconfig(home / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


@pytest.fixture
def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """GitLab, a cluster whose managers work, and a profile for both; this machine knows them."""
    with World(home) as world:
        for name in ("KUBECONFIG", "GITLAB_TOKEN", "GITLAB_HOST"):
            monkeypatch.setenv(name, world.environment[name])
        yield world


def wizard(folder: Path, profile: Path | None = None, *, preset: str = "homelab") -> WizardApp:
    """The wizard on a profile, or for a new one; it is not open yet."""
    facts = MachineFacts(Machine(folder=folder), Memory(folder / "state" / "runner-wizard"))
    if profile:
        session = opened_session(drafts.of_file(profile), facts)
    else:
        session = ProfileSession(drafts.of_preset(preset, folder, facts.memory), facts)
    return WizardApp(session, fresh=profile is None)


@asynccontextmanager
async def sitting(
    folder: Path, profile: Path | None = None, *, preset: str = "homelab", size=(80, 24)
) -> AsyncIterator[Sitting]:
    """Open the wizard, on a profile or for a new one."""
    app = wizard(folder, profile, preset=preset)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield Sitting(app, pilot)
