"""No secret of a hand-made set-up ever gets into a profile, or into what is said about it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from wizard.core.secrets import redact
from wizard.importing import Imported, import_setup
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.render import check


def _filled(text: str) -> str:
    return text.replace("url: FILL-IN", "url: https://gitlab.example.com/acme/gitops.git")


def _values(text: str) -> Imported:
    return import_setup(text, "values.yaml", "0badcafe")


def _profile(imported: Imported) -> Profile:
    loaded = load_text(_filled(imported.text), Path("profile.yaml"))
    loaded.check(check)
    return loaded.profile


_TABLE = "runners:\n  config: |\n    [[runners]]\n    "
_PLACES = {
    "a variable of the manager": "envVars: [{{name: {name}, value: {secret}}}]",
    "a variable in a mapping": "extraEnv: {{{name}: {secret}}}",
    "a variable of jobs": _TABLE + 'environment = ["{name}={secret}"]',
    "a line of a script": "preEntrypointScript: |\n  set -e\n  export {name}={secret}",
    "a line of a job's script": _TABLE + 'pre_build_script = "export {name}={secret}"',
    "a file": 'configMaps: {{a.json: \'{{"{name}": "{secret}"}}\'}}',
}
_NAMES = (
    *("API_TOKEN", "DB_PASS", "dbPassword", "PGPASSWORD", "MY_SECRET", "CLIENT_SECRET", "API_KEY"),
    *("APIKEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_PAT", "credentials", "DOCKER_AUTH_CONFIG"),
    *("SSH_KEY", "PASSPHRASE", "registryAuth"),
)


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("place", _PLACES)
def test_whatever_is_called_like_a_secret_is_not_copied(place: str, name: str) -> None:
    secret = secrets.token_hex(12)
    text = _PLACES[place].format(name=name, secret=secret)
    imported = _values(f"gitlabUrl: https://gitlab.com\n{text}\n")
    assert secret not in str(imported)
    assert [one for one in imported.findings if one.problem.endswith("holds a secret")]
    assert _profile(imported)


@pytest.mark.parametrize(
    "text",
    [
        "extraObjects: [{{apiVersion: v1, kind: Secret, stringData: {{a: {secret}}}}}]",
        "extraObjects: ['kind: Secret\nstringData: {{a: {secret}}}']",
        "envVars: [{{name: HTTP_PROXY, value: 'http://me:{secret}@proxy.example.com'}}]",
        "hostAliases: [{{ip: 'https://{secret}@example.com'}}]",
        "preEntrypointScript: docker login -u me -p {secret} registry.example.com",
    ],
)
def test_secrets_that_no_name_gives_away_are_not_copied_either(text: str) -> None:
    secret = secrets.token_hex(12)
    imported = _values(f"gitlabUrl: https://gitlab.com\n{text.format(secret=secret)}\n")
    assert secret not in str(imported)
    assert _profile(imported)


@pytest.mark.parametrize(
    "text",
    [
        "preEntrypointScript: mkdir -p /tmp/token; cp $TOKEN_FILE /tmp/token",
        "envVars: [{name: GITLAB_TOKEN, value: $(FROM_ELSEWHERE)}]",
        "envVars: [{name: KEY, value: abcdef}, {name: AUTHOR, value: somebody}]",
        "runners: {cache: {secretName: cache-keys}}",
        "extraEnvFrom: {API_TOKEN: {secretKeyRef: {name: a, key: token}}}",
        "extraEnv: {GIT_SSH: 'ssh://git@gitlab.com/a/b.git'}",
    ],
)
def test_what_only_names_a_secret_is_copied(text: str) -> None:
    imported = _values(f"gitlabUrl: https://gitlab.com\n{text}\n")
    assert not [one for one in imported.findings if "secret" in one.problem]
    assert _profile(imported).runners[0].extra_values


@pytest.mark.parametrize("before", [61, 62, 63, 64])
def test_a_key_that_holds_a_token_shows_no_part_of_it(before: int) -> None:
    """It is shown to be nobody's key, cut; cut before it is masked, it would show half a token."""
    token = f"glrt-{secrets.token_urlsafe(15)}"
    shown = redact(
        repr(_values(f"gitlabUrl: https://gitlab.com\n? [{'a' * before}, {token}]\n: 1\n"))
    )
    assert "aaaa" in shown
    assert token[:10] not in shown
