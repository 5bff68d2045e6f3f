"""What the screens tell of stores, builders and files before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.fakes.infisical import FakeInfisical
from wizard.core.facts import ClusterFacts, StoreFacts
from wizard.core.findings import Verdict
from wizard.operations.discovery.check_backend import check_backend, credentials
from wizard.operations.discovery.stores import offers
from wizard.operations.preview.contents import preview
from wizard.operations.preview.strategies import compare, example
from wizard.profile.draft import Draft, Origin
from wizard.profile.presets import from_preset
from wizard.profile.strategies import STRATEGIES, Strategy
from wizard.wiring import Wiring


def draft(preset: str = "homelab") -> Draft:
    return Draft(from_preset(preset, {}, "3f9c2a71"), Path("p.yaml"), Origin.PRESET, preset)


def facts(*stores: StoreFacts) -> ClusterFacts:
    return ClusterFacts("lab", reachable=True, stores=stores)


def store(name: str, provider: str, namespace: str = "", *, ready: bool = True) -> StoreFacts:
    kind = "SecretStore" if namespace else "ClusterSecretStore"
    return StoreFacts(kind, name, namespace, provider, ready)


# Stores


def test_stores_that_can_be_used_and_are_ready_come_first():
    found = offers(
        facts(
            store("a", "vault", "elsewhere"),
            store("b", "vault", ready=False),
            store("c", "infisical"),
            store("d", "aws", "gitlab-runner"),
        ),
        "gitlab-runner",
    )
    assert [one.name for one in found] == ["c", "gitlab-runner/d", "b", "elsewhere/a"]
    assert found[3].refusal == "serves only the namespace elsewhere, not gitlab-runner"
    assert "not ready" in found[2].about
    assert found[1].value == {"kind": "SecretStore", "name": "d"}


@pytest.mark.parametrize(
    ("provider", "backend"),
    [("gcpsm", "gcp"), ("vault", "vault"), ("azurekv", "existing-store"), ("", "existing-store")],
)
def test_the_wizard_writes_where_a_store_reads(provider: str, backend: str):
    (found,) = offers(facts(store("s", provider)), "gitlab-runner")
    assert found.backend == backend


def test_no_cluster_offers_no_store():
    assert offers(None, "gitlab-runner") == []


# Checking a backend


async def test_what_somebody_is_asked_for_is_enough_to_check_infisical_without_a_write():
    with FakeInfisical() as infisical:
        infisical.add_project("homelab")
        identity = infisical.add_identity()
        wish = draft()
        wish.set(("secrets", "infisical", "host"), infisical.url)
        values = [identity.client_id, identity.client_secret]
        asked = [one.variable for one in credentials("infisical", wish.value)]
        wiring = Wiring(wish.loaded(), typed=dict(zip(asked, values, strict=True)))
        checked = await check_backend(lambda: wiring.backend(wish.loaded().profile))
        assert checked.checks
        assert all(check.verdict is not Verdict.FAIL for check in checked.checks)
        assert "/gitlab/runners" in checked.policy
        assert infisical.writes == []


# Ways to build


def test_every_strategy_is_compared_in_the_order_of_its_declaration():
    names = [one.name for one in compare(["amd64"], None, 0)]
    assert names == list(get_args(Strategy))


def test_levels_follow_the_version_that_is_pinned():
    wish = draft()
    now = {one.name: one.level for one in compare(["amd64"], wish.loaded().profile, 0)}
    assert now == {name: spec.level for name, spec in STRATEGIES.items()}
    wish.set(("manager", "runner_version"), "18.5.0")
    wish.set(("delivery", "as"), "manifests")
    old = {one.name: one.level for one in compare(["amd64"], wish.loaded().profile, 0)}
    assert old["none"] == "baseline", "restricted needs 18.11"


def test_what_cannot_be_seen_of_the_nodes_is_said():
    found = {one.name: one for one in compare(["amd64"], None, 0)}
    assert found["kaniko"].here == "fits"
    assert found["buildah"].here == "depends"
    assert "user namespaces" in found["buildah"].why
    odd = {one.name: one for one in compare(["amd64", "riscv64"], None, 0)}
    assert odd["kaniko"].here == "unsure"
    assert "riscv64" in odd["kaniko"].why
    assert odd["none"].here == "fits"


def test_the_example_has_the_runners_own_tags():
    wish = draft()
    wish.set(("runners", 0, "tags"), ["attic"])
    assert '["attic"]' in example(wish.loaded().profile, 0)


# Files


def test_a_folder_stands_once_above_its_files():
    found = preview(draft().loaded().profile)
    names = [name for name, _ in found.lines]
    assert names.count("argocd-apps/") == 1
    at = names.index("argocd-apps/")
    assert names[at + 1].startswith("  gitlab-runner-homelab")
    assert found.heading == "./gitops: 7 files, for you to commit"
    files = [about for name, about in found.lines if not name.endswith("/")]
    assert len(files) == 7
    assert all(files), "each file says what it is for"


def test_what_goes_to_the_cluster_is_told_as_objects():
    found = preview(draft("direct").loaded().profile)
    assert "no file" in found.heading
    assert "Deployment gitlab-runner/gitlab-runner-direct" in [name for name, _ in found.lines]
