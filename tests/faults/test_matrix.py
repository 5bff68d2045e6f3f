"""Whatever comes over the wire, a person is told what is wrong, why, and what to do."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.fakes.proxy import FaultyProxy
from tests.faults.matrix import Call, every_cell
from tests.systems.kubernetes.objects import config_map, namespace
from wizard.core.changes import Action
from wizard.core.facts import ClusterFacts, Scope
from wizard.core.manifest import ObjectRef
from wizard.systems.gitlab import Created, Page, RunnerPage, RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.connection import Connection
from wizard.systems.http.policy import Policy
from wizard.systems.kubernetes import Permission
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.api import Api, Timeouts
from wizard.systems.kubernetes.kubeconfig import load
from wizard.systems.kubernetes.setups import find_setups

_A_MINUTE = timedelta(minutes=1)


def _is_nothing(answer: object) -> bool:
    return not answer


def _is_an_empty_page(answer: object) -> bool:
    return answer in (Page((), None, None), RunnerPage((), None))


_MISSING = {"404": _is_nothing, "410": _is_nothing}
_EMPTY = {"[]": _is_nothing}
_SAYS_SO: dict[str, dict[str, Callable[[Any], bool]]] = {
    "search_projects": {"[]": _is_an_empty_page},
    "search_groups": {"[]": _is_an_empty_page},
    "list_runners": {"[]": _is_an_empty_page},
    # One of the two that goes between the list and the look at it is left out.
    "find_runners": {"[]": _is_nothing, "404": lambda found: len(found) < 2},
    "access_level": _MISSING,
    "protected_branches": _EMPTY,
    "find_pipelines": _EMPTY,
    "jobs": _EMPTY,
    "get": _MISSING,
    "secret_fingerprint": _MISSING,
    "diff": {"404": lambda answer: answer.action is Action.CREATE},  # its namespace is not there
}
"""What a read may answer to a word that says, as the server does, that nothing is there. Whether
to believe it is decided further in, where a second question is asked."""


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
    kept = gitlab().create_runner(scope, settings)

    def there() -> dict[int, tuple[object, ...]]:
        return {one.id: (one.token, one.paused) for one in fake.runners}

    def pipelines() -> list[int]:
        return sorted(fake.state.pipelines)

    def created(answer: Created) -> bool:
        newest = max(fake.runners, key=lambda one: one.id)
        return (answer.id, answer.token.get_secret_value()) == (newest.id, newest.token)

    def has_token(answer: Created) -> bool:
        return answer.token.get_secret_value() == there()[made.id][0]

    fake.state.trees[project.branches["main"]][".gitlab-ci.yml"] = "job: {script: [make]}"
    pipeline = gitlab().create_pipeline(project.id, "main")
    reads = {
        "version": lambda: gitlab().version(),
        "whoami": lambda: gitlab().whoami(),
        "resolve": lambda: gitlab().resolve("project", "acme/homelab"),
        "search_projects": lambda: gitlab().search_projects("acme"),
        "search_groups": lambda: gitlab().search_groups(),
        "find_runners": lambda: gitlab().find_runners(scope, "homelab"),
        "list_runners": lambda: gitlab().list_runners(scope),
        "get_runner": lambda: gitlab().get_runner(made.id),
        "managers": lambda: gitlab().managers(made.id),
        "access_level": lambda: gitlab().access_level(scope, 1),
        "project": lambda: gitlab().project(project.id),
        "protected_branches": lambda: gitlab().protected_branches(project.id),
        "push_rule": lambda: gitlab().push_rule(project.id),
        "find_pipelines": lambda: gitlab().find_pipelines(project.id, "main"),
        "jobs": lambda: gitlab().jobs(project.id, pipeline.id),
        "pipeline": lambda: gitlab().pipeline(project.id, pipeline.id),
    }
    calls = {
        name: Call(read, there, otherwise=_SAYS_SO.get(name, {})) for name, read in reads.items()
    }
    calls |= {
        "create_runner": Call(
            lambda: gitlab().create_runner(scope, settings), there, writes=True, right=created
        ),
        "update_runner": Call(
            lambda: gitlab().update_runner(made.id, {"paused": not there()[made.id][1]}),
            there,
            writes=True,
            right=lambda answer: answer.settings.paused == there()[made.id][1],
        ),
        "reset_token": Call(
            lambda: gitlab().reset_token(made.id), there, writes=True, right=has_token
        ),
        "create_pipeline": Call(
            lambda: gitlab().create_pipeline(project.id, "main"),
            pipelines,
            writes=True,
            right=lambda answer: answer.id == max(pipelines()),
        ),
        "cancel_pipeline": Call(
            lambda: gitlab().cancel_pipeline(project.id, pipeline.id),
            lambda: fake.state.pipelines[pipeline.id].status,
            writes=True,
            right=lambda _: fake.state.pipelines[pipeline.id].status == "canceled",
        ),
        "knows_token": Call(  # it is, and None where that could not be asked; never that it is not
            lambda: gitlab().knows_token(kept.token),
            there,
            right=lambda answer: answer is True or answer is None,
        ),
        "remove_manager": Call(  # there is none of that name, which is no error
            lambda: gitlab().remove_manager(kept.token, "r_gone"),
            there,
            right=lambda answer: answer is False,
        ),
        "delete_branch": Call(  # to be gone already is as good
            lambda: gitlab().delete_branch(project.id, "gone"), right=lambda answer: answer is None
        ),
    }
    calls["now"] = Call(
        lambda: gitlab().now(), right=lambda answer: abs(answer - datetime.now(UTC)) < _A_MINUTE
    )
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
    reads = {
        "uid": lambda: cluster().uid(),
        "version": lambda: cluster().version(),
        "get": lambda: cluster().get(ref),
        "find": lambda: cluster().find("v1", "ConfigMap"),
        "secret_fingerprint": lambda: cluster().secret_fingerprint(secret, "runner-token"),
        "diff": lambda: cluster().diff(config_map()),
        "owned": lambda: cluster().owned("3f9c2a71"),
        "may": lambda: cluster().may(Permission("get", "", "pods")),
        "refused": lambda: cluster().refused([Permission("get", "", "pods")]),
        "setups": lambda: find_setups(api()),
    }
    calls = {name: Call(read, otherwise=_SAYS_SO.get(name, {})) for name, read in reads.items()}
    calls["logs"] = Call(  # text, whatever it is
        lambda: cluster().logs("ci", "pod"), right=lambda answer: isinstance(answer, str)
    )
    whole = cluster().discover()
    calls["discover"] = Call(
        lambda: cluster().discover(), right=lambda answer: _is_all_that_was_seen(answer, whole)
    )
    number = itertools.count()

    def settings() -> object:
        return fake.find("ConfigMap", ref.name, ref.namespace)["metadata"].get("annotations")

    calls["annotate"] = Call(
        lambda: cluster().annotate(ref, {"a": str(next(number))}), settings, writes=True
    )
    _told("Kubernetes", *every_cell(proxy, calls))


def _is_all_that_was_seen(found: ClusterFacts, whole: ClusterFacts) -> bool:
    """What is missing is said, and nothing is there that is not so."""
    if found == whole:
        return True
    facts = [field.name for field in fields(found) if field.name not in {"trouble", "reachable"}]
    true = all(_part_of(getattr(found, name), getattr(whole, name)) for name in facts)
    return bool(found.trouble) and true


def _part_of(some: Any, all_of_it: Any) -> bool:
    if isinstance(some, tuple):
        return set(some) <= set(all_of_it)
    return some in (all_of_it, type(all_of_it)())


def _told(system: str, ended: dict[str, int], bad: list[str]) -> None:
    sys.stderr.write(f"\n{system}: {sum(ended.values())} cells, {len(bad)} bad: {dict(ended)}\n")
    assert not bad, "\n".join(bad[:60])
