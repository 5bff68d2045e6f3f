"""Taking everything away."""

from __future__ import annotations

from tests.fakes.kubernetes import DEFAULTS
from tests.journeys.world import NAMESPACE, World


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
