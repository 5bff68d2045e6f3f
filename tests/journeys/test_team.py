"""The team preset: three runners, their tokens in a real OpenBao behind its own authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
import yaml

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.openbao import OpenBao
from tests.journeys.gitops_world import PlayedGitOps
from tests.journeys.matrix import events

RUNNERS = ("acme", "monolith", "deploy")


class TeamWorld(PlayedGitOps):
    """The team preset, and a Vault in which the wizard has the writer's policy."""

    def __init__(self, folder: Path, bao: OpenBao) -> None:
        super().__init__(folder, cluster=FakeCluster("external-secrets", "argocd"), name="team")
        self.bao = bao

    def __enter__(self) -> Self:
        super().__enter__()
        self.gitlab.add_group("acme")
        for path in ("acme/monolith", "acme/infrastructure"):
            self.gitlab.add_project(path)
        self.change("url: https://gitlab.example.com\n", f"url: {self.gitlab.url}\n")
        self.change("https://vault.example.com:8200", self.bao.url)
        (self.folder / "ca.pem").write_bytes(self.bao.ca_file.read_bytes())
        self.begin_repository()
        rules = "\n".join(
            f'path "secret/data/gitlab/runners/{name}" '
            '{ capabilities = ["create", "update", "read"] }'
            for name in RUNNERS
        )
        self.bao.root.sys.create_or_update_policy("team-writer", rules)
        self.vault_token = self.bao.token_with("team-writer")
        return self

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "VAULT_TOKEN": self.vault_token,
            "VAULT_ADDR": self.bao.url,
        }

    def kept(self, remote: dict[str, str]) -> str:
        found = self.bao.root.secrets.kv.v2.read_secret_version(
            remote["key"], raise_on_deleted_version=True
        )
        return str(found["data"]["data"][remote["property"]])

    def stored(self) -> dict[str, tuple[str, int]]:
        """Each runner's token, and how many versions it has had."""
        found = {}
        for name in RUNNERS:
            data = self.bao.root.secrets.kv.v2.read_secret_version(
                f"gitlab/runners/{name}", raise_on_deleted_version=True
            )["data"]
            found[name] = (data["data"]["RUNNER_TOKEN"], data["metadata"]["version"])
        return found


@pytest.fixture
def team(tmp_path: Path, bao_tls: OpenBao) -> Iterator[TeamWorld]:
    with TeamWorld(tmp_path, bao_tls) as world:
        yield world
        for name in RUNNERS:
            bao_tls.root.secrets.kv.v2.delete_metadata_and_all_versions(f"gitlab/runners/{name}")


def test_the_first_apply_stores_three_tokens_and_ends_with_files(team: TeamWorld) -> None:
    ended = team.apply()
    assert ended.code == 4, ended.err + ended.out
    stored = team.stored()
    assert sorted(token for token, _ in stored.values()) == sorted(team.live_tokens)
    assert {version for _, version in stored.values()} == {1}
    written = yaml.safe_load(team.profile.read_text())
    assert written["secrets"]["vault"]["kv_version"] == 2
    output = ended.out + ended.err
    files = [path for path in team.folder.rglob("*") if path.is_file()]
    output += "".join(
        path.read_text(errors="replace") for path in files if ".git/" not in str(path)
    )
    assert not [token for token, _ in stored.values() if token in output]
    assert team.vault_token not in output


def test_a_second_apply_writes_no_token_again(team: TeamWorld) -> None:
    team.apply()
    before = team.stored()
    ended = team.apply()
    assert ended.code == 4, ended.err + ended.out
    assert team.stored() == before
    assert len(team.gitlab.runners) == len(RUNNERS)


def test_once_synced_all_three_are_proven_as_far_as_a_job_can_prove_them(team: TeamWorld) -> None:
    team.apply()
    before = team.stored()
    team.sync(team.commit())
    team.refresh()
    team.start_managers()
    ended = team.apply()
    assert ended.code == 0, ended.err + ended.out
    results = {one["runner"]: one for one in ended.events if "roven" in one["event"]}
    assert results["monolith"]["event"] == "Proven"
    assert "runner of a group" in results["acme"]["why"]
    assert "protected branches only" in results["deploy"]["why"]
    assert team.stored() == before
    assert len(team.gitlab.runners) == len(RUNNERS)

    team.commit_if_needed()
    ended = team.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.document["data"]["changed"] is False


def test_a_vault_that_gives_no_right_is_told_before_a_runner_is_made(team: TeamWorld) -> None:
    team.vault_token = team.bao.token_with("default")
    ended = team.apply()
    assert ended.code == 3, ended.err + ended.out
    assert "Vault" in ended.document["error"]["problem"] + ended.document["error"]["cause"]
    assert team.gitlab.runners == []


def test_every_token_that_is_somebody_elses_is_told_at_once(team: TeamWorld) -> None:
    theirs = RUNNERS[1:]
    for name in theirs:
        team.bao.root.secrets.kv.v2.create_or_update_secret(
            f"gitlab/runners/{name}", {"RUNNER_TOKEN": "theirs"}
        )
    ended = team.apply()
    assert ended.code == 3, ended.err + ended.out
    told = [one["problem"] for one in ended.document["error"]["findings"]]
    assert len(told) == len(theirs)
    for name in theirs:
        assert any(f"gitlab/runners/{name}" in one and "nothing shows" in one for one in told)
    assert team.gitlab.runners == []


@pytest.mark.parametrize("event", events(3, 5, 8))
def test_killed_and_run_again_there_are_three_runners_with_one_token_each(
    team: TeamWorld, event: int
) -> None:
    if team.killed_at(event, "apply", str(team.profile), "--yes", "--json") < event:
        pytest.skip("the first run ended before this event")
    assert team.apply().code == 4
    assert len(team.gitlab.runners) == len(RUNNERS)
    assert sorted(token for token, _ in team.stored().values()) == sorted(team.live_tokens)
