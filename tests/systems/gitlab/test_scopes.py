"""Who the token is, and the picker of projects and groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.gitlab.state import DEVELOPER
from wizard.core.errors import NotAllowedError, NotFoundError, NotReachedError, UsageError
from wizard.core.facts import Identity
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.connection import Connection


def test_a_token_says_whose_it_is_what_it_may_and_until_when(fake, connect):
    expires = fake.state.clock.now().date() + timedelta(days=30)
    token = fake.add_token("create_runner", "read_api", expires_at=expires)

    me = connect(token=token).whoami()

    assert me == Identity(
        "owner", ("create_runner", "read_api"), expires.isoformat(), user_id=fake.user.id
    )
    assert me.may("create_runner") is True
    assert me.may("manage_runner") is False


def test_a_token_for_runners_alone_hides_its_user_but_not_its_scopes(connect):
    me = connect("create_runner", "manage_runner").whoami()

    assert me.username == ""
    assert me.scopes == ("create_runner", "manage_runner")


def test_an_administrator_is_known_as_one(fake, connect):
    root = fake.add_user("root", admin=True)

    assert connect(token=fake.add_token(user=root)).whoami().is_admin


def test_an_oauth_token_is_signed_in_with_its_scopes_unknown(fake, connect):
    me = connect(token=fake.add_token("api", kind="oauth")).whoami()

    assert me.username == "owner"
    assert me.may("create_runner") is None


@pytest.mark.parametrize("permissions", [(), ("read_personal_access_token", "read_user")])
def test_a_fine_grained_token_is_signed_in_with_its_scopes_unknown(fake, connect, permissions):
    me = connect(token=fake.add_token(kind="granular", permissions=permissions)).whoami()

    assert not me.known
    assert me.username == ("owner" if permissions else "")


def test_an_unknown_token_is_refused_with_the_page_to_make_another(fake, connect, waits):
    other = fake.add_token()
    del fake.state.tokens[other.get_secret_value()]

    with pytest.raises(NotAllowedError, match="does not accept the token") as refused:
        connect(token=other).whoami()

    assert "401 Unauthorized" in refused.value.cause
    assert f"{fake.url}/-/user_settings/personal_access_tokens" in refused.value.fix


def test_an_expired_and_a_revoked_token_are_told_apart(fake, connect):
    expired = fake.add_token(expires_at=fake.state.clock.now().date())
    revoked = fake.add_token(revoked=True)

    for token, word in ((expired, "expired"), (revoked, "revoked")):
        with pytest.raises(NotAllowedError) as refused:
            connect(token=token).whoami()
        assert word in refused.value.cause


@pytest.mark.parametrize("pasted", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(fake, pasted):
    from pydantic import SecretStr

    with pytest.raises(UsageError) as refused:
        PythonGitLab(fake.url, SecretStr(pasted))

    assert not pasted.strip() or pasted not in str(refused.value)


def test_a_pasted_token_may_end_with_a_newline(fake, connect):
    from pydantic import SecretStr

    pasted = SecretStr(fake.add_token().get_secret_value() + "\n")

    assert connect(token=pasted).whoami().username == "owner"


def test_the_version_is_gitlabs_own_word(gitlab):
    assert gitlab.version() == "19.4.1-ee"


def test_now_is_gitlabs_clock_not_ours(gitlab, fake):
    fake.advance(-86_400)
    yesterday = datetime.now(UTC) - timedelta(days=1)

    assert abs(gitlab.now() - yesterday) < timedelta(seconds=3)
    fake.advance(86_400)
    gitlab.version()
    assert abs(gitlab.now() - datetime.now(UTC)) < timedelta(seconds=3)


def test_now_is_told_even_to_a_token_that_may_nothing(fake, connect):
    fake.advance(3600)

    assert connect("create_runner").now() > datetime.now(UTC) + timedelta(minutes=59)


def test_now_does_not_invent_a_time_when_gitlab_is_away(fake, connect):
    fake.fail_next("GET", "/version", drop_before=True, times=3)

    with pytest.raises(NotReachedError):
        connect().now()


@pytest.mark.parametrize("written", ["acme/homelab", "/acme/homelab/"])
def test_a_project_is_resolved_by_path(gitlab, project, written):
    found = gitlab.resolve("project", written)

    assert (found.path, found.id, found.name) == ("acme/homelab", project.id, "homelab")
    assert found.access_level == 50


def test_a_project_is_resolved_by_number(gitlab, project):
    assert gitlab.resolve("project", str(project.id)).path == "acme/homelab"


def test_a_role_inherited_from_the_group_is_seen(fake, gitlab):
    fake.add_project("acme/inner", role=DEVELOPER)

    assert gitlab.resolve("project", "acme/inner").access_level == 50


def test_a_group_and_the_instance_are_resolved(gitlab, group):
    assert gitlab.resolve("group", "acme").id == group.id
    assert gitlab.resolve("instance", "").kind == "instance"


def test_a_moved_project_is_followed_to_where_it_is_now(gitlab, fake, project):
    fake.move_project(fake.state.projects[project.id], "acme/new-home")

    found = gitlab.resolve("project", "acme/homelab")

    assert (found.path, found.id) == ("acme/new-home", project.id)


@pytest.mark.parametrize("kind", ["project", "group"])
def test_a_scope_that_is_not_there_is_not_found(gitlab, kind):
    with pytest.raises(NotFoundError, match=f"could not find the {kind} acme/typo"):
        gitlab.resolve(kind, "acme/typo")


def test_the_picker_pages_through_all_projects_without_asking_for_all(fake, gitlab):
    for number in range(119):
        fake.add_project(f"acme/project-{number}")

    first = gitlab.search_projects()
    rest = [gitlab.search_projects(page=page) for page in (2, 3)]

    assert (len(first.scopes), first.total, first.next_page) == (50, 120, 2)
    assert [page.next_page for page in rest] == [3, None]
    assert len({scope.id for page in (first, *rest) for scope in page.scopes}) == 120
    assert len(fake.calls) == 3


def test_the_picker_searches_the_whole_path(fake, gitlab):
    fake.add_project("other/thing")

    assert [scope.path for scope in gitlab.search_projects("ACME/").scopes] == ["acme/homelab"]


def test_the_picker_offers_only_what_the_user_may_use(fake, gitlab):
    fake.add_project("elsewhere/read-only", role=DEVELOPER)
    fake.add_group("elsewhere", role=DEVELOPER)

    assert [scope.path for scope in gitlab.search_projects().scopes] == ["acme/homelab"]
    assert [scope.path for scope in gitlab.search_groups().scopes] == ["acme"]


def test_the_picker_works_where_gitlab_does_not_count(fake, gitlab):
    fake.hide_totals = True

    assert gitlab.search_projects().total is None


def test_ten_thousand_projects_are_searched_one_page_at_a_time(fake, gitlab):
    for number in range(10_001):
        fake.add_project(f"acme/project-{number:05}")

    page = gitlab.search_projects("project-0999")

    assert len(page.scopes) == 10
    assert gitlab.search_projects().next_page == 2


def test_a_token_that_may_only_create_still_picks_and_resolves(fake, connect, project, group):
    for number in range(120):
        fake.add_project(f"acme/project-{number:03}")
    gitlab = connect("create_runner")

    assert gitlab.search_projects("homelab").scopes[0].id == project.id
    assert gitlab.search_projects("homelab").next_page == 2
    assert gitlab.search_groups().scopes[0].path == "acme"
    assert gitlab.resolve("project", "acme/project-119").name == "project-119"
    assert gitlab.resolve("project", str(project.id)).path == "acme/homelab"
    assert gitlab.resolve("group", "acme").id == group.id
    with pytest.raises(NotFoundError):
        gitlab.resolve("project", "acme/typo")


def test_paging_stays_with_the_address_we_were_given(fake, gitlab, project, wanted):
    fake.external_url = "https://gitlab.internal.invalid"
    for _ in range(101):
        gitlab.create_runner(project, wanted)

    assert len(gitlab.find_runners(project, "rw:3f9c2a71")) == 101


def test_a_gitlab_below_a_path_is_reached(wanted):
    from tests.fakes.gitlab import FakeGitLab

    with FakeGitLab(relative="/gitlab") as fake:
        fake.add_project("acme/homelab")
        gitlab = PythonGitLab(f"{fake.url}/api/v4/", fake.add_token(), Connection())
        assert gitlab.url.endswith("/gitlab")
        assert gitlab.resolve("project", "acme/homelab").id
