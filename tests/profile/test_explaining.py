"""What is said of a value that cannot be: in words, at its place, once, with the way out."""

from __future__ import annotations

import secrets

import pytest

from tests.profile.profiles import SMALLEST, errors, problems, read, said, with_runner
from wizard.core.secrets import redact

SENTENCES = [
    ("jobs: {concurrent: two}", "jobs.concurrent", "must be a whole number, not the text 'two'"),
    ("jobs: {concurrent: 1.5}", "jobs.concurrent", "must be a whole number, not the number 1.5"),
    ("jobs: {concurrent: 0}", "jobs.concurrent", "0 is too small; 1 is the least"),
    ("jobs: {concurrent: 5000}", "jobs.concurrent", "5000 is too large; 1000 is the most"),
    ("jobs: {concurrent: true}", "jobs.concurrent", "must be a whole number, not true"),
    ("jobs: []", "jobs", "must hold keys of its own, not a list"),
    ("jobs:", "jobs", "has no value; give it one, or remove the line"),
    ("jobs: {image: 'Alpine Linux'}", "jobs.image", "is not an image reference"),
    ("jobs: {cpu: {limit: 1 core}}", "jobs.cpu.limit", "'1 core' is not a quantity"),
    ("jobs: {cpu: {limit: 0.1m}}", "jobs.cpu.limit", "1m is the least"),
    ("jobs: {cpu: {limit: 3Gi}}", "jobs.cpu.limit", "'3Gi' is an amount of memory"),
    ("jobs: {memory: {limit: 512m}}", "jobs.memory.limit", "did you mean 512Mi?"),
    ("jobs: {memory: {limit: -1}}", "jobs.memory.limit", "is not more than zero"),
    ("jobs: {node_selector: {a b: c}}", "jobs.node_selector.a b", "is not a label key"),
    ("tags: docker", "tags", "must be a list, not the text 'docker'; write [docker]"),
    ("tags: ['a,b']", "tags[0]", "no comma"),
    ("tags: [{a: b}]", "tags[0]", "must be text, not a mapping"),
    ("run_untagged: maybe", "run_untagged", "must be true or false, not the text 'maybe'"),
    ("maximum_timeout: 1y", "maximum_timeout", "write for example 90m, 1h30m or 3600"),
    ("builds: kanikoo", "builds", "is not one of none, kaniko"),
    ("builds: kanikoo", "builds", "did you mean 'kaniko'?"),
    ("builds: [kaniko]", "builds", "must hold keys of its own, not a list"),
    ("description: 5", "description", 'must be text, not the number 5; put it in quotes: "5"'),
    ("description: false", "description", 'put it in quotes: "false"'),
    ('description: "a\\nb"', "description", "must be one line of plain text"),
    ("tag: x", "tag", "'tag' is not a key of runners[0]; did you mean 'tags'?"),
    ("zzzz: x", "zzzz", "known are: adopt, builds, description"),
    ("token_revision: -1", "token_revision", "-1 is too small; 0 is the least"),
]


@pytest.mark.parametrize(("line", "key", "sentence"), SENTENCES)
def test_a_value_that_cannot_be_is_explained(line: str, key: str, sentence: str) -> None:
    assert sentence in said(with_runner(line))[f"runners[0].{key}"]


@pytest.mark.parametrize(
    ("scope", "key", "sentence"),
    [
        ("{project: acme}", ".project", "'acme' is not a project's full path"),
        ("{project: [a]}", ".project", "must be text, not a list"),
        ("{project: a/b, group: c}", "", "name exactly one"),
        ("{}", "", "name exactly one"),
        ("acme/app", "", "'acme/app' does not say what it is; write {project: PATH}"),
        ("{projct: a/b}", ".projct", "did you mean 'project'?"),
        ("{project: 0}", ".project", "0 is too small"),
    ],
)
def test_a_scope_that_cannot_be_is_explained(scope: str, key: str, sentence: str) -> None:
    told = said(SMALLEST.replace("{project: acme/app}", scope))
    assert sentence in told[f"runners[0].scope{key}"]


@pytest.mark.parametrize("section", ["cache", "metrics", "autoscaling"])
def test_a_section_of_a_later_version_is_refused_in_words(section: str) -> None:
    assert "cannot be set yet" in said(SMALLEST + f"{section}: {{}}\n")[section]


