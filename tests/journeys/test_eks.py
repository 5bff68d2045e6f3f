"""The eks preset: the token in AWS, everything else applied by the wizard itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.moto import KEY, Moto
from tests.journeys.world import World


class EksWorld(World):
    """`World`, with the eks preset and an AWS that is empty."""

    def __init__(self, folder: Path, moto: Moto) -> None:
        super().__init__(folder, cluster=FakeCluster("external-secrets"), name="eks")
        self.moto = moto

    def __enter__(self) -> Self:
        super().__enter__()
        self.moto.reset()
        self.gitlab.add_group("acme")
        return self

    @property
    def environment(self) -> dict[str, str]:
        aws = {"AWS_ENDPOINT_URL": self.moto.url, "AWS_EC2_METADATA_DISABLED": "true"}
        return super().environment | KEY | aws


@pytest.fixture
def eks(tmp_path: Path, moto: Moto) -> Iterator[EksWorld]:
    with EksWorld(tmp_path, moto) as world:
        yield world


def test_a_token_that_could_not_be_stored_is_never_made(eks: EksWorld) -> None:
    secrets = eks.moto.client("secretsmanager")
    secrets.create_secret(Name="gitlab/runners/eks", SecretString="{}")
    secrets.delete_secret(SecretId="gitlab/runners/eks", RecoveryWindowInDays=7)
    ended = eks.apply()
    assert ended.code == 3, ended.err + ended.out
    assert "scheduled for deletion" in ended.document["error"]["cause"]
    assert eks.gitlab.runners == []
    assert eks.cluster.writes == []


def test_a_plan_shows_the_token_and_the_store(eks: EksWorld) -> None:
    ended = eks.wizard("plan", str(eks.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    assert "AWS Secrets Manager gitlab/runners/eks" in ended.out
    assert "ClusterSecretStore gitlab-runner-eks-shared" in ended.out
    assert eks.moto.client("secretsmanager").list_secrets()["SecretList"] == []
