"""Every way in which a file can fail to be a profile, told in one clear line with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.profile.profiles import SMALLEST, problems, read
from wizard.core.errors import ExitCode, UsageError
from wizard.core.problems import InvalidDocumentError
from wizard.profile.document import parse
from wizard.profile.load import load

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)

ZOO = {
    "empty": ("", 1, 1, "is empty"),
    "only a comment": ("# later\n", 1, 1, "is empty"),
    "only a null": ("~\n", 1, 1, "is empty"),
    "a list": ("- a\n- b\n", 1, 1, "is a list, not a mapping"),
    "plain text": ("hello\n", 1, 1, "is plain text, not a mapping"),
    "a tab": ("a:\n\tb: 1\n", 2, 1, "indented with a tab"),
    "a tab after spaces": ("a:\n  \tb: 1\n", 2, 3, "indented with a tab"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", 3, 1, "'a' is here twice, first in line 1"),
    "two colons": ("a: b: c\n", 1, 5, "has a ': ' where none can be"),
    "an open bracket": ("a: [1, 2\nb: 3\n", 2, 2, "a bracket that is never closed"),
    "an open quote": ('a: "x\nb: 3\n', 3, 1, "a quote that is never closed"),
    "a dedent to nowhere": ("a:\n    b: 1\n  c: 2\n", 3, 3, "an indentation that does not fit"),
    "a line that is no key": ("a: 1\nword\n", 3, 1, "neither `key: value` nor a list entry"),
    "an unknown alias": ("a: *b\n", 1, 4, "whose anchor (&name) is not above it"),
    "several documents": ("a: 1\n---\nb: 2\n", 2, 1, "several documents, parted by ---"),
    "a reserved character": ("a: @x\n", 1, 4, "a character YAML keeps for itself"),
    "a tag": ("a: !vault x\n", 1, 4, "has the tag '!vault'"),
    "a python tag": ("a: !!python/object:os.system x\n", 1, 4, "has the tag"),
    "a list as a key": ("? [a]\n: 1\n", 1, 3, "a key is a list or a mapping"),
    "a template": ("{{ name }}: 1\n", 1, 1, "a key is a list or a mapping"),
    "a merge of text": ("<<: x\n", 1, 5, "<< merges something that is not a mapping"),
    "an anchor bomb": (BOMB, 1, 37, "repeats its anchors without end"),
    "an anchor in itself": ("a: &a [*a]\n", 1, 4, "repeats its anchors without end"),
    "a merge of itself": ("a: &a {<<: *a}\n", 1, 4, "repeats its anchors without end"),
    "half a million brackets": ("[" * 500_000, 1, 60, "nested deeper than 60 levels"),
    "half a million dashes": ("- " * 500_000, 1, 119, "nested deeper than 60 levels"),
    "half a million questions": ("? " * 500_000, 1, 119, "nested deeper than 60 levels"),
    "a million values": ("a:\n" + "- x\n" * 1_000_000, 2, 1, "holds more than 500,000 values"),
    "a control character": ("a: 1\nb: \x01\n", 2, 4, "the control character U+0001"),
    "an invisible line end": ("a: 1\nb: x\u2028y\n", 2, 5, "the control character U+2028"),
    "a NUL byte": ("a: 1\x00\n", 1, 5, "a NUL byte, so it is binary or UTF-16"),
    "another YAML": ("%YAML 3.0\n---\na: 1\n", 1, 1, "is not YAML"),
}


@pytest.mark.parametrize(("text", "line", "column", "words"), ZOO.values(), ids=list(ZOO))
def test_what_is_no_profile_is_said_in_one_line_with_its_place(
    text: str, line: int, column: int, words: str
) -> None:
    found = problems(text)[0]
    assert words in found.message
    assert (found.line, found.column) == (line, column)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "p.yaml"
    path.write_bytes(content)
    return path


def test_a_missing_file_is_a_usage_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file") as caught:
        load(tmp_path / "none.yaml")
    assert "init" in caught.value.fix
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_directory_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = _file(tmp_path, SMALLEST.encode())
    path.chmod(0)
    with pytest.raises(UsageError, match="may not be read"):
        load(path)


def test_a_name_that_no_file_can_have_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(Path("a\0b"))


def test_ten_megabytes_of_junk_are_not_even_parsed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="larger than 5 MiB"):
        load(_file(tmp_path, os.urandom(1024) * 10_240))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_another_encoding_is_named_or_guessed(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(InvalidDocumentError, match="UTF-16"):
        load(_file(tmp_path, SMALLEST.encode(encoding)))


def test_latin_1_is_pointed_at_by_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocumentError, match="not UTF-8: the byte 0xfc") as caught:
        load(_file(tmp_path, "version: 1\nname: für\n".encode("latin-1")))
    found = caught.value.problems.found[0]
    assert (found.line, found.column) == (2, 8)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode()
    assert load(_file(tmp_path, content)).profile.name == "small"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("012", "012"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("19.30", "19.30"),
        ("19.3", 19.3),
        ("12", 12),
        ("-12", -12),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("true", True),
        ("True", True),
        ("~", None),
        ("''", ""),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("9" * 500, "9" * 500),
    ],
)
def test_a_scalar_is_read_without_the_surprises_of_old_yaml(written: str, meant: object) -> None:
    value = parse(f"a: {written}\n", "x").data["a"]
    assert value == meant
    assert type(value) is type(meant)


def test_a_number_for_another_system_stays_a_number_however_it_is_written() -> None:
    data = parse("extra_config: {a: 0.50, b: [1e3, 007]}\n", "x").data
    assert data["extra_config"] == {"a": 0.5, "b": [1000.0, 7]}


def test_keys_are_text_whatever_they_look_like() -> None:
    data = parse("on: 1\n1: a\n~: b\n1.50: c\n", "x").data
    assert list(data) == ["on", "1", "~", "1.50"]


def test_a_merge_key_brings_in_what_is_not_written_and_the_first_mapping_wins() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n"
    assert parse(text, "x").data["z"] == {"a": 1, "b": 1, "c": 3}


def test_anchors_share_values_between_runners() -> None:
    text = SMALLEST + (
        "    jobs: &jobs {concurrent: 7}\n"
        "  - name: two\n    scope: instance\n    jobs: *jobs\n"
        "gitlab: {url: https://git.example.com}\n"
    )
    assert read(text).profile.runner("two").jobs.concurrent == 7


def test_the_place_of_a_merged_value_is_where_it_is_written() -> None:
    document = parse("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n", "x")
    assert document.place(("y", "a")) == (2, 3)
    assert document.place(("y", "b")) == (5, 3)
    assert document.place(("y", "nowhere")) == (3, 1)
