"""Two profiles in one cluster: side by side in the same namespaces, and never over each other."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.world import NAMESPACE, Ended, World


def second(world: World, runner: str = "second") -> Path:
    """Another profile, before its first apply, for the namespaces of the first one."""
    path = world.folder / "second.yaml"
    names = world.profile.read_text().replace("name: direct", f"name: {runner}")
    path.write_text("".join(line for line in names.splitlines(True) if not line.startswith("id:")))
    return path


def on(world: World, command: str, profile: Path, *options: str) -> Ended:
    return world.wizard(command, str(profile), "--json", *options)


def test_profiles_that_share_namespaces_both_come_to_rest(world: World) -> None:
    other = second(world)
    assert world.apply().code == 0
    ended = on(world, "apply", other, "--yes", "--timeout", "20")
    assert ended.code == 0, ended.err + ended.out
    for profile in (world.profile, other):
        planned = on(world, "plan", profile, "--detailed-exitcode")
        assert planned.code == 0, planned.out


def test_destroying_one_leaves_the_other_as_it_is(world: World) -> None:
    other = second(world)
    world.apply()
    on(world, "apply", other, "--yes", "--timeout", "20")
    ended = on(world, "destroy", world.profile, "--yes")
    assert ended.code == 0, ended.err + ended.out
    assert any("Deployment gitlab-runner-second" in event["sentence"] for event in ended.events)
    assert world.cluster.find("Deployment", "gitlab-runner-second", NAMESPACE)
    for kind, name in (("ServiceAccount", "second-job"), ("Role", "second")):
        assert world.cluster.find(kind, f"gitlab-runner-{name}", f"{NAMESPACE}-jobs")
    assert [runner.description[:6] for runner in world.gitlab.runners] == ["second"]


def test_a_profile_that_names_its_runner_like_anothers_is_refused(world: World) -> None:
    copy = second(world, "direct")
    world.apply()
    world.forget_writes()
    for command, options in (("plan", ()), ("apply", ("--yes",))):
        ended = on(world, command, copy, *options)
        assert ended.code == 3
        error = ended.document["error"]
        assert "belongs to another profile" in error["cause"]
        assert "cluster.namespace" in error["cause"]
        assert len(error["findings"]) > 1  # every object of the other's, at once
    assert world.cluster.writes == []
    assert len(world.gitlab.runners) == 1
