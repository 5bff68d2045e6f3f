"""A preset's example values never pass without a word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.wizard_process import Ended, run_wizard
from wizard.core.problems import key_path
from wizard.profile.document import parse
from wizard.profile.examples import examples
from wizard.profile.presets import presets


def _wizard(*arguments: str, folder: Path) -> Ended:
    return run_wizard(*arguments, environment=os.environ, folder=folder)


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_every_presets_examples_are_known(preset: object) -> None:
    text = preset.path.read_text()  # type: ignore[attr-defined]
    found = {key_path(one.key) for one in examples(parse(text, "p"))}
    assert found & {"runners[0].scope.project", "runners[0].scope.group", "gitlab.url"}


def test_check_and_init_warn_of_an_example(tmp_path: Path) -> None:
    made = _wizard("init", "--preset", "homelab", "-o", "p.yaml", folder=tmp_path)
    assert "acme/homelab is an example" in made.err + made.out
    checked = _wizard("check", "p.yaml", folder=tmp_path)
    assert checked.code == 0
    warned = checked.err
    assert "acme/homelab is an example" in warned
    assert "https://gitlab.com/acme/homelab.git is an example" in warned


def test_values_of_ones_own_are_no_examples() -> None:
    text = (
        "gitlab: {url: https://gitlab.acme-works.com}\n"
        "runners: [{scope: {project: team/acme}, jobs: {image: example.com.de/a:1}}]\n"
    )
    assert examples(parse(text, "p")) == []
