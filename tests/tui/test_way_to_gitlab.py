"""A GitLab behind a private CA, and what a paste really brings along."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from textual.events import Paste
from textual.widgets import Input

from tests.fakes.gitlab import FakeGitLab
from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import text_of
from tests.tui.test_steps import at_token
from wizard.tui.modals import Question

AUTHORITY = trustme.CA()
CERTIFICATES = AUTHORITY.cert_pem.bytes().decode()


@pytest.fixture
def private(home: Path) -> Iterator[FakeGitLab]:
    """A GitLab whose certificate a private CA has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    with FakeGitLab(tls=context) as gitlab:
        gitlab.add_project("acme/homelab")
        yield gitlab


async def paste(it: Sitting, text: str) -> None:
    """What a terminal sends for a paste, into what has the focus."""
    assert isinstance(it.app.focused, Input)
    it.app.focused.post_message(Paste(text))
    await it.pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_private_ca_is_pasted_saved_beside_the_profile_and_trusted(
    home: Path, private: FakeGitLab, size: tuple[int, int]
):
    token = private.add_token("api").get_secret_value()
    async with sitting(home, size=size) as it:
        await at_token(it, private)
        await paste(it, token)
        await it.until(lambda: "not trusted" in text_of(it, "#address"))
        await it.focus("#gitlab-ca_file Input")
        await paste(it, CERTIFICATES.replace("\n", "\r\n") + "\r\n" + CERTIFICATES)
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.sees("Save these certificates as homelab-ca.pem?")
        await it.press("right", "enter")
        await it.until(lambda: "answers" in text_of(it, "#address"))
        await it.until(lambda: "You are owner" in text_of(it, "#who"))
        assert it.draft.value("gitlab", "ca_file") == "homelab-ca.pem"
        assert it.app.focused
        assert it.app.focused.value == "homelab-ca.pem"
        assert not [problem for problem in it.step.mine() if problem.severity == "error"]
    assert (home / "homelab-ca.pem").read_text().count("BEGIN CERTIFICATE") == 2


async def test_certificates_are_written_only_when_one_agrees(home: Path):
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.focus("#gitlab-ca_file Input")
        await paste(it, CERTIFICATES)
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.press("enter")  # the default is no
        assert it.draft.value("gitlab", "ca_file") is None
    assert not (home / "homelab-ca.pem").exists()


@pytest.mark.parametrize("around", ["{}\n", "\n{}\r\n", "  {}  ", "\r\n\r\n{}"], ids=repr)
async def test_line_ends_around_a_token_are_no_part_of_it(
    home: Path, gitlab: FakeGitLab, around: str
):
    token = gitlab.add_token("api").get_secret_value()
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, around.format(token))
        await it.sees("You are owner")
        assert it.session.secret("GITLAB_TOKEN").get_secret_value() == token
        assert token not in it.screen


async def test_five_kilobytes_are_pasted_whole(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, "x" * 5000 + "\n")
        assert len(it.session.secret("GITLAB_TOKEN").get_secret_value()) == 5000


async def test_nothing_is_pasted_and_nothing_happens(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, "\r\n \n")
        await paste(it, "")
        assert it.session.secret("GITLAB_TOKEN") is None


async def test_enter_in_the_token_passes_by_what_few_need(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, gitlab.add_token("api").get_secret_value())
        await it.press("enter")
        await it.until(lambda: it.step.title == "Runner")


async def test_who_presses_enter_right_after_a_token_is_signed_in_all_the_same(
    home: Path, gitlab: FakeGitLab
):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, gitlab.add_token("api").get_secret_value())
        await it.press("enter")  # before GitLab has answered
        await it.until(lambda: it.step.title == "Runner")
        await it.sees("2 found")
        assert it.session.identity


async def test_a_wrong_token_is_told_where_it_was_left_with(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        await at_token(it, gitlab)
        await paste(it, "no-token")
        await it.press("enter")
        await it.until(lambda: it.step.title == "Runner")
        await it.sees("! GitLab does not accept the token. Go back and give another token")
        await it.press("escape")
        await it.sees("GitLab says: 401 Unauthorized")
