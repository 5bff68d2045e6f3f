"""What is refused, and that nothing was changed when it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gitlab.state import Runner
from tests.journeys.world import NAMESPACE, World

_SPEC = {
    "replicas": 1,
    "selector": {"matchLabels": {"app": "runner"}},
    "template": {
        "metadata": {"labels": {"app": "runner"}},
        "spec": {"containers": [{"name": "runner", "image": "runner"}]},
    },
}


def untouched(world: World) -> bool:
    return not world.cluster.writes and not world.gitlab.runners


def test_without_a_terminal_and_without_yes_the_plan_is_shown_and_refused(world: World) -> None:
    ended = world.wizard("apply", str(world.profile))
    assert ended.code == 3
    assert "create  runner direct" in ended.err
    assert "--yes" in ended.err
    assert untouched(world)


def test_a_token_that_can_only_create_is_refused_unattended(tmp_path: Path) -> None:
    with World(tmp_path, scopes=("create_runner",)) as world:
        ended = world.apply()
        assert ended.code == 3
        assert (
            "manage_runner" in ended.document["error"]["problem"] + ended.document["error"]["cause"]
        )
        assert untouched(world)


def test_a_token_without_api_makes_the_runner_but_cannot_prove_it(tmp_path: Path) -> None:
    scopes = ("create_runner", "manage_runner", "read_api")
    with World(tmp_path, scopes=scopes) as world:
        ended = world.apply()
        assert ended.code == 0, ended.err + ended.out
        assert "online, unproven" in ended.events[-1]["sentence"]


def test_a_wrong_token_says_so(world: World) -> None:
    world.gitlab.state.tokens.clear()
    ended = world.apply()
    assert ended.code == 3
    assert "Traceback" not in ended.err + ended.out
    assert untouched(world)


def test_gitlab_down_is_said_in_words(world: World) -> None:
    world.change(world.gitlab.url, "http://127.0.0.1:9")
    ended = world.apply("--trust", "http://127.0.0.1:9")
    assert ended.code == 1
    assert "127.0.0.1:9" in ended.document["error"]["problem"] + ended.document["error"]["cause"]
    assert untouched(world)


def test_another_cluster_than_the_profiles_is_refused(world: World) -> None:
    world.change("context: fake", "context: fake\n  uid: 00000000-aaaa-bbbb-cccc-000000000000")
    ended = world.apply()
    assert ended.code == 3
    assert untouched(world)


def test_a_profile_that_names_no_cluster_is_refused_unattended(world: World) -> None:
    world.change("context: fake", "context: null")
    ended = world.apply()
    assert ended.code == 3
    assert world.cluster.uid in ended.document["error"]["fix"]
    assert untouched(world)


def test_a_user_who_may_not_write_is_refused_with_what_is_missing(world: World) -> None:
    world.cluster.deny(verb="patch", resource="deployments")
    ended = world.apply()
    assert ended.code == 3
    assert "deployments" in ended.document["error"]["cause"]
    assert untouched(world)


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_a_user_who_may_only_read_is_told_everything_that_is_missing(
    world: World, command: tuple[str, ...]
) -> None:
    """A dry run takes the same rights as the change: the first refusal is not all there is."""
    said = (
        'namespaces "x" is forbidden: User "dev" cannot patch resource "namespaces" in API group ""'
    )
    world.cluster.fails("PATCH", ".*", status=403, message=said)
    world.cluster.deny(verb="patch")
    ended = world.wizard(command[0], str(world.profile), *command[1:])
    assert ended.code == 3, ended.err
    for resource in ("namespaces", "deployments", "configmaps"):
        assert f"patch {resource}" in ended.err
    assert untouched(world)


def test_a_job_pod_that_the_cluster_would_not_take_is_told_before_anything_is_made(
    world: World,
) -> None:
    jobs = "gitlab-runner-jobs"
    world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": jobs}})
    said = 'pods "job" is forbidden: exceeded quota: small, requested: cpu=650m'
    refusal = {"kind": "Status", "reason": "Forbidden", "message": said, "code": 403}
    world.cluster.fails(
        "POST", f"/api/v1/namespaces/{jobs}/pods", status=403, body=json.dumps(refusal).encode()
    )
    before = world.profile.read_bytes()
    ended = world.apply()
    assert ended.code == 3
    assert "exceeded quota" in ended.document["error"]["problem"] + ended.document["error"]["cause"]
    assert untouched(world)
    assert world.profile.read_bytes() == before


def test_an_object_of_helm_in_the_way_is_left_alone(world: World) -> None:
    world.cluster.seed(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gitlab-runner"}}
    )
    world.cluster.seed(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "gitlab-runner-direct",
                "namespace": "gitlab-runner",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "gitlab-runner-direct"},
            },
            "spec": _SPEC,
        }
    )
    ended = world.apply()
    assert ended.code == 3
    assert "Helm" in ended.document["error"]["problem"] + ended.document["error"]["cause"]
    assert untouched(world)


def test_a_manager_that_never_calls_gitlab_is_no_success(tmp_path: Path) -> None:
    with World(tmp_path, managers_start=False) as world:
        ended = world.wizard("apply", str(world.profile), "--yes", "--json", "--timeout", "3")
        assert ended.code == 1
        assert "has not heard" in ended.document["error"]["problem"]
        # It stays, and goes on at the next run.
        assert len(world.gitlab.runners) == 1


def test_a_job_that_does_not_end_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with World(tmp_path, jobs_end=False) as world:
        ended = world.wizard("apply", str(world.profile), "--yes", "--json", "--timeout", "3")
        assert ended.code == 1
        assert "did not end" in ended.document["error"]["problem"]
        assert "$ echo" in ended.document["error"]["cause"]


@pytest.mark.parametrize("command", ["plan", "apply", "destroy"])
def test_no_command_prints_a_token(world: World, command: str) -> None:
    world.apply()
    secrets = [world.secret_token, world.token.get_secret_value()]
    log = world.folder / "log.txt"
    options = [] if command == "plan" else ["--yes"]
    ended = world.wizard(command, str(world.profile), *options, "-vv", "--log-file", str(log))
    said = ended.out + ended.err + log.read_text() + world.profile.read_text()
    assert not [secret for secret in secrets if secret in said]


def test_a_token_secret_of_somebody_else_is_refused_before_a_runner_is_made(world: World) -> None:
    name = f"gitlab-runner-{world.name}-token"
    world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    theirs = world.cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "data": {"runner-token": "dGhlaXJz"},
        }
    )
    ended = world.apply()
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert f"Secret {NAMESPACE}/{name} holds a token already" in error["problem"]
    assert "another name" in error["fix"]
    assert untouched(world)
    assert world.cluster.find("Secret", name, NAMESPACE) == theirs


def test_a_plan_that_goes_into_a_file_or_a_pipe_has_no_colours(world: World) -> None:
    ended = world.wizard("plan", str(world.profile))
    assert "create  runner direct" in ended.out
    assert "\x1b" not in ended.out + ended.err


def test_a_token_is_not_asked_for_where_no_keyring_could_keep_it(world: World) -> None:
    ended = world.wizard("login", world.gitlab.url)
    assert ended.code == 1
    assert "The system's keyring cannot be used." in ended.err
    assert "Set GITLAB_TOKEN instead" in ended.err


def _nobody_maintains(world: World) -> None:
    world.project.members[world.gitlab.user.id] = 30


def _may_not_patch(world: World) -> None:
    world.cluster.deny(verb="patch", resource="deployments")


def _no_such_project(world: World) -> None:
    world.change("project: acme/homelab\n", "project: acme/nothing\n")


def _another_cluster(world: World) -> None:
    world.change("context: fake", "context: fake\n  uid: 00000000-aaaa-bbbb-cccc-000000000000")


def _token_unknown(world: World) -> None:
    world.gitlab.state.tokens.clear()


def _token_creates_only(world: World) -> None:
    world.token = world.gitlab.add_token("create_runner")


def _no_cluster_named(world: World) -> None:
    world.change("context: fake", "context: null")


def _namespaces_missing(world: World) -> None:
    world.change("cluster:\n", "cluster:\n  namespaces: existing\n")


def _token_of_others(world: World) -> None:
    _seeded(world, "v1", "Namespace", NAMESPACE)
    _seeded(world, "v1", "Secret", "gitlab-runner-direct-token", data={"runner-token": "YWJj"})


def _deployment_of_helm(world: World) -> None:
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    _seeded(world, "v1", "Namespace", NAMESPACE)
    _seeded(world, "apps/v1", "Deployment", "gitlab-runner-direct", labels, spec=_SPEC)


def _account_of_others(world: World) -> None:
    _seeded(world, "v1", "Namespace", NAMESPACE)
    _seeded(world, "v1", "ServiceAccount", "gitlab-runner-direct")


def _level_too_strict(world: World) -> None:
    world.change("builds: none", "builds: kaniko")
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    _seeded(world, "v1", "Namespace", "gitlab-runner-jobs", enforced)


def _marker_elsewhere(world: World) -> None:
    world.change("version: 1\n", "version: 1\nid: 3f9c2a71\n")
    other = world.gitlab.add_project("acme/other")
    number = world.gitlab.state.new_id()
    world.gitlab.state.runners[number] = Runner(
        id=number,
        runner_type="project_type",
        token=f"glrt-{number:020}",
        created_at=world.gitlab.state.clock.now(),
        creator=world.gitlab.user,
        project_ids=[other.id, world.project.id],
        description="theirs [rw:3f9c2a71/direct]",
    )


def _seeded(
    world: World,
    api_version: str,
    kind: str,
    name: str,
    labels: dict[str, str] | None = None,
    **body: Any,
) -> None:
    metadata: dict[str, Any] = {"name": name, "labels": labels or {}}
    if kind != "Namespace":
        metadata["namespace"] = NAMESPACE
    world.cluster.seed({"apiVersion": api_version, "kind": kind, "metadata": metadata, **body})


@pytest.mark.parametrize(
    "spoil",
    [
        _nobody_maintains,
        _may_not_patch,
        _no_such_project,
        _another_cluster,
        _token_unknown,
        _token_creates_only,
        _no_cluster_named,
        _namespaces_missing,
        _token_of_others,
        _deployment_of_helm,
        _account_of_others,
        _level_too_strict,
        _marker_elsewhere,
    ],
)
def test_exit_code_3_means_that_nothing_was_changed_and_plan_says_the_same(
    world: World, spoil: Callable[[World], None]
) -> None:
    spoil(world)
    world.forget_writes()
    before = world.profile.read_bytes()
    planned = world.wizard("plan", str(world.profile), "--json")
    ended = world.apply()
    assert (planned.code, ended.code) == (3, 3), planned.err + ended.err
    assert planned.document["error"] == ended.document["error"]
    assert not world.cluster.writes
    assert not any(world.gitlab.writes.values())
    assert world.profile.read_bytes() == before


def test_everything_that_is_in_the_way_is_told_at_once(world: World) -> None:
    _nobody_maintains(world)
    _may_not_patch(world)
    ended = world.wizard("apply", str(world.profile), "--yes")
    assert ended.code == 3
    assert "owner may not create a runner in acme/homelab." in ended.err
    assert "the role there is Developer" in ended.err
    assert "missing: patch deployments" in ended.err
    assert "Nothing was changed: 2 checks failed." in ended.err


def test_a_refusal_after_the_first_write_is_a_failure(world: World) -> None:
    """GitLab does not tell beforehand that registration is switched off."""
    world.project.runner_registration = False
    ended = world.apply()
    assert ended.code == 1, ended.out
    assert "create a runner in project acme/homelab" in ended.document["error"]["problem"]


def test_a_token_that_ends_soon_is_told_by_plan_and_apply(world: World) -> None:
    today = world.gitlab.state.clock.now().date()
    ending = world.gitlab.add_token(expires_at=today + timedelta(days=1))
    world.token = ending
    planned = world.wizard("plan", str(world.profile))
    assert planned.code == 0, planned.err
    assert "The GitLab token of owner ends tomorrow." in planned.out
    assert "ends tomorrow" in world.wizard("apply", str(world.profile), "--yes").err


def test_a_first_apply_into_an_existing_namespace_asks_with_an_account_that_is_there(
    world: World,
) -> None:
    jobs = "gitlab-runner-jobs"
    world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": jobs}})
    assert world.apply().code == 0


def test_who_may_only_read_sees_what_is_there_without_a_dry_run(world: World) -> None:
    assert world.apply().code == 0
    world.change("concurrent: 2", "concurrent: 3")
    said = (
        'configmaps "x" is forbidden: User "dev" cannot patch resource "configmaps" in API group ""'
    )
    world.cluster.fails("PATCH", ".*", status=403, message=said)
    world.cluster.deny(verb="patch")
    ended = world.wizard("plan", str(world.profile))
    assert ended.code == 3
    assert "update  ConfigMap" in ended.out
    assert "compared by reading" in ended.out
    assert "missing: patch configmaps" in ended.err


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_a_secret_of_somebody_elses_in_the_place_of_the_token_is_told_once(
    world: World, command: tuple[str, ...]
) -> None:
    world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    metadata = {"name": "gitlab-runner-direct-token", "namespace": NAMESPACE}
    data = {"runner-token": "YWJj"}
    world.cluster.seed({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    ended = world.wizard(command[0], str(world.profile), *command[1:], "--json")
    assert ended.code == 3
    error = ended.document["error"]
    assert "nothing shows that it is this profile's" in error["problem"]
    assert [one["problem"] for one in error["findings"]] in ([], [error["problem"]])
    assert untouched(world)
