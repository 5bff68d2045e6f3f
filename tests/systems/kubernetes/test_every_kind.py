"""Every kind that is ever made is one of those that `destroy` and prune look for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wizard.render
from tests.render.profiles import PRESETS, profile_of
from wizard.render import manifests
from wizard.systems.backends import push_secret, sealed_secrets
from wizard.systems.kubernetes.adapter import EVER_CREATED

LOOKED_AT = {(version, kind) for version, kinds in EVER_CREATED for kind in kinds}
_ONLY_TRIED = {"Pod"}
"""A job's pod is shown to the admission, in a dry run."""


def _kinds_written_in_render() -> Iterator[str]:
    """The kind in every call that makes an object, whatever profile it takes to come there."""
    for file in Path(wizard.render.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "manifest":
                yield str(node.args[1].value) if isinstance(node.args[1], ast.Constant) else ""


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_renders_is_looked_for(preset: str) -> None:
    made = {(one.ref.api_version, one.ref.kind) for one in manifests(profile_of(preset))}
    assert ("apps/v1", "Deployment") in made
    assert made <= LOOKED_AT


def test_rendering_knows_no_kind_that_is_not_looked_for() -> None:
    written = set(filter(None, _kinds_written_in_render()))
    assert "Deployment" in written
    assert written - _ONLY_TRIED <= {kind for _, kind in LOOKED_AT}


@pytest.mark.parametrize(
    "made",
    [("v1", "Secret"), (push_secret.API, "PushSecret"), (sealed_secrets.API, "SealedSecret")],
)
def test_what_backends_make_is_looked_for(made: tuple[str, str]) -> None:
    assert made in LOOKED_AT
