"""What runners inherit, and where a problem with it is told."""

from __future__ import annotations

from tests.profile.profiles import problems, read, said

TWO = """\
version: 1
name: two
defaults:
{defaults}
runners:
  - name: one
    scope: {{project: acme/one}}
  - name: two
    scope: {{project: acme/two}}
{rest}
"""


def _two(defaults: str, rest: str = "") -> str:
    return TWO.format(defaults=defaults, rest=rest)


def test_every_runner_inherits_the_defaults() -> None:
    profile = read(_two("  tags: [a]\n  jobs: {concurrent: 9}")).profile
    assert [runner.tags for runner in profile.runners] == [["a"], ["a"]]
    assert [runner.jobs.concurrent for runner in profile.runners] == [9, 9]


def test_mappings_merge_and_lists_replace() -> None:
    profile = read(
        _two(
            "  tags: [a]\n  jobs: {concurrent: 9, node_selector: {x: a, y: b}}",
            "    tags: [b]\n    jobs: {node_selector: {x: c}}",
        )
    ).profile
    assert profile.runners[1].tags == ["b"]
    assert profile.runners[1].jobs.concurrent == 9
    assert profile.runners[1].jobs.node_selector == {"x": "c", "y": "b"}


def test_a_scope_of_ones_own_stands_in_for_the_inherited_one() -> None:
    profile = read(_two("  scope: {group: acme}")).profile
    assert [runner.scope.path for runner in profile.runners] == ["acme/one", "acme/two"]


def test_a_scope_may_come_from_the_defaults_alone() -> None:
    profile = read(
        "version: 1\nname: x\ndefaults: {scope: {group: acme}}\nrunners: [{name: one}]\n"
    ).profile
    assert profile.runners[0].scope.kind == "group"


def test_a_strategy_in_one_word_merges_with_a_builder_image() -> None:
    profile = read(_two("  builds: kaniko", "    builds: {image: example.com/kaniko:1}")).profile
    assert profile.runners[1].builds.strategy == "kaniko"
    assert profile.runners[1].builds.image == "example.com/kaniko:1"


def test_a_problem_with_a_default_is_told_once_where_it_is_written() -> None:
    (problem,) = problems(_two("  jobs:\n    concurrent: many"))
    assert problem.key == ("defaults", "jobs", "concurrent")
    assert problem.line == 5


def test_a_broken_rule_of_a_default_is_told_once_too() -> None:
    (problem,) = problems(_two("  maximum_timeout: 5m"))
    assert problem.key == ("defaults", "maximum_timeout")


def test_an_unknown_key_of_the_defaults_is_told_once() -> None:
    assert list(said(_two("  tag: x"))) == ["defaults.tag"]


def test_a_wrong_strategy_is_told_once_beside_a_builder_image() -> None:
    text = _two("  builds: kanikoo", "    builds: {image: example.com/kaniko:1}")
    assert list(said(text)) == ["defaults.builds.strategy"]


def test_a_value_of_ones_own_is_told_at_the_runner() -> None:
    text = _two("  jobs: {concurrent: 3}", "    jobs: {concurrent: many}")
    assert list(said(text)) == ["runners[1].jobs.concurrent"]


def test_a_name_is_not_inherited() -> None:
    assert "a name of its own" in said(_two("  name: x"))["defaults.name"]


def test_a_runner_of_gitlab_is_not_taken_over_by_all() -> None:
    assert "by only one runner" in said(_two("  adopt: 42"))["defaults.adopt"]
    assert [runner.adopt for runner in read(_two("", "    adopt: 42")).profile.runners] == [
        None,
        42,
    ]


def test_defaults_that_are_no_mapping_are_an_error() -> None:
    assert "must hold keys of a runner" in said(_two("  - a"))["defaults"]


def test_empty_defaults_are_no_problem() -> None:
    assert problems(_two("  # tags: [a]")) == []


def test_the_profile_remembers_its_defaults_as_written() -> None:
    assert read(_two("  builds: kaniko")).profile.defaults == {"builds": "kaniko"}
