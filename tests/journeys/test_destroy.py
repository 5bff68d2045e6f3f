"""Taking everything away."""

from __future__ import annotations

import threading

from tests.fakes.kubernetes import DEFAULTS
from tests.journeys.world import NAMESPACE, World
from tests.terminal import Person
from tests.wizard_process import Ended


def test_destroy_leaves_nothing(world: World) -> None:
    world.apply()
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert world.gitlab.runners == []
    for kind in ("Deployment", "Secret", "ConfigMap", "Role", "RoleBinding", "ServiceAccount"):
        assert world.cluster.objects(kind) == []
    namespaces = {body["metadata"]["name"] for body in world.cluster.objects("Namespace")}
    assert namespaces == {"default", "kube-system"}


def test_nothing_is_called_gone_while_a_namespace_is_still_being_deleted(world: World) -> None:
    world.apply()
    world.cluster.lingering.add(NAMESPACE)
    arguments = ("destroy", str(world.profile), "--yes", "--json", "--timeout", "2")
    ended = world.wizard(*arguments)
    assert ended.code == 1
    assert f"Namespace {NAMESPACE} is still being" in ended.document["error"]["problem"]
    # Nor is anything made in it again meanwhile.
    writes = list(world.cluster.writes)
    for command in (("plan",), ("apply", "--yes", "--timeout", "2")):
        ended = world.wizard(command[0], str(world.profile), *command[1:])
        assert ended.code == 3, ended.err
        assert "is still being deleted" in ended.err
    assert world.cluster.writes == writes
    assert world.gitlab.runners == []

    world.cluster.lingering.clear()
    assert world.wizard(*arguments).code == 0
    assert world.apply().code == 0


def test_a_namespace_with_somebody_elses_things_stays_and_is_named(world: World) -> None:
    world.apply()
    world.cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "diary", "namespace": NAMESPACE},
        }
    )
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert any("ConfigMap diary" in event["sentence"] for event in ended.events)
    assert world.cluster.find("Namespace", NAMESPACE)


def test_a_profile_that_was_never_applied_has_nothing_to_destroy(world: World) -> None:
    ended = world.wizard("destroy", str(world.profile), "--yes")
    assert ended.code == 3
    assert "never been applied" in ended.err


def test_undo_takes_a_failed_first_setup_away(world: World) -> None:
    world.managers_start = False
    assert world.wizard("apply", str(world.profile), "--yes", "--timeout", "3").code == 1
    ended = world.wizard("apply", str(world.profile), "--yes", "--undo")
    assert ended.code == 0, ended.err
    assert world.gitlab.runners == []


def test_every_object_carries_the_profiles_id_from_the_first_run_on(world: World) -> None:
    world.apply()
    profile_id = world.profile.read_text().split("\nid: ")[1][:8]
    for kind in ("Deployment", "Secret", "ConfigMap", "Role", "RoleBinding", "ServiceAccount"):
        for body in world.cluster.objects(kind):
            if (body["apiVersion"], kind, body["metadata"]["name"]) in DEFAULTS:
                continue
            assert body["metadata"]["labels"]["runner-wizard/id"] == profile_id, body


def destroy(world: World, *options: str) -> Ended:
    return world.wizard("destroy", str(world.profile), "--json", *options)


def test_a_dry_run_says_what_would_go_and_changes_nothing(world: World) -> None:
    world.apply()
    world.forget_writes()
    ended = world.wizard("destroy", str(world.profile), "--dry-run", "--keep-runner")
    assert ended.code == 0, ended.err
    assert "delete  Deployment gitlab-runner/gitlab-runner-direct" in ended.out
    assert "of acme/homelab stays: it is kept, as was asked" in ended.out
    assert world.cluster.writes == []
    assert not world.gitlab.writes


def test_a_runner_and_its_token_may_stay(world: World) -> None:
    world.apply()
    token = world.secret_token
    ended = destroy(world, "--yes", "--keep-runner", "--keep-secret")
    assert ended.code == 0, ended.out
    left = [event["sentence"] for event in ended.events if event["event"] == "Left"]
    assert any("runner" in line and "kept, as was asked" in line for line in left)
    assert any("-direct-token" in line for line in left)
    (runner,) = world.gitlab.runners
    assert runner.paused
    assert world.secret_token == token == runner.token
    assert world.cluster.objects("Deployment") == []

    assert world.apply().code == 0
    assert [one.id for one in world.gitlab.runners] == [runner.id]
    assert world.live_tokens == [world.secret_token]


def test_a_person_types_the_profiles_name(world: World) -> None:
    world.apply()
    environment = world.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    for answer, code in (("yes", 3), ("direct", 0)):
        person = Person(environment, world.folder, "destroy", str(world.profile))
        person.sees("Type direct to agree", seconds=60)
        person.types(f"{answer}\r")
        assert person.code() == code, person.seen
        assert bool(world.gitlab.runners) is (code != 0)


def test_jobs_may_take_as_long_as_the_managers_drain(world: World) -> None:
    world.apply()
    jobs = f"{NAMESPACE}-jobs"
    (account,) = (
        body["metadata"]["name"]
        for body in world.cluster.objects("ServiceAccount")
        if body["metadata"]["namespace"] == jobs and body["metadata"]["name"] != "default"
    )
    pod = world.cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "runner-job", "namespace": jobs},
            "spec": {"serviceAccountName": account, "containers": [{"name": "build"}]},
        }
    )
    threading.Timer(4, lambda: world.cluster.remove(pod)).start()
    ended = destroy(world, "--yes", "--timeout", "1")
    assert ended.code == 0, ended.out
    assert "waiting for 1 pod of a job to end, for up to 1h" in ended.out
    assert "these jobs fail now" not in ended.out
