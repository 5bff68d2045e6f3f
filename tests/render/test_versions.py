"""What depends on the versions of runner and chart."""

from __future__ import annotations

from tests.render.profiles import profile_of, said
from wizard.profile.model import Profile
from wizard.render import images
from wizard.render.runner.chart_values import values
from wizard.render.runner.rbac import rules
from wizard.render.tables.versions import CHARTS, Evidence


def _of(chart: str, runner: str) -> Profile:
    return profile_of(manager={"runner_version": runner}, delivery={"chart": {"version": chart}})


def test_the_table_is_in_order_and_names_each_once() -> None:
    for key in ("version", "runner"):
        numbers = [tuple(map(int, getattr(chart, key).split("."))) for chart in CHARTS]
        assert numbers == sorted(set(numbers))


def test_a_chart_that_nobody_here_has_seen_is_said() -> None:
    unseen = next(chart for chart in CHARTS if chart.evidence is Evidence.FOLLOWS)
    told = said(profile_of(manager={"runner_version": unseen.runner}))
    assert any(
        f"chart {unseen.version}, which should bring this runner, was not examined" in one
        for one in told
    )


def test_a_chart_that_can_switch_its_liveness_probe_off_does() -> None:
    new, old = _of("0.94.1", "19.5.1"), _of("0.92.1", "19.3.1")
    assert values(new, new.runners[0])["livenessProbe"] == {"enabled": False}
    assert values(old, old.runners[0])["livenessProbe"]["failureThreshold"] == 288


def test_values_of_chart_0_94_and_keys_of_runner_19_4_are_known() -> None:
    extra = {"livenessProbe": {"enabled": False}, "sessionServer": {"labels": {"a": "b"}}}
    keys = {"kubernetes": {"suspend_pvc_size": "20Gi", "suspend_pvc_storage_class": "fast"}}
    profile = profile_of(
        manager={"runner_version": "19.5.1"}, runner={"extra_values": extra, "extra_config": keys}
    )
    assert not [one for one in said(profile) if "extra_" in one]


def test_suspendable_jobs_get_the_rights_they_need_and_others_do_not() -> None:
    flag = {"feature_flags": {"FF_SUSPENDABLE_ENVIRONMENTS": True}}
    profile = profile_of(runner={"extra_config": flag})
    granted = {rule["resources"][0]: rule["verbs"] for rule in rules(profile, profile.runners[0])}
    assert granted["configmaps"] == ["create", "delete", "get", "update"]
    assert granted["persistentvolumeclaims"] == ["create", "delete"]
    assert granted["namespaces"] == ["get"]
    plain = profile_of()
    resources = {rule["resources"][0] for rule in rules(plain, plain.runners[0])}
    assert not resources & {"configmaps", "persistentvolumeclaims", "namespaces"}


def test_dockers_daemon_is_of_the_clients_version() -> None:
    profile = profile_of(runner={"builds": {"strategy": "dind", "image": "docker:28-cli"}})
    found = {use.source for use in images(profile)}
    assert {"docker:28-cli", "docker:28-dind"} <= found
    other = profile_of(runner={"builds": {"strategy": "dind", "image": "acme/docker-tools:1"}})
    assert any(use.source.endswith("-dind") for use in images(other))
