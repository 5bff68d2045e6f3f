"""The eks preset: the token in AWS, everything else applied by the wizard itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import ExternalSecretsPlayer
from tests.fakes.moto import KEY, Moto
from tests.journeys.world import World

_LONG_AGO = "2026-01-01T00:00:00Z"


class Kept(dict[tuple[str, str], str]):
    """What AWS keeps, as External Secrets reads it: by secret and property."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto

    def get(self, place: Any, default: Any = None) -> Any:
        secrets = self._moto.client("secretsmanager")
        name, field = place
        try:
            return json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])[field]
        except secrets.exceptions.ResourceNotFoundException:
            return default


class EksWorld(World):
    """`World`, with the eks preset, an AWS that is empty, and an operator that reads from it."""

    def __init__(self, folder: Path, moto: Moto) -> None:
        super().__init__(folder, cluster=FakeCluster("external-secrets"), name="eks")
        self.moto = moto
        self.operator = ExternalSecretsPlayer(self.cluster)
        self.operator.values = Kept(moto)
        self.reader: dict[str, str] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self.moto.reset()
        self.gitlab.add_group("acme")
        return self

    @property
    def environment(self) -> dict[str, str]:
        aws = {"AWS_ENDPOINT_URL": self.moto.url, "AWS_EC2_METADATA_DISABLED": "true"}
        return super().environment | KEY | aws | self.reader


@pytest.fixture
def eks(tmp_path: Path, moto: Moto) -> Iterator[EksWorld]:
    with EksWorld(tmp_path, moto) as world:
        yield world


def stored(world: EksWorld) -> str:
    found = world.moto.client("secretsmanager").get_secret_value(SecretId="gitlab/runners/eks")
    return str(json.loads(found["SecretString"])["RUNNER_TOKEN"])


def test_from_nothing_the_manager_starts_with_the_token_that_is_in_aws(eks: EksWorld) -> None:
    ended = eks.apply()
    assert ended.code == 0, ended.err + ended.out
    assert [stored(eks)] == eks.live_tokens == [eks.secret_token]
    assert "runner of a group" in ended.events[-1]["sentence"]
    eks.forget_writes()
    ended = eks.apply()
    assert ended.document["data"]["changed"] is False
    assert eks.cluster.writes == []


def test_a_new_token_is_fetched_at_once_and_read_by_a_new_pod(eks: EksWorld) -> None:
    eks.apply()
    (pod,) = eks.cluster.objects("Pod")
    eks.cluster.put(pod | {"metadata": pod["metadata"] | {"creationTimestamp": _LONG_AGO}})
    secrets = eks.moto.client("secretsmanager")
    kept = json.loads(secrets.get_secret_value(SecretId="gitlab/runners/eks")["SecretString"])
    overwritten = json.dumps(kept | {"RUNNER_TOKEN": "x"})
    secrets.put_secret_value(SecretId="gitlab/runners/eks", SecretString=overwritten)
    ended = eks.apply()
    assert ended.code == 0, ended.err + ended.out
    assert [stored(eks)] == eks.live_tokens == [eks.secret_token]
    (replaced,) = eks.cluster.objects("Pod")
    assert replaced["metadata"]["uid"] != pod["metadata"]["uid"]


def test_a_static_reader_is_put_beside_the_operator(eks: EksWorld) -> None:
    eks.cluster.seed(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "external-secrets"}}
    )
    eks.change("reader: irsa", "reader: static")
    eks.reader = {
        "AWS_READER_ACCESS_KEY_ID": "key-of-the-reader",
        "AWS_READER_SECRET_ACCESS_KEY": token_hex(20),
    }
    ended = eks.apply()
    assert ended.code == 0, ended.err + ended.out
    found = eks.cluster.find("Secret", "aws-runner-reader", "external-secrets")
    assert found
    assert set(found["data"]) == {"access-key", "secret-access-key"}

    eks.change("reader: static", "reader: irsa")
    assert eks.apply().code == 0
    assert eks.cluster.find("Secret", "aws-runner-reader", "external-secrets") is None
    assert eks.wizard("destroy", str(eks.profile), "--yes").code == 0


