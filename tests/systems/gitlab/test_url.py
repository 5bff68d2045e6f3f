"""Addresses as people write them, and the page that makes a token."""

from __future__ import annotations

import pytest

from tests.fakes.gitlab import FakeGitLab
from wizard.core.errors import UsageError
from wizard.core.secrets import SecretStr
from wizard.systems.gitlab import RUNNER_SCOPES, token_page
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.url import clean_url


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("gitlab.com", "https://gitlab.com"),
        (" https://gitlab.com/ ", "https://gitlab.com"),
        ("https://git.example.com:8443/gitlab/", "https://git.example.com:8443/gitlab"),
        ("https://git.example.com/gitlab/api/v4", "https://git.example.com/gitlab"),
        ("git.example.com:8443", "https://git.example.com:8443"),
        ("http://gitlab.lan", "http://gitlab.lan"),
        ("HTTPS://GitLab.Example.com", "https://gitlab.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_understood_as_people_write_it(written, used):
    assert clean_url(written) == used


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ftp://gitlab.com",
        "https://",
        "https://me:secret@gitlab.com",
        "https://gitlab.com?private_token=x",
        "https://gitlab.com#x",
        "https://git lab.com",
        "https://gitlab.com:port",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_secrets(written):
    with pytest.raises(UsageError) as refused:
        clean_url(written)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://gitlab.lan", True),
        ("https://gitlab.lan", False),
        ("gitlab.lan", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.1", False),
        ("http://[::1]", False),
    ],
)
def test_an_address_without_tls_is_warned_about_except_on_this_machine(url, warned):
    warning = PythonGitLab(url, SecretStr("abcdef")).warning

    assert ("not encrypted" in warning) is warned


@pytest.mark.parametrize(
    ("url", "version", "page"),
    [
        ("https://gitlab.com", "", "personal_access_tokens/legacy/new?"),
        ("https://git.lan", "19.4.1-ee", "personal_access_tokens/legacy/new?"),
        ("https://git.lan", "18.9.0", "personal_access_tokens/legacy/new?"),
        ("https://git.lan", "18.8.2-ce.0", "personal_access_tokens?"),
        ("https://git.lan", "17.11.0", "personal_access_tokens?"),
        ("https://git.lan", "", "personal_access_tokens?"),
    ],
)
def test_the_token_page_is_the_one_this_version_has(url, version, page):
    link = token_page(url, version, RUNNER_SCOPES)

    assert link.startswith(f"{url}/-/user_settings/{page}")
    assert "scopes=create_runner,manage_runner,read_api" in link


def test_the_fix_for_a_bad_token_leads_to_the_token_page():
    with FakeGitLab() as fake:
        gitlab = PythonGitLab(fake.url, SecretStr("abcdefgh"))
        with pytest.raises(Exception, match="does not accept") as refused:
            gitlab.version()

    assert token_page(fake.url) in str(refused.value)
