"""How jobs build images: what each strategy asks of the runner, and nothing more."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
import yaml

from tests.render.profiles import file_of, profile_of, runner_version, wanted
from wizard.profile.model import Profile
from wizard.profile.strategies import Strategy
from wizard.render import config, images, job_pod, pod_security_level
from wizard.render.runner.builds import STRATEGIES
from wizard.render.tables.catalogue import runner_versions

ALL = get_args(Strategy)
ROOTLESS = ("buildah", "buildkit", "podman")


def _table(builds: Any, **changes: Any) -> dict[str, Any]:
    profile = profile_of("direct", runner={"builds": builds, **changes})
    return dict(config(profile, profile.runners[0])["runners"][0])


def _containers(profile: Profile) -> dict[str, dict[str, Any]]:
    spec = job_pod(profile, profile.runners[0]).body["spec"]
    return {found["name"]: found for found in [*spec["initContainers"], *spec["containers"]]}


def _pipeline(builds: Any, **changes: Any) -> dict[str, Any]:
    profile = profile_of("direct", runner={"builds": builds}, **changes)
    found: dict[str, Any] = yaml.safe_load(file_of(profile, ".gitlab-ci.yml"))
    return found


def test_every_strategy_that_can_be_written_is_built() -> None:
    assert set(STRATEGIES) == set(ALL)


@pytest.mark.parametrize(
    ("builds", "level"),
    [
        ("none", "restricted"),
        ("kaniko", "baseline"),
        ("buildah", "baseline"),
        ("buildkit", "privileged"),
        ("podman", "privileged"),
        ("dind", "privileged"),
        ("shared-runners", "restricted"),
    ],
)
def test_the_namespace_is_as_strict_as_the_strategy_allows(builds: str, level: str) -> None:
    assert pod_security_level(profile_of("direct", runner={"builds": builds})) == level


@pytest.mark.parametrize(
    ("builds", "privileged"), [("podman", {"build"}), ("dind", {"svc-0"}), ("buildkit", set())]
)
def test_only_the_container_that_builds_is_privileged(builds: str, privileged: set[str]) -> None:
    containers = _containers(profile_of("direct", runner={"builds": builds}))
    found = {name for name, one in containers.items() if one["securityContext"].get("privileged")}
    assert found == privileged


@pytest.mark.parametrize("builds", ROOTLESS)
def test_beside_a_rootless_build_no_container_has_any_right(builds: str) -> None:
    containers = _containers(profile_of("direct", runner={"builds": builds}))
    for name, container in containers.items():
        if name == "build":
            continue
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize("builds", ROOTLESS)
def test_a_rootless_build_has_a_home_on_a_real_file_system(builds: str) -> None:
    table = _table(builds)
    assert "HOME=/build-home" in table["environment"]
    (home,) = table["kubernetes"]["volumes"]["empty_dir"]
    assert home["mount_path"] == "/build-home"
    assert table["kubernetes"]["pod_security_context"]["run_as_user"] == 1000
    assert "seccomp_profile" not in table["kubernetes"]["pod_security_context"]


def test_buildkit_is_unconfined_in_its_build_container_alone() -> None:
    kubernetes = _table("buildkit")["kubernetes"]
    assert kubernetes["build_container_security_context"] == {
        "seccomp_profile": {"type": "Unconfined"},
        "app_armor_profile": {"type": "Unconfined"},
    }


@pytest.mark.parametrize("version", [v for v in runner_versions() if v < "18.11"])
def test_an_older_runner_unconfines_buildkit_by_a_patch_and_an_annotation(version: str) -> None:
    profile = runner_version(version, "direct", runner={"builds": "buildkit"})
    table = config(profile, profile.runners[0])["runners"][0]
    assert table["feature_flags"]["FF_USE_ADVANCED_POD_SPEC_CONFIGURATION"] is True
    pod = job_pod(profile, profile.runners[0]).body
    annotation = "container.apparmor.security.beta.kubernetes.io/build"
    assert pod["metadata"]["annotations"] == {annotation: "unconfined"}
    context = _containers(profile)["build"]["securityContext"]
    assert context["seccompProfile"] == {"type": "Unconfined"}
    assert context["runAsUser"] == 1000


def test_docker_in_docker_has_all_its_parts_from_one_word() -> None:
    table = _table("dind")
    kubernetes = table["kubernetes"]
    assert kubernetes["privileged"] is False
    assert kubernetes["service_container_security_context"] == {"privileged": True}
    (certificates,) = kubernetes["volumes"]["empty_dir"]
    assert certificates["mount_path"] == "/certs/client"
    assert certificates["medium"] == "Memory"
    assert table["environment"] == [
        "DOCKER_HOST=tcp://localhost:2376",
        "DOCKER_TLS_CERTDIR=/certs",
        "DOCKER_TLS_VERIFY=1",
        "DOCKER_CERT_PATH=/certs/client",
    ]
    (service,) = _pipeline("dind")["build-image"]["services"]
    assert service["variables"] == {"HEALTHCHECK_TCP_PORT": "2376"}


def test_the_mtu_reaches_every_network_that_docker_makes() -> None:
    profile = profile_of("direct", runner={"builds": {"strategy": "dind", "mtu": 1400}})
    config_map = wanted(profile, "ConfigMap", "gitlab-runner-direct-docker")
    assert config_map["metadata"]["namespace"] == "gitlab-runner-jobs-dind"
    assert json.loads(config_map["data"]["daemon.json"]) == {
        "mtu": 1400,
        "default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1400"}},
    }
    kubernetes = config(profile, profile.runners[0])["runners"][0]["kubernetes"]
    (volume,) = kubernetes["volumes"]["config_map"]
    assert volume["name"] == config_map["metadata"]["name"]
    assert volume["mount_path"] == "/etc/docker/daemon.json"


def test_a_build_may_be_made_privileged_as_a_whole_by_word() -> None:
    for builds in ALL:
        kubernetes = _table(builds, jobs={"pod_security": "privileged"})["kubernetes"]
        assert kubernetes["privileged"] is True
        assert not [key for key in kubernetes if key.endswith("container_security_context")]


def test_gpus_are_limits_of_the_build_container() -> None:
    gpu = {"resource": "amd.com/gpu", "count": 2}
    profile = profile_of("direct", runner={"jobs": {"gpu": gpu, "runtime_class": "nvidia"}})
    containers = _containers(profile)
    assert containers["build"]["resources"]["limits"]["amd.com/gpu"] == "2"
    assert containers["build"]["resources"]["limits"]["memory"] == "2Gi"
    assert "amd.com/gpu" not in containers["helper"]["resources"]["limits"]
    table = config(profile, profile.runners[0])["runners"][0]
    assert table["feature_flags"]["FF_USE_ADVANCED_POD_SPEC_CONFIGURATION"] is True


def test_patches_of_ones_own_come_after_ours() -> None:
    patch = {"name": "mine", "patch": "hostUsers: false"}
    extra = {"environment": ["A=b"], "kubernetes": {"pod_spec": [patch]}}
    table = _table("none", jobs={"gpu": {"count": 1}}, extra_config=extra)
    assert [entry["name"] for entry in table["kubernetes"]["pod_spec"]] == ["gpu", "mine"]
    assert table["environment"] == ["HOME=/tmp", "A=b"]


@pytest.mark.parametrize("builds", [name for name in ALL if name != "none"])
def test_the_example_logs_in_to_gitlabs_registry_and_leaves_no_blank(builds: str) -> None:
    text = file_of(profile_of("direct", runner={"builds": builds}), ".gitlab-ci.yml")
    job = yaml.safe_load(text)["build-image"]
    assert "CI_REGISTRY_PASSWORD" in " ".join(job["before_script"])
    assert "CI_REGISTRY_USER" in " ".join(job["before_script"])
    assert "@" not in text.replace("@sha256", "")
    assert all(isinstance(line, str) for line in [*job["before_script"], *job["script"]])


@pytest.mark.parametrize("builds", ["kaniko", "buildkit"])
def test_an_image_with_an_entrypoint_of_its_own_has_it_taken_away(builds: str) -> None:
    assert _pipeline(builds)["build-image"]["image"]["entrypoint"] == [""]


def test_a_builder_of_ones_own_is_what_the_example_uses() -> None:
    own = {"strategy": "buildah", "image": "registry.example.com/buildah:1"}
    assert _pipeline(own)["build-image"]["image"] == "registry.example.com/buildah:1"


def test_builder_and_service_come_from_the_mirror() -> None:
    mirror = {"registry": "mirror.example.com"}
    job = _pipeline("dind", images=mirror)["build-image"]
    profile = profile_of("direct", runner={"builds": "dind"}, images=mirror)
    listed = {use.image for use in images(profile)}
    assert {job["image"], job["services"][0]["name"]} <= listed
    assert all(image.startswith("mirror.example.com/") for image in listed)
