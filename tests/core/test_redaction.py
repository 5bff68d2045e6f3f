"""No secret in what is shown, however it is written; and no text that is slow to look through."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from wizard.core.plain import strip_controls
from wizard.core.secrets import (
    SecretStr,
    excerpt,
    forget_secrets,
    redact,
    redact_values,
    remember_secret,
)

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _forget():
    forget_secrets()
    yield
    forget_secrets()


def _secret() -> str:
    return f'pw "{secrets.token_urlsafe(18)}/+&ü'


def _token() -> str:
    return "glrt-" + secrets.token_hex(10)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_base64_of_a_secret_is_masked_wherever_it_begins(
    before: str, after: str, encode: Callable[[bytes], bytes], padded: bool
) -> None:
    secret = _secret()
    remember_secret(SecretStr(secret))
    encoded = encode((before + secret + after).encode()).decode()
    shown = redact(f'token: "{encoded if padded else encoded.rstrip("=")}" was refused')
    assert encoded[6:-6] not in shown
    kept = shown.removeprefix('token: "').partition('" was')[0].partition("[redacted]")
    assert len(kept[0]) <= 4  # what was before it, and no more
    assert len(kept[2].rstrip("=")) <= 4


@pytest.mark.parametrize("outside", ["", "a", "ab"])
@pytest.mark.parametrize("inside", ["", "a", "ab"])
def test_base64_of_base64_of_a_secret_is_masked_wherever_it_begins(
    inside: str, outside: str
) -> None:
    secret = _secret()
    remember_secret(SecretStr(secret))
    once = base64.b64encode(f"{inside}{secret} and more".encode()).decode()
    twice = base64.b64encode(f"{outside}{once}\n".encode()).decode()
    shown = redact(f'"{twice}" was refused')
    before, masked, _ = shown.removeprefix('"').partition("[redacted]")
    assert masked
    assert len(before) <= 4
    assert twice[8 : 2 * len(secret) - 12] not in shown


@pytest.mark.parametrize("outside", ["", "a", "ab"])
def test_base64_of_base64_of_a_token_that_nobody_remembered_is_masked(outside: str) -> None:
    once = base64.b64encode(f"runner-token: {_token()}\n".encode()).decode()
    twice = base64.b64encode(f"{outside}{once}\n".encode()).decode()
    assert redact(f"data {twice} end").startswith("data [redacted]")


@pytest.mark.parametrize("before", ["", "a", "ab", "config: "])
def test_base64_of_a_token_that_nobody_remembered_is_masked_by_its_shape(before: str) -> None:
    encoded = base64.b64encode(f"{before}{_token()} and more".encode()).decode()
    assert redact(f"data {encoded} end") == "data [redacted] end" or "[redacted]=" in redact(
        f"data {encoded} end"
    )


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text,
        lambda text: quote(text, safe=""),
        lambda text: json.dumps(text)[1:-1],
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
    ],
)
def test_every_spelling_of_a_secret_is_masked(write: Callable[[str], str]) -> None:
    secret = _secret()
    remember_secret(SecretStr(secret))
    assert redact(f"<{write(secret)}>") == "<[redacted]>"


def test_a_header_and_a_key_and_a_url_are_masked_by_their_shape() -> None:
    pair = base64.b64encode(b"user:" + secrets.token_hex(8).encode()).decode()
    assert redact(f"Authorization: Basic {pair}") == "Authorization: Basic [redacted]"
    assert pair not in redact(f"said basic {pair} and left")
    assert redact("basic authentication is needed") == "basic authentication is needed"
    head, body = "-----BEGIN RSA PRIVATE KEY-----", secrets.token_hex(32)
    key = f"{head}\n{body}\n{body}\n-----END RSA PRIVATE KEY-----"
    assert redact(f"a {key} z") == "a [redacted] z"
    assert body not in redact(json.dumps({"key": key}))
    assert body not in redact(f"{head}\n{body}")  # cut off
    assert base64.b64encode(key.encode()).decode() not in redact(
        base64.b64encode(key.encode()).decode()
    )


@pytest.mark.parametrize("password", ["simple", "with@sign", "with/slash", "a@b@c", "p%40ss"])
def test_the_password_of_a_url_is_masked_whatever_is_in_it(password: str) -> None:
    assert redact(f"see https://me:{password}@host/x now") == "see https://me:[redacted]@host/x now"


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080/a@b",
        "ssh://git@host/acme/x.git",
        "oci://registry:5000/image@sha256:abc",
        "global-settings-of-everything",
        "single-page",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_a_text_is_redacted_first_and_cut_second() -> None:
    token = _token()
    for room in range(1, 30):
        shown = excerpt("x" * 20 + token, 20 + room)
        assert token[:9] not in shown


def test_data_stays_valid_json_when_it_is_redacted() -> None:
    data = {"a": ["-----BEGIN PRIVATE KEY-----\nabc", {"b": 'https://u:p"@h'}], "n": 1}
    shown = json.loads(json.dumps(redact_values(data)))
    assert shown["n"] == 1
    assert "abc" not in shown["a"][0]


ADVERSARIAL = {
    "one word": "a",
    "beginnings of tokens": "gl",
    "beginnings of web tokens": "eyJ",
    "addresses without an end": "://a:b",
    "at signs": "://a:@",
    "key headers": "-----BEGIN PRIVATE KEY-----",
    "half headers": "-----BEGIN ",
    "line ends": "\n",
    "commands without an end": "\x1b]",
    "escapes": "\x1b[",
    "bearers": "bearer ",
    "headers": "authorization:",
    "short lines": "AAAAAAAAAAAAAAAA\nA\n",
    "vault": "s.",
    "blanks": " ",
    "long words": "somethinglongerthan16chars ",
    "titles": "<title>",
    "brackets": "<",
    "the beginning of a secret": "hunter",
    "sections": "section_start:1:a[",
}


@pytest.mark.parametrize("part", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_a_megabyte_made_to_be_slow_takes_no_second(part: str) -> None:
    from wizard.systems.gitlab.smoke import _printed
    from wizard.systems.http.answers import text_of

    remember_secret(SecretStr("hunter2" + secrets.token_hex(4)))
    text = (part * (MEGABYTE // len(part) + 1))[:MEGABYTE]
    for look in (strip_controls, lambda text: text_of(text.encode()), _printed):
        began = time.process_time()  # others may use this machine as well
        look(text)
        assert time.process_time() - began < 1
