"""Start-up and rendering of one profile, against Python itself and Helm."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

from bench.timing import WIZARD, in_turns, table


def measure(runs: int) -> None:
    helm = shutil.which("helm")
    version = {
        "runner-wizard --version": [*WIZARD, "--version"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    if helm:
        version["helm version"] = [helm, "version"]
    table("Start-up", in_turns(version, runs))
    chart = os.environ.get("HELM_CHART")
    with tempfile.TemporaryDirectory() as folder:
        render = {
            "runner-wizard render homelab.yaml": [
                *WIZARD,
                "render",
                "profiles/homelab.yaml",
                "-o",
                folder,
            ],
            "python -c 'import pydantic, yaml, click'": [
                sys.executable,
                "-c",
                "from pydantic import BaseModel; import yaml, click",
            ],
        }
        if helm and chart:
            render["helm template"] = [helm, "template", "gitlab-runner", chart]
        table("Rendering one runner", in_turns(render, runs))
    if not helm:
        print("  skipped: helm is not installed")
    elif not chart:
        print("  skipped: helm template, as HELM_CHART names no chart")
