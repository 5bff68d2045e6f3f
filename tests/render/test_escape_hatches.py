"""The escape hatches: what they may not break, and what is said of what they open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.render.profiles import PACKAGINGS, packaged, profile_of, runner_version, said
from wizard.core.problems import Problems
from wizard.profile.model import Profile
from wizard.profile.strategies import STRATEGIES
from wizard.render import check, config, images, job_pod, pod_security_level
from wizard.render.jobs.pod_standards import violations
from wizard.render.tables.catalogue import runner_versions
from wizard.render.tables.dangers import dangers


def _errors(profile: Profile) -> list[str]:
    problems = Problems()
    check(profile, problems)
    return [str(problem) for problem in problems.errors]


def _config(kubernetes: dict[str, Any]) -> Profile:
    return profile_of("direct", runner={"extra_config": {"kubernetes": kubernetes}})


def _values(extra: Any, packaging: str = "helm") -> Profile:
    profile = packaged("direct", packaging)
    runner = profile.runners[0].model_copy(update={"extra_values": extra})
    return profile.model_copy(update={"runners": [runner]})


def _patch(patch: Any, kind: str = "strategic") -> dict[str, Any]:
    return {"pod_spec": [{"name": "p", "patch_type": kind, "patch": json.dumps(patch)}]}


@pytest.mark.parametrize(
    "kubernetes",
    [
        {"dns_config": {"options": [None]}},
        {"services": [None]},
        {"services": ["redis"]},
        {"pod_spec": [None]},
        {"pod_spec": ["{}"]},
        {"volumes": {"empty_dir": [None]}},
        {"volumes": {"pvc": [{"name": None}]}},
        {"affinity": {"node_affinity": [None]}},
        {"host_aliases": [{"ip": "10.0.0.1", "hostnames": [None]}]},
        {"image": None},
        _patch({"containers": [{"image": "a"}]}),
        _patch({"containers": {"build": {"image": "a"}}}),
        _patch({"containers": "build"}),
        _patch({"initContainers": [{"name": "a"}]}),
        _patch({"initContainers": [{"name": "a", "image": None}]}),
        _patch({"volumes": [{"name": ["a"]}]}),
        _patch({"containers": None}, "merge"),
        _patch({"securityContext": "none"}, "merge"),
        _patch([{"op": "replace", "path": "/containers", "value": 5}], "json"),
        _patch({"op": "add"}, "json"),
        _patch({}, "unheard-of"),
        {"pod_spec": [{"patch": "a: [*b"}]},
        {"pod_spec": [{"patch": "[" * 100_000}]},
        {"pod_spec": [{"patch": "just words"}]},
    ],
    ids=lambda kubernetes: json.dumps(kubernetes)[:60],
)
def test_what_no_pod_can_be_made_of_is_refused(kubernetes: dict[str, Any]) -> None:
    assert _errors(_config(kubernetes))


@pytest.mark.parametrize(
    "extra",
    [
        {"extraContainers": [None]},
        {"extraContainers": {"name": "a", "image": "b"}},
        {"extraContainers": "busybox"},
        {"extraContainers": [{"name": "a", "image": None}]},
        {"extraContainers": [{"name": "a"}]},
        {"initContainers": ["busybox"]},
        {"image": "busybox"},
        {"image": {"tag": []}},
        {"volumes": [None]},
        {"hostAliases": [None]},
        {"affinity": {"nodeAffinity": {"terms": [None]}}},
        {"tolerations": {"key": "a"}},
        {"runners": "a"},
        {"rbac": {"rules": ["*"]}},
    ],
    ids=lambda extra: json.dumps(extra)[:60],
)
@pytest.mark.parametrize("packaging", ["argocd", "helm"])
def test_values_of_a_shape_that_the_chart_cannot_use_are_refused(
    extra: dict[str, Any], packaging: str
) -> None:
    assert _errors(_values(extra, packaging))


@pytest.mark.parametrize(
    "key",
    [
        *("runners", "rbac", "serviceAccount", "securityContext", "podSecurityContext"),
        *("resources", "volumes", "podLabels", "image", "fullnameOverride", "gitlabUrl"),
    ],
)
def test_null_takes_nothing_away_that_the_wizard_writes(key: str) -> None:
    assert f"extra_values.{key}" in _errors(_values({key: None}))[0]


def test_nor_does_null_deeper_down() -> None:
    words = _errors(_values({"runners": {"jobNamespace": None}, "image": {"tag": None}}))
    assert any("write cluster.job_namespace" in one for one in words)
    assert any("null would remove what the wizard writes as image.tag" in one for one in words)


def test_null_may_take_a_default_of_the_chart_away() -> None:
    assert said(_values({"affinity": None, "hpa": {"minReplicas": None}})) == []


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"serviceAccount": {"create": False}}, "the wizard writes it itself"),
        ({"serviceAccount": {"name": "default"}}, "the wizard writes it itself"),
        ({"rbac": {"create": False}}, "the wizard writes it itself"),
        ({"rbac": {"clusterWideAccess": True}}, "in every namespace of the cluster"),
        ({"podLabels": {"app.kubernetes.io/part-of": "x"}}, "finds its managers by this label"),
    ],
)
def test_values_that_would_take_the_managers_identity_are_refused(
    extra: dict[str, Any], words: str
) -> None:
    assert any(words in one for one in _errors(_values(extra)))


@pytest.mark.parametrize(
    ("kubernetes", "place", "words"),
    [
        ({"privileged": True}, "kubernetes.privileged", "build: privileged"),
        ({"allow_privilege_escalation": True}, "escalation", "may escalate its privileges"),
        ({"cap_add": ["SYS_ADMIN"]}, "kubernetes.cap_add", "the capabilities SYS_ADMIN"),
        (
            {"pod_security_context": {"run_as_user": 0, "run_as_non_root": False}},
            "kubernetes.pod_security_context",
            "runs as root (user 0)",
        ),
        (
            {"volumes": {"host_path": [{"name": "root", "mount_path": "/h", "host_path": "/"}]}},
            "kubernetes.volumes",
            "the hostPath volume root",
        ),
        (
            {"build_container_security_context": {"run_as_user": 0}},
            "kubernetes.build_container_security_context",
            "build: runs as root (user 0)",
        ),
        (
            {"volumes": {"nfs": [{"name": "n", "mount_path": "/n", "server": "s", "path": "/"}]}},
            "kubernetes.volumes",
            "the nfs volume n",
        ),
        (_patch({"hostNetwork": True, "hostPID": True}, "merge"), "pod_spec", "hostNetwork"),
        (
            _patch([{"op": "add", "path": "/hostIPC", "value": True}], "json"),
            "kubernetes.pod_spec",
            "hostIPC",
        ),
        (
            _patch({"containers": [{"name": "build", "securityContext": {"privileged": True}}]}),
            "kubernetes.pod_spec",
            "build: privileged",
        ),
    ],
)
@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_what_the_job_namespace_would_refuse_is_known_offline_whatever_the_delivery(
    kubernetes: dict[str, Any], place: str, words: str, packaging: str
) -> None:
    profile = packaged("direct", packaging)
    runner = profile.runners[0].model_copy(update={"extra_config": {"kubernetes": kubernetes}})
    told = _errors(profile.model_copy(update={"runners": [runner]}))
    assert len(told) == 1
    assert place in told[0]
    assert "gitlab-runner-jobs enforces restricted, which forbids" in told[0]
    assert words in told[0]


def test_the_way_out_of_a_level_is_the_strictest_that_fits() -> None:
    root = {"pod_security_context": {"run_as_user": 0, "run_as_non_root": False}}
    assert "write jobs.pod_security: baseline" in _errors(_config(root))[0]
    assert "write jobs.pod_security: privileged" in _errors(_config({"privileged": True}))[0]


def test_what_is_allowed_by_word_is_still_said() -> None:
    extra = {"extra_config": {"kubernetes": {"privileged": True}}}
    profile = profile_of("direct", runner={"jobs": {"pod_security": "privileged"}, **extra})
    assert not _errors(profile)
    assert any("a job may take the node over" in one for one in said(profile))


@pytest.mark.parametrize("builds", list(STRATEGIES))
@pytest.mark.parametrize("version", runner_versions())
def test_the_jobs_of_every_strategy_fit_the_level_their_namespace_enforces(
    builds: str, version: str
) -> None:
    profile = runner_version(version, "direct", runner={"builds": builds})
    pod = job_pod(profile, profile.runners[0]).body
    level = pod_security_level(profile)
    assert violations(pod["spec"], level, pod["metadata"].get("annotations")) == []


def test_a_manager_that_would_not_start_is_known_offline() -> None:
    for extra, words in (
        ({"securityContext": {"privileged": True}}, "gitlab-runner: privileged"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "the hostPath volume v"),
        ({"podSecurityContext": {"runAsUser": 0}}, "runs as root"),
        (
            {"extraContainers": [{"name": "a", "image": "b", "securityContext": {"runAsUser": 0}}]},
            "a: runs as root",
        ),
    ):
        assert any(words in one for one in _errors(_values(extra))), extra


def test_a_container_of_ones_own_beside_the_manager_fits_its_namespace() -> None:
    assert said(_values({"extraContainers": [{"name": "a", "image": "b"}]})) == []


@pytest.mark.parametrize("scope", [{"group": "acme"}, "instance"])
@pytest.mark.parametrize(
    "key", [("bearer_token_overwrite_allowed", True), ("service_account_overwrite_allowed", ".*")]
)
def test_jobs_of_several_projects_may_not_choose_who_they_are(
    scope: Any, key: tuple[str, Any]
) -> None:
    extra = {"extra_config": {"kubernetes": {key[0]: key[1]}}}
    (words,) = _errors(_scoped(scope, extra))
    assert "jobs of every project of" in words
    assert not _errors(profile_of("direct", runner=extra))
    assert len(said(profile_of("direct", runner=extra))) == 1


def _scoped(scope: Any, runner: dict[str, Any]) -> Profile:
    profile = profile_of("direct", runner=runner)
    owner = type(profile.runners[0].scope).model_validate(scope)
    changed = profile.runners[0].model_copy(update={"scope": owner})
    return profile.model_copy(update={"runners": [changed]})


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"kubernetes": {"automount_service_account_token": True}}, "the token of its Service"),
        ({"kubernetes": {"pod_annotations_overwrite_allowed": ".*"}}, "any annotation"),
        ({"kubernetes": {"node_selector_overwrite_allowed": ".*"}}, "may choose any node"),
        ({"kubernetes": {"node_tolerations_overwrite_allowed": ".+"}}, "of the control plane"),
        ({"kubernetes": {"allowed_images": ["*"]}}, "whatever jobs.allowed_images says"),
        ({"clone_url": "http://elsewhere"}, "sends its token along"),
        (
            {"kubernetes": {"volumes": {"secret": [{"name": "s", "mount_path": "/s"}]}}},
            "every job can read these Secrets",
        ),
        (
            {"kubernetes": {"volumes": {"pvc": [{"name": "cache", "mount_path": "/c"}]}}},
            "2 jobs at once need it to be ReadWriteMany",
        ),
        (
            {"kubernetes": _patch({"automountServiceAccountToken": True}, "merge")},
            "every job gets the token of gitlab-runner-direct-job",
        ),
    ],
)
def test_what_a_key_opens_is_said(extra: dict[str, Any], words: str) -> None:
    assert any(words in one for one in said(profile_of("direct", runner={"extra_config": extra})))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (
            {"feature_flags": {"FF_DISABLE_AUTOMATIC_TOKEN_ROTATION": False}},
            "the runner renews its token by itself",
        ),
        (
            {"kubernetes": {"pull_policy": "always"}},
            "pull_policy always is not among allowed_pull_policies, if-not-present",
        ),
        ({"kubernetes": {"allowed_pull_policies": ["never"]}}, "so every job fails"),
        ({"kubernetes": {"pull_policy": "sometimes"}}, "'sometimes' is not a pull policy"),
        (
            {"kubernetes": {"helper_image": "helper:arm64-v19.3.1"}},
            "this helper is made for arm64, and the jobs run on amd64",
        ),
        ({"environment": ["LEAK=@RUNNER_TOKEN@"]}, "which no job may have"),
        ({"pre_build_script": "echo @RUNNER_TOKEN@"}, "which no job may have"),
        (
            {"kubernetes": _patch({"serviceAccountName": "admin"}, "merge")},
            "as the ServiceAccount admin, not as gitlab-runner-direct-job",
        ),
        ({"kubernetes": {"cpu_limit": "much"}}, "takes an amount in quotes"),
        ({"kubernetes": {"cleanup_resources_timeout": "soon"}}, "takes a duration"),
        ({"limit": 1.5}, "takes a number"),
        ({"output_limit": 10**30}, "takes a number"),
        ({"kubernetes": {"affinity": {"a": 10**30}}}, "a number too large to be read"),
    ],
)
def test_what_would_break_every_job_is_refused(extra: dict[str, Any], words: str) -> None:
    assert any(
        words in one for one in _errors(profile_of("direct", runner={"extra_config": extra}))
    )


def test_the_way_to_give_jobs_rights_is_said() -> None:
    (words,) = _errors(_config({"service_account": "ci-deployer"}))
    assert "jobs run as gitlab-runner-direct-job, to which you may give rights" in words


def test_a_profile_that_was_right_stays_right() -> None:
    kubernetes = {
        "host_aliases": [{"ip": "10.0.0.5", "hostnames": ["gitlab.example.com"]}],
        "volumes": {"empty_dir": [{"name": "shm", "mount_path": "/dev/shm", "medium": "Memory"}]},
        "dns_config": {"options": [{"name": "ndots", "value": "1"}]},
        "service_account_overwrite_allowed": "",
        "node_selector_overwrite_allowed": "^pool=(small|large)$",
        "pod_annotations_overwrite_allowed": "",
        **_patch({"shareProcessNamespace": True}, "merge"),
    }
    assert said(_config(kubernetes)) == []


def test_a_key_of_a_version_that_nobody_has_read_is_a_warning() -> None:
    newer = profile_of(
        manager={"runner_version": "19.9.0"},
        delivery={"as": "helm", "to": "directory", "chart": {"version": "0.98.0"}},
        runner={"extra_config": {"brand_new": 1}, "extra_values": {"brandNew": 1}},
    )
    assert _errors(newer) == []
    told = [one for one in said(newer) if "extra_" in one]
    assert len(told) == 2
    assert all("was not read" in one and "remove it" not in one for one in told)


def test_runners_of_several_projects_pull_at_every_job() -> None:
    def policy(profile: Profile) -> Any:
        return config(profile, profile.runners[0])["runners"][0]["kubernetes"]["pull_policy"]

    assert policy(profile_of("direct")) == ["if-not-present"]
    assert policy(_scoped({"group": "acme"}, {})) == ["always"]
    assert policy(_scoped("instance", {})) == ["always"]
    one = {"name": "one", "scope": {"project": "acme/app"}}
    two = {"name": "two", "scope": {"project": "acme/other"}}
    assert policy(profile_of("direct", runners=[one, two])) == ["always"]
    pod = job_pod(_scoped("instance", {}), _scoped("instance", {}).runners[0]).body["spec"]
    assert {one["imagePullPolicy"] for one in pod["containers"]} == {"Always"}


@pytest.mark.parametrize("key", ["pull_policy", "allowed_pull_policies"])
@pytest.mark.parametrize("policy", ["if-not-present", "never"])
def test_jobs_of_several_projects_that_take_images_from_the_node_are_told(
    key: str, policy: str
) -> None:
    both = {"pull_policy": ["always"], "allowed_pull_policies": ["always", policy]}
    both[key] = ["always", policy]
    words = f"kubernetes.{key}: {policy} where jobs of several projects run: one of them "
    words += "could run a private image that another project's job has pulled (Write always only)"
    extra = {"extra_config": {"kubernetes": both}}
    assert any(words in one for one in said(_scoped({"group": "acme"}, extra)))
    assert not any("private image" in one for one in said(_scoped({"project": "a/b"}, extra)))


def test_the_table_of_dangers_takes_data_of_any_shape() -> None:
    for odd in ({}, {"kubernetes": None}, {"kubernetes": [1]}, {"kubernetes": {"volumes": "x"}}):
        assert list(dangers(odd, "config")) == []
    assert [one.path[-1] for one in dangers({"kubernetes": {"privileged": True}}, "config")] == [
        "privileged"
    ]


@pytest.mark.parametrize("builds", list(STRATEGIES))
def test_containers_beside_the_build_keep_nothing_that_only_the_build_needs(builds: str) -> None:
    profile = profile_of("direct", runner={"builds": builds})
    spec = job_pod(profile, profile.runners[0]).body["spec"]
    found = {one["name"]: one["securityContext"] for one in spec["initContainers"]}
    found |= {one["name"]: one["securityContext"] for one in spec["containers"]}
    beside = {"init-permissions", "helper"} | ({"svc-0"} if builds != "dind" else set())
    for name in beside:
        assert found[name]["allowPrivilegeEscalation"] is False
        assert found[name]["capabilities"]["drop"][-1] == "ALL"
        assert not {"SETFCAP", "MKNOD", "SYS_CHROOT"} & set(
            found[name]["capabilities"].get("add", ())
        )


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_no_container_may_fill_its_nodes_disk(packaging: str) -> None:
    profile = packaged("homelab", packaging)
    spec = job_pod(profile, profile.runners[0]).body["spec"]
    for container in [*spec["initContainers"], *spec["containers"]]:
        for kind in ("requests", "limits"):
            assert container["resources"][kind]["ephemeral-storage"]
    assert images(profile)
