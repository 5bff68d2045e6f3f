"""Tokens in Infisical, as its users will see them kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from tests.fakes.proxy import FaultyProxy
from tests.systems.backends.conformance import Conformance, new_token
from tests.systems.backends.infisical_parts import (
    FIRST,
    Infisical,
    InfisicalPlace,
    an_infisical,
    runner,
)
from wizard.core.errors import NotAllowedError, NotFoundError, NotReachedError, WizardError
from wizard.core.findings import Verdict
from wizard.core.secrets import fingerprint


@pytest.fixture
def infisical() -> Iterator[Infisical]:
    with an_infisical() as ready:
        yield ready


class TestConformance(Conformance):
    @pytest.fixture
    def place(self) -> Iterator[InfisicalPlace]:
        with an_infisical() as infisical, FaultyProxy(infisical.fake.url) as proxy:
            yield InfisicalPlace(infisical, proxy)


def test_a_first_write_makes_the_folder_and_all_above_it(infisical):
    token = new_token()

    assert infisical.connect().write(runner(), token)

    assert infisical.versions() == [token.get_secret_value()]
    assert ("prod", "/gitlab/runners/one") in infisical.project.folders


def test_writing_the_same_token_twice_makes_one_version(infisical):
    backend, token = infisical.connect(), new_token()
    backend.write(runner(), token)
    changed = len(infisical.fake.writes)

    assert not backend.write(runner(), SecretStr(f"  {token.get_secret_value()}\n"))

    assert len(infisical.versions()) == 1
    assert len(infisical.fake.writes) == changed


def test_a_new_token_is_a_new_version_of_the_same_secret(infisical):
    backend, first, second = infisical.connect(), new_token(), new_token()
    backend.write(runner(), first)

    assert backend.write(runner(), second)

    assert infisical.versions() == [first.get_secret_value(), second.get_secret_value()]


def test_the_root_may_be_the_folder(infisical):
    token = new_token()

    infisical.connect(path="/").write(runner(), token)

    assert infisical.versions("/one/RUNNER_TOKEN") == [token.get_secret_value()]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("by", ["slug", "id"])
def test_old_and_new_servers_and_both_names_of_a_project_serve_the_same(infisical, legacy, by):
    infisical.fake.legacy = legacy
    backend = infisical.connect(project=getattr(infisical.project, by))
    first, second = new_token(), new_token()

    assert backend.read(runner()) is None
    assert backend.write(runner(), first)
    assert backend.write(runner(), second)
    assert backend.read(runner()).fingerprint == fingerprint(second)
    assert backend.remove(runner())
    assert backend.read(runner()) is None


def test_no_folder_no_secret_and_an_empty_value_are_no_token(infisical):
    backend = infisical.connect()
    assert backend.read(runner()) is None

    infisical.project.add_folder("prod", "/gitlab/runners/one")
    assert backend.read(runner()) is None

    backend.write(runner(), new_token())
    infisical.project.put("prod", FIRST, " ")
    assert backend.read(runner()) is None


def test_a_value_that_a_person_pasted_with_a_line_break_is_the_same_token(infisical):
    backend, token = infisical.connect(), new_token()
    infisical.project.put("prod", FIRST, token.get_secret_value() + "\n")

    assert backend.read(runner()).fingerprint == fingerprint(token)
    assert not backend.write(runner(), token)


def test_a_misspelt_environment_is_not_taken_for_a_missing_token(infisical):
    with pytest.raises(NotFoundError, match="no environment production") as missing:
        infisical.connect(environment="production").read(runner())

    assert "dev, staging, prod" in missing.value.cause


def test_a_project_that_is_not_there_is_said_in_its_words(infisical):
    with pytest.raises(NotFoundError, match="find project nowhere") as missing:
        infisical.connect(project="nowhere").read(runner())

    assert "Project with slug 'nowhere' not found" in missing.value.cause


def test_an_identity_that_is_no_member_is_told_where_to_add_it(infisical):
    stranger = infisical.fake.add_identity(role="")

    with pytest.raises(NotAllowedError, match="not a member of the project") as refused:
        infisical.connect(identity=stranger).read(runner())

    assert "Access Control" in refused.value.fix


def test_a_viewer_reads_but_may_not_write(infisical):
    infisical.project.add_folder("prod", "/gitlab/runners/one")
    viewer = infisical.connect(identity=infisical.fake.add_identity("viewer"))

    assert viewer.read(runner()) is None
    with pytest.raises(NotAllowedError, match="may not create") as refused:
        viewer.write(runner(), new_token())

    assert "You are not allowed to create on secrets" in refused.value.cause
    assert infisical.fake.writes == []
    assert infisical.fake.logins == 1  # a lack of rights is not mended by signing in again


def test_a_change_request_is_not_taken_for_a_stored_token(infisical):
    infisical.project.approval_folders.append("/gitlab/runners")
    backend = infisical.connect()

    with pytest.raises(WizardError, match="nothing is live yet") as waiting:
        backend.write(runner(), new_token())

    assert "change-approval policy" in waiting.value.cause
    assert "out of the policy" in waiting.value.fix
    assert backend.read(runner()) is None


def test_a_change_request_for_a_rotation_leaves_the_old_token_read(infisical):
    backend, first = infisical.connect(), new_token()
    backend.write(runner(), first)
    infisical.project.approval_folders.append("/gitlab")

    with pytest.raises(WizardError, match="nothing is live yet"):
        backend.write(runner(), new_token())
    assert backend.read(runner()).fingerprint == fingerprint(first)

    infisical.fake.approve_all()
    assert backend.read(runner()).version == "2"


def test_a_hidden_value_is_refused_before_it_is_overwritten(infisical):
    infisical.connect().write(runner(), new_token())
    infisical.identity.sees_values = False
    backend = infisical.connect()
    before = infisical.fake.writes

    assert backend.read(runner()).fingerprint == ""
    with pytest.raises(NotAllowedError, match="may not see the value"):
        backend.write(runner(), new_token())
    assert infisical.fake.writes == before


def test_a_value_that_changes_under_our_hands_is_noticed(infisical):
    reply = {
        "secret": {
            "secretKey": "RUNNER_TOKEN",
            "secretValue": "somebody's",
            "version": 3,
            "updatedAt": "2026-11-24T00:00:00.000Z",
        }
    }
    infisical.fake.fail_next("GET", "/api/v4/secrets/*", 404, _no_secret())
    infisical.fake.fail_next("GET", "/api/v4/secrets/*", 200, reply)

    with pytest.raises(WizardError, match="does not hold what was written"):
        infisical.connect().write(runner(), new_token())


def _no_secret() -> dict[str, object]:
    message = "Secret with name 'RUNNER_TOKEN' not found"
    return {"statusCode": 404, "message": message, "error": "NotFound"}


def test_a_write_whose_answer_is_lost_is_found_done_by_the_next(infisical):
    infisical.project.add_folder("prod", "/gitlab/runners/one")
    backend, token = infisical.connect(), new_token()
    infisical.fake.fail_next("POST", "/api/v4/secrets/*", drop_after=True)

    with pytest.raises(NotReachedError) as lost:
        backend.write(runner(), token)
    assert lost.value.maybe_done

    assert not backend.write(runner(), token)
    assert infisical.versions() == [token.get_secret_value()]


def test_checking_looks_at_everything_and_writes_nothing(infisical):
    checks = infisical.connect().check()

    assert [check.verdict for check in checks] == [Verdict.OK] * 4 + [Verdict.UNSEEN]
    assert checks[1].name == "sign in as a machine identity"
    assert "change-approval" in checks[-1].finding.evidence
    assert infisical.fake.writes == []


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ({"secret": "wrong"}, "sign in"),
        ({"project": "nowhere"}, "find project nowhere"),
        ({"environment": "nowhere"}, "find project homelab, environment nowhere"),
    ],
)
def test_checking_stops_at_the_first_thing_that_fails_and_says_the_way_out(infisical, broken, name):
    *before, last = infisical.connect(**broken).check()

    assert all(check.verdict is Verdict.OK for check in before)
    assert last.verdict is Verdict.FAIL
    assert last.name.startswith(name)
    assert last.finding.fix


def test_checking_fails_where_the_value_could_not_be_compared(infisical):
    infisical.connect().write(runner(), new_token())
    infisical.identity.sees_values = False

    assert infisical.connect().check()[-1].verdict is Verdict.FAIL


def test_the_policy_gives_the_reader_one_path_and_no_writing(infisical):
    text = infisical.connect().policy()

    reader = json.loads(text.partition("The reader, which is the cluster:\n")[2])
    assert reader == [
        {
            "subject": "secrets",
            "action": ["describeSecret", "readValue"],
            "conditions": {
                "environment": {"$eq": "prod"},
                "secretPath": {
                    "$in": ["/gitlab/runners", "/gitlab/runners/one", "/gitlab/runners/two"]
                },
            },
        }
    ]


def test_where_names_the_place_as_people_do(infisical):
    assert infisical.connect().where(runner()) == f"Infisical project homelab, prod, {FIRST}"


def test_a_project_named_by_its_id_gets_its_slug_which_the_cluster_needs(infisical):
    assert infisical.connect(project=infisical.project.id).facts() == {
        ("secrets", "infisical", "project"): "homelab"
    }
    assert infisical.connect().facts() == {}


def test_the_operator_reads_what_was_written_the_way_it_asks(infisical):
    """External Secrets 2.9: lists the folder above to judge its store, then reads; v3, by slug."""
    token = new_token()
    infisical.connect().write(runner(), token)
    url = infisical.fake.url
    reader = infisical.fake.add_identity("viewer")
    login = {"clientId": reader.client_id, "clientSecret": reader.client_secret}
    signed = requests.post(f"{url}/api/v1/auth/universal-auth/login", json=login, timeout=5).json()
    asks = {"environment": "prod", "workspaceId": "", "workspaceSlug": infisical.project.slug}

    def get(path: str, folder: str) -> dict[str, Any]:
        answer = requests.get(
            f"{url}/api/v3/secrets/raw{path}",
            {**asks, "secretPath": folder},
            headers={"Authorization": f"Bearer {signed['accessToken']}"},
            timeout=5,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert get("", "/gitlab/runners")["secrets"] == []
    (listed,) = get("", "/gitlab/runners/one")["secrets"]
    assert listed["secretKey"] == "RUNNER_TOKEN"
    read = get("/RUNNER_TOKEN", "/gitlab/runners/one")
    assert read["secret"]["secretValue"] == token.get_secret_value()
