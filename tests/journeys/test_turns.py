"""Two hands on two machines: the second is told who is at work, and a dead one bars nobody."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.world import NAMESPACE, World
from tests.wizard_process import Ended

ID = "3f9c2a71"
NAME = f"runner-wizard-{ID}"


@pytest.fixture
def applied(world: World) -> World:
    """A profile that was applied, and has a change to be applied."""
    world.change("version: 1\n", f"version: 1\nid: {ID}\n")
    assert world.apply("--no-smoke").code == 0
    world.change("tags: [", "tags: [another, ")
    world.forget_writes()
    return world


def _lease(world: World) -> dict[str, Any] | None:
    return world.cluster.find("Lease", NAME, NAMESPACE)


def _held_by_anna(world: World, renewed: timedelta) -> None:
    """What a run on another machine leaves in the Lease, last renewed so long ago."""
    live = _lease(world)
    assert live
    time = (datetime.now(UTC) - renewed).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    live["metadata"]["annotations"]["runner-wizard/doing"] = "apply"
    live["spec"] |= {
        "holderIdentity": "anna@laptop/0123456789abcdef",
        "leaseDurationSeconds": 30,
        "acquireTime": time,
        "renewTime": time,
        "leaseTransitions": live["spec"]["leaseTransitions"] + 1,
    }
    world.cluster.put(live)


@pytest.mark.parametrize("verb", ["apply", "destroy"])
def test_the_second_hand_is_told_who_is_at_work_and_changes_nothing(
    applied: World, verb: str
) -> None:
    world = applied
    _held_by_anna(world, timedelta(seconds=5))
    before = world.profile.read_bytes()
    ended = world.wizard(verb, str(world.profile), "--yes", "--json")
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert error["problem"] == "Another run is working on this profile."
    assert "it is apply by anna@laptop, since " in error["cause"]
    assert f"(Lease {NAMESPACE}/{NAME})" in error["cause"]
    assert "Wait until it has ended" in error["fix"]
    assert world.cluster.writes == []
    assert {call.method for call in world.gitlab.calls if "/runners" in call.route} <= {"GET"}
    assert world.profile.read_bytes() == before


def test_a_run_that_died_elsewhere_bars_nobody_once_its_time_is_over(applied: World) -> None:
    _held_by_anna(applied, timedelta(seconds=40))
    assert applied.apply("--no-smoke").code == 0


def test_a_time_that_is_still_to_come_bars_nobody(applied: World) -> None:
    _held_by_anna(applied, -timedelta(days=300))
    assert applied.apply("--no-smoke").code == 0


def test_a_run_that_was_killed_here_bars_nobody_for_a_moment(world: World) -> None:
    world.change("version: 1\n", f"version: 1\nid: {ID}\n")
    assert world.killed_at_kind("SecretWritten", "apply", str(world.profile), "--yes")
    assert _holder(world)
    assert world.apply("--no-smoke").code == 0
    assert _holder(world) is None


def test_while_it_works_a_run_holds_the_lease_and_then_nobody(applied: World) -> None:
    world = applied
    seen: list[Any] = []
    world.gitlab.before_next("PUT", "/runners/*", lambda: seen.append(_lease(world)))
    assert world.apply("--no-smoke").code == 0
    (held,) = seen
    assert held["metadata"]["labels"]["runner-wizard/id"] == ID
    assert held["metadata"]["annotations"]["runner-wizard/doing"] == "apply"
    assert held["spec"]["leaseDurationSeconds"] == 30
    assert _holder(world) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_gives_it_back(applied: World, number: int) -> None:
    world = applied
    world.gitlab.fail_next("PUT", "/runners/*", delay=15)
    run = world.started("apply", str(world.profile), "--yes", "--json", "--no-smoke")
    for line in run.stdout:
        if '"Runner direct and its token"' in line:
            break
    assert _holder(world)
    run.send_signal(number)
    assert run.ends(20).code == 130
    assert _holder(world) is None


def test_what_another_run_did_since_this_one_looked_refuses_it(applied: World) -> None:
    world = applied

    def another_run_comes_and_goes() -> None:
        live = _lease(world)
        assert live
        live["spec"]["leaseTransitions"] += 1
        world.cluster.put(live)

    world.gitlab.before_next("GET", "/projects/*/runners", another_run_comes_and_goes)
    ended = world.apply("--no-smoke")
    assert ended.code == 3, ended.out
    assert "since this one looked at it" in ended.document["error"]["problem"]
    assert world.cluster.writes == []


def test_where_no_lease_may_be_taken_it_is_said_once_and_the_work_is_done(world: World) -> None:
    message = 'leases.coordination.k8s.io is forbidden: User "u" cannot create resource "leases" '
    world.cluster.fails(
        "POST",
        "/leases",
        status=403,
        message=f'{message}in API group "coordination.k8s.io" in the namespace "{NAMESPACE}"',
    )
    ended = world.apply("--no-smoke")
    assert ended.code == 0, ended.out
    (said,) = _warnings(ended)
    assert said.startswith("runs on other machines are not kept away meanwhile: You may not create")


def test_a_lease_that_others_made_is_left_as_it_is(world: World) -> None:
    world.change("version: 1\n", f"version: 1\nid: {ID}\n")
    assert world.apply("--no-smoke").code == 0
    live = _lease(world)
    assert live
    world.cluster.remove(live)
    theirs = {"name": NAME, "namespace": NAMESPACE}
    seeded = world.cluster.seed(
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": theirs, "spec": {}}
    )
    world.change("tags: [", "tags: [another, ")
    ended = world.apply("--no-smoke")
    assert ended.code == 0, ended.out
    assert "is not this profile's" in " ".join(_warnings(ended))
    assert _lease(world) == seeded


def test_destroy_takes_the_lease_away_with_the_rest(applied: World) -> None:
    ended = applied.wizard("destroy", str(applied.profile), "--yes", "--json")
    assert ended.code == 0, ended.out
    assert applied.cluster.objects("Lease") == []


def test_in_a_namespace_that_others_made_destroy_leaves_no_lease(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        for name in (NAMESPACE, f"{NAMESPACE}-jobs"):
            world.cluster.seed(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            )
        assert world.apply("--no-smoke").code == 0
        (lease,) = world.cluster.objects("Lease")
        assert "holderIdentity" not in lease["spec"]
        assert world.wizard("destroy", str(world.profile), "--yes").code == 0
        assert world.cluster.objects("Lease") == []


def _holder(world: World) -> str | None:
    live = _lease(world)
    assert live
    return live["spec"].get("holderIdentity")


def _warnings(ended: Ended) -> list[str]:
    return [one["text"] for one in ended.events if one["event"] == "Warned"]
