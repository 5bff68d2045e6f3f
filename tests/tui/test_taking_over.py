"""What somebody made by hand becomes a draft, with what is wrong there before one's eyes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.setups import CONFIG, VALUES, by_hand, with_helm
from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import text_of
from wizard.profile.draft import Origin
from wizard.tui.modals import Reading


async def in_cluster(it: Sitting) -> None:
    """Look in the cluster, and choose what is found."""
    await it.until(lambda: it.session.facts.clusters)
    await it.focus("#look")
    await it.press("enter")
    await it.sees("ci/gitlab-runner gitlab-runner alpine-v17.5.0")
    await it.press("enter")
    await it.until(lambda: isinstance(it.app.screen, Reading))


async def test_what_runs_in_the_cluster_becomes_a_draft_with_its_findings(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    with_helm(cluster, VALUES)
    async with sitting(home) as it:
        await in_cluster(it)
        await it.sees("What was found in Helm release ci/gitlab-runner")
        await it.sees("every job is privileged")
        await it.press("escape")
        assert it.step.title == "Start"
        assert "Made of Helm release ci/gitlab-runner" in text_of(it, "#imported")
        assert it.draft.value("runners", 0, "jobs", "concurrent") == 3
        assert it.draft.answer("gitlab", "url").origin is Origin.FOUND
        assert it.draft.value("cluster", "context") == "fake"
        await it.focus("#findings")
        await it.press("enter")
        await it.sees("every job is privileged")
    assert cluster.writes == []


async def test_where_the_runner_belongs_is_asked_since_no_file_says_so(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    by_hand(cluster, config_toml=CONFIG)
    async with sitting(home) as it:
        await in_cluster(it)
        await it.press("escape")
        await it.go_to("Runner")
        await it.press("ctrl+n")
        await it.sees("this is the preset's example")
        assert it.step.title == "Runner"


async def test_a_cluster_without_any_says_so(home: Path, cluster: FakeCluster, kubeconfig: Path):
    async with sitting(home) as it:
        await it.until(lambda: it.session.facts.clusters)
        await it.focus("#look")
        await it.press("enter")
        await it.sees("None in fake that the wizard did not set up.")


async def test_one_who_may_not_look_is_told_why(home: Path, cluster: FakeCluster, kubeconfig: Path):
    cluster.fails("GET", "/deployments", status=401)
    async with sitting(home) as it:
        await it.until(lambda: it.session.facts.clusters)
        await it.focus("#look")
        await it.press("enter")
        await it.until(lambda: text_of(it, "#looked").startswith("!"))


@pytest.mark.parametrize(
    ("name", "text"), [("values.yaml", json.dumps(VALUES)), ("config.toml", CONFIG)]
)
async def test_a_file_of_a_set_up_is_taken_over_where_a_profile_is_opened(
    home: Path, name: str, text: str
):
    (home / name).write_text(text)
    async with sitting(home) as it:
        await it.focus("#path")
        await it.type(str(home / name))
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, Reading))
        await it.sees(f"What was found in {name}")
        await it.press("escape")
        assert it.draft.path.parent == home
        assert it.draft.dirty, "it has not been saved"


async def test_a_draft_of_a_set_up_is_kept_and_gone_on_with(home: Path):
    (home / "config.toml").write_text(CONFIG)
    async with sitting(home) as it:
        await it.focus("#path")
        assert isinstance(it.app.focused, Input)
        await it.type(str(home / "config.toml"))
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, Reading))
        await it.press("escape", "ctrl+q")
        await it.sees("Quit?")
        await it.press("right", "right", "enter")
    async with sitting(home) as it:
        await it.sees("A draft of")
        await it.press("right", "enter")
        await it.until(lambda: it.draft.base is Origin.FOUND)
        assert it.draft.base is Origin.FOUND
        assert it.draft.answer("runners", 0, "scope").origin is Origin.PRESET
