"""Runners that no profile has any more."""

from __future__ import annotations

from tests.journeys.world import World


def test_a_runner_whose_profile_is_gone_is_listed(world: World) -> None:
    assert world.apply().code == 0
    (runner,) = world.gitlab.runners
    world.add_twin_of(runner)
    (_, left) = world.gitlab.runners
    left.description = "old [rw:0badcafe/old]"
    ended = world.wizard("orphans", str(world.profile))
    assert ended.code == 0, ended.err
    (line,) = ended.out.splitlines()
    assert line.startswith(f"runner {left.id} of acme/homelab: old [rw:0badcafe/old]")
    assert line.endswith("no profile given here has the id 0badcafe")

    world.add_twin_of(left)
    document = world.wizard("orphans", str(world.profile), "--json").document
    assert [one["profile_id"] for one in document["data"]["orphans"]] == ["0badcafe"] * 2


def test_a_profile_whose_runners_are_all_its_own_leaves_none(world: World) -> None:
    assert world.apply().code == 0
    assert world.wizard("orphans", str(world.profile)).out == "No runner without a profile.\n"
