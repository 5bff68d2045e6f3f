"""Helm, the peer of rendering: what it makes of the homelab preset with a copy of the chart."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.timing import ROOT, WIZARD

RELEASE = "gitlab-runner-homelab"


def template(folder: Path) -> list[str]:
    """The command that renders the preset's own values; empty where `missing` says why not.

    Args:
        folder: an empty one of its own, for the values.
    """
    if missing():
        return []
    profile = (ROOT / "profiles" / "homelab.yaml").read_text()
    (folder / "homelab.yaml").write_text(profile.replace("as: argocd", "as: helm"))
    rendered = folder / "rendered"
    subprocess.run(
        [*WIZARD, "render", str(folder / "homelab.yaml"), "-o", str(rendered)],
        check=True,
        capture_output=True,
    )
    (values,) = rendered.glob(f"*/{RELEASE}/values.yaml")
    chart = os.environ["HELM_CHART"]
    return ["helm", "template", RELEASE, chart, "-n", "gitlab-runner", "-f", str(values)]


def missing() -> str:
    """Why Helm cannot be measured here; empty where it can."""
    if not shutil.which("helm"):
        return "no helm"
    chart = os.environ.get("HELM_CHART", "")
    return "" if chart and Path(chart).exists() else "HELM_CHART names no copy of GitLab's chart"
