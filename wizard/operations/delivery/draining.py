"""Waiting for the jobs of a profile to end before what they need is deleted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from wizard.core.events import Event, Progress, Warned
from wizard.core.run import RunOptions
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster

_POLL = 2.0


async def drained(profile: Profile, cluster: Cluster, run: RunOptions) -> AsyncIterator[Event]:
    """Wait for the pods of running jobs: without the manager's Role they would fail."""
    end = time.monotonic() + run.deadline
    last = 0
    while running := await asyncio.to_thread(_job_pods, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            yield Warned(f"{running} pods of jobs still run; these jobs fail now")
            return
        if running != last:
            yield Progress(f"waiting for {running} pods of jobs to end")
            last = running
        await asyncio.sleep(_POLL)


def _job_pods(profile: Profile, cluster: Cluster) -> int:
    """Pods of this profile's jobs, by their account: those of others are not waited for."""
    accounts = {(profile.job_namespace(runner), runner.job_account) for runner in profile.runners}
    pods = [pod for one in profile.job_namespaces for pod in cluster.find("v1", "Pod", one)]
    return sum(
        "deletionTimestamp" not in pod["metadata"]
        and (pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName")) in accounts
        for pod in pods
    )
