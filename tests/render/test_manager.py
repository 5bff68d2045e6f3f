from __future__ import annotations

from typing import Any

import pytest

from tests.render.profiles import profile_of, wanted
from wizard.profile.model import Profile
from wizard.render import config, manager_labels
from wizard.render.runner.chart_values import values


def _pod(profile: Profile) -> dict[str, Any]:
    return dict(wanted(profile, "Deployment")["spec"]["template"])


def _container(profile: Profile) -> dict[str, Any]:
    return dict(_pod(profile)["spec"]["containers"][0])


@pytest.mark.parametrize(
    ("flavor", "user", "group"), [("alpine", 100, 65533), ("ubuntu", 999, 999)]
)
def test_the_user_is_the_one_of_the_image(flavor: str, user: int, group: int) -> None:
    profile = profile_of("direct", manager={"flavor": flavor})
    security = _pod(profile)["spec"]["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"]) == (user, group)
    assert security["fsGroup"] == group
    assert _container(profile)["image"].endswith(f"gitlab-runner:{flavor}-v19.3.1")


def test_the_manager_fits_restricted_and_writes_to_no_disk_but_tmp() -> None:
    profile = profile_of("direct")
    security = _container(profile)["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert _pod(profile)["spec"]["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    writable = {
        v["name"]: v["emptyDir"] for v in _pod(profile)["spec"]["volumes"] if "emptyDir" in v
    }
    assert writable == {"etc-gitlab-runner": {"medium": "Memory"}, "tmp": {}}


def test_no_probe_asks_gitlab() -> None:
    container = _container(profile_of("direct"))
    for probe in (container["livenessProbe"], container["readinessProbe"]):
        assert probe["httpGet"] == {"path": "/metrics", "port": "metrics"}
    ports = [port["containerPort"] for port in container["ports"] if port["name"] == "metrics"]
    assert ports == [9252]
    config = wanted(profile_of("direct"), "ConfigMap")["data"]["config.template.toml"]
    assert 'listen_address = ":9252"' in config


def test_the_token_is_mounted_and_in_no_variable() -> None:
    profile = profile_of("direct")
    assert "env" not in _container(profile)
    assert "envFrom" not in _container(profile)
    sources = [
        source
        for volume in _pod(profile)["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
    ]
    assert [source["secret"]["name"] for source in sources] == ["gitlab-runner-direct-token"]
    keys = {item["key"] for item in sources[0]["secret"]["items"]}
    assert keys == {"runner-token", "runner-registration-token"}


def test_a_changed_configuration_makes_a_new_pod() -> None:
    def checksum(**jobs: Any) -> str:
        profile = profile_of("direct", runner={"jobs": jobs})
        return str(_pod(profile)["metadata"]["annotations"]["checksum/config"])

    assert checksum() == checksum()
    assert checksum() != checksum(concurrent=7)


def test_a_raised_token_revision_makes_a_new_pod() -> None:
    annotation = "runner-wizard/token-revision"
    assert annotation not in _pod(profile_of("direct"))["metadata"]["annotations"]
    raised = profile_of("direct", runner={"token_revision": 2})
    assert _pod(raised)["metadata"]["annotations"][annotation] == "2"


def test_a_manager_that_is_replaced_finishes_its_jobs() -> None:
    profile = profile_of("direct", manager={"drain": "2h"})
    assert _pod(profile)["spec"]["terminationGracePeriodSeconds"] == 7200
    strategy = wanted(profile, "Deployment")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_node_can_always_be_drained() -> None:
    budget = wanted(profile_of("direct"), "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_selector_finds_the_pods_and_never_changes_with_the_profiles_id() -> None:
    before, after = profile_of("direct"), profile_of("direct", id="0badcafe")
    selector = wanted(before, "Deployment")["spec"]["selector"]["matchLabels"]
    assert selector == wanted(after, "Deployment")["spec"]["selector"]["matchLabels"]
    assert selector == manager_labels(after, after.runners[0])
    assert selector.items() <= _pod(after)["metadata"]["labels"].items()
    assert _pod(after)["metadata"]["labels"]["runner-wizard/id"] == "0badcafe"


def test_where_the_manager_runs_is_as_wished() -> None:
    profile = profile_of(
        "direct",
        manager={
            "node_selector": {"pool": "ci"},
            "tolerations": [{"key": "ci", "operator": "Exists", "effect": "NoSchedule"}],
            "priority_class": "infra",
            "image_pull_secrets": ["pull"],
            "cpu": {"request": "1"},
        },
    )
    spec = _pod(profile)["spec"]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "ci"}
    assert spec["tolerations"] == [{"key": "ci", "operator": "Exists", "effect": "NoSchedule"}]
    assert spec["priorityClassName"] == "infra"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert _container(profile)["resources"]["requests"]["cpu"] == "1"


_TWO = {"manager": {"replicas": 2}}
_FIVE_JOBS = {"runner": {"jobs": {"concurrent": 5}}}


def test_several_managers_of_a_runner_stand_on_nodes_apart() -> None:
    deployment = wanted(profile_of("direct", **_TWO), "Deployment")
    assert deployment["spec"]["replicas"] == 2
    template = deployment["spec"]["template"]
    for spread in template["spec"]["topologySpreadConstraints"]:
        selected = spread["labelSelector"]["matchLabels"]
        assert selected.items() <= template["metadata"]["labels"].items()
        assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    keys = [one["topologyKey"] for one in template["spec"]["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    one = wanted(profile_of("direct"), "Deployment")["spec"]["template"]["spec"]
    assert "topologySpreadConstraints" not in one


def test_several_managers_share_the_jobs_of_their_runner() -> None:
    profile = profile_of("direct", **_TWO, **_FIVE_JOBS)
    written = config(profile, profile.runners[0])
    assert written["concurrent"] == written["runners"][0]["limit"] == 2
    assert values(profile, profile.runners[0])["concurrent"] == 2
    budget = wanted(profile, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
