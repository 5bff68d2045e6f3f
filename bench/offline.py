"""Start-up and rendering of one profile, against Python itself and Helm."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench import helm
from bench.timing import WIZARD, bar, in_turns, table


def measure(runs: int) -> None:
    version = {
        "runner-wizard --version": [*WIZARD, "--version"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    if there := shutil.which("helm"):
        version["helm version"] = [there, "version"]
    table("Start-up", in_turns(version, runs))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as peers:
        ours, peer = "runner-wizard render homelab.yaml", "helm template, its values"
        render = {
            ours: [*WIZARD, "render", "profiles/homelab.yaml", "-o", folder],
            "python -c 'import pydantic, yaml, click'": [
                sys.executable,
                "-c",
                "from pydantic import BaseModel; import yaml, click",
            ],
        }
        if command := helm.template(Path(peers)):
            render[peer] = command
        taken = in_turns(render, runs)
        table("Rendering one runner", taken)
        found = taken[ours].seconds / taken[peer].seconds if command else None
        bar("render by helm template", found, "1.0x, at most 1.5x", helm.missing())
