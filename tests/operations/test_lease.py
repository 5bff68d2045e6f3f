"""A run that was thought dead stops once it learns that another has taken over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.profile.profiles import SMALLEST
from wizard.core.errors import ConflictError, RefusedError
from wizard.core.events import Event, Progress
from wizard.operations import lease
from wizard.profile.load import LoadedProfile, load_text
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.contexts import connect

NAME = "runner-wizard-3f9c2a71"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedProfile:
    monkeypatch.setenv("HOME", str(tmp_path))
    return load_text(f"id: 3f9c2a71\n{SMALLEST}", tmp_path / "small.yaml")


@pytest.fixture
def fake(file: LoadedProfile) -> Iterator[FakeCluster]:
    with FakeCluster() as cluster:
        name = {"name": file.profile.cluster.namespace}
        cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": name})
        yield cluster


@pytest.fixture
def cluster(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> KubernetesCluster:
    monkeypatch.setenv("KUBECONFIG", str(fake.write_kubeconfig(tmp_path / "config")))
    monkeypatch.setattr(lease, "_RENEWED_EVERY", 0.02)
    return connect()


async def _work(events: int) -> AsyncIterator[Event]:
    for _ in range(events):
        await asyncio.sleep(0.05)
        yield Progress("working")


def _held(fake: FakeCluster) -> dict[str, Any]:
    (found,) = fake.objects("Lease")
    return found


async def test_it_is_renewed_for_as_long_as_the_work_lasts(
    file: LoadedProfile, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    async with lease.turn_at(file, cluster, "apply") as turn:
        async for _ in turn.take(file.profile):
            pass
        before = _held(fake)["metadata"]["resourceVersion"]
        async for _ in turn.while_ours(_work(4)):
            pass
        assert _held(fake)["metadata"]["resourceVersion"] != before


async def test_a_run_whose_lease_another_has_taken_over_goes_no_further(
    file: LoadedProfile, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    done = 0

    async def while_another_takes_over() -> None:
        nonlocal done
        async with lease.turn_at(file, cluster, "apply") as turn:
            async for _ in turn.take(file.profile):
                pass
            held = _held(fake)
            held["spec"] |= {"holderIdentity": "anna@laptop/0", "leaseTransitions": 2}
            fake.put(held)
            async for _ in turn.while_ours(_work(40)):
                done += 1

    with pytest.raises(ConflictError, match="Another run has taken over") as lost:
        await while_another_takes_over()
    assert "by anna@laptop" in lost.value.cause
    assert done < 40
    assert _held(fake)["spec"]["holderIdentity"] == "anna@laptop/0"


async def test_a_label_that_a_person_puts_on_it_takes_nothing_over(
    file: LoadedProfile, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    async with lease.turn_at(file, cluster, "apply") as turn:
        async for _ in turn.take(file.profile):
            pass
        held = _held(fake)
        held["metadata"]["labels"]["team"] = "a"
        fake.put(held)
        async for _ in turn.while_ours(_work(4)):
            pass
    assert "holderIdentity" not in _held(fake)["spec"]
    assert _held(fake)["metadata"]["labels"]["team"] == "a"


async def test_a_lease_that_goes_with_its_namespace_stops_nothing(
    file: LoadedProfile, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    async with lease.turn_at(file, cluster, "destroy") as turn:
        async for _ in turn.take(file.profile):
            pass
        fake.remove(_held(fake))
        async for _ in turn.while_ours(_work(4)):
            pass
    assert fake.objects("Lease") == []


async def test_without_a_cluster_there_is_nothing_to_take(file: LoadedProfile) -> None:
    async with lease.turn_at(file, None, "apply") as turn:
        assert [event async for event in turn.take(file.profile)] == []


async def test_a_run_that_is_refused_leaves_no_lease_that_was_not_there(
    file: LoadedProfile, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    async def refused() -> None:
        async with lease.turn_at(file, cluster, "apply") as turn:
            async for _ in turn.take(file.profile):
                pass
            assert _held(fake)
            raise RefusedError("No.", "it is so", "Do otherwise")

    with pytest.raises(RefusedError):
        await refused()
    assert fake.objects("Lease") == []
