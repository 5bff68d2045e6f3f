"""Two spellings of one address are the same; what programs read differently is never trusted."""

from __future__ import annotations

import pytest

from wizard.core.addresses import is_readable_by_others, same
from wizard.systems.http.origins import is_part_of

HOME = "https://gitlab.example.com"


@pytest.mark.parametrize(
    "spelling",
    [
        "gitlab.example.com",
        "HTTPS://GitLab.Example.COM/",
        "https://gitlab.example.com.:443",
        "https://gitlab.example.com/api/v4/",
    ],
)
def test_one_address_in_many_spellings(spelling: str) -> None:
    assert same(spelling, HOME, "/api/v4")


def test_a_name_in_another_script_is_the_one_it_is_registered_as() -> None:
    assert same("https://gitlab.b\u00fccher.example", "https://gitlab.xn--bcher-kva.example")
    assert not same("https://g\u0456tlab.example.com", HOME), "a Cyrillic letter is another name"


@pytest.mark.parametrize(
    "other",
    [
        "http://gitlab.example.com",
        "https://gitlab.example.com:8443",
        "https://gitlab.example.com/other",
        "https://gitlab.example.com@evil.example",
        "https://evil.example/gitlab.example.com",
        "https://gitlab.example.com.evil.example",
        "https://evil.example\\@gitlab.example.com",
        "https://gitlab.example.com\t.evil.example",
        "https://gitlab.example.com?x",
        "https://user@gitlab.example.com",
        "",
    ],
)
def test_another_address_is_another_one_however_alike(other: str) -> None:
    assert not same(other, HOME, "/api/v4")


def test_a_gitlab_below_a_path_is_not_what_else_the_host_serves() -> None:
    assert same(f"{HOME}/gitlab/", f"{HOME}/gitlab")
    assert not same(f"{HOME}/gitlab", HOME)
    assert not same(f"{HOME}/gitlab/../other", f"{HOME}/other")
    assert not same(f"{HOME}/gitlab/%2e%2e/other", f"{HOME}/other")


@pytest.mark.parametrize("near", ["http://localhost:1", "http://127.0.0.9", "http://[::1]:80"])
def test_only_this_machine_may_be_spoken_to_in_the_clear(near: str) -> None:
    assert not is_readable_by_others(near)
    assert is_readable_by_others("http://192.0.2.1")
    assert is_readable_by_others("http://localhost.evil.example")
    assert not is_readable_by_others(HOME)


@pytest.mark.parametrize(
    "beside", ["/other/x", "/gitlabber", "/gitlab/../other", "/", "/gitlab/%2e%2e/x"]
)
def test_a_redirect_to_what_else_the_host_serves_is_not_followed(beside: str) -> None:
    assert is_part_of(f"{HOME}/gitlab", f"{HOME}/gitlab/api/v4/projects/1")
    assert not is_part_of(f"{HOME}/gitlab", f"{HOME}{beside}")
