"""The visual language: every colour can be read, every sign has one meaning, nothing is cut."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest
from rich.cells import cell_len as width_of
from textual.color import Color
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget
from textual.widgets import Button, Input

from tests.tui.conftest import Sitting, sitting
from wizard.tui import look
from wizard.tui.outline import OUTLINE
from wizard.tui.widgets import Said

THEMES = {theme.name: theme for theme in (look.DARK, look.LIGHT, *BUILTIN_THEMES.values())}
SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("name", [name for name, one in THEMES.items() if not one.ansi])
def test_every_text_can_be_read_on_everything_it_stands_on(name: str):
    variables = THEMES[name].to_color_system().generate()
    tokens = look.tokens({**variables, **THEMES[name].variables}, ansi=False)
    for text in look.TEXTS:
        for ground in look.GROUNDS:
            ratio = look.contrast(Color.parse(tokens[text]), Color.parse(tokens[ground]))
            assert ratio >= look.LEAST_CONTRAST, (text, ground, ratio)


def test_contrast_is_counted_as_the_standard_does():
    assert look.contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert look.contrast(Color.parse("#767676"), Color.parse("#fff")) == pytest.approx(
        4.54, abs=0.01
    )


def test_success_waiting_and_failure_differ_from_each_other_in_every_theme():
    for theme in THEMES.values():
        if not theme.ansi:
            tokens = look.tokens(theme.to_color_system().generate(), ansi=False)
            assert len({tokens["ok"], tokens["wait"], tokens["bad"]}) == 3, theme.name


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_sign_has_one_meaning(locale: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", locale)
    look.signs.cache_clear()
    signs = astuple(look.signs())
    look.signs.cache_clear()
    assert all(sign.isascii() for sign in signs) is (locale == "C")
    state = signs[:9]
    assert len(set(state)) == len(state)


async def test_the_chosen_theme_is_there_the_next_time(home: Path):
    async with sitting(home) as it:
        assert it.app.theme == look.DARK.name
        it.app.theme = look.LIGHT.name
        await it.pilot.pause()
    async with sitting(home) as it:
        assert it.app.theme == look.LIGHT.name


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_nothing_is_cut_overlaps_or_leaves_its_box(home: Path, size: tuple[int, int]):
    async with sitting(home, size=size) as it:
        for step in OUTLINE:
            await it.go_to(step.title)
            await it.pilot.pause()
            assert not list(faults(it)), f"{step.title} at {size}"


def faults(it: Sitting) -> list[str]:
    """What cannot be read on this screen, widget by widget."""
    found = []
    shown = [one for one in it.app.screen.query("*") if one.display and one.region]
    for one in shown:
        if isinstance(one, Button) and width_of(str(one.label)) > one.content_size.width:
            found.append(f"cut: {one.label} in {one.content_size.width} columns")
        if isinstance(one, Said) and one.has_class("label"):
            widest = max(map(width_of, str(one.content).split()), default=0)
            if widest > one.content_size.width:
                found.append(f"cut: {one.content}")
        if isinstance(one, Input) and one.content_size.width < 8:
            found.append(f"{one} has {one.content_size.width} columns to type in")
        if isinstance(one, (Vertical, Horizontal)) and not isinstance(one, ItemGrid):
            found += _overlapping(one)
        parent = one.parent
        if isinstance(parent, Widget) and not parent.is_scrollable and parent is not it.app.screen:
            box = parent.region
            if one.region.right > box.right or one.region.x < box.x:
                found.append(f"{one} is outside {parent}: {one.region} in {box}")
    return found


def _overlapping(container: Widget) -> list[str]:
    children = [one for one in container.displayed_children if one.region and not one.styles.dock]
    return [
        f"{one} is over {other}"
        for index, one in enumerate(children)
        for other in children[index + 1 :]
        if one.region.intersection(other.region)
    ]
