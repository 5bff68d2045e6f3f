"""Waiting for the jobs of a profile to end before what they need is deleted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from wizard.core.events import Event, Progress
from wizard.core.run import RunOptions
from wizard.core.units import canonical_duration
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster

_POLL = 2.0


async def drained(
    profile: Profile, cluster: Cluster, run: RunOptions, seconds: float
) -> AsyncIterator[Event]:
    """Wait for the pods of running jobs: without the manager's Role they would fail.

    Args:
        seconds: how long; what runs then is for the caller to judge.
    """
    end = time.monotonic() + seconds
    last = 0
    while running := await asyncio.to_thread(job_pods, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            return
        if running != last:
            pods = "pod of a job" if running == 1 else "pods of jobs"
            limit = canonical_duration(int(seconds))
            yield Progress(f"waiting for {running} {pods} to end, for up to {limit}")
            last = running
        await asyncio.sleep(_POLL)


def still_running(count: int) -> str:
    """That so many pods of jobs run."""
    return "1 pod of a job still runs" if count == 1 else f"{count} pods of jobs still run"


def job_pods(profile: Profile, cluster: Cluster) -> int:
    """Pods of this profile's jobs, by their account: those of others are not waited for."""
    accounts = {(profile.job_namespace(runner), runner.job_account) for runner in profile.runners}
    pods = [pod for one in profile.job_namespaces for pod in cluster.find("v1", "Pod", one)]
    return sum(
        "deletionTimestamp" not in pod["metadata"]
        and (pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName")) in accounts
        for pod in pods
    )
