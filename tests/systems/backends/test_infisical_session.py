"""Signing in to Infisical, and everything that may go wrong between us and it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests.fakes.infisical import FakeInfisical
from tests.systems.backends.conformance import new_token
from tests.systems.backends.infisical_parts import Infisical, a_profile, an_infisical, runner
from wizard.core.errors import NotAllowedError, NotReachedError, UsageError, WizardError
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.infisical import InfisicalSecrets
from wizard.systems.backends.infisical_errors import LoginRefusedError


@pytest.fixture
def infisical() -> Iterator[Infisical]:
    with an_infisical() as ready:
        yield ready


# Signing in


def test_one_login_serves_every_thread(infisical):
    backend = infisical.connect()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: backend.read(runner()), range(16)))

    assert infisical.fake.logins == 1


def test_a_bad_secret_is_sent_once_however_many_ask(infisical):
    backend = infisical.connect(secret="not-the-secret")

    def refused(_: int) -> str:
        with pytest.raises(LoginRefusedError) as error:
            backend.read(runner())
        return error.value.cause

    with ThreadPoolExecutor(8) as threads:
        causes = set(threads.map(refused, range(16)))

    assert infisical.fake.logins == 1
    assert len(causes) == 1
    assert "three bad secrets lock" in causes.pop()


def test_a_locked_identity_is_told_to_wait_five_minutes(infisical):
    for _ in range(3):
        with pytest.raises(LoginRefusedError):
            infisical.connect(secret="not-the-secret").read(runner())

    with pytest.raises(LoginRefusedError, match="has locked the sign-in") as locked:
        infisical.connect().read(runner())
    assert "five minutes, for the right secret as well" in locked.value.cause
    assert "Wait five minutes" in locked.value.fix

    infisical.fake.clock.ahead += 301
    assert infisical.connect().read(runner()) is None


def test_a_session_that_expires_half_way_is_renewed(infisical):
    backend, token = infisical.connect(), new_token()
    assert backend.read(runner()) is None
    infisical.fake.clock.ahead += 2_592_001  # answered with 403 TokenError

    assert backend.write(runner(), token)

    assert infisical.fake.logins == 2
    assert infisical.versions() == [token.get_secret_value()]


def test_a_session_that_was_revoked_is_renewed(infisical):
    backend = infisical.connect()
    backend.read(runner())
    infisical.fake.revoke_all()  # answered with 401

    assert backend.read(runner()) is None
    assert infisical.fake.logins == 2


def test_a_session_that_ends_again_at_once_is_not_renewed_for_ever(infisical):
    infisical.identity.token_lifetime = -1

    with pytest.raises(NotAllowedError, match="ended the session"):
        infisical.connect().read(runner())

    assert infisical.fake.logins == 2


def test_closing_revokes_the_session_and_nothing_else(infisical):
    backend = infisical.connect()
    backend.read(runner())

    backend.close()
    backend.close()

    assert all(token.revoked for token in infisical.fake.tokens.values())
    assert [call.path for call in infisical.fake.calls].count("/api/v1/auth/token/revoke") == 1


def test_closing_never_fails_the_work_that_is_done(infisical):
    backend = infisical.connect()
    backend.read(runner())
    infisical.fake.fail_next("POST", "/api/v1/auth/token/revoke", 500, "oops")

    backend.close()


def test_a_backend_that_was_never_used_signs_in_nowhere(infisical):
    infisical.connect().close()

    assert infisical.fake.calls == []


# On the way


@pytest.mark.parametrize(
    "fault", [{"drop_after": True}, {"delay": 0.8}, {"status": 500, "body": "oops"}]
)
def test_a_write_is_sent_once_and_may_have_taken_effect(infisical, fault):
    backend = infisical.connect()
    infisical.project.add_folder("prod", "/gitlab/runners/one")
    infisical.fake.fail_next("POST", "/api/v4/secrets/*", times=9, **fault)

    with pytest.raises(NotReachedError) as lost:
        backend.write(runner(), new_token())

    assert lost.value.maybe_done
    sent = [c for c in infisical.fake.calls if c.method == "POST" and "/secrets/" in c.path]
    assert len(sent) <= 1  # the slow one is still at it


def test_being_throttled_is_waited_out_as_long_as_it_asks(infisical):
    infisical.fake.throttle_next("GET", "/api/v4/secrets/*", 7)

    assert infisical.connect().read(runner()) is None
    assert sum(infisical.slept) == 7
    assert infisical.told[0].startswith("7 the server limits how often")


def test_a_throttled_write_is_sent_again(infisical):
    infisical.fake.throttle_next("POST", "/api/v4/secrets/*", 1)

    assert infisical.connect().write(runner(), new_token())
    assert len(infisical.versions()) == 1


def test_a_throttled_login_is_no_bad_login(infisical):
    infisical.fake.throttle_next("POST", "*/login", 3)

    assert infisical.connect().read(runner()) is None


def test_a_retry_after_header_counts_more_than_words(infisical):
    infisical.fake.fail_next(
        "GET", "/api/v4/secrets/*", 429, "slow down", headers={"Retry-After": "2"}
    )

    infisical.connect().read(runner())

    assert sum(infisical.slept) == 2


def test_waiting_has_an_end(infisical):
    infisical.fake.throttle_next("GET", "/api/v4/secrets/*", 40, times=9)

    with pytest.raises(NotReachedError, match="limits how often") as lost:
        infisical.connect().read(runner())

    assert sum(infisical.slept) == 40
    assert "40 seconds more" in lost.value.cause


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html><head><title>Sign in</title></head></html>"),
        (200, "not json"),
        (200, []),
        (200, {"unexpected": True}),
        (200, {"secret": {"secretKey": "RUNNER_TOKEN"}}),
        (200, {"secret": {"secretValue": "x", "version": 1, "updatedAt": "yesterday"}}),
        (200, {"secret": None}),
        (404, "<html><head><title>404 Not Found</title></head></html>"),
        (404, ""),
    ],
)
def test_nonsense_is_called_so_and_never_taken_for_no_token(infisical, status, body):
    infisical.fake.fail_next("GET", "/api/v4/secrets/*", status, body)

    with pytest.raises(NotReachedError, match="makes no sense"):
        infisical.connect().read(runner())


def test_a_login_that_answers_nonsense_is_called_so(infisical):
    infisical.fake.fail_next("POST", "*/login", 200, {"hello": "there"})

    with pytest.raises(NotReachedError, match="makes no sense"):
        infisical.connect().read(runner())


def test_a_list_of_what_validation_found_is_one_sentence(infisical):
    message = [{"path": ["secretPath"], "message": "Required"}, {"path": [], "message": "Odd"}]
    body = {"statusCode": 422, "message": message, "error": "ValidationFailure"}
    infisical.fake.fail_next("GET", "/api/v4/secrets/*", 422, body)

    with pytest.raises(WizardError) as refused:
        infisical.connect().read(runner())

    assert refused.value.cause == "Infisical says: secretPath: Required; Odd"


def test_credentials_never_follow_a_redirect(infisical):
    with FakeInfisical() as elsewhere:
        location = {"Location": f"{elsewhere.url}/api/v1/auth/universal-auth/login"}
        infisical.fake.fail_next("POST", "*/login", 307, None, headers=location)

        with pytest.raises(NotReachedError, match="redirects to"):
            infisical.connect().read(runner())

        assert elsewhere.calls == []


def test_a_netrc_file_signs_nothing(infisical, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    assert infisical.connect().read(runner()) is None
    assert not any("Basic" in str(call.headers) for call in infisical.fake.calls)


def test_a_private_authority_is_trusted_when_its_file_is_named(tmp_path: Path):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with FakeInfisical(tls=tls) as fake:
        ready = Infisical(fake, fake.add_project("homelab"), fake.add_identity())

        assert ready.connect(ca_file=str(ca)).read(runner()) is None
        with pytest.raises(NotReachedError, match="not trusted") as lost:
            ready.connect().read(runner())

    assert "secrets.infisical.ca_file" in lost.value.fix


def test_an_authority_file_that_is_not_there_is_said_at_once(infisical, tmp_path):
    with pytest.raises(UsageError, match="no CA file"):
        infisical.connect(ca_file=str(tmp_path / "nowhere.pem"))


def test_no_secret_stands_in_any_url_or_error(infisical, caplog):
    """The canary: the client secret, the session's token and the runner's."""
    caplog.set_level(0)
    backend, token = infisical.connect(), new_token()
    canaries = [token.get_secret_value(), infisical.identity.client_secret]
    echo = {"statusCode": 400, "message": f"bad: {' '.join(canaries)}", "error": "BadRequest"}
    infisical.fake.fail_next("POST", "/api/v4/secrets/*", 400, echo)

    with pytest.raises(WizardError) as refused:
        backend.write(runner(), token)

    backend.write(runner(), token)
    canaries += infisical.fake.tokens
    seen = [call.target for call in infisical.fake.calls]
    seen += [str(refused.value), repr(refused.value.__context__), repr(backend.__dict__)]
    seen += [record.getMessage() for record in caplog.records]
    assert not [canary for canary in canaries for text in seen if canary in text]


def test_without_credentials_it_says_what_to_set_and_asks_whoever_is_there(infisical):
    asked = []
    answers = [infisical.identity.client_id, infisical.identity.client_secret]

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return answers.pop(0)

    around = BackendContext(a_profile(infisical.fake.url), Path(), {})
    with pytest.raises(UsageError, match="no Infisical client id") as missing:
        InfisicalSecrets(around).read(runner())
    assert missing.value.fix == "Set INFISICAL_CLIENT_ID"

    assert InfisicalSecrets(replace(around, ask=ask)).read(runner()) is None
    assert [prompt.partition(" for ")[0] for prompt in asked] == [
        "Infisical client id",
        "Infisical client secret",
    ]
    assert all("127.0.0.1" in prompt for prompt in asked), "it is said where they go"
