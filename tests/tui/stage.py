"""A machine that is the same on every machine: what pictures are made of.

GitLab, the cluster and the manager are the fakes of all tests, under fixed names; times come from
a clock that counts what happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.fakes.gitlab import FakeGitLab, RunnerPlayer
from tests.fakes.kubernetes import FakeCluster
from tests.fakes.names import Names
from tests.journeys.world import NAMESPACE
from wizard.profile.draft import Draft
from wizard.tui import drafts
from wizard.tui.app import WizardApp
from wizard.tui.files import opened_session
from wizard.tui.machine_facts import MachineFacts
from wizard.tui.memory import Memory
from wizard.wiring.machine import Machine

GITLAB, CLUSTER = "gitlab.example.com", "k3s.example.com"
ID, UID, MANAGER = "3f9c2a71", "0b54e1d2-6f0c-4c1e-9a57-2d8f4f1c7a10", "r_N56XibT0p6LY"
_SECONDS_EACH = 1.7
_TAKEN_AWAY = (
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "NO_COLOR",
    "TEXTUAL_THEME",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "KUBERNETES_SERVICE_HOST",
)
_NODES = {
    # name: CPU, memory, and what runs on it already asks for
    "k3s-1": ("4", "8Gi", "1800m", "2Gi"),
    "k3s-2": ("4", "8Gi", "700m", "5Gi"),
    "k3s-pool-3f81c0-worker-7": ("2", "4Gi", "1200m", "1Gi"),
}
_STORES = {
    "infisical-cluster-secretstore": ({"infisical": {}}, "True"),
    "vault-of-the-team": ({"vault": {}}, "False"),
}


class Stage:
    """Fakes with names, and the environment in which a wizard finds them.

    Args:
        folder: an empty one; it becomes the home.
        projects: how many more projects GitLab has.
        nodes: how many more nodes the cluster has.
    """

    def __init__(self, folder: Path, *, projects: int = 0, nodes: int = 0) -> None:
        self.home = folder
        self.folder = folder / "homelab"
        self.folder.mkdir()
        self.gitlab = _gitlab(projects)
        self.cluster = _cluster(nodes)
        self.cluster.controllers.pod_started = self._manager_starts
        self._token = self.gitlab.add_token("api")
        self._names = Names({GITLAB: self.gitlab.url, CLUSTER: self.cluster.url}, folder / "ca.pem")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for one in (self.gitlab, self.cluster, self._names):
            self._stack.enter_context(one)
        self._write_kubeconfig()
        git = self.folder / ".git"
        git.mkdir()
        (git / "config").write_text(
            f'[remote "origin"]\n\turl = https://{GITLAB}/acme/homelab.git\n'
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """Variables to be set; those with an empty value are to be taken away."""
        return {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "KUBECONFIG": str(self.home / "kubeconfig"),
            "GITLAB_TOKEN": self._token.get_secret_value(),
            "GITLAB_HOST": GITLAB,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "SSL_CERT_FILE": str(self._names.ca_file),
            "HTTPS_PROXY": self._names.url,
        } | dict.fromkeys(_TAKEN_AWAY, "")

    def wizard(self, preset: str = "homelab") -> WizardApp:
        """The wizard on a new profile that is like a preset; what identifies it is fixed."""
        draft = drafts.of_preset(preset, self.folder)
        draft.path = self.folder / "homelab.yaml"
        draft.set(("id",), ID)
        for key, value in {
            ("name",): "homelab",
            ("gitlab", "url"): f"https://{GITLAB}",
            ("runners", 0, "name"): "homelab",
            ("runners", 0, "scope"): {"project": "acme/homelab"},
        }.items():
            draft.set(key, value)
        return self.opened(draft)

    def opened(self, draft: Draft) -> WizardApp:
        """The wizard on a draft."""
        memory = Memory(self.home / "state" / "runner-wizard")
        facts = MachineFacts(Machine(folder=self.folder), memory)
        app = WizardApp(opened_session(draft, facts), fresh=False)
        facts.clock = _clock(app)
        return app

    def _write_kubeconfig(self) -> None:
        config = json.loads(
            self.cluster.write_kubeconfig(self.home / "kubeconfig", "k3s").read_text()
        )
        config["clusters"][0]["cluster"] = {
            "server": f"https://{CLUSTER}:6443",
            "certificate-authority": str(self._names.ca_file),
        }
        (self.home / "kubeconfig").write_text(json.dumps(config))

    def _manager_starts(self, _pod: dict[str, Any]) -> None:
        secret = self.cluster.find("Secret", "gitlab-runner-homelab-token", NAMESPACE)
        assert secret
        (runner,) = self.gitlab.runners
        player = RunnerPlayer(self.gitlab.url, runner.token, MANAGER)
        self._stack.enter_context(player.working(every=0.05))


def _clock(app: WizardApp) -> Callable[[], float]:
    """Every event takes as long as any other."""

    def seconds() -> float:
        work = app.session.work
        return _SECONDS_EACH * len(work.events if work else ())

    return seconds


def _gitlab(more: int) -> FakeGitLab:
    gitlab = FakeGitLab()
    gitlab.external_url = f"https://{GITLAB}"
    gitlab.user.username = "robin"
    gitlab.add_group("acme")
    for name in ("homelab", "website", "backups"):
        gitlab.add_project(f"acme/{name}")
    for number in range(more):
        gitlab.add_project(f"acme/project-{number:05}")
    return gitlab


def _cluster(more: int) -> FakeCluster:
    cluster = FakeCluster("argocd", "external-secrets", version="v1.32.4+k3s1")
    cluster.store.objects["Namespace", "", "kube-system"]["metadata"]["uid"] = UID
    nodes = _NODES | {f"node-{number:03}": ("4", "8Gi", "1", "1Gi") for number in range(more)}
    for name, (cpu, memory, used_cpu, used_memory) in nodes.items():
        cluster.seed(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name},
                "status": {
                    "allocatable": {"cpu": cpu, "memory": memory},
                    "nodeInfo": {"architecture": "amd64"},
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            }
        )
        requests = {"cpu": used_cpu, "memory": used_memory}
        cluster.seed(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"on-{name}", "namespace": "default"},
                "spec": {
                    "nodeName": name,
                    "containers": [{"name": "it", "resources": {"requests": requests}}],
                },
                "status": {"phase": "Running"},
            }
        )
    for name, (provider, ready) in _STORES.items():
        cluster.seed(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterSecretStore",
                "metadata": {"name": name},
                "spec": {"provider": provider},
                "status": {
                    "capabilities": "ReadWrite",
                    "conditions": [{"type": "Ready", "status": ready}],
                },
            }
        )
    cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "k3s-control"},
            "spec": {"unschedulable": True},
            "status": {
                "allocatable": {"cpu": "2", "memory": "4Gi"},
                "nodeInfo": {"architecture": "amd64"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )
    return cluster
