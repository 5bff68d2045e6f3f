"""Everything between us and GitLab that may go wrong, and what the user is told then."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.fakes.gitlab import FakeGitLab
from wizard.core.errors import NotAllowedError, NotReachedError, UsageError, WizardError
from wizard.systems.gitlab.adapter import PythonGitLab
from wizard.systems.gitlab.connection import Connection

# Reads


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_survives_a_proxy_in_trouble(gitlab, fake, waits, status):
    fake.fail_next("GET", "/metadata", status, times=2)

    assert gitlab.version() == "19.4.1-ee"
    assert len(waits.slept) == 2


def test_a_read_survives_a_cut_connection(gitlab, fake):
    fake.fail_next("GET", "/metadata", drop_before=True, times=2)

    assert gitlab.version() == "19.4.1-ee"


def test_a_read_is_given_up_after_three_times(gitlab, fake):
    fake.fail_next("GET", "/metadata", 502, times=9)

    with pytest.raises(NotReachedError, match="in trouble") as lost:
        gitlab.version()

    assert len(fake.calls) == 3
    assert "a web page, '502 Bad Gateway'" in lost.value.cause
    assert not lost.value.maybe_done


def test_a_read_that_is_slow_is_not_asked_again(gitlab, fake):
    fake.fail_next("GET", "/metadata", delay=1)

    with pytest.raises(NotReachedError, match="did not answer"):
        gitlab.version()

    assert len(fake.calls) <= 1


@pytest.mark.parametrize(
    "verb",
    [
        lambda gitlab: gitlab.update_runner(1, {"paused": True}),
        lambda gitlab: gitlab.reset_token(1),
        lambda gitlab: gitlab.delete_runner(1),
        lambda gitlab: gitlab.create_pipeline(1, "main"),
        lambda gitlab: gitlab.delete_branch(1, "x"),
    ],
)
def test_a_write_is_sent_once_and_may_have_taken_effect(gitlab, fake, verb):
    fake.fail_next("*", "*", drop_after=True, times=9)

    with pytest.raises(NotReachedError, match="connection was cut") as lost:
        verb(gitlab)

    assert len(fake.calls) == 1
    assert lost.value.maybe_done


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html><head><title>Sign in</title></head></html>"),
        (200, "not json"),
        (200, []),
        (200, {"unexpected": True}),
        (200, ""),
        (204, None),
    ],
)
def test_nonsense_is_called_so(gitlab, fake, status, body):
    fake.fail_next("GET", "/metadata", status, body)

    with pytest.raises(NotReachedError, match="makes no sense"):
        gitlab.version()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "plain words"}, "GitLab says: plain words"),
        ({"message": ["one", "two"]}, "GitLab says: one, two"),
        ({"message": {"tags": ["too many"], "base": ["no"]}}, "GitLab says: tags: too many; no"),
        ({"error": "id is invalid"}, "GitLab says: id is invalid"),
        ({"error": "a", "error_description": "b"}, "GitLab says: a: b"),
        ({"message": {"error": "again"}}, "GitLab says: error: again"),
        ("text\n  over lines", "GitLab says: text over lines"),
        ("<html>no title</html>", "GitLab says: a web page, 'no title'"),
        ("", "GitLab answered with status 400."),
    ],
)
def test_every_dialect_of_an_error_is_read(gitlab, fake, body, told):
    fake.fail_next("GET", "/metadata", 400, body)

    with pytest.raises(WizardError) as refused:
        gitlab.version()

    assert refused.value.cause == told


def test_somebody_elses_words_never_carry_a_token(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    token = created.token.get_secret_value()
    fake.fail_next("GET", "/runners/*", 500, {"message": f"bad token {token}"})

    with pytest.raises(NotReachedError) as refused:
        gitlab.get_runner(created.id)

    assert token not in str(refused.value)


def test_a_book_of_an_error_is_cut_to_a_readable_length(gitlab, fake):
    fake.fail_next("GET", "/metadata", 400, "word " * 5000)

    with pytest.raises(WizardError) as refused:
        gitlab.version()

    assert len(refused.value.cause) < 700


def test_a_web_page_for_not_found_means_the_address_is_wrong(gitlab, fake):
    page = "<html><head><title>404 Not Found</title></head></html>"
    fake.fail_next("GET", "*", 404, page)

    with pytest.raises(NotReachedError, match="not GitLab's") as refused:
        gitlab.resolve("project", "acme/homelab")

    assert "gitlab.url" in refused.value.fix


# 429


@pytest.mark.parametrize("dialect", ["rack", "application"])
def test_a_rate_limit_is_waited_out_with_a_countdown(gitlab, fake, waits, dialect):
    fake.throttle_next("GET", "/metadata", retry_after="3", dialect=dialect)

    assert gitlab.version() == "19.4.1-ee"
    assert [seconds for seconds, _ in waits.told] == [3, 2, 1]
    assert "asks to wait before it can tell its version" in waits.told[0][1]
    assert sum(waits.slept) == 3


def test_a_rate_limit_in_dates_is_read_against_gitlabs_clock(gitlab, fake, waits):
    fake.advance(-5000)
    until = fake.state.clock.now() + timedelta(seconds=20)
    fake.throttle_next("GET", "/metadata", retry_after=format_datetime(until, usegmt=True))

    gitlab.version()

    assert 15 <= sum(waits.slept) <= 21


def test_a_rate_limit_that_only_tells_its_end_is_waited_out(gitlab, fake, waits):
    until = fake.state.clock.now() + timedelta(seconds=20)
    fake.throttle_next("GET", "/metadata", reset=str(int(until.timestamp())))

    gitlab.version()

    assert 15 <= sum(waits.slept) <= 21


def test_a_rate_limit_without_a_word_is_waited_out_longer_each_time(gitlab, fake, waits):
    fake.throttle_next("GET", "/metadata", dialect="application", times=3)

    assert gitlab.version() == "19.4.1-ee"
    assert sum(waits.slept) == 5 + 10 + 20


@pytest.mark.parametrize("retry_after", ["3600", None, "nonsense", "-5"])
def test_a_rate_limit_is_never_waited_for_more_than_a_minute(gitlab, fake, waits, retry_after):
    fake.throttle_next("GET", "/metadata", retry_after=retry_after, times=99)

    with pytest.raises(NotReachedError, match="limits how often") as limited:
        gitlab.version()

    assert sum(waits.slept) <= 60
    assert "seconds" in limited.value.cause


def test_a_throttled_create_has_done_nothing_and_is_sent_when_allowed(
    gitlab, fake, project, wanted
):
    fake.throttle_next("POST", "/user/runners", retry_after="1")

    gitlab.create_runner(project, wanted)

    assert len(fake.runners) == 1


def test_the_countdown_can_be_cancelled(fake):
    class CancelledError(Exception):
        pass

    def cancel(_seconds: int, _why: str) -> None:
        raise CancelledError

    fake.throttle_next("GET", "/metadata", retry_after="30")

    with pytest.raises(CancelledError):
        PythonGitLab(fake.url, fake.add_token(), on_wait=cancel).version()


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_never_reaches_another_host(gitlab, fake, project, wanted, status, method):
    with FakeGitLab() as other:
        fake.fail_next(method, "*", status, "", headers={"Location": f"{other.url}/api/v4/x"})

        call = gitlab.version if method == "GET" else partial(gitlab.create_runner, project, wanted)
        with pytest.raises(NotReachedError, match="redirects to") as refused:
            call()

        assert not other.calls
    assert other.url in refused.value.fix
    assert not refused.value.maybe_done


def test_an_address_written_without_tls_says_to_write_it_with(gitlab, fake):
    https = fake.url.replace("http://", "https://")
    fake.fail_next("GET", "*", 301, "", headers={"Location": f"{https}/api/v4/metadata"})

    with pytest.raises(NotReachedError) as refused:
        gitlab.version()

    assert f"write {https} as" in refused.value.fix


def test_a_write_is_not_redirected_even_on_the_same_host(gitlab, fake, project, wanted):
    there = {"Location": f"{fake.url}/api/v4/user/runners"}
    fake.fail_next("POST", "*", 307, "", headers=there)

    with pytest.raises(NotReachedError):
        gitlab.create_runner(project, wanted)

    assert fake.runners == []


def test_a_redirect_in_circles_ends(gitlab, fake):
    there = {"Location": f"{fake.url}/api/v4/metadata"}
    fake.fail_next("GET", "*", 302, "", headers=there, times=50)

    with pytest.raises(NotReachedError):
        gitlab.version()

    assert len(fake.calls) < 10


# Addresses, certificates, proxies


def test_a_private_authority_is_trusted_when_named_and_only_then(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))

    with FakeGitLab(tls=context) as fake:
        token = fake.add_token()
        trusting = PythonGitLab(fake.url, token, Connection(ca_file=str(ca_file)))
        assert trusting.version() == "19.4.1-ee"
        with pytest.raises(NotReachedError, match="not trusted") as refused:
            PythonGitLab(fake.url, token).version()

    assert "gitlab.ca_file" in refused.value.fix


def test_a_ca_file_from_the_environment_is_taken(fake, monkeypatch, tmp_path):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))

    with pytest.raises(UsageError, match=r"no CA file .*gone\.pem") as refused:
        PythonGitLab(fake.url, fake.add_token()).version()

    assert "SSL_CERT_FILE" in refused.value.cause


def test_the_profiles_proxy_is_used_unless_the_host_is_excepted(fake):
    token = fake.add_token()
    with FakeGitLab() as gone:
        proxy = gone.url

    with pytest.raises(NotReachedError, match="proxy"):
        PythonGitLab(fake.url, token, Connection(proxy=proxy)).version()
    direct = Connection(proxy=proxy, no_proxy="127.0.0.1")
    assert PythonGitLab(fake.url, token, direct).version() == "19.4.1-ee"


def test_the_profiles_proxy_wins_over_the_environments(fake, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]

        def proxy() -> None:
            peer, _ = server.accept()
            with peer:
                asked.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")

        thread = threading.Thread(target=proxy)
        thread.start()
        through = Connection(proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(NotAllowedError):
            PythonGitLab("http://gitlab.example.com", fake.add_token(), through).version()
        thread.join()

    assert asked
    assert asked[0].startswith(b"GET http://gitlab.example.com/api/v4/metadata")


def test_a_netrc_file_signs_nothing(fake, monkeypatch, tmp_path, project, wanted, gitlab):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    created = gitlab.create_runner(project, wanted)

    gitlab.knows_token(created.token)

    assert "Authorization" not in fake.calls[-1].headers


def test_the_token_travels_as_bearer_and_in_no_url(gitlab, fake, project, wanted):
    gitlab.whoami()
    created = gitlab.create_runner(project, wanted)
    gitlab.find_runners(project, "rw:")
    gitlab.knows_token(created.token)

    secrets = [*fake.state.tokens, created.token.get_secret_value()]
    assert not [call.target for call in fake.calls if any(one in call.target for one in secrets)]
    assert not any("PRIVATE-TOKEN" in call.headers for call in fake.calls)


def test_no_error_carries_the_token_in_its_chain(gitlab, fake):
    fake.fail_next("GET", "*", 401, {"message": "401 Unauthorized"})

    with pytest.raises(NotAllowedError) as refused:
        gitlab.version()

    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None


def test_nothing_of_an_sdk_is_imported_before_the_first_call():
    program = (
        "import sys; from wizard.systems.gitlab.adapter import PythonGitLab;"
        "from wizard.core.secrets import SecretStr;"
        "PythonGitLab('gitlab.com', SecretStr('abcdef'));"
        "print([name for name in ('gitlab', 'requests', 'urllib3') if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_many_threads_share_one_adapter(gitlab, fake, project):
    errors: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(5):
                assert gitlab.resolve("project", "acme/homelab").id == project.id
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(fake.calls) == 40
