"""Several runners of one profile: some of them only, side by side, and one that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.kubernetes.controllers import running
from tests.journeys.gitops_world import GitOpsWorld
from tests.journeys.world import World

NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def fleet(world: World) -> World:
    """Three runners of one project."""
    profile = yaml.safe_load(world.profile.read_text())
    (one,) = profile["runners"]
    profile["runners"] = [one | {"name": name, "tags": [name]} for name in NAMES]
    world.profile.write_text(yaml.safe_dump(profile, sort_keys=False))
    return world


def names(world: World) -> set[str]:
    return {runner.description.split()[0] for runner in world.gitlab.runners}


def unschedulable(release: str) -> Any:
    def status(pod: dict[str, Any]) -> dict[str, Any]:
        if pod["metadata"]["labels"]["app.kubernetes.io/instance"] != release:
            return running(pod)
        why = "0/1 nodes are available: 1 Insufficient cpu."
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        return {"phase": "Pending", "conditions": [condition | {"message": why}]}

    return status


def test_a_runner_that_cannot_start_keeps_no_other_from_its_proof(fleet: World) -> None:
    fleet.cluster.controllers.pod_status = unschedulable("gitlab-runner-beta")
    ended = fleet.wizard("apply", str(fleet.profile), "--yes", "--json", "--timeout", "5")
    assert ended.code == 1
    proven = {event["runner"] for event in ended.events if event["event"] == "Proven"}
    assert proven == {"alpha", "gamma"}
    assert ended.events[-1]["sentence"] == "2 of 3 runners are done; not: beta"
    assert "Insufficient cpu" in str(ended.document["error"])

    fleet.cluster.controllers.pod_status = running
    for pod in fleet.cluster.objects("Pod"):
        if pod["status"]["phase"] == "Pending":
            fleet.cluster.remove(pod)
            fleet.cluster.controllers.after_delete(pod)
    assert fleet.apply().code == 0


def test_a_runner_whose_token_cannot_be_stored_is_the_only_one_without(fleet: World) -> None:
    fleet.cluster.fails(
        "PATCH", "/secrets/gitlab-runner-beta-token", status=422, message="too odd", times=99
    )
    ended = fleet.apply()
    assert ended.code == 1, ended.out
    proven = {event["runner"] for event in ended.events if event["event"] == "Proven"}
    assert proven == {"alpha", "gamma"}
    assert not fleet.cluster.find("Deployment", "gitlab-runner-beta", "gitlab-runner")


def test_only_some_runners_are_applied_and_the_others_left_as_they_are(fleet: World) -> None:
    ended = fleet.apply("--only", "al*", "--only", "gamma")
    assert ended.code == 0, ended.out
    assert names(fleet) == {"alpha", "gamma"}
    fleet.change("- beta", "- beta\n  - other")
    ended = fleet.apply("--only", "alpha")
    assert ended.document["data"]["changed"] is False
    assert fleet.apply().code == 0
    assert names(fleet) == set(NAMES)

    profile = yaml.safe_load(fleet.profile.read_text())
    profile["runners"] = profile["runners"][:1]
    fleet.profile.write_text(yaml.safe_dump(profile, sort_keys=False))
    assert fleet.apply("--only", "alpha").document["data"]["changed"] is False
    assert names(fleet) == set(NAMES)


def test_a_rotation_of_one_runner_leaves_the_tokens_of_the_others(fleet: World) -> None:
    assert fleet.apply().code == 0
    before = {name: fleet.token_of(f"gitlab-runner-{name}") for name in NAMES}
    options = ("--runner", "beta", "--yes", "--json", "--timeout", "20")
    ended = fleet.wizard("rotate", str(fleet.profile), *options)
    assert ended.code == 0, ended.out
    assert ended.document["data"]["new_tokens"] == ["beta"]
    after = {name: fleet.token_of(f"gitlab-runner-{name}") for name in NAMES}
    assert {name for name in NAMES if before[name] != after[name]} == {"beta"}


def test_the_events_of_runners_side_by_side_are_told_one_runner_after_the_other(
    fleet: World,
) -> None:
    ended = fleet.apply()
    assert ended.code == 0, ended.out
    steps = [event["step"] for event in ended.events if event["event"] == "StepStarted"]
    assert [step for step in steps if step.startswith("Proof")] == [
        f"Proof of {name}" for name in NAMES
    ]


def test_files_of_some_runners_name_no_folder_that_is_not_there(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        world.change("as: argocd", "as: manifests")
        profile = yaml.safe_load(world.profile.read_text())
        (one,) = profile["runners"]
        profile["runners"] = [one | {"name": name} for name in NAMES]
        world.profile.write_text(yaml.safe_dump(profile, sort_keys=False))
        assert world.apply("--only", "beta").code == 4
        root = world.repository / "manifests"
        named = yaml.safe_load((root / "kustomization.yaml").read_text())["resources"]
        assert all((root / name).is_dir() for name in named)
        assert [name for name in named if "shared" not in name] == ["gitlab-runner-beta"]


@pytest.mark.parametrize("count", [4, 8])
def test_the_calls_to_gitlab_grow_with_the_runners_and_not_with_their_square(
    world: World, count: int
) -> None:
    profile = yaml.safe_load(world.profile.read_text())
    (one,) = profile["runners"]
    profile["runners"] = [one | {"name": f"r{number}"} for number in range(count)]
    world.profile.write_text(yaml.safe_dump(profile, sort_keys=False))
    assert world.apply("--no-smoke").code == 0
    of_managers = {"/jobs/request", "/runners/verify"}
    asked = [call for call in world.gitlab.calls if call.route not in of_managers]
    assert len(asked) / count < 25
