"""The homelab preset with Helm: files and commands by the wizard, typed by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.gitops_world import RELEASE, GitOpsWorld
from tests.journeys.world import NAMESPACE, Ended


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[GitOpsWorld]:
    with GitOpsWorld(tmp_path) as world:
        world.change("as: argocd", "as: helm")
        yield world


def destroyed(world: GitOpsWorld) -> Ended:
    return world.wizard("destroy", str(world.profile), "--yes", "--json")


def test_the_first_apply_ends_with_the_commands_that_install(homelab: GitOpsWorld) -> None:
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    told = ended.events[-1]["sentence"]
    assert told.index("kubectl apply --server-side -k manifests") < told.index("helm upgrade")
    assert f"--values manifests/{RELEASE}/values.yaml" in told
    assert homelab.cluster.writes == []


def test_what_is_committed_but_not_installed_is_still_to_be_installed(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.commit()
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    told = ended.events[-1]["sentence"]
    assert "the cluster has no Deployment" in told
    assert told.index(f"cd {homelab.repository}") < told.index("helm upgrade --install")


def test_once_installed_the_next_apply_proves_the_runner(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.commit()
    homelab.install()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert len(homelab.gitlab.runners) == 1


def test_a_commit_is_advice_where_nothing_reads_the_repository(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.install()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    (advice,) = [one for one in ended.events if "not committed yet" in one["sentence"]]
    assert f"git commit in {homelab.repository}" in advice["sentence"]


def test_a_release_that_is_older_than_its_values_is_to_be_upgraded(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.install()
    assert homelab.apply().code == 0
    homelab.change("limit: 2Gi", "limit: 3Gi")
    assert homelab.apply().code == 4
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    told = ended.events[-1]["sentence"]
    assert f"the release {RELEASE} is older than the files: its config.template.toml" in told
    assert "helm upgrade --install" in told


def test_taking_it_away_waits_for_helm(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.commit()
    homelab.install()
    homelab.apply()
    assert destroyed(homelab).code == 4
    assert not list(homelab.repository.glob("manifests/**/*.yaml"))
    homelab.commit()
    ended = destroyed(homelab)
    assert ended.code == 4, ended.err + ended.out
    assert f"helm uninstall {RELEASE} --namespace {NAMESPACE}" in ended.events[-1]["sentence"]
    assert len(homelab.gitlab.runners) == 1
