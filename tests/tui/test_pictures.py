"""Pictures of every screen: two sizes, light terminals, and terminals without colour.

A run that finds a difference leaves `build/pictures.html`, with what it was and what it is side by
side. `pytest tests/tui/test_pictures.py --snapshot-update` takes them anew: look at each.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.pilot import Pilot

from tests.tui.conftest import Sitting
from tests.tui.scenes import come_to, preset_of
from tests.tui.stage import CLUSTER, GITLAB, Stage
from wizard.tui.outline import OUTLINE

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or textual.__version__ != "8.2.8",
    reason="pictures are compared on Python 3.11 with Textual 8.2.8",
)
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
OTHER_COLOURS = ("Secrets", "Resources", "Review")
KNOWN_HOSTS = {"www.w3.org", GITLAB, CLUSTER, "gitlab.com", "app.infisical.com"}
"""Of SVG itself, the stage, and the presets."""


def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


@pytest.fixture
def stage(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Stage(home) as stage:
        for name, value in stage.environment.items():
            if value:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        yield stage


def picture(stage: Stage, title: str, size: tuple[int, int], theme: str = "") -> dict[str, Any]:
    """What `snap_compare` takes: the wizard, the size, and the way to the scene."""
    app = stage.wizard(preset_of(title))
    if theme:
        app.theme = theme

    async def walk(pilot: Pilot[Any]) -> None:
        await come_to(Sitting(app, pilot), title)

    return {"app": app, "terminal_size": size, "run_before": walk}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("title", [step.title for step in OUTLINE], ids=slug)
def test_it_looks_as_it_did(stage: Stage, title: str, size: tuple[int, int], snap_compare: Any):
    assert snap_compare(**picture(stage, title, size))


@pytest.mark.parametrize("title", OTHER_COLOURS, ids=slug)
def test_it_looks_as_it_did_in_a_light_terminal(stage: Stage, title: str, snap_compare: Any):
    assert snap_compare(**picture(stage, title, (80, 24), "textual-light"))


@pytest.mark.parametrize("title", OTHER_COLOURS, ids=slug)
def test_it_looks_as_it_did_without_colour(
    stage: Stage, title: str, snap_compare: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(**picture(stage, title, (80, 24)))


def test_nothing_of_this_machine_is_in_a_picture():
    files = sorted(Path(__file__).parent.glob("__snapshots__/test_pictures/*"))
    assert files
    for file in files:
        text = file.read_text().replace("&#160;", " ")
        hosts = set(re.findall(r"https?://([\w.-]+)", text))
        assert hosts <= KNOWN_HOSTS, file.name
        assert "127.0.0.1" not in text, file.name
        assert "/tmp" not in text.replace("HOME is /tmp", ""), file.name
