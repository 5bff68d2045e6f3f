"""Opening a profile sends no credential to an address that nobody has confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.stranger import Stranger
from tests.journeys.world import World
from tests.tui.conftest import Sitting, sitting
from wizard.core.shipped import profiles
from wizard.tui.modals import Question
from wizard.tui.outline import OUTLINE, StepId

SECRET = "a-secret-of-this-machine"
GITLAB, VAULT, VAULT_FILE, INFISICAL = (
    # What the profile says, and what the machine has for the real address.
    ("gitlab: {url: URL}", {"GITLAB_TOKEN": SECRET}),
    ("secrets: {backend: vault, vault: {address: URL}}", {"VAULT_TOKEN": SECRET}),
    ("secrets: {backend: vault, vault: {address: URL}}", {}),
    (
        "secrets: {backend: infisical, infisical: {host: URL, project: p}}",
        {"INFISICAL_CLIENT_ID": SECRET, "INFISICAL_CLIENT_SECRET": SECRET},
    ),
)


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


@pytest.mark.parametrize("answer", ["no", "yes"])
@pytest.mark.parametrize(
    ("settings", "variables"),
    [GITLAB, VAULT, VAULT_FILE, INFISICAL],
    ids=["gitlab", "vault", "vault-file", "infisical"],
)
async def test_no_step_sends_a_credential_to_a_strangers_address_before_a_yes(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    variables: dict[str, str],
    answer: str,
):
    """From the first step to the review, with everything looked at that can be."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in ("VAULT_ADDR", "INFISICAL_API_URL", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    (world.folder / ".vault-token").write_text(SECRET)
    with Stranger() as stranger:
        profile = world.folder / "evil.yaml"
        save(profile, _evil(world, settings.replace("URL", f"'{stranger.url}'")))
        async with sitting(world.folder, profile) as it:
            await it.until(lambda: isinstance(it.app.screen, Question), 30)
            await it.sees(stranger.url)
            assert SECRET not in "".join(stranger.seen)
            await it.press(*(["right", "enter"] if answer == "yes" else ["enter"]))
            await it.until(lambda: not isinstance(it.app.screen, Question))
            if answer == "yes":
                await it.until(lambda: SECRET in "".join(stranger.seen))
                return
            await _look_at_every_step(it)
            await it.sees(f"was not sent to {stranger.url}")
        assert SECRET not in "".join(stranger.seen)


async def _look_at_every_step(it: Sitting) -> None:
    """Up to the review; on each, what F5 looks at, and a moment for what it begins."""
    for step in OUTLINE[1:]:
        await it.go_to(step.title)
        await it.press("f5")
        await it.pilot.pause(0.2)
        if step.id is StepId.REVIEW:
            return


def _evil(world: World, settings: str) -> str:
    """A profile that is right but for one address."""
    loaded = yaml.safe_load(world.profile.read_text())
    return yaml.safe_dump(loaded | yaml.safe_load(settings), sort_keys=False)


def save(file: Path, text: str) -> None:
    file.write_text(text)
