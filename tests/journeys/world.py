"""A whole world on loopback: GitLab, a cluster, managers in its pods, and the command line."""

from __future__ import annotations

import base64
import os
import re
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from tests.fakes.gitlab import FakeGitLab, RunnerPlayer
from tests.fakes.gitlab.state import Job, Runner
from tests.fakes.kubernetes import FakeCluster
from tests.wizard_process import ROOT, Command, Ended, run_wizard

NAMESPACE = "gitlab-runner"


@dataclass
class World:
    """GitLab with the project acme/homelab, an empty cluster, and a profile for both."""

    folder: Path
    gitlab: FakeGitLab = field(default_factory=FakeGitLab)
    cluster: FakeCluster = field(default_factory=FakeCluster)
    scopes: tuple[str, ...] = ("api",)
    name: str = "direct"
    """The preset, and its runner."""
    managers_start: bool = True
    """Whether the program in a manager's pod comes up, once the pod has."""

    jobs_end: bool = True

    def __post_init__(self) -> None:
        self._stack = ExitStack()
        self.profile = self.folder / f"{self.name}.yaml"
        self.players: list[RunnerPlayer] = []

    def __enter__(self) -> Self:
        self._stack.enter_context(self.gitlab)
        self._stack.enter_context(self.cluster)
        self.project = self.gitlab.add_project("acme/homelab")
        self.token = self.gitlab.add_token(*self.scopes)
        self.kubeconfig = self.cluster.write_kubeconfig(self.folder / "kubeconfig")
        self.cluster.controllers.pod_started = self._pod_started
        preset = (ROOT / "profiles" / f"{self.name}.yaml").read_text()
        self.profile.write_text(
            preset.replace("url: https://gitlab.com\n", f"url: {self.gitlab.url}\n").replace(
                "context: null", "context: fake"
            )
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        home = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        return home | {
            "KUBECONFIG": str(self.kubeconfig),
            "GITLAB_TOKEN": self.token.get_secret_value(),
            "GITLAB_HOST": self.gitlab.url,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def wizard(self, *arguments: str, timeout: float = 60) -> Ended:
        """Run `runner-wizard ARGUMENTS` to its end, without a terminal."""
        return run_wizard(
            *arguments, environment=self.environment, folder=self.folder, seconds=timeout
        )

    def started(self, *arguments: str) -> Command:
        """The same, while it runs."""
        return Command(*arguments, environment=self.environment, folder=self.folder)

    def apply(self, *options: str) -> Ended:
        return self.wizard(
            "apply", str(self.profile), "--yes", "--json", "--timeout", "20", *options
        )

    def killed_at(self, event: int, *arguments: str) -> int:
        """Run a command and kill it (SIGKILL) at its n-th event; how many it lived to say."""
        process = self.started(*arguments)
        said = 0
        for line in process.stdout:
            if not line.startswith('{"event"'):
                break
            said += 1
            if said == event:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.close()
        process.wait(30)
        return said

    def killed_at_kind(self, kind: str, *arguments: str) -> bool:
        """The same at its first event of a kind; whether it came to that."""
        process = self.started(*arguments, "--json")
        came = any(f'"event": "{kind}"' in line for line in process.stdout)
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        process.wait(30)
        return came

    def change(self, before: str, after: str) -> None:
        """Edit the profile as a person does."""
        text = self.profile.read_text()
        assert before in text
        self.profile.write_text(text.replace(before, after, 1))

    @property
    def secret_token(self) -> str:
        return self.token_of(f"gitlab-runner-{self.name}")

    def token_of(self, release: str) -> str:
        """What stands in the Secret of a release's token."""
        secret = self.cluster.find("Secret", f"{release}-token", NAMESPACE)
        assert secret, "there is no token Secret"
        return base64.b64decode(secret["data"]["runner-token"]).decode()

    @property
    def live_tokens(self) -> list[str]:
        return [runner.token for runner in self.gitlab.runners]

    def jobs_of(self, runner: Runner) -> list[Job]:
        return [job for job in self.gitlab.state.jobs.values() if job.runner is runner]

    def add_twin_of(self, runner: Runner) -> None:
        """A second runner with the same description, as a run that raced with ours leaves it."""
        twin = replace(runner, id=self.gitlab.state.new_id(), token=runner.token + "x", managers={})
        self.gitlab.state.runners[twin.id] = twin

    @property
    def changed_objects(self) -> list[tuple[str, str]]:
        """What was really changed in the cluster, but for the Lease of who changed it."""
        return [one for one in self.cluster.writes if not one[1].startswith("Lease ")]

    def forget_writes(self) -> None:
        """Count writes from here on."""
        self.cluster.writes.clear()
        self.gitlab.calls.clear()

    def _pod_started(self, pod: dict[str, Any]) -> None:
        """What the manager in the pod does: read its token once, and ask GitLab for jobs."""
        if not self.managers_start:
            return
        release = pod["metadata"]["labels"]["app.kubernetes.io/instance"]
        player = RunnerPlayer(self.gitlab.url, self.token_of(release), version=_version_in(pod))
        player.ends_jobs = self.jobs_end
        self.players.append(player)
        self._stack.enter_context(player.working(every=0.1))


def _version_in(pod: dict[str, Any]) -> str:
    """The gitlab-runner of a pod's image; the profile's default where the image says none."""
    found = re.search(r"v(\d+\.\d+\.\d+)", pod["spec"]["containers"][0]["image"])
    return found[1] if found else "19.3.1"
