from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.render.profiles import PACKAGINGS, PRESETS, packaged, profile_of, runner_version, said
from wizard.render import config_toml, files, job_pod, manifests
from wizard.render.tables.catalogue import runner_keys


@pytest.mark.parametrize("packaging", PACKAGINGS)
@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_is_said_of_a_preset(preset: str, packaging: str) -> None:
    assert said(packaged(preset, packaging)) == []


def test_a_misspelt_key_is_told_at_its_place() -> None:
    extra = {"kubernetes": {"dns_polcy": "default"}}
    assert said(profile_of(runner={"extra_config": extra})) == [
        (
            "runners[0].extra_config.kubernetes.dns_polcy: runner 19.3.1 knows no 'dns_polcy' "
            "(did you mean 'dns_policy'?)"
        )
    ]


def test_a_value_that_the_chart_would_ignore_is_told() -> None:
    extra = {"podDisruptionBudget": {"enabled": True}, "hostAlias": []}
    words = said(profile_of(runner={"extra_values": extra}))
    assert "chart 0.92.1 knows no 'podDisruptionBudget'" in words[0]
    assert "did you mean 'hostAliases'?" in words[1]


def test_init_containers_are_a_value_since_0_92() -> None:
    extra = {"extra_values": {"initContainers": [{"name": "a", "image": "b"}]}}
    old = {"manager": {"runner_version": "18.9.0"}}
    assert said(profile_of(runner=extra)) == []
    assert "it came with 0.92.0" in said(profile_of(runner=extra, **old))[0]


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"token": "x"}, "a token is never in a profile"),
        ({"kubernetes": {"namespace": "x"}}, "write cluster.job_namespace"),
        ({"kubernetes": {"namespace_per_job": True}}, "rights in the whole cluster"),
        ({"kubernetes": {"service_account": "admin"}}, "the wizard writes it itself"),
    ],
)
def test_keys_that_are_not_the_users_are_refused(extra: dict[str, Any], why: str) -> None:
    assert why in said(profile_of(runner={"extra_config": extra}))[0]


def test_pause_pods_need_a_priority_class_that_no_manager_of_ours_can_make() -> None:
    scaler = {"max_pause_pods": 2}
    (words,) = said(profile_of(runner={"extra_config": {"kubernetes": {"autoscaler": scaler}}}))
    assert "name it: pause_pod_priority_class_name" in words
    named = {**scaler, "pause_pod_priority_class_name": "idle"}
    assert said(profile_of(runner={"extra_config": {"kubernetes": {"autoscaler": named}}})) == []


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"runners": {"tags": "a,b"}}, "GitLab keeps it for the runner"),
        ({"runners": {"maximumTimeout": 3600}}, "GitLab keeps it for the runner"),
        ({"runnerToken": "x"}, "a token is never in a profile"),
        ({"runners": {"config": "x"}}, "write it in extra_config"),
    ],
)
def test_values_that_are_not_the_users_are_refused(extra: dict[str, Any], why: str) -> None:
    assert why in said(profile_of(runner={"extra_values": extra}))[0]


def test_extra_values_mean_nothing_without_a_chart() -> None:
    profile = profile_of("direct", runner={"extra_values": {"replicas": 2}})
    assert "has no chart that would read them" in said(profile)[0]


def test_a_runner_without_a_known_chart_is_refused_where_a_chart_is_needed() -> None:
    unknown = {"manager": {"runner_version": "19.3.77"}}
    assert "no chart is known that brings runner 19.3.77" in said(profile_of(**unknown))[0]
    assert said(profile_of("direct", **unknown)) == []


def test_a_chart_of_another_minor_is_refused() -> None:
    words = said(profile_of(delivery={"chart": {"version": "0.86.0"}}))
    assert words == [
        (
            "delivery.chart.version: chart 0.86.0 is made for runner 18.9.0, not 19.3.1 "
            "(remove it, and the chart follows the runner)"
        )
    ]
    assert said(profile_of(delivery={"chart": {"version": "0.92.0"}})) == []


def test_a_chart_nobody_looked_at_is_warned_of() -> None:
    words = said(profile_of(delivery={"chart": {"version": "0.95.2"}}))
    assert words == [
        (
            "delivery.chart.version: chart 0.95.2 is not in the tables "
            "(it gets only the values that 0.92.0 knows)"
        )
    ]


def test_a_chart_that_puts_the_role_elsewhere_is_refused() -> None:
    words = said(profile_of(delivery={"chart": {"version": "0.83.1"}}))
    assert "give the manager no rights where its jobs run" in words[0]


def test_versions_outside_the_tables_are_told() -> None:
    assert "is too old" in said(runner_version("16.11.0"))[0]
    assert "is not in the tables" in said(runner_version("19.5.0"))[0]


def test_restricted_needs_a_runner_that_can_say_seccomp() -> None:
    strict = {"runner": {"builds": "none", "jobs": {"pod_security": "restricted"}}}
    assert "cannot make pods that fit restricted" in said(runner_version("18.9.0", **strict))[0]
    assert said(runner_version("18.11.0", **strict)) == []


def test_a_mixed_cluster_asks_which_nodes_the_jobs_take() -> None:
    mixed: dict[str, Any] = {"cluster": {"architectures": ["amd64", "arm64"]}}
    (words,) = said(profile_of(**mixed))
    assert words.startswith("runners[0].jobs.node_selector: the nodes are amd64 and arm64")
    assert "write {kubernetes.io/arch: amd64}" in words
    chosen = {"jobs": {"node_selector": {"kubernetes.io/arch": "arm64"}}}
    assert said(profile_of(runner=chosen, **mixed)) == []


def test_every_problem_is_told_at_once() -> None:
    runner = {"extra_config": {"a": 1, "b": 2, "kubernetes": {"c": 3}}}
    assert len(said(profile_of(runner=runner))) == 3


def _tree() -> Any:
    """Keys as the catalogue has them, with values of every kind: most of it wrong."""
    tree = runner_keys("19.3.1").tree["runners"]["kubernetes"]
    value = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    value |= st.lists(value, max_size=2)
    table = st.dictionaries(st.sampled_from(sorted(filter(None, tree))), value, max_size=4)
    deeper = {name: child for name, child in tree.items() if isinstance(child, dict) and name}
    nested = st.sampled_from(sorted(deeper)).flatmap(
        lambda name: st.dictionaries(
            st.just(name),
            st.dictionaries(st.sampled_from(sorted(deeper[name])), value, max_size=3),
        )
    )
    return st.fixed_dictionaries({"kubernetes": table | nested})


@settings(deadline=None)
@given(_tree())
def test_what_is_found_no_fault_with_can_be_rendered(extra: dict[str, Any]) -> None:
    profile = profile_of(runner={"extra_config": extra})
    if not said(profile):
        config_toml(profile, profile.runners[0])
        job_pod(profile, profile.runners[0])
        assert files(profile)
        assert manifests(profile)
