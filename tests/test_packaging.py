"""The wheel is the whole product: presets and assets travel inside it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "-w",
            str(folder),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "No module named pip" in done.stderr:
        done = subprocess.run(
            ["uv", "build", "--quiet", "--wheel", "-o", str(folder), str(ROOT)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_presets_assets_and_types_are_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "wizard/shipped/profiles/homelab.yaml" in names
    pictures = ROOT / "assets" / "screenshots"
    assets = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    needed = {f"wizard/shipped/{one.relative_to(ROOT)}" for one in assets if one.parent != pictures}
    assert needed <= set(names)
    assert not [name for name in names if "screenshots" in name]
    assert "wizard/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def test_installed_into_an_empty_environment_it_renders(wheel: Path, tmp_path: Path) -> None:
    # Dependencies come from the environment of the tests; the wheel alone is new.
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = home / "lib" / version / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def wizard(*arguments: str) -> str:
        command = [str(home / "bin" / "python"), "-m", "wizard", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    where = subprocess.run(
        [str(home / "bin" / "python"), "-c", "import wizard; print(wizard.__file__)"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(str(site))
    wizard("init", "--preset", "homelab", "-o", "homelab.yaml")
    wizard("render", "homelab.yaml", "-o", "out")
    assert (tmp_path / "out/argocd-apps/gitlab-runner-homelab.yaml").exists()
