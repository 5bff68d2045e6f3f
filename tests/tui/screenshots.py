"""`python -m tests.tui.screenshots DIRECTORY`: the pictures of the documentation.

Each is the program's own export of a scene that the picture tests take as well, on fakes with fixed
names and a clock that counts events; taken twice, they are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from tests.tui.conftest import Sitting
from tests.tui.scenes import come_to, preset_of
from tests.tui.stage import Stage

SIZE = (100, 30)
SHOWN = (
    "Start",
    "Cluster",
    "GitLab",
    "Runner",
    "Secrets",
    "Resources",
    "Image builds",
    "Delivery",
    "Review",
    "Apply",
    "Proof",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tui.screenshots", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for title in SHOWN:
        with tempfile.TemporaryDirectory() as home, Stage(Path(home)) as stage:
            _become(stage.environment)
            svg = asyncio.run(_taken(stage, title))
        (directory / file_of(title)).write_text(svg, encoding="utf-8")


def file_of(title: str) -> str:
    return f"{title.lower().replace(' ', '-')}.svg"


async def _taken(stage: Stage, title: str) -> str:
    app = stage.wizard(preset_of(title))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.pause()
        await come_to(Sitting(app, pilot), title)
        return app.export_screenshot(title="runner-wizard")


def _become(environment: dict[str, str]) -> None:
    for name, value in environment.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


if __name__ == "__main__":
    main()
