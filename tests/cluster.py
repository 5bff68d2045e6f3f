"""A real kube-apiserver with etcd for tests marked `cluster`, from `KUBEBUILDER_ASSETS`.

The folder named there holds `kube-apiserver` (the ecosystem's envtest convention); `etcd` is taken
from there or from PATH. There are no controllers and no nodes: tests play them by writing status.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "schemas"
"""CRDs of the custom resources we write, where a checkout has them beside it."""

_CRDS = (
    "eso/external-secrets.io_externalsecrets.yaml",
    "eso/external-secrets.io_secretstores.yaml",
    "eso/external-secrets.io_clustersecretstores.yaml",
    "eso/external-secrets.io_pushsecrets.yaml",
    "argo-cd/application-crd.yaml",
    "flux/helm.toolkit.fluxcd.io_helmreleases.yaml",
    "flux/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
    "flux/source.toolkit.fluxcd.io_helmrepositories.yaml",
)
_USERS = {"admin": '"system:masters"', "reader": "", "nobody": ""}
_RBAC = "rbac.authorization.k8s.io"
# The built-in role `view` stays empty without the controller that aggregates it.
_READER_RULES = [
    {
        "apiGroups": ["", "apps"],
        "resources": ["configmaps", "deployments", "namespaces", "pods", "replicasets"],
        "verbs": ["get", "list", "watch"],
    }
]


class RealCluster:
    """One API server on loopback and the kubeconfigs of its users: admin, reader, nobody."""

    def __init__(self, home: Path, assets: Path) -> None:
        self._home = home
        self._assets = assets
        self._tokens = {user: secrets.token_hex(16) for user in _USERS}
        self._started: list[subprocess.Popen[bytes]] = []
        self._port, self._etcd_port, self._peer_port = _free_ports(3)

    def start(self) -> None:
        self._write_files()
        client = f"http://127.0.0.1:{self._etcd_port}"
        peer = f"http://127.0.0.1:{self._peer_port}"
        self._run(
            _program("etcd", self._assets),
            f"--data-dir={self._home / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync=true",
        )
        self._run(
            _program("kube-apiserver", self._assets),
            f"--etcd-servers={client}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--cert-dir={self._home / 'pki'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._home / 'sa.key'}",
            f"--service-account-signing-key-file={self._home / 'sa.key'}",
            f"--token-auth-file={self._home / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--allow-privileged=true",
        )
        self._wait_until("/readyz", "ok", seconds=60)
        self._let_reader_read()

    def stop(self) -> None:
        for process in reversed(self._started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def kubeconfig(self, user: str = "admin") -> Path:
        return self._home / f"{user}.kubeconfig"

    def use(self, monkeypatch: pytest.MonkeyPatch, user: str = "admin") -> None:
        """Make a test's kubeconfig that of a user."""
        monkeypatch.setenv("KUBECONFIG", str(self.kubeconfig(user)))

    def call(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        """Do what other people or controllers would do; as admin, without the wizard's code."""
        import urllib3

        urllib3.disable_warnings()
        answer = urllib3.PoolManager(cert_reqs="CERT_NONE").request(
            method,
            f"https://127.0.0.1:{self._port}{path}",
            body=None if body is None else json.dumps(body),
            headers={
                "Authorization": f"Bearer {self._tokens['admin']}",
                "Content-Type": content_type,
            },
            retries=False,
            timeout=10,
        )
        if answer.status >= 400:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        text = answer.data.decode()
        return json.loads(text) if text.startswith("{") else text

    def install(self, crd: Path) -> None:
        """Install a CustomResourceDefinition and wait until its kind is served."""
        import yaml

        body = yaml.load(crd.read_text(), Loader=yaml.CSafeLoader)
        root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        made = self.call("POST", root, body)
        name = made["metadata"]["name"]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            conditions = self.call("GET", f"{root}/{name}")["status"].get("conditions") or ()
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} was not established")

    def _let_reader_read(self) -> None:
        root, named = f"/apis/{_RBAC}/v1", {"metadata": {"name": "reader"}}
        self.call("POST", f"{root}/clusterroles", named | {"rules": _READER_RULES})
        role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "reader"}
        subject = {"apiGroup": _RBAC, "kind": "User", "name": "reader"}
        binding = named | {"roleRef": role, "subjects": [subject]}
        self.call("POST", f"{root}/clusterrolebindings", binding)

    def _write_files(self) -> None:
        _write_key(self._home / "sa.key")
        lines = [f"{self._tokens[user]},{user},{user},{group}" for user, group in _USERS.items()]
        (self._home / "tokens.csv").write_text("\n".join(line.rstrip(",") for line in lines))
        for user in _USERS:
            cluster = {
                "server": f"https://127.0.0.1:{self._port}",
                "insecure-skip-tls-verify": True,
            }
            config = {
                "current-context": user,
                "contexts": [{"name": user, "context": {"cluster": "real", "user": user}}],
                "clusters": [{"name": "real", "cluster": cluster}],
                "users": [{"name": user, "user": {"token": self._tokens[user]}}],
            }
            self.kubeconfig(user).write_text(json.dumps(config))

    def _run(self, program: str, *arguments: str) -> None:
        log = (self._home / f"{Path(program).name}.log").open("wb")
        with log:
            self._started.append(
                subprocess.Popen([program, *arguments], stdout=log, stderr=subprocess.STDOUT)
            )

    def _wait_until(self, path: str, answer: str, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self._started):
                break
            try:
                if self.call("GET", path) == answer:
                    return
            except Exception:
                time.sleep(0.2)
        logs = "\n".join(log.read_text()[-2000:] for log in self._home.glob("*.log"))
        raise AssertionError(f"the API server did not become ready\n{logs}")


@pytest.fixture(scope="session")
def real_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """A real API server, or a skip that says what is missing."""
    assets = Path(os.environ.get("KUBEBUILDER_ASSETS", ""))
    if not os.environ.get("KUBEBUILDER_ASSETS"):
        pytest.skip("KUBEBUILDER_ASSETS names no folder with a kube-apiserver")
    for program in ("kube-apiserver", "etcd"):
        if not _program(program, assets):
            pytest.skip(f"no {program} in {assets} or on PATH")
    cluster = RealCluster(tmp_path_factory.mktemp("cluster"), assets)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def real_cluster_with_operators(real_cluster: RealCluster) -> RealCluster:
    """The real API server, knowing the kinds of External Secrets and Argo CD."""
    if not SCHEMAS.is_dir():
        pytest.skip("no ../shared/schemas with CRDs beside this checkout")
    for crd in _CRDS:
        real_cluster.install(SCHEMAS / crd)
    return real_cluster


def _program(name: str, assets: Path) -> str:
    return shutil.which(name, path=str(assets)) or shutil.which(name) or ""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _write_key(file: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
