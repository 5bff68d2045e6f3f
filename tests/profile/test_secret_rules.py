"""A secret is refused wherever it is written, by name and by shape; the name of one is fine."""

from __future__ import annotations

import json
import secrets
import string
import time
from typing import Any

import pytest

from tests.profile.profiles import SMALLEST, errors, problems, said
from wizard.core.problems import key_path
from wizard.core.secret_shapes import secret_keys
from wizard.core.secrets import redact

_HEX = "0123456789abcdef"


def word(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """A random word with a letter and a digit in it."""
    return "a1" + "".join(secrets.choice(alphabet) for _ in range(length - 2))


def with_free(free: str, values: Any) -> str:
    return SMALLEST + f"    {free}: {json.dumps(values)}\n"


S3 = {"Type": "s3", "Shared": True, "s3": {"BucketName": "cache", "ServerAddress": "minio:9000"}}


@pytest.mark.parametrize("key", ["AccessKey", "SecretKey", "SessionToken"])
def test_the_keys_of_a_cache_are_refused_and_the_fix_names_the_way(key: str) -> None:
    cache = S3 | {"s3": S3["s3"] | {key: "minio"}}  # type: ignore[operator]
    told = said(with_free("extra_config", {"cache": cache}))
    sentence = told[f"runners[0].extra_config.cache.s3.{key}"]
    assert "holds a secret; a profile is made to be shared" in sentence
    assert "extra_values: {runners: {cache: {secretName: NAME}}}" in sentence


@pytest.mark.parametrize(
    ("free", "values", "where"),
    [
        (
            "extra_config",
            {"cache": {"azure": {"AccountKey": "c3RvcmFnZQ"}}},
            "cache.azure.AccountKey",
        ),
        ("extra_config", {"cache": {"gcs": {"PrivateKey": "x"}}}, "cache.gcs.PrivateKey"),
        ("extra_config", {"environment": ["SONAR_TOKEN=hunter22"]}, "environment[0]"),
        ("extra_config", {"environment": ["DB_PASSWORD=1234"]}, "environment[0]"),
        ("extra_config", {"environment": ["SSH_PRIVATE_KEY=abc"]}, "environment[0]"),
        ("extra_config", {"kubernetes": {"bearer_token": "abc"}}, "kubernetes.bearer_token"),
        ("extra_config", {"pre_build_script": "export API_TOKEN=abcd1234"}, "pre_build_script"),
        (
            "extra_config",
            {"pre_get_sources_script": "docker login -u ci -p hunter22 r.example.com"},
            "pre_get_sources_script",
        ),
        (
            "extra_config",
            {"environment": ["REPO=https://ci:hunter22@git.example.com"]},
            "environment[0]",
        ),
        ("extra_values", {"envVars": [{"name": "PGPASSWORD", "value": "abc"}]}, "envVars[0].value"),
        ("extra_values", {"envVars": [{"name": "PIN_TOKEN", "value": 1234}]}, "envVars[0].value"),
        ("extra_values", {"runnerToken": "anything"}, "runnerToken"),
        (
            "extra_values",
            {"extraObjects": [{"kind": "Secret", "data": {"a": "YWJj"}}]},
            "extraObjects[0]",
        ),
        (
            "extra_config",
            {"kubernetes": {"pod_spec": [{"patch": '{"env":[{"name":"A_TOKEN","value":"x"}]}'}]}},
            "kubernetes.pod_spec[0].patch",
        ),
    ],
)
def test_a_secret_by_its_name_is_refused_where_it_is(free: str, values: Any, where: str) -> None:
    assert f"runners[0].{free}.{where}" in errors(with_free(free, values))


def test_a_secret_that_all_runners_inherit_is_told_once() -> None:
    text = 'version: 1\nname: s\ndefaults: {extra_config: {environment: ["A_TOKEN=abc"]}}\n'
    text += "runners: [{name: a, scope: {project: acme/a}}, {name: b, scope: {project: acme/b}}]\n"
    assert errors(text) == ["defaults.extra_config.environment[0]"]


SHAPES = {
    "GitHub": lambda: "ghp_" + word(36),
    "GitHub, fine-grained": lambda: "github_pat_" + word(40),
    "Docker Hub": lambda: "dckr_pat_" + word(27),
    "npm": lambda: "npm_" + word(36),
    "PyPI": lambda: "pypi-" + word(40),
    "SonarQube": lambda: "squ_" + word(40, _HEX),
    "Slack": lambda: "xoxb-" + word(40),
    "Artifactory": lambda: "AKCp8" + word(20),
    "Google": lambda: "AIza" + word(35),
    "Hugging Face": lambda: "hf_" + word(34),
    "GitLab": lambda: "glpat-" + word(20),
    "Vault": lambda: "hvs." + word(24),
    "PEM": lambda: "-----BEGIN RSA PRIVATE" + " KEY-----",
    "age": lambda: "AGE-SECRET-" + "KEY-1" + word(40).upper(),
    "Azure storage": lambda: "AccountName=x;AccountKey=" + word(40),
}


@pytest.mark.parametrize("service", SHAPES)
@pytest.mark.parametrize("lines", ["environment: ['A={}']", "pre_build_script: 'echo {}'"])
def test_a_secret_by_its_shape_is_refused_and_not_repeated(service: str, lines: str) -> None:
    secret = SHAPES[service]()
    text = SMALLEST + f"    extra_config: {{{lines.format(secret)}}}\n"
    assert len(errors(text)) == 1
    assert secret not in str([(one.message, one.fix) for one in problems(text)])
    assert errors(SMALLEST + f"    description: '{secret}'\n") == ["runners[0].description"]
    assert secret not in redact(f"it said: {secret}"), (
        "and what is shown is masked by the same table"
    )


@pytest.mark.parametrize("name", ["SONAR_LOGIN", "ARTIFACTORY_KEY", "SENTRY_DSN"])
def test_where_the_name_is_not_enough_a_random_value_decides(name: str) -> None:
    free = "extra_config"
    assert errors(with_free(free, {"environment": [f"{name}={word(40, _HEX)}"]}))
    if name != "ARTIFACTORY_KEY":
        assert not errors(with_free(free, {"environment": [f"{name}=build"]}))


@pytest.mark.parametrize(
    "values",
    [
        {"cache": {"secretName": "minio-keys", "Type": "s3"}},
        {"runners": {"cache": {"secretName": "minio-keys"}, "secret": "runner-token-secret"}},
        {"certsSecretName": "gitlab-ca", "imagePullSecrets": [{"name": "registry"}]},
        {
            "envVars": [
                {"name": "A_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}}
            ]
        },
        {"environment": ["A_TOKEN=$CI_JOB_TOKEN", "PASSWORD=${PASSWORD}", "KEY=ccache"]},
        {"environment": ["FF_MASK_ALL_DEFAULT_TOKENS=true", "TOKEN_FILE=/run/secrets/token"]},
        {"kubernetes": {"volumes": {"secret": [{"name": "docker-auth", "mount_path": "/auth"}]}}},
        {"kubernetes": {"automount_service_account_token": False, "image_pull_secrets": ["r"]}},
        {"cache": {"s3": {"AuthenticationType": "iam", "ServerSideEncryptionKeyID": "alias/x"}}},
        {"extraObjects": [{"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "token"}]}}]},
        {"pre_build_script": 'echo "$TOKEN" | docker login --password-stdin r.example.com'},
        {
            "podAnnotations": {"vault.hashicorp.com/role": "ci"},
            "sentryDsn": "https://a@s.example.com/1",
        },
        {
            "environment": [
                "DOCKER_AUTH_CONFIG=$DOCKER_AUTH",
                "GIT_REPO=ssh://git@gitlab.example.com/a",
            ]
        },
    ],
)
def test_the_name_of_a_secret_or_a_reference_to_one_is_no_secret(values: dict[str, Any]) -> None:
    assert [key_path(key) for key in secret_keys(values)] == []


def test_a_long_text_that_was_made_to_be_slow_is_looked_through_at_once() -> None:
    for text in (
        "a=" * 100_000,
        "://" + "a" * 200_000,
        " login" * 50_000,
        "eyJ" * 100_000,
        "-----BEGIN " * 20_000,
        "SG." * 60_000,
        "x" * 300_000,
    ):
        began = time.monotonic()
        list(secret_keys({"a": text}))
        assert time.monotonic() - began < 2
