"""From a runner that somebody set up by hand to one of the wizard's: read, applied, removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.gitlab.state import Runner
from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.setups import VALUES, by_hand, with_argocd, with_helm
from tests.journeys.test_adopt import made_by_hand
from tests.journeys.world import NAMESPACE, Ended, World

CONFIG = """\
concurrent = 3
[[runners]]
  name = "build"
  url = "https://gitlab.example.com"
  executor = "kubernetes"
  [runners.kubernetes]
    image = "alpine:3.20"
    privileged = true
"""


@pytest.fixture
def old(world: World) -> Runner:
    return made_by_hand(world)


def take_over(world: World, *arguments: str) -> Ended:
    return world.wizard("init", "--from-cluster", *arguments, "-o", "taken.yaml")


def made(world: World) -> dict[str, Any]:
    return dict(yaml.safe_load((world.folder / "taken.yaml").read_text()))


SETUPS: dict[str, tuple[Callable[[FakeCluster], None], str, str]] = {
    "a release of Helm": (lambda cluster: with_helm(cluster, VALUES), "Helm release", "helm"),
    "an Application": (lambda cluster: with_argocd(cluster, VALUES), "Application", "argocd"),
    "a ConfigMap": (
        lambda cluster: by_hand(cluster, config_toml=CONFIG),
        "ConfigMap ci/gitlab-runner",
        "manifests",
    ),
}


@pytest.mark.parametrize("name", SETUPS)
def test_what_runs_becomes_a_profile_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    set_up, source, packaging = SETUPS[name]
    with World(tmp_path, cluster=FakeCluster("argocd")) as world:
        set_up(world.cluster)
        _taken(world, source, packaging)


def _taken(world: World, source: str, packaging: str) -> None:
    before = len(world.cluster.writes)

    ended = take_over(world, "ci/gitlab-runner")

    assert ended.code == 0, ended.err
    told = ended.out + ended.err
    assert source in told
    assert "every job is privileged" in told
    assert "wrote taken.yaml" in told
    profile = made(world)
    assert profile["runners"][0]["jobs"]["concurrent"] == 3
    assert profile["cluster"]["namespace"] == "ci"
    assert profile["gitlab"]["url"] == "https://gitlab.example.com"
    assert profile["delivery"]["as"] == packaging
    assert len(world.cluster.writes) == before


def test_without_a_name_the_only_one_is_taken_and_of_several_one_is_asked_for(
    world: World,
) -> None:
    by_hand(world.cluster, config_toml=CONFIG)
    assert take_over(world, "").code == 0
    by_hand(world.cluster, "other", "ci2", config_toml=CONFIG)
    (world.folder / "taken.yaml").unlink()

    ended = take_over(world, "")

    assert ended.code == 2
    assert "there are several" in ended.err
    assert "ci/gitlab-runner, ci2/other" in ended.err
    assert not (world.folder / "taken.yaml").exists()


def test_a_deployment_that_is_set_up_by_its_variables_is_read_from_them(world: World) -> None:
    by_hand(world.cluster, "bare", something="else")
    without = take_over(world, "ci/bare")
    assert "fix: Give its values.yaml or config.toml: init --from FILE" in without.err
    said = {"CI_SERVER_URL": "https://gitlab.example.com", "KUBERNETES_IMAGE": "ruby:3.3"}
    by_hand(world.cluster, variables=said, something="else")

    ended = take_over(world, "ci/gitlab-runner")

    assert ended.code == 0, ended.err
    assert "Deployment ci/gitlab-runner: " in ended.out + ended.err
    assert made(world)["gitlab"]["url"] == "https://gitlab.example.com"
    assert made(world)["runners"][0]["jobs"]["image"] == "ruby:3.3"


def test_the_old_runner_is_adopted_by_the_profile_made_of_it_and_proven(
    world: World, old: Runner
) -> None:
    plain = CONFIG.replace("privileged = true", "privileged = false")
    by_hand(world.cluster, namespace=NAMESPACE, config_toml=plain)
    assert take_over(world, "").code == 0
    world.profile = world.folder / "taken.yaml"
    world.change("https://gitlab.example.com", world.gitlab.url)
    world.change("  - name: build\n", f"  - name: build\n    adopt: {old.id}\n    tags: [old]\n")
    world.change("cluster:\n", "cluster:\n  context: fake\n")

    ended = world.apply()

    assert ended.code == 0, ended.err + ended.out
    said = [event["event"] for event in ended.events]
    assert "RunnerAdopted" in said
    assert said[-1] == "Proven"
    assert world.gitlab.runners == [old]
    kept = world.cluster.find("Deployment", "gitlab-runner", NAMESPACE)
    assert kept, "the old manager is its owner's to remove"
