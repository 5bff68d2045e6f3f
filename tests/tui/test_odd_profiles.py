"""A profile with mistakes in it opens on every step: that is where they are set right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import sitting
from wizard.core.shipped import profiles
from wizard.tui.outline import OUTLINE

TEXT = (profiles() / "homelab.yaml").read_text()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("backend: infisical", "backend: infisicall"),
        ("as: argocd", "as: argo"),
        ("builds: kaniko", "builds: kanik"),
        ("runners:\n", "runners: []\nothers:\n"),
        ("concurrent: 2", "concurent: 2"),
        ("secrets:\n", "secrets: nothing\nmore:\n"),
        ("tags: [", "tags: {a: ["),
    ],
    ids=lambda one: one.split(":")[0],
)
async def test_every_step_of_it_can_be_seen(home: Path, right: str, wrong: str):
    text = TEXT.replace(right, wrong, 1)
    assert text != TEXT
    file = home / "odd.yaml"
    save(file, text.replace("tags: {a: [homelab, kubernetes]", "tags: {a: [homelab, kubernetes]}"))
    async with sitting(home, file) as it:
        for step in OUTLINE[:9]:
            await it.go_to(step.title)
        await it.sees("The profile is not valid yet")


def save(file: Path, text: str) -> None:
    file.write_text(text)
