"""What the cluster reads the tokens with: kept if it is there, else put there, never in Git."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.gitops_world import GitOpsWorld

NAMESPACE = "external-secrets"
NAME = "infisical-runner-reader"


class ReadingWorld(GitOpsWorld):
    """The homelab with a store of the wizard's making, and a reader in the environment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reader = {
            "INFISICAL_READER_CLIENT_ID": secrets.token_hex(8),
            "INFISICAL_READER_CLIENT_SECRET": secrets.token_hex(24),
        }

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.reader

    def credential(self) -> dict[str, str] | None:
        found = self.cluster.find("Secret", NAME, NAMESPACE)
        if found is None:
            return None
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def make_by_hand(self, **values: str) -> None:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        metadata = {"name": NAME, "namespace": NAMESPACE}
        self.cluster.seed(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        )


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[ReadingWorld]:
    with ReadingWorld(tmp_path) as world:
        world.change(
            "  store:\n    kind: ClusterSecretStore\n    name: infisical-cluster-secretstore\n",
            "  store: create\n",
        )
        yield world


def plan_of(world: ReadingWorld) -> dict[str, Any]:
    ended = world.wizard("plan", str(world.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    changes = ended.document["data"]["changes"]
    return next(one for one in changes if one["subject"] == f"Secret {NAMESPACE}/{NAME}")


def test_it_goes_from_the_environment_into_its_secret_and_into_no_file(
    homelab: ReadingWorld,
) -> None:
    homelab.change("  context: fake\n", f"  context: fake\n  uid: {homelab.cluster.uid}\n")
    assert plan_of(homelab)["action"] == "create"
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    client_id, client_secret = homelab.reader.values()
    assert homelab.credential() == {"clientId": client_id, "clientSecret": client_secret}
    files = [path for path in homelab.folder.rglob("*") if path.is_file()]
    written = "".join(path.read_text(errors="replace") for path in files)
    assert client_secret not in written + ended.out + ended.err


def test_the_store_in_git_reads_the_very_keys_that_were_put_there(homelab: ReadingWorld) -> None:
    homelab.apply()
    documents = [
        document
        for file in homelab.repository.glob("manifests/**/*.yaml")
        for document in yaml.safe_load_all(file.read_text())
    ]
    (store,) = (one for one in documents if one["kind"] == "ClusterSecretStore")
    refs = store["spec"]["provider"]["infisical"]["auth"]["universalAuthCredentials"].values()
    assert {(ref["namespace"], ref["name"]) for ref in refs} == {(NAMESPACE, NAME)}
    assert {ref["key"] for ref in refs} == set(homelab.credential() or ())


def test_one_that_is_there_is_kept_and_needs_nothing_in_the_environment(
    homelab: ReadingWorld,
) -> None:
    homelab.reader = {}
    homelab.make_by_hand(clientId="theirs", clientSecret="theirs as well")
    assert plan_of(homelab)["action"] == "keep"
    assert homelab.apply().code == 4
    assert homelab.credential() == {"clientId": "theirs", "clientSecret": "theirs as well"}


def test_somebody_elses_is_not_written_over_though_another_is_given(homelab: ReadingWorld) -> None:
    homelab.make_by_hand(clientId="theirs", clientSecret="theirs as well")
    assert homelab.apply().code == 4
    assert homelab.credential() == {"clientId": "theirs", "clientSecret": "theirs as well"}


def test_ours_is_renewed_when_another_is_given(homelab: ReadingWorld) -> None:
    homelab.apply()
    homelab.reader["INFISICAL_READER_CLIENT_SECRET"] = secrets.token_hex(24)
    assert plan_of(homelab)["action"] == "update"
    assert homelab.apply().code == 4
    renewed = homelab.credential()
    assert renewed
    assert renewed["clientSecret"] == homelab.reader["INFISICAL_READER_CLIENT_SECRET"]


def test_half_of_another_is_told_and_ours_is_left(homelab: ReadingWorld) -> None:
    homelab.apply()
    before = homelab.credential()
    homelab.reader = {"INFISICAL_READER_CLIENT_SECRET": secrets.token_hex(24)}
    ended = homelab.apply()
    assert ended.code == 3, ended.err + ended.out
    assert "part of it was not given" in ended.document["error"]["problem"]
    assert "INFISICAL_READER_CLIENT_ID is not set" in ended.document["error"]["cause"]
    assert homelab.credential() == before


def test_another_profiles_is_kept_though_another_is_given(homelab: ReadingWorld) -> None:
    homelab.apply()
    found = homelab.cluster.find("Secret", NAME, NAMESPACE)
    assert found
    found["metadata"]["labels"]["runner-wizard/id"] = "0badcafe"
    homelab.cluster.put(found)
    before = homelab.credential()
    homelab.reader["INFISICAL_READER_CLIENT_SECRET"] = secrets.token_hex(24)
    assert plan_of(homelab)["action"] == "keep"
    assert homelab.apply().code == 4
    assert homelab.credential() == before


def test_who_may_not_look_at_namespaces_has_it_put_there_all_the_same(
    homelab: ReadingWorld,
) -> None:
    said = f'namespaces "{NAMESPACE}" is forbidden: User "dev" cannot get resource "namespaces"'
    path = f"/api/v1/namespaces/{NAMESPACE}$"
    homelab.cluster.fails("GET", path, status=403, message=said, times=9)
    assert homelab.apply().code == 4
    assert homelab.credential() == dict(
        zip(("clientId", "clientSecret"), homelab.reader.values(), strict=True)
    )


def test_without_one_and_nobody_to_ask_no_runner_is_made(homelab: ReadingWorld) -> None:
    homelab.reader = {}
    ended = homelab.apply()
    assert ended.code == 3, ended.err + ended.out
    for name in ("INFISICAL_READER_CLIENT_ID", "INFISICAL_READER_CLIENT_SECRET"):
        assert name in ended.document["error"]["cause"]
    assert homelab.gitlab.runners == []


def test_half_of_one_that_is_somebody_elses_is_told_and_left(homelab: ReadingWorld) -> None:
    homelab.make_by_hand(clientId="theirs", clientSecret="")
    ended = homelab.apply()
    assert ended.code == 3
    assert "has no clientSecret" in ended.document["error"]["problem"]
    assert homelab.credential() == {"clientId": "theirs", "clientSecret": ""}
    assert homelab.gitlab.runners == []


def test_without_the_operators_namespace_nothing_is_made(homelab: ReadingWorld) -> None:
    there = homelab.cluster.find("Namespace", NAMESPACE)
    assert there
    homelab.cluster.remove(there)
    ended = homelab.apply()
    assert ended.code == 3
    assert "no namespace external-secrets" in ended.document["error"]["problem"]
    assert homelab.gitlab.runners == []


def test_the_wizards_own_identity_as_reader_is_doubted(homelab: ReadingWorld) -> None:
    homelab.reader["INFISICAL_READER_CLIENT_ID"] = homelab.identity.client_id
    ended = homelab.apply()
    assert ended.code == 4
    (doubt,) = (one["text"] for one in ended.events if one["event"] == "Warned")
    assert "another identity" in doubt


def test_where_the_cluster_cannot_be_seen_it_is_said_what_to_put_there(
    homelab: ReadingWorld,
) -> None:
    homelab.change("  context: fake\n", "")
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    (said,) = (one["text"] for one in ended.events if one["event"] == "Warned")
    assert f"Secret {NAMESPACE}/{NAME} with clientId and clientSecret" in said
    assert homelab.credential() is None


def test_who_may_not_look_at_it_is_told_so_and_goes_on(homelab: ReadingWorld) -> None:
    said = (
        f'secrets "{NAME}" is forbidden: User "dev" cannot get resource "secrets" in API group ""'
    )
    homelab.cluster.fails("GET", f"namespaces/{NAMESPACE}/secrets/", status=403, message=said)
    ended = homelab.wizard("plan", str(homelab.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    (unseen,) = ended.document["data"]["unseen"]
    assert NAME in unseen
    assert homelab.apply().code == 4


def test_destroy_takes_it_away_after_the_prune(homelab: ReadingWorld) -> None:
    homelab.apply()
    homelab.sync(homelab.commit())
    homelab.refresh()
    homelab.start_managers()
    assert homelab.apply().code == 0
    arguments = ("destroy", str(homelab.profile), "--yes", "--json")
    assert homelab.wizard(*arguments).code == 4
    assert homelab.credential() is not None
    homelab.sync(homelab.commit())
    ended = homelab.wizard(*arguments)
    assert ended.code == 0, ended.err + ended.out
    assert homelab.credential() is None


def test_destroy_says_what_stays_where_the_cluster_cannot_be_seen(homelab: ReadingWorld) -> None:
    homelab.apply()
    homelab.commit()
    homelab.cluster.fails("GET", "/namespaces/kube-system", status=500, times=99)
    arguments = ("destroy", str(homelab.profile), "--yes", "--json")
    homelab.wizard(*arguments)
    homelab.commit()
    ended = homelab.wizard(*arguments)
    assert ended.code == 0, ended.err + ended.out
    (said,) = (one["text"] for one in ended.events if one["event"] == "Warned")
    assert f"Secret {NAMESPACE}/{NAME} stays" in said
