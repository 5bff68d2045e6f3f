from __future__ import annotations

from typing import Any, get_args

import pytest

from tests.render.profiles import behind_a_proxy, packaged, profile_of
from wizard.profile.strategies import Strategy
from wizard.render.runner.chart_values import values
from wizard.render.tables.catalogue import chart_keys, runner_keys, runner_versions
from wizard.render.tables.versions import CHARTS, chart_of


def _said(data: dict[str, Any], version: str = "19.3.1") -> list[str]:
    return [
        f"{'.'.join(map(str, complaint.path))}: {complaint.what} ({complaint.fix})"
        for complaint in runner_keys(version).complaints(data, "runners")
    ]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.version)
@pytest.mark.parametrize("builds", get_args(Strategy))
def test_every_value_we_write_is_known_to_every_chart(chart: Any, builds: str) -> None:
    manager = {
        "runner_version": chart.runner,
        "replicas": 2,
        "priority_class": "high",
        "node_selector": {"pool": "ci"},
        "tolerations": [{"key": "ci", "operator": "Exists"}],
        "image_pull_secrets": ["pull"],
    }
    profile = behind_a_proxy(
        profile_of(manager=manager, runner={"builds": builds, "token_revision": 3})
    )
    assert chart_of(chart.runner) == chart
    written = values(profile, profile.runners[0])
    assert not list(chart_keys(chart.version).complaints(written))


def test_a_known_key_is_known_at_its_place_only() -> None:
    assert not _said({"kubernetes": {"poll_timeout": 5}})
    assert _said({"poll_timeout": 5})


def test_a_misspelt_key_is_told_with_the_right_one() -> None:
    assert _said({"kubernetes": {"pol_timeout": 5}}) == [
        (
            "kubernetes.pol_timeout: runner 19.3.1 knows no 'pol_timeout' "
            "(did you mean 'poll_timeout'?)"
        )
    ]


def test_a_key_of_a_later_release_is_told_with_it() -> None:
    assert _said({"kubernetes": {"pod_disruption_budget": True}}, "18.9.0") == [
        (
            "kubernetes.pod_disruption_budget: runner 18.9.0 knows no 'pod_disruption_budget' "
            "(it came with 18.11.0)"
        )
    ]


def test_a_feature_flag_that_is_gone_is_told_with_its_last_release() -> None:
    flags = {"feature_flags": {"FF_SKIP_NOOP_BUILD_STAGES": True}}
    assert not _said(flags, "19.2.2")
    assert "19.2.0 was the last with it" in _said(flags)[0]


def test_keys_of_the_users_own_choice_are_free() -> None:
    data = {"kubernetes": {"node_selector": {"disk/type": "ssd"}, "pod_labels": {"a": "b"}}}
    assert not _said(data)


def test_lists_of_tables_are_looked_into() -> None:
    volumes = {"kubernetes": {"volumes": {"pvc": [{"name": "c", "mount_pth": "/cache"}]}}}
    assert "mount_path" in _said(volumes)[0]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"kubernetes": 5}, "takes keys of its own"),
        ({"limit": {"a": 1}}, "takes a number"),
        ({"limit": None}, "is empty"),
        ({"kubernetes": {"node_selector": {"a": None}}}, "is empty"),
        ({"kubernetes": {"affinity": {"node_affinity": {"x": None}}}}, "is empty"),
        ({1: 2}, "is not text"),
        ({"kubernetes": {"node_selector": {True: "yes"}}}, "is not text"),
    ],
)
def test_what_toml_could_not_hold_is_refused(data: dict[str, Any], what: str) -> None:
    assert what in _said(data)[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kubernetes": {"cpu_limit": 2}}, 'takes text (write "2")'),
        ({"limit": "2"}, "takes a number"),
        ({"limit": True}, "takes a number"),
        ({"kubernetes": {"privileged": "yes"}}, "takes true or false"),
        ({"kubernetes": {"cap_add": "SYS_ADMIN"}}, "takes a list of texts"),
        ({"kubernetes": {"volumes": {"pvc": {"name": "a"}}}}, "takes a list of mappings"),
        ({"kubernetes": {"pod_labels": {"a": 1}}}, 'takes text (write "1")'),
        ({"feature_flags": {"FF_TIMESTAMPS": "true"}}, "takes true or false"),
        ({"unhealthy_interval": ["1m"]}, "takes a duration"),
    ],
)
def test_a_value_that_would_keep_the_runner_from_starting_is_refused(
    data: dict[str, Any], words: str
) -> None:
    assert words in _said(data)[0]


def test_values_of_the_right_kind_are_fine() -> None:
    data = {
        "limit": 2,
        "unhealthy_interval": "2m",
        "kubernetes": {
            "cpu_limit": "2",
            "pull_policy": "always",
            "cap_add": ["SYS_PTRACE"],
            "volumes": {"empty_dir": [{"name": "a", "mount_path": "/a", "medium": "Memory"}]},
            "affinity": {"node_affinity": {"x": [1, {"y": "z"}]}},
        },
    }
    assert not _said(data)


def test_a_patch_release_and_a_newer_minor_are_read_as_the_nearest_lower_one() -> None:
    assert runner_keys("18.9.7").read_as == "18.9.0"
    assert runner_keys("18.10.99").read_as == "18.10.0"
    assert runner_keys("23.1.0").read_as == runner_versions()[-1]


def test_a_chart_may_take_a_value_away_with_null() -> None:
    profile = packaged("homelab", "argocd")
    keys = chart_keys("0.92.1")
    assert not list(keys.complaints({**values(profile, profile.runners[0]), "strategy": None}))
