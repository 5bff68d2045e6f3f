"""One policy for every system: how long is waited, what is sent again, and what a failure is."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from threading import Event

import pytest
import requests
import urllib3

from wizard.core.errors import NotReachedError, StoppedError, TransientError
from wizard.core.secrets import SecretStr
from wizard.systems.http.answers import Source, each, read, record
from wizard.systems.http.failures import Way, failure
from wizard.systems.http.origins import Bound, origin
from wizard.systems.http.policy import Policy, ThrottledError
from wizard.systems.http.throttling import seconds_asked

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"Retry-After": "7"}, "", 7),
        ({"retry-after": " 7 "}, "", 7),
        ({"Retry-After": "1.5"}, "", 1.5),
        ({"Retry-After": "²"}, "", None),
        ({"Retry-After": "٣"}, "", None),
        ({"Retry-After": "-5"}, "", None),
        ({"Retry-After": "soon"}, "try again in 12 seconds", 12),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": NOW}, "", 30),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": NOW}, "", 0),
        ({"Retry-After": "Wed, 99 Oct 2026"}, "", None),
        ({"RateLimit-Reset": "20"}, "", 20),
        ({"RateLimit-Reset": "1792567700", "Date": NOW}, "", 20),
        ({}, "slow down", None),
    ],
)
def test_every_dialect_of_a_wait_is_read(headers, words, seconds) -> None:
    assert seconds_asked(headers, words) == seconds


def test_four_hundred_digits_are_longer_than_anybody_waits() -> None:
    def call() -> None:
        raise ThrottledError(seconds_asked({"Retry-After": "9" * 400}))

    with pytest.raises(NotReachedError, match="limits how often") as limited:
        Policy(sleep=lambda _: None).call_with_retries(call, "tell", who="GitLab")
    assert limited.value.fix


def test_a_wait_is_counted_down_and_ends_when_it_is_cancelled() -> None:
    cancel, told = Event(), []

    def on_wait(seconds: int, why: str) -> None:
        told.append((seconds, why))
        if len(told) == 2:
            cancel.set()

    def call() -> None:
        raise ThrottledError(30)

    began = time.monotonic()
    with pytest.raises(StoppedError) as stopped:
        Policy(on_wait=on_wait, cancel=cancel).call_with_retries(call, "tell", who="the cluster")
    assert [seconds for seconds, _ in told] == [30, 29]
    assert "the cluster asks to wait" in told[0][1]
    assert time.monotonic() - began < 5
    assert stopped.value.exit_code == 130


@pytest.mark.parametrize(("is_read", "times"), [(True, 3), (False, 1)])
def test_only_a_read_is_sent_again(is_read: bool, times: int) -> None:
    sent = []

    def call() -> None:
        sent.append(1)
        raise TransientError("cut", maybe_done=True)

    with pytest.raises(TransientError) as lost:
        Policy(sleep=lambda _: None).call_with_retries(call, "tell", who="GitLab", is_read=is_read)
    assert len(sent) == times
    assert lost.value.maybe_done is not is_read


def test_a_credential_goes_to_its_own_origin_alone() -> None:
    bound = Bound("https://GitLab.example.com:443/sub", SecretStr("x"))
    assert bound.for_url("https://gitlab.example.com/sub/api")
    for other in (
        "http://gitlab.example.com/sub",
        "https://gitlab.example.com:8443/sub",
        "https://gitlab.example.com/beside",
        "https://b.c/sub",
    ):
        with pytest.raises(NotReachedError, match="redirects to"):
            bound.for_url(other)
    assert origin("https://[::1]:8080/x") == "https://[::1]:8080"


def _way(url: str) -> Way:
    return Way("Vault", url, "VAULT_ADDR", "Set VAULT_CACERT", read_timeout=0.2)


def _lost(url: str, client: str) -> Exception:
    """What a client raises for a call to this address."""
    try:
        if client == "requests":
            requests.get(url, timeout=(1, 0.2))
        else:
            pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=1, read=0.2))
            pool.request("GET", url)
    except Exception as lost:
        return lost
    raise AssertionError("it was answered")


@pytest.mark.parametrize("client", ["requests", "urllib3"])
def test_each_way_of_getting_no_answer_has_its_own_true_sentence(client: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = {
            "silent": failure(
                _lost(f"http://127.0.0.1:{port}", client), _way("x"), "read", is_read=False
            ),
        }
    gone = f"http://127.0.0.1:{port}"
    refused = failure(_lost(gone, client), _way(gone), "read", is_read=False)
    nowhere = "http://no-such-host.invalid"
    unknown = failure(_lost(nowhere, client), _way(nowhere), "read", is_read=False)
    assert "did not answer within 0.2 seconds" in said["silent"].problem
    assert said["silent"].maybe_done
    assert "the connection was refused" in refused.problem
    assert not refused.maybe_done
    assert "the host no-such-host.invalid is unknown" in unknown.problem
    assert "spelling" in unknown.fix


def test_a_cut_connection_is_told_as_cut_and_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def cut() -> None:
            peer, _ = server.accept()
            peer.recv(1000)
            peer.close()

        thread = threading.Thread(target=cut)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        lost = failure(_lost(url, "requests"), _way(url), "read", is_read=False)
        thread.join()
    assert isinstance(lost, TransientError)
    assert "was cut before Vault answered" in lost.problem


def test_a_certificate_that_has_expired_is_told_so() -> None:
    lost = ssl.SSLCertVerificationError(1, "certificate has expired")
    lost.verify_code = 10
    told = failure(urllib3.exceptions.SSLError(lost), _way("https://v"), "read", is_read=True)
    assert "it has expired" in told.problem
    assert "clock" in told.fix


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "it should be a list, not an object"),
        (b"null", "it should be a list, not null"),
        (b"[{}]", "id is missing"),
        (b'[{"id": null}]', "id is null"),
        (b'[{"id": "\xc2\xb2"}]', "id should be a number"),
        (b"<html><title>Sign in</title>", "a web page, 'Sign in'"),
        (b'[{"id": 1', "It says:"),
        (b"", "It says: nothing"),
    ],
)
def test_an_answer_that_does_not_fit_says_where(body: bytes, said: str) -> None:
    reader = each(lambda row: record(row).number("id"))
    with pytest.raises(NotReachedError, match="makes no sense") as odd:
        read(body, reader, "list", of=Source("GitLab", "gitlab.url"))
    assert said in odd.value.cause
    assert odd.value.fix
