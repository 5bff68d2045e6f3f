"""What `kubectl kustomize` makes of the files of a profile."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from wizard.profile.model import Profile
from wizard.render import files


def kustomized(profile: Profile, folder: Path) -> set[tuple[str, str]]:
    """Kind and name of every object it builds; skips the test where there is no kubectl."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not on PATH")
    for file in files(profile):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder / "manifests")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {(one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(done.stdout)}
