"""Opening a profile sends no credential to an address that nobody has confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.gitlab import FakeGitLab
from tests.tui.conftest import sitting
from wizard.core.shipped import profiles
from wizard.tui.modals import Question


@pytest.mark.parametrize(("answer", "sent"), [("enter", False), ("right", True)])
async def test_the_screens_ask_once_and_a_no_sends_nothing(
    home: Path, gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch, answer: str, sent: bool
):
    monkeypatch.setenv("GITLAB_TOKEN", gitlab.add_token("api").get_secret_value())
    for name in ("GITLAB_HOST", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    text = (profiles() / "direct.yaml").read_text().replace("https://gitlab.com", gitlab.url)
    profile = home / "mine.yaml"
    save(profile, text)
    async with sitting(home, profile) as it:
        await it.until(lambda: isinstance(it.app.screen, Question), 30)
        await it.sees("Send it there")
        assert not gitlab.calls
        await it.press(*([answer, "enter"] if sent else [answer]))
        await it.until(lambda: not isinstance(it.app.screen, Question))
        await it.pilot.pause(0.5)
        signed = [one for one in gitlab.calls if one.headers.get("Authorization")]
        assert bool(signed) is sent


def save(file: Path, text: str) -> None:
    file.write_text(text)
