"""A runner's life: created once, found again, changed, given a new token, deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.gitlab import FakeGitLab, RunnerPlayer
from tests.fakes.gitlab.state import DEVELOPER, MAINTAINER
from tests.systems.gitlab.conftest import MARKER, Connect
from wizard.core.errors import (
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    ScopeTooSmallError,
    WizardError,
)
from wizard.core.facts import Scope
from wizard.core.secrets import redact
from wizard.systems.gitlab import RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab


def test_a_runner_is_created_as_wanted_and_found_by_its_marker(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)

    assert created.token.get_secret_value() == fake.runners[0].token
    (found,) = gitlab.find_runners(project, MARKER)
    assert found.id == created.id
    assert found.settings == wanted
    assert found.status == "never_contacted"
    assert found.projects == ("acme/homelab",)


def test_a_new_token_is_never_shown(gitlab, project, wanted):
    created = gitlab.create_runner(project, wanted)

    token = created.token.get_secret_value()
    assert token not in repr(created)
    assert token not in redact(f"somebody printed {token}")


def test_group_and_instance_runners_are_created_and_found_too(fake, connect, group, wanted):
    admin = connect(token=fake.add_token(user=fake.add_user("root", admin=True)))
    instance = Scope("instance", "")

    in_group = admin.create_runner(group, wanted)
    everywhere = admin.create_runner(instance, wanted)

    assert [found.id for found in admin.find_runners(group, MARKER)] == [in_group.id]
    assert [found.id for found in admin.find_runners(instance, MARKER)] == [everywhere.id]
    assert [runner.runner_type for runner in fake.runners] == ["group_type", "instance_type"]


def test_a_runner_inherited_from_the_group_is_not_the_projects(gitlab, project, group, wanted):
    gitlab.create_runner(group, wanted)

    assert gitlab.find_runners(project, MARKER) == []


def test_the_marker_is_found_among_hundreds_of_runners(gitlab, project, wanted):
    for number in range(205):
        other = replace(wanted, description=f"other {number}")
        gitlab.create_runner(project, wanted if number == 3 else other)

    assert len(gitlab.find_runners(project, MARKER)) == 1
    assert len(gitlab.find_runners(project, "other 20")) == 6


def test_a_scopes_own_runners_are_listed_page_by_page(gitlab, project, group, wanted):
    gitlab.create_runner(group, wanted)
    made = [gitlab.create_runner(project, wanted).id for _ in range(25)]

    first = gitlab.list_runners(project)
    second = gitlab.list_runners(project, first.next_page)

    assert [*first.ids, *second.ids] == made[::-1]
    assert second.next_page is None


def test_a_runner_says_whose_it_is_and_what_serves_it(gitlab, fake, project, group, wanted):
    in_project = gitlab.create_runner(project, wanted)
    in_group = gitlab.create_runner(group, wanted)
    RunnerPlayer(fake.url, in_project.token.get_secret_value(), version="18.11.0").request_job()

    assert gitlab.get_runner(in_project.id).owner == project.id
    assert gitlab.get_runner(in_project.id).version == "18.11.0"
    assert gitlab.get_runner(in_group.id).owner == group.id


def test_two_runners_with_one_marker_come_lowest_id_first(gitlab, project, wanted):
    first, second = (gitlab.create_runner(project, wanted) for _ in range(2))

    assert [found.id for found in gitlab.find_runners(project, MARKER)] == [first.id, second.id]


def test_a_lost_answer_to_create_is_said_and_nothing_is_sent_again(gitlab, fake, project, wanted):
    fake.fail_next("POST", "/user/runners", drop_after=True)

    with pytest.raises(NotReachedError) as lost:
        gitlab.create_runner(project, wanted)

    assert lost.value.maybe_done
    assert fake.writes["POST /user/runners"] == 1
    assert len(gitlab.find_runners(project, MARKER)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_to_create_may_have_taken_effect(gitlab, fake, project, wanted, status):
    fake.fail_next("POST", "/user/runners", status)

    with pytest.raises(NotReachedError) as lost:
        gitlab.create_runner(project, wanted)

    assert lost.value.maybe_done
    assert sum(call.method == "POST" for call in fake.calls) == 1


def test_a_slow_answer_to_create_is_given_up_and_may_have_taken_effect(
    gitlab, fake, project, wanted
):
    fake.fail_next("POST", "/user/runners", delay=1)

    with pytest.raises(NotReachedError, match="did not answer within") as lost:
        gitlab.create_runner(project, wanted)

    assert lost.value.maybe_done
    assert len(fake.runners) == 1


@pytest.mark.parametrize("body", [{"id": 7}, {"id": 7, "token": None}, {"token": "x"}, [], ""])
def test_an_answer_without_a_token_may_have_taken_effect(gitlab, fake, project, wanted, body):
    fake.fail_next("POST", "/user/runners", 201, body)

    with pytest.raises(NotReachedError, match="makes no sense") as lost:
        gitlab.create_runner(project, wanted)

    assert lost.value.maybe_done


def test_a_gitlab_that_is_not_there_has_done_nothing(fake, connect, project, wanted):
    with FakeGitLab() as gone:
        url = gone.url

    with pytest.raises(NotReachedError, match="cannot be reached") as refused:
        connect(url=url).create_runner(project, wanted)

    assert not refused.value.maybe_done


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"run_untagged": False, "tags": frozenset()}, "Tags list can not be empty"),
        ({"maximum_timeout": 60}, "at least 10 minutes"),
        ({"tags": frozenset(map(str, range(51)))}, "Too many tags"),
        ({"maintenance_note": "x" * 1025}, "too long"),
    ],
)
def test_what_gitlab_objects_to_is_told_in_its_own_words(gitlab, project, wanted, change, words):
    with pytest.raises(WizardError) as refused:
        gitlab.create_runner(project, replace(wanted, **change))

    assert words in refused.value.cause
    assert refused.value.fix


def test_a_full_project_says_who_can_help(gitlab, fake, project, wanted):
    fake.runner_limit = 1
    gitlab.create_runner(project, wanted)

    with pytest.raises(WizardError) as refused:
        gitlab.create_runner(project, wanted)

    assert "Maximum number of ci registered project runners (1) exceeded" in refused.value.cause
    assert "administrator" in refused.value.fix


def test_a_token_that_may_only_read_is_told_which_scopes_it_takes(connect, project, wanted):
    with pytest.raises(ScopeTooSmallError) as refused:
        connect("read_api").create_runner(project, wanted)

    assert "create_runner or api" in refused.value.fix
    assert "personal_access_tokens" in refused.value.fix


def test_a_fine_grained_token_is_told_which_permission_it_lacks(fake, connect, project, wanted):
    token = fake.add_token(kind="granular", permissions=("read_project",))

    with pytest.raises(ScopeTooSmallError) as refused:
        connect(token=token).create_runner(project, wanted)

    assert "[create_runner]" in refused.value.cause


@pytest.mark.parametrize("role", [DEVELOPER, MAINTAINER])
def test_group_runners_need_an_owner_and_project_runners_a_maintainer(
    fake, connect, project, group, wanted, role
):
    for thing in (*fake.state.groups.values(), *fake.state.projects.values()):
        thing.members[fake.user.id] = role
    gitlab = connect()

    with pytest.raises(NotAllowedError, match="in group acme") as refused:
        gitlab.create_runner(group, wanted)
    assert "Owner of the group" in refused.value.fix
    if role == MAINTAINER:
        gitlab.create_runner(project, wanted)
    else:
        with pytest.raises(NotAllowedError, match="in project acme/homelab"):
            gitlab.create_runner(project, wanted)


def test_registration_switched_off_is_named_among_the_causes(gitlab, fake, project, wanted):
    fake.state.projects[project.id].runner_registration = False

    with pytest.raises(NotAllowedError) as refused:
        gitlab.create_runner(project, wanted)

    assert "runner registration switched on" in refused.value.fix


def test_a_project_that_is_gone_is_not_found(gitlab, wanted):
    with pytest.raises(NotFoundError):
        gitlab.create_runner(Scope("project", "acme/gone", 999), wanted)


def test_an_expiring_token_says_so(gitlab, fake, project, wanted):
    from datetime import timedelta

    fake.token_lifetime = timedelta(days=14)

    created = gitlab.create_runner(project, wanted)

    assert created.token_expires_at
    assert (created.token_expires_at - gitlab.now()).days in {13, 14}


def test_only_the_named_fields_are_updated(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    new = replace(wanted, tags=frozenset({"big"}), protected=True, maximum_timeout=None)

    changes = new.changes_from(wanted)
    updated = gitlab.update_runner(created.id, {name: to for name, (_, to) in changes.items()})

    assert set(changes) == {"tags", "protected", "maximum_timeout"}
    assert updated.settings == new
    assert fake.runners[0].access_level == "ref_protected"


def test_a_refused_update_changes_nothing(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)

    with pytest.raises(WizardError, match="refused to update") as refused:
        gitlab.update_runner(created.id, {"maximum_timeout": 5})

    assert "maximum_timeout: needs to be at least 10 minutes" in refused.value.cause
    assert gitlab.get_runner(created.id).settings == wanted


def test_a_reset_gives_a_token_that_works_and_kills_the_old_one(gitlab, fake, project, wanted):
    old = gitlab.create_runner(project, wanted)

    new = gitlab.reset_token(old.id)

    assert new.id == old.id
    assert RunnerPlayer(fake.url, new.token.get_secret_value()).verify()
    assert not RunnerPlayer(fake.url, old.token.get_secret_value()).verify()


def test_deleting_twice_is_fine(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)

    gitlab.delete_runner(created.id)
    gitlab.delete_runner(created.id)

    assert fake.runners == []


@pytest.mark.parametrize("version", ["17.11.2", "19.4.1-ee"])
def test_a_runner_that_is_gone_is_not_found_in_either_dialect(gitlab, fake, version):
    fake.version = version

    with pytest.raises(NotFoundError):
        gitlab.get_runner(12345)


def test_a_firewall_that_refuses_says_nothing_about_a_token(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    fake.fail_next("DELETE", "/runners/managers", 403, "<html><title>Blocked</title></html>")

    assert gitlab.knows_token(created.token) is None


def test_a_list_of_nonsense_is_called_so(gitlab, fake, project):
    fake.fail_next("GET", "/projects/*/runners", 200, [{"name": "no id"}])

    with pytest.raises(NotReachedError, match="makes no sense"):
        gitlab.find_runners(project, MARKER)


def test_managers_are_told_with_the_system_id_that_serves(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    before = gitlab.now()
    player = RunnerPlayer(fake.url, created.token.get_secret_value(), "r_1234567890ab", "19.4.0")
    player.request_job()

    (manager,) = gitlab.managers(created.id)

    assert (manager.system_id, manager.status) == ("r_1234567890ab", "online")
    assert (manager.version, manager.architecture) == ("19.4.0", "amd64")
    assert manager.contacted_at
    assert manager.contacted_at >= before


@pytest.mark.parametrize("touches", [False, True])
def test_registering_alone_does_not_make_a_manager_online(
    gitlab: PythonGitLab, fake: FakeGitLab, project: Scope, wanted: RunnerSettings, touches: bool
):
    fake.verify_touches_contact = touches
    created = gitlab.create_runner(project, wanted)

    RunnerPlayer(fake.url, created.token.get_secret_value()).verify()

    (manager,) = gitlab.managers(created.id)
    assert manager.status == "never_contacted"
    assert gitlab.get_runner(created.id).status == ("online" if touches else "never_contacted")


def test_a_runner_goes_offline_and_stale_as_time_passes(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    RunnerPlayer(fake.url, created.token.get_secret_value()).request_job()

    seen = []
    for hours in (0, 3, 24 * 7):
        fake.advance(hours * 3600)
        seen.append((gitlab.get_runner(created.id).status, gitlab.managers(created.id)[0].status))

    assert seen == [("online", "online"), ("offline", "offline"), ("stale", "stale")]


def test_a_token_for_managing_alone_reads_and_deletes_but_does_not_list(
    gitlab: PythonGitLab, connect: Connect, project: Scope, wanted: RunnerSettings
):
    created = gitlab.create_runner(project, wanted)
    managing = connect("create_runner", "manage_runner")

    assert managing.get_runner(created.id).settings == wanted
    with pytest.raises(ScopeTooSmallError, match="list the runners"):
        managing.find_runners(project, MARKER)
    managing.delete_runner(created.id)


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html><title>Sign in</title></html>"), (200, {}), (202, "")]
)
def test_a_login_page_in_place_of_a_deletion_is_not_taken_for_one(
    gitlab, fake, project, wanted, status, body
):
    made = gitlab.create_runner(project, wanted)
    for path, call in (
        ("/runners/managers", lambda: gitlab.knows_token(made.token)),
        ("/runners/*", lambda: gitlab.delete_runner(made.id)),
    ):
        fake.fail_next("DELETE", path, status, body)
        with pytest.raises(NotReachedError, match="makes no sense") as odd:
            call()
        assert odd.value.maybe_done
    assert [runner.id for runner in fake.runners] == [made.id]


def test_a_token_is_known_until_it_is_reset_and_asking_leaves_no_trace(
    connect, fake, project, wanted
):
    gitlab = connect("api")
    created = gitlab.create_runner(project, wanted)
    assert gitlab.knows_token(created.token) is True
    (runner,) = fake.runners
    assert (runner.managers, runner.contacted_at) == ({}, None)
    gitlab.reset_token(created.id)
    assert gitlab.knows_token(created.token) is False
    assert "Authorization" not in fake.calls[-1].headers
    assert created.token.get_secret_value() not in fake.calls[-1].target


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, "<html><title>Blocked</title></html>"),
        (404, {"error": "404 Not Found"}),
        (422, {"message": "Runner is orphaned"}),
    ],
)
def test_an_answer_about_something_else_says_nothing_of_a_token(
    gitlab, fake, project, wanted, status, body
):
    created = gitlab.create_runner(project, wanted)
    fake.fail_next("DELETE", "/runners/managers", status, body)
    assert gitlab.knows_token(created.token) is None


def test_a_proxy_in_trouble_is_asked_about_a_token_once_more(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    fake.fail_next("DELETE", "/runners/managers", 502)
    assert gitlab.knows_token(created.token) is True


def test_a_runner_belongs_to_the_project_that_owns_it_and_not_where_it_is_enabled(
    gitlab, fake, project, wanted
):
    other = fake.add_project("other/infra")
    created = gitlab.create_runner(project, wanted)
    (runner,) = fake.runners
    assert gitlab.get_runner(created.id).belongs_to(project)
    runner.project_ids = [other.id, project.id]
    info = gitlab.get_runner(created.id)
    assert not info.belongs_to(project)
    assert info.place == "other/infra"


@pytest.mark.parametrize("answer", ["{}", "null", '"none"', "[1]", "[[]]"])
def test_what_is_no_list_is_not_read_as_an_empty_one(gitlab, fake, project, answer):
    fake.fail_next("GET", "/projects/*/runners", 200, answer, times=2)
    with pytest.raises(NotReachedError, match="makes no sense"):
        gitlab.find_runners(project, MARKER)
    fake.fail_next("GET", "/runners/*/managers", 200, answer)
    with pytest.raises(NotReachedError, match="makes no sense"):
        gitlab.managers(1)
