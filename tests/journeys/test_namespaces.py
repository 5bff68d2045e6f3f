"""Namespaces that others made: used as they are, never labelled, loosened or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.test_two_profiles import on, second
from tests.journeys.world import NAMESPACE, Ended, World
from tests.terminal import Person

JOBS = f"{NAMESPACE}-jobs"
LEVEL = "pod-security.kubernetes.io/enforce"
_RBAC = "rbac.authorization.k8s.io"


def _namespace(world: World, name: str, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"owner": "platform-team", **labels}}
    return world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _seed(world: World, api: str, kind: str, name: str, **body: Any) -> None:
    metadata = {"name": name, "namespace": JOBS}
    world.cluster.seed({"apiVersion": api, "kind": kind, "metadata": metadata, **body})


def _labels(world: World, name: str) -> dict[str, str]:
    found = world.cluster.find("Namespace", name)
    assert found, f"{name} is gone"
    labels: dict[str, str] = found["metadata"]["labels"]
    return labels


def _destroy(world: World) -> Ended:
    return world.wizard("destroy", str(world.profile), "--yes", "--json")


def test_a_namespace_that_was_there_is_used_as_it_is_and_outlives_destroy(world: World) -> None:
    for name in (NAMESPACE, JOBS):
        _namespace(world, name, **{LEVEL: "baseline"})
    before = {name: world.cluster.find("Namespace", name) for name in (NAMESPACE, JOBS)}
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert _destroy(world).code == 0
    for name, live in before.items():
        assert world.cluster.find("Namespace", name) == live
    assert world.cluster.objects("Deployment") == []
    assert world.gitlab.runners == []


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("v1", "ResourceQuota"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        (f"{_RBAC}/v1", "RoleBinding"),
        ("v1", "ServiceAccount"),
        ("v1", "LimitRange"),
    ],
)
def test_what_anybody_put_into_a_namespace_of_ours_keeps_it(
    world: World, api: str, kind: str
) -> None:
    world.apply()
    _seed(world, api, kind, "theirs")
    ended = _destroy(world)
    assert ended.code == 0, ended.err + ended.out
    assert any(f"{kind} theirs" in event["sentence"] for event in ended.events)
    assert world.cluster.find("Namespace", JOBS)
    assert world.cluster.find(kind, "theirs", JOBS)
    assert world.cluster.find("Namespace", NAMESPACE) is None


def test_a_second_destroy_says_that_nothing_was_there(world: World) -> None:
    world.apply()
    assert _destroy(world).document["data"]["changed"] is True
    again = world.wizard("destroy", str(world.profile), "--yes")
    assert again.code == 0
    assert "nothing that this profile made was there" in again.out + again.err
    assert _destroy(world).document["data"]["changed"] is False


def test_a_namespace_kept_by_others_is_no_change_at_the_second_destroy(world: World) -> None:
    world.apply()
    _seed(world, "v1", "ResourceQuota", "theirs")
    _destroy(world)
    again = _destroy(world)
    assert again.document["data"]["changed"] is False
    assert any("ResourceQuota theirs" in event["sentence"] for event in again.events)


def test_an_account_that_was_there_is_refused_and_not_labelled(world: World) -> None:
    _namespace(world, JOBS)
    _seed(world, "v1", "ServiceAccount", "gitlab-runner-direct-job")
    world.forget_writes()
    ended = world.apply()
    assert ended.code == 3, ended.out
    assert "the wizard did not create it" in ended.document["error"]["problem"]
    assert world.cluster.writes == []
    assert world.gitlab.runners == []


@pytest.mark.parametrize("namespace", ["default", "kube-system", "kube-anything"])
def test_no_job_runs_in_a_namespace_of_the_cluster_itself(world: World, namespace: str) -> None:
    world.change(f"job_namespace: {JOBS}", f"job_namespace: {namespace}")
    for command in ("check", "plan"):
        ended = world.wizard(command, str(world.profile))
        assert ended.code == 2
        assert namespace in ended.err
    assert world.cluster.writes == []


def test_no_job_runs_where_other_workloads_do(world: World) -> None:
    _namespace(world, JOBS)
    _seed(world, "v1", "Pod", "web-1", spec={"containers": [{"name": "web", "image": "web:1"}]})
    world.forget_writes()
    for command in (("plan",), ("apply", "--yes")):
        ended = world.wizard(command[0], str(world.profile), *command[1:], "--json")
        assert ended.code == 3
        error = ended.document["error"]
        assert "Other workloads run in namespace" in error["problem"]
        assert "Pod web-1" in error["cause"]
    assert world.cluster.writes == []


def test_a_second_profile_that_needs_more_gets_a_namespace_of_its_own(world: World) -> None:
    world.apply()
    other = second(world)
    other.write_text(other.read_text().replace("builds: none", "builds: dind"))
    ended = on(world, "apply", other, "--yes", "--timeout", "20")
    assert ended.code == 0, ended.err + ended.out
    assert _labels(world, JOBS)[LEVEL] == "restricted"
    assert _labels(world, f"{JOBS}-dind")[LEVEL] == "privileged"
    for profile in (world.profile, other):
        assert on(world, "plan", profile, "--detailed-exitcode").code == 0


def test_the_level_that_another_profile_enforces_is_never_lowered(world: World) -> None:
    world.apply()
    other = second(world)
    text = other.read_text().replace("builds: none", "builds: dind")
    other.write_text(text.replace("    tags:", f"    job_namespace: {JOBS}\n    tags:"))
    world.forget_writes()
    for command, options in (("plan", ()), ("apply", ("--yes",))):
        ended = on(world, command, other, *options)
        assert ended.code == 3, ended.out + ended.err
        error = ended.document["error"]
        assert "enforces restricted" in error["problem"]
        assert "job_namespace:" in error["fix"]
    assert world.cluster.writes == []


def test_the_level_of_a_shared_namespace_is_not_changed_by_the_one_that_made_it(
    world: World,
) -> None:
    world.apply()
    assert on(world, "apply", second(world), "--yes", "--timeout", "20").code == 0
    world.change("builds: none", "builds: kaniko")
    ended = on(world, "apply", world.profile, "--yes")
    assert ended.code == 3, ended.out
    assert "Runners of another profile work in it" in ended.document["error"]["cause"]
    assert _labels(world, JOBS)[LEVEL] == "restricted"


def test_a_first_apply_into_an_existing_job_namespace_is_not_refused(world: World) -> None:
    _namespace(world, JOBS)
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out


def test_an_object_that_somebody_makes_meanwhile_is_not_taken_for_ours(world: World) -> None:
    """Between the look and the write another tool makes the account of the jobs."""
    taken = ("v1", "ServiceAccount", "gitlab-runner-direct-job")

    def race(body: dict[str, Any]) -> None:
        if body["kind"] == "Namespace" and body["metadata"]["name"] == JOBS:
            _seed(world, *taken)

    world.cluster.controllers.changed = race
    ended = world.apply()
    assert ended.code == 1, ended.out
    theirs = world.cluster.find("ServiceAccount", taken[2], JOBS)
    assert theirs
    assert "labels" not in theirs["metadata"]


def test_existing_namespaces_ask_for_nothing_in_the_whole_cluster(world: World) -> None:
    world.change("cluster:\n", "cluster:\n  namespaces: existing\n")
    for name in (NAMESPACE, JOBS):
        _namespace(world, name)
    own = f"namespaces/({NAMESPACE}|{JOBS})(/|$|\\?)"
    world.cluster.fails(
        "",
        rf"^/(api/v1|apis/[^/]+/[^/]+)/(?!.*{own})(?!(self)?subjectaccessreviews)[a-z]",
        status=403,
        message='pods is forbidden: User "admin" cannot list resource "pods" in API group ""',
    )
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.wizard("plan", str(world.profile), "--detailed-exitcode").code == 0
    ended = _destroy(world)
    assert ended.code == 0, ended.err + ended.out
    assert world.cluster.objects("Deployment") == []
    assert world.cluster.find("Namespace", JOBS)


def test_an_existing_namespace_that_is_missing_is_named(world: World) -> None:
    world.change("cluster:\n", "cluster:\n  namespaces: existing\n")
    ended = world.apply()
    assert ended.code == 3
    for name in (NAMESPACE, JOBS):
        assert f"There is no namespace {name}." in str(ended.document["error"])
    assert world.gitlab.runners == []


@pytest.mark.parametrize(("answer", "level"), [("n", None), ("y", "restricted")])
def test_on_a_terminal_a_person_decides_about_the_level_of_a_namespace_that_was_there(
    world: World, answer: str, level: str | None
) -> None:
    _namespace(world, NAMESPACE)
    world.cluster.level_warning = "web-1: allowPrivilegeEscalation != false"
    person = Person(world.environment, world.folder, "apply", str(world.profile))
    person.sees("Apply this? [y/N]")
    person.answers("y")
    person.sees("was there before, and enforces no level of its own.")
    person.sees("(web-1: allowPrivilegeEscalation != false)?")
    person.answers(answer)
    assert person.code() == 0, person.seen
    assert _labels(world, NAMESPACE).get(LEVEL) == level
    assert _labels(world, NAMESPACE)["owner"] == "platform-team"


def test_a_level_that_was_agreed_to_is_not_changed_by_a_run_that_is_refused(world: World) -> None:
    """Exit code 3 says that nothing was changed."""
    _namespace(world, NAMESPACE)
    _namespace(world, JOBS)
    person = Person(world.environment, world.folder, "apply", str(world.profile))
    person.sees("Apply this? [y/N]")
    person.answers("y")
    person.sees("was there before, and enforces no level of its own.")
    person.answers("y")
    person.sees(f"Namespace {JOBS} was there before, and enforces no level of its own.")
    theirs = {"name": "gitlab-runner-direct-token", "namespace": NAMESPACE}
    data = {"stringData": {"runner-token": "theirs"}}
    world.cluster.seed({"apiVersion": "v1", "kind": "Secret", "metadata": theirs, **data})
    person.answers("y")
    assert person.code() == 3, person.seen
    for name in (NAMESPACE, JOBS):
        assert LEVEL not in _labels(world, name)
    assert world.gitlab.runners == []


def test_without_a_person_no_level_is_changed(world: World) -> None:
    _namespace(world, NAMESPACE)
    assert world.apply().code == 0
    assert _labels(world, NAMESPACE) == {"owner": "platform-team"}


def test_an_object_of_any_served_kind_keeps_a_namespace(world: World) -> None:
    """A custom resource too, whose kind nobody here has heard of."""
    world.apply()
    world.cluster.serves_also("example.com/v1", "Diary", "diaries")
    _seed(world, "example.com/v1", "Diary", "theirs")
    ended = _destroy(world)
    assert ended.code == 0, ended.err + ended.out
    assert any("it still holds Diary theirs" in event["sentence"] for event in ended.events)
    assert world.cluster.find("Namespace", JOBS)


def test_a_kind_that_cannot_be_listed_keeps_a_namespace(world: World) -> None:
    """What is not seen is not known to be nothing."""
    world.apply()
    world.cluster.serves_also("example.com/v1", "Diary", "diaries")
    world.cluster.fails("GET", f"namespaces/{JOBS}/diaries", status=403, message="forbidden")
    ended = _destroy(world)
    assert ended.code == 0, ended.err + ended.out
    said = [event["sentence"] for event in ended.events]
    assert any("not all of it could be looked at (diaries" in one for one in said)
    assert world.cluster.find("Namespace", JOBS)
