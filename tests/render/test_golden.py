"""Every rendered byte of every preset in every packaging.

`GOLDEN=write pytest tests/render/test_golden.py` writes what is rendered now; read the diff.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.render.profiles import GOLDEN, PACKAGINGS, PRESETS, packaged
from wizard.render import files

ROOT = Path(__file__).resolve().parents[2]
_RENDER = """
import hashlib, sys
from tests.render.profiles import packaged
from wizard.render import files
for file in files(packaged(*sys.argv[1:])):
    sys.stdout.write(file.path + chr(0) + file.content + chr(0))
"""
_PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
)


@pytest.mark.parametrize("packaging", PACKAGINGS)
@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_rendered_is_what_was_reviewed(preset: str, packaging: str) -> None:
    folder = GOLDEN / f"{preset}-{packaging}"
    rendered = {file.path: file.content for file in files(packaged(preset, packaging))}
    if os.environ.get("GOLDEN") == "write":
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in rendered.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content, encoding="utf-8")
    reviewed = {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8")
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert sorted(rendered) == sorted(reviewed)
    for path, content in rendered.items():
        assert content == reviewed[path], path


@pytest.mark.parametrize("preset", PRESETS)
def test_another_machine_renders_the_same_bytes(preset: str) -> None:
    rendered = {
        subprocess.run(
            [sys.executable, "-c", _RENDER, preset, "argocd"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **place},
            capture_output=True,
            check=True,
        ).stdout
        for place in _PLACES
    }
    assert len(rendered) == 1
    assert rendered.pop()


def test_every_file_ends_with_one_line_end_and_has_no_trailing_spaces() -> None:
    for packaging in PACKAGINGS:
        for file in files(packaged("homelab", packaging)):
            assert file.content.endswith("\n")
            assert not file.content.endswith("\n\n")
            assert not any(line != line.rstrip() for line in file.content.splitlines()), file.path