def test_a_missing_key_says_what_it_is_for() -> None:
    told = said("version: 1\nname: x\nrunners:\n  - name: one\n")
    assert told == {
        "runners[0].scope": "'scope' is missing; Where it is offered: {project: path}, "
        "{group: path} or instance."
    }


def test_no_runner_is_too_few() -> None:
    assert "needs at least one entry" in said("version: 1\nname: x\nrunners: []\n")["runners"]


def test_the_models_own_name_of_a_key_is_not_the_files() -> None:
    told = said(SMALLEST + "delivery: {packaging: manifests}\n")
    assert told["delivery.packaging"] == "'packaging' is not a key of delivery; write 'as'"


def test_every_problem_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = "version: 1\nnmae: x\nrunners:\n  - name: A\n    scope: {project: acme}\n    tags: x\n"
    found = [(one.line, one.column) for one in problems(text)]
    assert found == [(1, 1), (2, 1), (4, 5), (5, 13), (6, 5)]


def test_a_version_without_quotes_keeps_its_zero() -> None:
    told = said(SMALLEST + "manager: {runner_version: 19.30}\n")
    assert told["manager.runner_version"].startswith("'19.30' is not a version such as 19.3.1")


def test_no_sentence_speaks_the_models_language() -> None:
    text = "name: []\nrunners:\n  - 3\n  - {scope: 5, tags: {}, builds: 7, jobs: {cpu: 2}}\n"
    assert len(problems(text)) == 7
    for problem in problems(text):
        assert "Input should" not in str(problem)
        assert "valid dictionary" not in str(problem)


def test_a_long_value_is_shown_in_part() -> None:
    (problem,) = problems(with_runner(f"run_untagged: {'x' * 5000}"))
    assert len(str(problem)) < 300


@pytest.mark.parametrize("written", ["yes", "no", "on", "off", "true", "'true'"])
def test_a_switch_may_be_written_in_the_words_of_old_yaml(written: str) -> None:
    assert errors(with_runner(f"tags: [a]\nrun_untagged: {written}")) == []


@pytest.mark.parametrize(
    ("written", "id_"),
    [("00012345", "00012345"), ("12345678", "12345678"), ("1234e567", "1234e567")],
)
def test_an_id_that_looks_like_a_number_is_read_as_it_stands(written: str, id_: str) -> None:
    assert read(SMALLEST + f"id: {written}\n").profile.id == id_


@pytest.mark.parametrize(
    ("written", "canonical"), [("2", "2"), ("'1.50'", "1500m"), ("1.50", "1500m"), ("0.5", "500m")]
)
def test_cpu_is_written_back_as_kubernetes_writes_it(written: str, canonical: str) -> None:
    profile = read(with_runner(f"jobs: {{cpu: {{limit: {written}}}}}")).profile
    assert profile.runners[0].jobs.cpu.limit == canonical


def test_a_limit_that_is_raised_leaves_the_default_request_alone() -> None:
    jobs = read(with_runner("jobs: {memory: {limit: 4Gi}}")).profile.runners[0].jobs
    assert (jobs.memory.request, jobs.memory.limit) == ("128Mi", "4Gi")


def test_a_request_can_be_taken_away() -> None:
    jobs = read(with_runner("jobs: {memory: {request: null}}")).profile.runners[0].jobs
    assert (jobs.memory.request, jobs.memory.limit) == (None, "2Gi")


_CUT = [
    "tags: {value}",
    "builds: {value}",
    "scope: {value}",
    "jobs: {{image: {value}}}",
    "jobs: {{concurrent: {value}}}",
    "{value}: x",
    "description: !{value} x",
]


@pytest.mark.parametrize("line", _CUT)
@pytest.mark.parametrize("before", [50, 66, 70])
def test_a_token_is_masked_before_a_long_value_is_cut(line: str, before: int) -> None:
    token = f"glrt-{secrets.token_hex(10)}"
    document = with_runner(line.format(value=f"{'a' * (before - 1)}/{token}"))
    told = redact("\n".join(str(problem) for problem in problems(document)))  # as output does
    assert told
    assert not [n for n in range(6, len(token)) if token[:n] in told], told
