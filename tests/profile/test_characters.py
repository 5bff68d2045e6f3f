"""What a profile's text may hold, by the rules of the system that reads it."""

from __future__ import annotations

import json

import pytest

from tests.profile.profiles import SMALLEST, errors, problems, read, with_runner

_ODD = [r"a\x7f", r"a\x85b", r"\uFDD0", r"\U0001FFFE", r"\x1b[0m", r"a\nb", r"a\u2028b"]


@pytest.mark.parametrize("text", _ODD)
def test_a_tag_holds_no_character_that_cannot_be_seen(text: str) -> None:
    assert errors(with_runner(f'tags: ["{text}"]')) == ["runners[0].tags[0]"]


@pytest.mark.parametrize("text", _ODD)
def test_neither_does_a_branch_or_a_host(text: str) -> None:
    host = f'gitlab: {{proxy: "http://p:1", no_proxy: ["{text}"]}}\n'
    repository = f'{{url: "https://g/a.git", branch: "{text}"}}'
    branch = f"delivery: {{as: argocd, to: directory, repository: {repository}}}\n"
    assert errors(SMALLEST + host) == ["gitlab.no_proxy[0]"]
    assert errors(SMALLEST + branch) == ["delivery.repository.branch"]


@pytest.mark.parametrize("branch", ["-f", "a..b", "a//b", "a.lock", "/a", "a/", "a@{b", "a b"])
def test_a_branch_is_one_that_git_takes(branch: str) -> None:
    text = f'delivery: {{repository: {{url: "https://g/a.git", branch: "{branch}"}}}}\n'
    assert errors(SMALLEST + text) == ["delivery.repository.branch"]


def test_json_writes_a_character_as_two_escapes() -> None:
    text = with_runner(r'tags: ["\ud83d\ude00", "\\ud83d", "\\\ud83d\ude00"]')
    assert read(text).profile.runners[0].tags == ["😀", "\\ud83d", "\\😀"]
    single = with_runner(
        r"description: '\ud83d\ude00 \ud83d\ude00'" + "\n" + r'tags: ["\ud83d\ude00"]'
    )
    assert read(single).profile.runners[0].description == r"\ud83d\ude00 \ud83d\ude00"


def test_a_place_after_such_a_character_is_told_right() -> None:
    (found,) = problems(with_runner(r'jobs: {image: "\ud83d\ude00", concurrent: "x"}'))[1:]
    line = with_runner(r'jobs: {image: "\ud83d\ude00", concurrent: "x"}').splitlines()[5]
    assert found.column == line.index("concurrent") + 1


def test_half_a_character_and_a_lost_backslash_are_said_as_what_they_are() -> None:
    (half,) = problems(with_runner(r'tags: ["\ud83d"]'))
    assert "names half a character" in half.message
    (lost,) = problems(with_runner(r'description: "C:\data"'))
    assert "a backslash that means nothing in double quotes" in lost.message


@pytest.mark.parametrize("place", ["", "runners[0].extra_config"])
def test_a_key_as_long_as_a_book_is_cut(place: str) -> None:
    key = "k" * 70_000
    text = with_runner(f"extra_config: {{? {key} : {{? {key} : 1}}}}") if place else SMALLEST
    text += "" if place else f"? {key}\n: 1\n"
    from pathlib import Path

    from wizard.core.problems import InvalidDocumentError
    from wizard.profile.load import load_text
    from wizard.render import check

    with pytest.raises(InvalidDocumentError) as raised:
        load_text(text, Path("p.yaml")).check(check)
    assert all(len(str(one)) < 600 for one in raised.value.problems.found)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/\u202egitlab.com",
        "https://evil.example/\u200bgitlab",
        "https://gitlab.com\u2044evil.example",
        "https://ev\u202eil.example",
    ],
)
def test_an_address_cannot_look_like_another(url: str) -> None:
    assert errors(SMALLEST + f"gitlab: {{url: {json.dumps(url)}}}\n") == ["gitlab.url"]


def test_an_address_in_another_script_is_fine() -> None:
    assert errors(SMALLEST + "gitlab: {url: https://gitlab.b\u00fccher.example}\n") == []
