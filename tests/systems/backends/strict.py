"""Custom resources against their definitions, strictly, where those are beside this checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import SCHEMAS


def assert_fits_its_definition(manifest: Path) -> None:
    """No field is unknown, none that is required is missing; skips without the definitions."""
    checker = SCHEMAS / "crdvalidate"
    if not checker.is_file():
        pytest.skip("no ../shared/schemas with CRDs beside this checkout")
    checked = subprocess.run(
        [sys.executable, str(checker), str(manifest)],
        capture_output=True,
        text=True,
        env={"CRDS": str(SCHEMAS)},
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SKIP" not in checked.stdout
