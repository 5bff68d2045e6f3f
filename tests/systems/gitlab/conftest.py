"""A fake GitLab with `acme/homelab`, and the adapter pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from tests.fakes.gitlab import FakeGitLab
from wizard.core.facts import Scope
from wizard.systems.gitlab import RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.connection import Connection

MARKER = "[rw:3f9c2a71/homelab]"


@dataclass
class Waits:
    """Stands for the clock on the wall: notes what was waited for, and does not wait."""

    slept: list[float] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def on_wait(self, seconds: int, why: str) -> None:
        self.told.append((seconds, why))


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_group("acme")
        fake.add_project("acme/homelab")
        yield fake


@pytest.fixture
def waits() -> Waits:
    return Waits()


Connect = Callable[..., PythonGitLab]


@pytest.fixture
def connect(fake: FakeGitLab, waits: Waits) -> Connect:
    """Make an adapter: `connect()`, `connect("create_runner")`, `connect(token=...)`."""

    def make(*scopes: str, token: SecretStr | None = None, url: str = "") -> PythonGitLab:
        return PythonGitLab(
            url or fake.url,
            token or fake.add_token(*scopes),
            Connection(connect_timeout=1, read_timeout=0.3),
            waits.on_wait,
            waits.sleep,
        )

    return make


@pytest.fixture
def gitlab(connect: Connect) -> PythonGitLab:
    return connect()


@pytest.fixture
def project(fake: FakeGitLab) -> Scope:
    return Scope("project", "acme/homelab", fake.state.project_ids["acme/homelab"])


@pytest.fixture
def group(fake: FakeGitLab) -> Scope:
    found = fake.state.group_at("acme")
    assert found
    return Scope("group", "acme", found.id)


@pytest.fixture
def wanted() -> RunnerSettings:
    return RunnerSettings(
        description=f"homelab {MARKER}",
        tags=frozenset({"homelab", "kubernetes"}),
        run_untagged=True,
        maximum_timeout=3600,
        maintenance_note="Made by Runner Wizard from homelab.yaml",
    )
