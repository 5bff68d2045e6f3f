"""The commands of Helm's page, run as they stand against a real API server, with a real helm."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cluster import RealCluster
from tests.render.chart import chart_and_runner, with_every_chart
from tests.render.profiles import PRESETS, of_chart, packaged
from wizard.render import files
from wizard.render.packagings.helm import install_commands, uninstall_commands

pytestmark = pytest.mark.cluster


class _Shell:
    """Runs commands in a folder, with a copy of the chart for the one in GitLab's repository.

    There is no controller that would make a pod ready, so nothing is waited for.
    """

    def __init__(self, folder: Path, cluster: RealCluster, chart: Path) -> None:
        self._folder, self._chart = folder, str(chart)
        assets = os.environ["KUBEBUILDER_ASSETS"]
        self._environment = {
            "PATH": f"{assets}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KUBECONFIG": str(cluster.kubeconfig()),
        }
        if not shutil.which("kubectl", path=self._environment["PATH"]):
            pytest.skip("no kubectl in KUBEBUILDER_ASSETS or on PATH")

    def run(self, command: str) -> str:
        words = [word for word in shlex.split(command) if word != "--wait"]
        if words[:2] == ["helm", "upgrade"]:
            words[words.index("gitlab-runner")] = self._chart
            for option in ("--repo", "--version"):
                at = words.index(option)
                del words[at : at + 2]
        done = subprocess.run(
            words,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stderr}"
        return done.stdout


@with_every_chart
@pytest.mark.parametrize("preset", PRESETS)
def test_the_commands_install_upgrade_and_uninstall_every_runner(
    preset: str, chart: Path, real_cluster_with_operators: RealCluster, tmp_path: Path
) -> None:
    profile = of_chart(packaged(preset, "helm"), *chart_and_runner(chart))
    # A store and namespaces that no other test of this server makes.
    own = {"namespace": f"helm-{preset}", "job_namespace": f"helm-{preset}-jobs"}
    cluster = profile.cluster.model_copy(update=own)
    profile = profile.model_copy(update={"cluster": cluster, "name": f"helm-{preset}"})
    for file in files(profile):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
    shell = _Shell(tmp_path, real_cluster_with_operators, chart)
    for revision in ("1", "2"):
        told = [shell.run(command) for command in install_commands(profile)]
        assert all(f"REVISION: {revision}\n" in one for one in told[1:])
        assert len(told) == 1 + len(profile.runners)
    for command in uninstall_commands(profile):
        assert "uninstalled" in shell.run(command)
