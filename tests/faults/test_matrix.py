"""Whatever comes over the wire, a person is told what is wrong, why, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.fakes.proxy import FaultyProxy
from tests.faults.matrix import every_cell
from tests.systems.kubernetes.objects import config_map, namespace
from wizard.core.facts import Scope
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import SecretStr
from wizard.systems.gitlab import RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.connection import Connection
from wizard.systems.http.policy import Policy
from wizard.systems.kubernetes import Permission
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.api import Api, Timeouts
from wizard.systems.kubernetes.kubeconfig import load
from wizard.systems.kubernetes.setups import find_setups


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "_pause", lambda *_: None)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_every_call_to_gitlab(stack: ExitStack) -> None:
    fake = stack.enter_context(FakeGitLab())
    fake.add_group("acme")
    project = fake.add_project("acme/homelab")
    scope = Scope("project", "acme/homelab", project.id)
    token = fake.add_token()
    proxy = stack.enter_context(FaultyProxy(fake.url))

    def gitlab() -> PythonGitLab:
        return PythonGitLab(proxy.url, token, Connection(connect_timeout=1, read_timeout=2))

    settings = RunnerSettings(description="homelab", tags=frozenset({"a"}), run_untagged=True)
    made = gitlab().create_runner(scope, settings)
    calls = {
        "version": lambda: gitlab().version(),
        "whoami": lambda: gitlab().whoami(),
        "resolve": lambda: gitlab().resolve("project", "acme/homelab"),
        "search_projects": lambda: gitlab().search_projects("acme"),
        "search_groups": lambda: gitlab().search_groups(),
        "find_runners": lambda: gitlab().find_runners(scope, "homelab"),
        "list_runners": lambda: gitlab().list_runners(scope),
        "get_runner": lambda: gitlab().get_runner(made.id),
        "create_runner": lambda: gitlab().create_runner(scope, settings),
        "update_runner": lambda: gitlab().update_runner(made.id, {"paused": False}),
        "reset_token": lambda: gitlab().reset_token(made.id),
        "managers": lambda: gitlab().managers(made.id),
        "access_level": lambda: gitlab().access_level(scope, 1),
        "knows_token": lambda: gitlab().knows_token(SecretStr("glrt-" + "0" * 20)),
        "project": lambda: gitlab().project(project.id),
        "protected_branches": lambda: gitlab().protected_branches(project.id),
        "push_rule": lambda: gitlab().push_rule(project.id),
        "pipeline": lambda: gitlab().pipeline(project.id, 1),
        "cancel_pipeline": lambda: gitlab().cancel_pipeline(project.id, 1),
        "find_pipelines": lambda: gitlab().find_pipelines(project.id, "main"),
        "create_pipeline": lambda: gitlab().create_pipeline(project.id, "main"),
        "jobs": lambda: gitlab().jobs(project.id, 1),
        "trace": lambda: gitlab().trace(project.id, 1),
        "delete_branch": lambda: gitlab().delete_branch(project.id, "gone"),
        "delete_by_token": lambda: gitlab().delete_by_token(SecretStr("glrt-" + "0" * 20)),
        "now": lambda: gitlab().now(),
    }
    _told("GitLab", *every_cell(proxy, calls))


def test_every_call_to_kubernetes(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = stack.enter_context(FakeCluster("external-secrets", "argocd"))
    proxy = stack.enter_context(FaultyProxy(fake.url))
    file = fake.write_kubeconfig(tmp_path / "config")
    config = yaml.safe_load(file.read_text())
    config["clusters"][0]["cluster"] = {"server": proxy.url}
    file.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(file))

    def api() -> Api:
        return Api(load().select(""), Timeouts(connect=1, read=2))

    def cluster() -> KubernetesCluster:
        return KubernetesCluster(api())

    cluster().apply(namespace())
    cluster().apply(config_map())
    ref = config_map().ref
    secret = ObjectRef("v1", "Secret", ref.namespace, "x")
    calls = {
        "uid": lambda: cluster().uid(),
        "version": lambda: cluster().version(),
        "get": lambda: cluster().get(ref),
        "find": lambda: cluster().find("v1", "ConfigMap"),
        "secret_fingerprint": lambda: cluster().secret_fingerprint(secret, "runner-token"),
        "apply": lambda: cluster().apply(config_map()),
        "diff": lambda: cluster().diff(config_map()),
        "annotate": lambda: cluster().annotate(ref, {"a": "b"}),
        "owned": lambda: cluster().owned("3f9c2a71"),
        "may": lambda: cluster().may(Permission("get", "", "pods")),
        "refused": lambda: cluster().refused([Permission("get", "", "pods")]),
        "logs": lambda: cluster().logs("ci", "pod"),
        "discover": lambda: cluster().discover(),
        "setups": lambda: find_setups(api()),
    }
    _told("Kubernetes", *every_cell(proxy, calls))


def _told(system: str, ended: dict[str, int], bad: list[str]) -> None:
    sys.stderr.write(f"\n{system}: {sum(ended.values())} cells, {len(bad)} bad: {dict(ended)}\n")
    assert not bad, "\n".join(bad[:60])
