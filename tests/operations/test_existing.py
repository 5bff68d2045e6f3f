"""Which runners there are already, and which of them a profile may take over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.fakes.gitlab import FakeGitLab
from wizard.core.errors import NotAllowedError
from wizard.core.facts import Scope
from wizard.operations.runners.adopt import existing
from wizard.systems.gitlab import RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab

OURS = "3f9c2a71"
BY_HAND = RunnerSettings("by hand", frozenset({"old"}))


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project("acme/homelab")
        fake.add_group("acme")
        fake.add_group("acme/team")
        yield fake


@pytest.fixture
def gitlab(fake: FakeGitLab) -> PythonGitLab:
    return PythonGitLab(fake.url, fake.add_token("api"))


async def test_each_is_shown_with_the_reason_why_it_is_not_to_be_had(gitlab: PythonGitLab):
    project = gitlab.resolve("project", "acme/homelab")
    for description in ("by hand", "x [rw:0badcafe/theirs]", f"y [rw:{OURS}/homelab]"):
        gitlab.create_runner(project, replace(BY_HAND, description=description))

    found, more = await existing(gitlab, "project", "acme/homelab", OURS)

    assert more is None
    assert {one.info.settings.description: one.why_not for one in found} == {
        "by hand": "",
        "x [rw:0badcafe/theirs]": (
            "it is runner theirs of another profile, the one with the id 0badcafe"
        ),
        f"y [rw:{OURS}/homelab]": "it is runner homelab of this profile already",
    }
    assert found[-1].info.settings.tags == {"old"}


async def test_a_group_does_not_give_away_what_it_inherits(gitlab: PythonGitLab):
    above, below = (gitlab.resolve("group", path) for path in ("acme", "acme/team"))
    for scope in (above, below):
        gitlab.create_runner(scope, BY_HAND)

    found, _ = await existing(gitlab, "group", "acme/team", OURS)

    assert [one.why_not for one in found] == ["", "it belongs to another group, not to acme/team"]


async def test_a_list_goes_on_page_by_page(gitlab: PythonGitLab):
    project: Scope = gitlab.resolve("project", "acme/homelab")
    for _ in range(21):
        gitlab.create_runner(project, BY_HAND)

    first, more = await existing(gitlab, "project", "acme/homelab", OURS)
    assert more
    second, end = await existing(gitlab, "project", "acme/homelab", OURS, more)

    assert (len(first), len(second), end) == (20, 1, None)


async def test_what_a_group_above_keeps_to_itself_is_passed_over(
    fake: FakeGitLab, gitlab: PythonGitLab
):
    for path in ("acme", "acme/team"):
        gitlab.create_runner(gitlab.resolve("group", path), replace(BY_HAND, description=path))
    _only_owns(fake, "acme/team")

    found, _ = await existing(gitlab, "group", "acme/team", OURS)

    assert [one.info.settings.description for one in found] == ["acme/team"]


async def test_where_none_may_be_seen_that_is_told_and_not_that_there_is_none(
    fake: FakeGitLab, gitlab: PythonGitLab
):
    gitlab.create_runner(gitlab.resolve("group", "acme"), BY_HAND)
    _only_owns(fake, "acme/team")

    with pytest.raises(NotAllowedError):
        await existing(gitlab, "group", "acme/team", OURS)


def _only_owns(fake: FakeGitLab, path: str) -> None:
    for group in fake.state.groups.values():
        if group.path != path:
            group.members.clear()
