"""Who a token is, what it may do, and where it may create runners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.gitlab import FakeGitLab
from wizard.core.errors import NotAllowedError, NotReachedError
from wizard.core.findings import Verdict
from wizard.operations.discovery.scopes import search
from wizard.operations.discovery.sign_in import sign_in
from wizard.systems.gitlab.adapter import PythonGitLab


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project("acme/homelab")
        yield fake


def verdicts(signed_in) -> list[Verdict]:
    return [check.verdict for check in signed_in.checks]


async def test_a_token_with_api_may_do_everything(fake: FakeGitLab):
    signed_in = await sign_in(PythonGitLab(fake.url, fake.add_token("api")))
    assert signed_in.identity.username == "owner"
    assert signed_in.version == fake.version
    assert verdicts(signed_in) == [Verdict.OK] * 4


async def test_a_token_without_api_may_do_all_but_prove(fake: FakeGitLab):
    token = fake.add_token("create_runner", "manage_runner", "read_api")
    signed_in = await sign_in(PythonGitLab(fake.url, token))
    assert verdicts(signed_in) == [Verdict.OK] * 3 + [Verdict.WARN]


async def test_a_token_that_can_only_create_is_not_enough(fake: FakeGitLab):
    signed_in = await sign_in(PythonGitLab(fake.url, fake.add_token("create_runner")))
    assert verdicts(signed_in)[0] is Verdict.OK
    assert Verdict.FAIL in verdicts(signed_in)
    assert "token_page" not in str(signed_in)
    assert signed_in.version == "", "it may not even ask for the version"


async def test_a_token_that_does_not_tell_its_scopes_is_unseen(fake: FakeGitLab):
    signed_in = await sign_in(PythonGitLab(fake.url, fake.add_token(kind="oauth")))
    assert verdicts(signed_in) == [Verdict.UNSEEN] * 4


async def test_a_refused_token_is_an_error(fake: FakeGitLab):
    with pytest.raises(NotAllowedError):
        await sign_in(PythonGitLab(fake.url, fake.add_token("api", revoked=True)))


def test_knocking_sends_no_token(fake: FakeGitLab):
    PythonGitLab(fake.url, fake.add_token("api")).ping()
    assert [call.headers.get("Authorization") for call in fake.calls] == [None]


def test_knocking_at_something_else_is_an_error(fake: FakeGitLab):
    fake.fail_next("GET", "/metadata", 200, "<html><title>Router</title></html>")
    with pytest.raises(NotReachedError, match="makes no sense"):
        PythonGitLab(fake.url, fake.add_token("api")).ping()


async def test_a_search_lists_what_matches(fake: FakeGitLab):
    fake.add_project("acme/website")
    gitlab = PythonGitLab(fake.url, fake.add_token("api"))
    assert [scope.path for scope in (await search(gitlab, "project", "webs")).scopes] == [
        "acme/website"
    ]


async def test_a_whole_path_is_found_though_no_list_has_it(fake: FakeGitLab):
    fake.fail_next("GET", "/projects", 200, [])
    found = await search(PythonGitLab(fake.url, fake.add_token("api")), "project", "acme/homelab")
    assert [scope.path for scope in found.scopes] == ["acme/homelab"]


async def test_a_path_that_is_nowhere_is_an_empty_page(fake: FakeGitLab):
    found = await search(PythonGitLab(fake.url, fake.add_token("api")), "project", "acme/gone")
    assert found.scopes == ()
