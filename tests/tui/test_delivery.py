"""The step Delivery: packaging and place, and what comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import text_of
from wizard.profile.not_yet import unavailable
from wizard.tui.widgets import Choice

_TREE = "#tree .lines"
_SIZES = [(80, 24), (120, 40)]


async def choose(it: Sitting, key: str, value: str) -> None:
    await it.focus(f"#delivery-{key} Choice")
    choice = it.app.screen.query_one(f"#delivery-{key} Choice", Choice)
    choice.highlighted = choice.get_option_index(value)
    await it.press("enter")
    await it.pilot.pause()


@pytest.mark.parametrize("size", _SIZES)
async def test_the_tree_follows_the_choices(home: Path, size: tuple[int, int]):
    async with sitting(home, size=size) as it:
        await it.go_to("Delivery")
        await it.sees("./gitops: 7 files, for you to commit")
        assert text_of(it, _TREE).startswith("argocd-apps/ gitlab-runner-homelab-shared.yaml")
        await choose(it, "as", "manifests")
        await it.until(lambda: text_of(it, _TREE).startswith("manifests/"))
        await choose(it, "to", "cluster")
        await it.sees("Applied to the cluster:")
        assert "Namespace gitlab-runner" in text_of(it, _TREE)


async def test_a_repository_is_asked_for_only_where_one_is_read(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Delivery")
        await it.sees("Repository")
        assert it.app.focused is it.app.screen.query_one("#delivery-repository-url Input")
        await choose(it, "as", "manifests")
        assert "Repository" not in it.words
        assert "AppProject" not in it.words
        assert not it.step.errors()
        await choose(it, "to", "cluster")
        assert "Folder" not in it.words


async def test_without_a_repository_argo_cd_asks_for_its_address_once(home: Path):
    async with sitting(home, preset="direct", size=(120, 50)) as it:
        await it.go_to("Delivery")
        await choose(it, "as", "argocd")
        waits = "The result is shown once the profile is valid."
        await it.until(lambda: text_of(it, "#tree .title") == waits)
        assert "Argo CD needs the Git repository" in text_of(it, _TREE)
        await it.press("ctrl+n")
        await it.sees("this is the preset's example")
        assert it.step.title == "Delivery"
        await it.focus("#delivery-repository-url Input")
        await it.type("https://git.example.com/me/gitops.git")
        await it.until(lambda: "files, for you to commit" in text_of(it, "#tree .title"))
        assert it.draft.value("delivery", "to") == "directory", "Argo CD reads from Git"
        assert not it.step.errors()


async def test_what_is_not_built_yet_says_so_and_cannot_be_chosen(home: Path):
    async with sitting(home) as it:
        await it.go_to("Delivery")
        for path, key in (("delivery.packaging", "as"), ("delivery.target", "to")):
            choice = it.app.screen.query_one(f"#delivery-{key} Choice", Choice)
            for name, sentence in unavailable(path).items():
                assert choice.get_option(name).disabled
                await it.sees(sentence)


async def test_the_last_of_several_quick_answers_is_what_is_shown(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Delivery")
        await it.focus("#delivery-directory Input")
        for folder in ("./a", "./ab", "./abc"):
            await it.type(folder)
        await it.sees("./abc: 7 files")


async def test_a_thousand_runners_are_cut_short(home: Path):
    async with sitting(home, preset="direct", size=(80, 24)) as it:
        runners = [
            {"name": f"r{n}", "scope": {"project": f"acme/p{n}"}, "tags": ["t"]} for n in range(150)
        ]
        it.draft.set(("runners",), runners)
        it.draft.set(("delivery", "to"), "directory")
        await it.go_to("Delivery")
        await it.sees("files, for you to commit")
        assert text_of(it, _TREE).endswith("more")


@pytest.mark.parametrize("size", [(60, 20), *_SIZES])
async def test_the_preview_covers_nothing_that_has_the_focus(home: Path, size: tuple[int, int]):
    async with sitting(home, size=size) as it:
        await it.go_to("Delivery")
        await it.sees("./gitops: 7 files")
        tree = it.app.screen.query_one("#tree")

        def in_sight() -> bool:
            focused = it.app.focused
            assert focused is not None
            return focused is tree or not focused.region.overlaps(tree.region)

        for _ in range(6):
            await it.until(in_sight)  # a scroll comes a frame or two after the focus
            await it.press("tab")


async def test_what_is_wrong_with_the_repository_is_said_in_sight(home: Path):
    async with sitting(home) as it:
        await it.go_to("Delivery")
        await it.sees("./gitops: 7 files, for you to commit")
        await it.press("ctrl+n")
        await it.sees("! this is the preset's example")
