"""Texts as other tools and other machines write them: read rightly, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importing.cases import URL, data, read, runner, symptoms, told
from wizard.core.errors import UsageError, WizardError
from wizard.importing import import_setup
from wizard.profile.reading import read_foreign

VALUES = f"gitlabUrl: {URL}\nconcurrent: 4\nrunners:\n  secret: a\n"
CONFIG = f"concurrent = 4\n[[runners]]\n  url = '{URL}'\n  executor = 'kubernetes'\n"
ID = "0badcafe"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("name", "text"), [("values.yaml", VALUES), ("config.toml", CONFIG)])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_encoding_and_line_ends_make_no_difference(
    tmp_path: Path, name: str, text: str, encoding: str, ends: str
) -> None:
    file = tmp_path / name
    file.write_bytes(text.replace("\n", ends).encode(encoding))
    imported = import_setup(read_foreign(file), name, ID)
    assert runner(imported)["jobs"]["concurrent"] == 4
    assert not [one for one in symptoms(imported) if "TOML" in one or "know" in one]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (VALUES.encode("utf-16-le"), "NUL byte"),
        (b"\xff\xfe\x00", "written in UTF-16"),
        (f"{VALUES}# caf\xe9\n".encode("latin-1"), "is not UTF-8: the byte 0xe9"),
        (VALUES.encode() + b"x: \x07\n", "U+0007"),
    ],
)
def test_what_is_no_text_is_refused_for_what_it_is(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "values.yaml").write_bytes(content)
    with pytest.raises(WizardError) as refused:
        read_foreign(tmp_path / "values.yaml")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (
            VALUES.replace("  secret", "\tsecret"),
            "values.yaml",
            "line 4: it is indented with a tab",
        ),
        (f"{VALUES}resources: *none\n", "values.yaml", "line 5: *none refers to an anchor"),
        (f"{VALUES}x: &x [*x]\n", "values.yaml", "line 5: *x refers to an anchor"),
        (f"{VALUES}x: {'[' * 90}\n", "values.yaml", "line 5: nested deeper than 80 levels"),
        (f"[[runners]]\nx = {'[' * 5000}\n", "config.toml", "line 2: it is nested too deep"),
        (CONFIG.replace("\n", "\r"), "config.toml", "line 1"),
        ("x {\n" * 90, "main.tf", "line 62: nested deeper than 60 levels"),
        (f"x = [{'1, ' * 50_000}]", "main.tf", "more than 40,000 values"),
        ("- a\n- b\n", "values.yaml", "it is a list"),
        ("hello\n", "values.yaml", "it is text"),
        ("# nothing\n", "values.yaml", "it is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_true_sentence(
    text: str, name: str, said: str
) -> None:
    text = f'resource "a" "b" {{\n{text}\n}}\n' if text.startswith("x = [") else text
    with pytest.raises(UsageError) as refused:
        read(text, name)
    assert said in str(refused.value.cause)


@pytest.mark.parametrize(
    ("written", "jobs"),
    [("010", 8), ("0x10", 16), ("1_0", 10), ("1e1", 10), ("4.0", 4), ("'4'", 4), ("~", 10)],
)
def test_a_number_is_what_helm_reads(written: str, jobs: int) -> None:
    imported = read(VALUES.replace("concurrent: 4", f"concurrent: {written}"))
    assert runner(imported)["jobs"]["concurrent"] == jobs
    assert not [one for one in symptoms(imported) if "number of jobs" in one]


@pytest.mark.parametrize("written", ["0", "-4", "many", ".inf", ".nan"])
def test_what_is_no_number_of_jobs_is_told(written: str) -> None:
    imported = read(VALUES.replace("concurrent: 4", f"concurrent: {written}"))
    assert runner(imported)["jobs"]["concurrent"] == 10
    assert "line 2: concurrent" in told(imported, "which is not a number of jobs")


def test_more_jobs_and_managers_than_a_profile_takes_are_told() -> None:
    imported = read(f"{VALUES.replace('4', '900')}replicas: 400\n")
    assert runner(imported)["jobs"]["concurrent"] == 1000
    assert data(imported)["manager"]["replicas"] == 10
    assert told(imported, "9,000 jobs at once are more than a profile takes")
    assert told(imported, "400 managers are more than a profile takes")


def test_a_runner_that_is_scaled_to_zero_is_told() -> None:
    assert told(read(f"{VALUES}replicas: 0\n"), "the runner is scaled to zero")


def test_a_key_written_twice_counts_as_helm_reads_it() -> None:
    imported = read(f"{VALUES}concurrent: 9\n")
    assert runner(imported)["jobs"]["concurrent"] == 9
    assert "line 5: concurrent" in told(imported, "concurrent is written twice")


def test_anchors_and_merge_keys_are_what_they_stand_for() -> None:
    imported = read(
        f"{VALUES}.shared: &shared {{memory: 1Gi, cpu: 500m}}\n"
        "resources: {requests: *shared, limits: {<<: [*shared], cpu: 2}}\n"
    )
    manager = data(imported)["manager"]
    assert (manager["cpu"]["limit"], manager["memory"]["request"]) == (2, "1Gi")


def test_keys_in_any_script_are_named_as_they_are() -> None:
    imported = read(f"{VALUES}größe: 1\n\U0001f680: 2\n'\u200bconcurrent': 3\n")
    assert told(imported, "größe: ")
    assert told(imported, "\U0001f680: ")
    assert told(imported, "\\u200bconcurrent: "), "what nobody sees is spelt out"


def test_a_tag_of_some_tool_is_not_filled_in() -> None:
    imported = read(f"{VALUES}resources: !include resources.yaml\nrunnerToken: !vault x1\n")
    assert "line 5: resources" in told(imported, "resources is not filled in: !include")
    assert not [one for one in symptoms(imported) if "token is in the values" in one]