def test_a_token_that_could_not_be_stored_is_never_made(eks: EksWorld) -> None:
    secrets = eks.moto.client("secretsmanager")
    secrets.create_secret(Name="gitlab/runners/eks", SecretString="{}")
    secrets.delete_secret(SecretId="gitlab/runners/eks", RecoveryWindowInDays=7)
    ended = eks.apply()
    assert ended.code == 3, ended.err + ended.out
    assert "scheduled for deletion" in ended.document["error"]["problem"]
    assert eks.gitlab.runners == []
    assert eks.cluster.writes == []


def test_a_plan_shows_the_token_and_the_store(eks: EksWorld) -> None:
    ended = eks.wizard("plan", str(eks.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    assert "AWS Secrets Manager gitlab/runners/eks" in ended.out
    assert "ClusterSecretStore gitlab-runner-eks-shared" in ended.out
    assert eks.moto.client("secretsmanager").list_secrets()["SecretList"] == []


def test_no_manager_is_started_before_its_token_is_there(eks: EksWorld) -> None:
    """The kubelet would let its pod wait for minutes, also once the token had come."""
    eks.operator.store_refusal = "AccessDenied: the reader may not assume the role"
    ended = eks.wizard("apply", str(eks.profile), "--yes", "--json", "--timeout", "3")
    assert ended.code == 1
    error = ended.document["error"]
    assert "ClusterSecretStore gitlab-runner-eks-shared is not ready" in error["cause"]
    assert "may not assume the role" in error["cause"]
    assert "commit" not in error["fix"]
    assert eks.cluster.objects("Deployment") == []

    eks.operator.store_refusal = ""
    ended = eks.apply()
    assert ended.code == 0, ended.err + ended.out
    assert [stored(eks)] == eks.live_tokens == [eks.secret_token]


def test_a_store_that_is_changed_is_read_through_before_it_is_called_done(eks: EksWorld) -> None:
    assert eks.apply().code == 0
    eks.change("gitlab-runner-reader", "another-reader")
    eks.operator.store_refusal = "AccessDenied: no such role"
    ended = eks.wizard("apply", str(eks.profile), "--yes", "--json", "--timeout", "3")
    assert ended.code == 1, ended.out
    assert "no such role" in ended.document["error"]["cause"]

    # Nothing is left to change, and still it is not done.
    ended = eks.wizard("apply", str(eks.profile), "--yes", "--json", "--timeout", "3")
    assert ended.code == 1, ended.out

    eks.operator.store_refusal = ""
    ended = eks.apply()
    assert ended.code == 0, ended.err + ended.out
    (external,) = eks.cluster.objects("ExternalSecret")
    assert external["status"]["conditions"][0]["status"] == "True"


def test_an_external_secrets_that_is_too_old_for_a_field_is_told_before_anything_is_made(
    eks: EksWorld,
) -> None:
    aws = {"properties": {"service": {}, "region": {}, "auth": {}, "role": {}}}
    spec = {"properties": {"provider": {"properties": {"aws": aws}}}}
    schema = {"openAPIV3Schema": {"properties": {"spec": spec}}}
    eks.cluster.seed(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "clustersecretstores.external-secrets.io"},
            "spec": {"versions": [{"name": "v1", "schema": schema}]},
        }
    )
    ended = eks.apply()
    assert ended.code == 3, ended.err + ended.out
    error = ended.document["error"]
    assert "spec.provider.aws.sessionTagsPolicy" in error["cause"]
    assert "Upgrade External Secrets to 2.5.0 or newer" in error["cause"] + error["fix"]
    assert eks.cluster.writes == []
    assert eks.gitlab.runners == []
