"""What GitLab says beforehand about a runner that would not go with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fakes.gitlab import FakeGitLab
from wizard.checks import CHECKS, Connected, Declared, versions
from wizard.checks.running import refuse_failed
from wizard.core.changes import System
from wizard.core.errors import RefusedError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import RunOptions
from wizard.profile.load import load_text
from wizard.profile.presets import from_preset
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.wiring import Wiring


@pytest.mark.parametrize(
    ("gitlab", "verdict", "said"),
    [
        ("19.4.1-ee", Verdict.OK, ""),
        ("19.3.0", Verdict.OK, ""),
        ("19.1.0", Verdict.WARN, "Runner 19.3.1 is newer than GitLab 19.1.0."),
        ("20.0.0", Verdict.WARN, "Runner 19.3.1 is a major version behind GitLab 20.0.0."),
        ("15.11.13", Verdict.FAIL, "GitLab 15.11.13 is too old."),
    ],
)
def test_the_runners_version_is_held_against_gitlabs(
    tmp_path: Path, gitlab: str, verdict: Verdict, said: str
) -> None:
    with FakeGitLab() as fake:
        fake.version = gitlab
        preset = from_preset("direct", {}, "3f9c2a71")
        text = re.sub(r"runner_version: .*", "runner_version: 19.3.1", preset)
        loaded = load_text(text, tmp_path / "p.yaml")
        reached = PythonGitLab(fake.url, fake.add_token())
        connected = Connected(loaded, Wiring(loaded), RunOptions(), gitlab=reached)
        (check,) = versions.skew(connected)
        assert check.verdict is verdict
        assert (check.finding.problem if check.finding else "") == said


def test_every_check_has_an_id_of_its_own() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(isinstance(check, Declared) and isinstance(check.of, System) for check in CHECKS)


def test_one_refusal_says_everything_once() -> None:
    wall, other = Finding("A wall.", fix="Climb it"), Finding("Another.")
    failed = [Check(str(n), Verdict.FAIL, one) for n, one in enumerate((wall, other, wall))]
    with pytest.raises(RefusedError) as refused:
        refuse_failed([Check("fine", Verdict.OK), *failed])
    assert refused.value.problem == "Nothing was changed: 2 checks failed."
    assert refused.value.findings == (wall, other)
    assert "fix: Climb it" in refused.value.cause
