"""Plain manifests in a folder, and the token in a Secret that no file holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.kubernetes import FakeCluster
from tests.journeys.gitops_world import PlayedGitOps
from tests.journeys.world import NAMESPACE


class PlainWorld(PlayedGitOps):
    """The preset `direct`, written as files; a person applies them with kubectl."""

    argocd_is_there = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, cluster=FakeCluster())

    def prepare(self) -> None:
        text = self.profile.read_text().replace("to: cluster", "to: directory")
        self.profile.write_text(text)

    def apply_files(self) -> None:
        """`kubectl apply -k manifests`."""
        files = self.repository.glob("manifests/*/*.yaml")
        bodies = [
            body
            for file in sorted(files)
            if file.name != "kustomization.yaml"
            for body in yaml.safe_load_all(file.read_text())
        ]
        for body in sorted(bodies, key=lambda body: body["kind"] != "Namespace"):
            self._put(body)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[PlainWorld]:
    with PlainWorld(tmp_path) as world:
        world.prepare()
        yield world


def problems(world: PlainWorld, code: int) -> list[dict[str, Any]]:
    ended = world.wizard("plan", str(world.profile), "--json")
    assert ended.code == code, ended.err + ended.out
    return [one for one in ended.document["data"]["checks"] if one["verdict"] == "fail"]


def test_the_first_apply_makes_the_namespace_that_the_tokens_go_into(plain: PlainWorld) -> None:
    planned = plain.wizard("plan", str(plain.profile))
    assert f"Namespace {NAMESPACE}" in planned.out
    assert plain.cluster.writes == []
    ended = plain.apply()
    assert ended.code == 4, ended.err + ended.out
    assert plain.cluster.find("Namespace", NAMESPACE)
    assert plain.live_tokens == [plain.secret_token]
    (namespaces,) = plain.repository.glob("manifests/*/namespaces.yaml")
    made = [one["metadata"]["name"] for one in yaml.safe_load_all(namespaces.read_text())]
    assert NAMESPACE in made, "the files keep it"
    plain.apply_files()
    ended = plain.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"


def test_who_may_make_no_namespace_is_told_to_sync_the_files_first(plain: PlainWorld) -> None:
    plain.cluster.deny(resource="namespaces", verb="create")
    (said,) = problems(plain, 3)
    assert f"there is no namespace {NAMESPACE} yet" in said["problem"]
    assert said["cause"] == "the context's user may not create namespaces"
    assert "commit and sync them" in said["fix"]
    assert plain.gitlab.runners == []
