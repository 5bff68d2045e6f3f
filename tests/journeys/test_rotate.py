"""A new token for a runner that works: stored, in the cluster, and the only one that is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.kubernetes.external_secrets import ExternalSecretsPlayer
from tests.journeys.gitops_world import GitOpsWorld
from tests.journeys.matrix import events
from tests.journeys.test_gitops import proven, stored
from tests.journeys.test_other_places import OWN, SEALED, OtherWorld
from tests.journeys.world import World
from tests.wizard_process import Ended

DAY = 24 * 3600


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    return world


def rotate(world: World, *options: str) -> Ended:
    return world.wizard(
        "rotate", str(world.profile), "--yes", "--json", "--timeout", "20", *options
    )


def is_whole(world: World) -> None:
    """One runner, one token everywhere, and no manager that is gone."""
    assert world.live_tokens == [world.secret_token]
    (runner,) = world.gitlab.runners
    assert len(runner.managers) == 1
    assert set(runner.tags) == {"kubernetes"}
    assert world.apply().document["data"]["changed"] is False


def test_a_rotated_token_is_the_only_one_and_the_old_manager_is_off_the_list(live: World) -> None:
    old, (manager,) = live.secret_token, list(live.gitlab.runners[0].managers)
    ended = rotate(live)
    assert ended.code == 0, ended.out
    assert ended.document["data"]["new_tokens"] == ["direct"]
    said = [event["sentence"] for event in ended.events]
    assert "gave runner direct a new token: a new token was asked for" in said
    assert "direct: proven by a job" in said
    assert f"removed the old manager {manager} of direct from GitLab" in said
    assert live.secret_token != old
    is_whole(live)


def test_the_downtime_is_said_before_anything_begins(live: World) -> None:
    token = live.secret_token
    ended = live.wizard("rotate", str(live.profile))
    assert ended.code == 3
    assert "Note: downtime of direct: none for running jobs, which finish;" in ended.err
    assert live.live_tokens == [token]


def test_a_rotation_changes_nothing_else(live: World) -> None:
    token = live.secret_token
    live.change("limit: 2Gi", "limit: 3Gi")
    live.forget_writes()
    ended = rotate(live)
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert error["problem"] == "More than tokens would change."
    assert "ConfigMap gitlab-runner/gitlab-runner-direct" in error["cause"]
    assert live.cluster.writes == []
    assert live.live_tokens == [token]


def test_on_a_schedule_only_what_is_due_gets_a_new_token(live: World) -> None:
    token = live.secret_token
    young = rotate(live, "--if-older-than", "30d")
    assert young.code == 0, young.out
    assert young.document["data"] == {
        "changed": False,
        "unproven": [],
        "new_tokens": [],
        "waiting": [],
    }
    live.gitlab.advance(31 * DAY)
    old = rotate(live, "--if-older-than", "30d", "--if-expires-within", "7d")
    assert old.code == 0, old.out
    assert "gave runner direct a new token: its token is 31 days old" in old.out
    assert live.secret_token != token
    is_whole(live)


def test_a_runner_that_the_profile_has_not_is_named(live: World) -> None:
    ended = rotate(live, "--runner", "dircet")
    assert ended.code == 2
    error = ended.document["error"]
    assert error["problem"] == "The profile has no runner dircet."
    assert "did you mean 'direct'?" in error["fix"]


# After the reset, the write, the restart, in the smoke job, and at the very end.
@pytest.mark.parametrize("event", events(4, 5, 6, 8, 11, 14))
def test_killed_and_run_again_it_ends_well(live: World, event: int) -> None:
    command = ("rotate", str(live.profile), "--yes", "--json", "--timeout", "20")
    if live.killed_at(event, *command) < event:
        pytest.skip("the first run ended before this event")
    ended = rotate(live)
    assert ended.code == 0, ended.err + ended.out
    is_whole(live)


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[GitOpsWorld]:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        world.cluster.controllers.changed = lambda _: world.refresh()
        yield world


def test_through_argo_cd_and_a_store_the_token_is_synced_and_the_managers_restart(
    homelab: GitOpsWorld,
) -> None:
    old = stored(homelab)[-1]
    ended = rotate(homelab)
    assert ended.code == 0, ended.err + ended.out
    assert homelab.live_tokens == [stored(homelab)[-1]] == [homelab.secret_token] != [old]
    assert homelab.git("status", "--porcelain") == ""
    assert len(homelab.gitlab.runners[0].managers) == 1


def test_where_the_cluster_cannot_be_seen_the_files_restart_the_managers(
    homelab: GitOpsWorld,
) -> None:
    homelab.change("context: fake\n", "context: null\n")
    homelab.kubeconfig.unlink()
    planned = homelab.wizard("rotate", str(homelab.profile))
    assert planned.code == 3
    assert "until the files are synced no new job begins" in planned.err
    ended = rotate(homelab)
    assert ended.code == 4, ended.err + ended.out
    assert "token_revision: 1" in homelab.profile.read_text()
    assert homelab.live_tokens == [stored(homelab)[-1]]
    assert "token-revision" in homelab.git("diff")


# Before the profile is saved, after the reset, and once the token is stored.
@pytest.mark.parametrize("event", events(5, 6, 7, 8))
def test_killed_without_a_cluster_and_run_again_the_files_wait(
    homelab: GitOpsWorld, event: int
) -> None:
    homelab.change("context: fake\n", "context: null\n")
    homelab.kubeconfig.unlink()
    command = ("rotate", str(homelab.profile), "--yes", "--json", "--timeout", "20")
    assert homelab.killed_at(event, *command) == event
    ended = rotate(homelab)
    assert ended.code == 4, ended.err + ended.out
    assert homelab.live_tokens == [stored(homelab)[-1]]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[[str], OtherWorld]]:
    with ExitStack() as stack:

        def opened_with(secrets_section: str) -> OtherWorld:
            world = stack.enter_context(OtherWorld(tmp_path, secrets_section))
            world.prepare()
            return world

        yield opened_with


def test_a_sealed_token_is_rotated_by_a_commit(other: Callable[[str], OtherWorld]) -> None:
    world = other(SEALED)
    world.apply()
    world.sync(world.commit())
    world.unseal()
    world.start_managers()
    assert world.apply().code == 0
    world.commit_if_needed()

    ended = rotate(world)
    assert ended.code == 4, ended.err + ended.out
    assert "token.yaml" in world.git("status", "--porcelain")
    world.sync(world.commit())
    assert [world.unseal()] == world.live_tokens
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert world.live_tokens == [world.secret_token]


def test_a_token_that_the_cluster_pushes_is_rotated(other: Callable[[str], OtherWorld]) -> None:
    world = other(OWN.replace('{runner}"', '{runner}", push: true'))
    operator = ExternalSecretsPlayer(world.cluster)
    world.apply()
    world.sync(world.commit())
    operator.look()
    world.start_managers()
    assert world.apply().code == 0
    world.commit_if_needed()

    ended = rotate(world)
    assert ended.code == 0, ended.err + ended.out
    assert list(operator.values.values()) == world.live_tokens == [world.secret_token]
