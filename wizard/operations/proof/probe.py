"""What a job would meet where it runs: looked at by a pod of its own that is gone afterwards."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wizard.core.errors import NotFoundError, StoppedError, WizardError
from wizard.core.events import Event, Probed, Progress, Warned
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import OWNER_ID, ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.explaining import explained, pod_lines
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.jobs.probe_pod import BUILD, HELPER, PROBE_LABEL, address_of, probe_pod
from wizard.systems.kubernetes import Cluster, Json

_POLL = 0.5
_STARTS_WITHIN = 60.0
"""Seconds that an image pull or the scheduler may take before the probe is given up."""
_LINE = re.compile(r"^probe: (\w+) (\w+) ?(.*)$", re.MULTILINE)
# What Git says of a repository that is not there, or not for everybody: GitLab has answered.
_ANSWERED = re.compile(
    r"could not read Username|Authentication failed|Access denied|not found|returned error: 40[134]"
)

Answers = Mapping[str, tuple[str, str]]
"""What one container found: its answer, and more of it in words."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One look from where the jobs of a runner run."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    run: RunOptions

    async def look(self) -> AsyncIterator[Event]:
        """Make the pod, read what it says, and delete it again.

        Raises: WizardError, where the pod does not start, or a job would not get through.
        """
        manifest = probe_pod(self.profile, self.runner)
        await asyncio.to_thread(self._sweep)
        yield Progress(f"looking around as a job of {self.runner.name} would")
        try:
            await asyncio.to_thread(self.cluster.apply, manifest)
            await self._ended(manifest.ref)
            answers = await asyncio.to_thread(self._answers, manifest.ref)
        finally:
            await asyncio.shield(asyncio.to_thread(self._sweep))
        failed = []
        for check in judged(self.runner, address_of(self.profile)[0], answers):
            if check.verdict is Verdict.FAIL and check.finding:
                failed.append(check.finding)
            elif check.verdict is Verdict.WARN and check.finding:
                yield Warned(check.finding.sentence())
            else:
                yield Probed(self.runner.name, check.name)
        if failed:
            raise explained(_failure(failed))

    def _sweep(self) -> None:
        """Delete every probe of this profile, also those of runs that were killed."""
        found = self.cluster.find(
            "v1", "Pod", self._namespace, {PROBE_LABEL: "true", OWNER_ID: self.profile.id or ""}
        )
        for pod in found:
            metadata = pod["metadata"]
            ref = ObjectRef("v1", "Pod", self._namespace, metadata["name"])
            with suppress(NotFoundError):
                self.cluster.delete(ref, uid=metadata["uid"])
        end = time.monotonic() + _STARTS_WITHIN
        while found and time.monotonic() < end and not self.run.cancel.is_set():
            refs = [ObjectRef("v1", "Pod", self._namespace, p["metadata"]["name"]) for p in found]
            if all(self.cluster.get(ref) is None for ref in refs):
                return
            time.sleep(_POLL)

    @property
    def _namespace(self) -> str:
        return self.profile.job_namespace(self.runner)

    async def _ended(self, ref: ObjectRef) -> None:
        """Wait until the pod has ended. Raises: WizardError, with what keeps it from it."""
        began = time.monotonic()
        while True:
            pod = await asyncio.to_thread(self.cluster.get, ref) or {}
            if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
                return
            if self.run.cancel.is_set():
                raise StoppedError(
                    "The probe was stopped.", "the run was interrupted", "Run verify --probe again"
                )
            waited = time.monotonic() - began
            if waited > min(self.run.deadline, _STARTS_WITHIN) and (stuck := list(pod_lines(pod))):
                raise self._does_not_start(stuck)
            if waited > self.run.deadline:
                raise self._does_not_start([f"its phase is {_phase(pod)}"])
            await asyncio.sleep(_POLL)

    def _does_not_start(self, lines: list[str]) -> WizardError:
        return explained(
            WizardError(
                f"A pod of a job of {self.runner.name} does not start.",
                "\n".join(lines),
                "Put right what is named here: every job waits for the same",
            )
        )

    def _answers(self, ref: ObjectRef) -> dict[str, Answers]:
        return {
            container: read(self.cluster.logs(ref.namespace, ref.name, container, lines=50))
            for container in (BUILD, HELPER)
        }


def _failure(findings: Sequence[Finding]) -> WizardError:
    """The first, which the others may follow from, with their problems beside its cause."""
    first, *others = findings
    cause = "\n".join([first.evidence, first.cause, *(one.problem for one in others)])
    return WizardError(first.problem, cause.strip(), first.fix)


def read(log: str) -> Answers:
    """The lines of `assets/probe.sh` in a container's log."""
    return {name: (answer, text.strip()) for name, answer, text in _LINE.findall(log)}


def judged(runner: Runner, host: str, answers: Mapping[str, Answers]) -> Iterator[Check]:
    """What the answers of both containers mean for jobs.

    Args:
        host: GitLab's.
    """
    for container in (BUILD, HELPER):
        yield _names(runner, host, container, answers.get(container, {}))
    helper = answers.get(HELPER, {})
    yield _gitlab(runner, host, helper)
    yield _token(runner, answers.get(BUILD, {}))
    yield _metadata(runner, helper)
    yield _api(helper)


def _names(runner: Runner, host: str, container: str, found: Answers) -> Check:
    answer, text = found.get("names", ("unknown", "it said nothing"))
    asked = f"{host} has an address in the {container} container"
    if answer == "yes":
        return Check(f"{asked} ({text})", Verdict.OK)
    if answer == "unknown":
        return Check(f"{asked}: not known, {text}", Verdict.UNSEEN)
    finding = Finding(
        f"Jobs of {runner.name} cannot find {host}: the {container} container gets no address.",
        text,
        "the cluster's DNS does not know it, or pods cannot reach the DNS",
        "Look at CoreDNS and at policies that close port 53; with musl images also at ndots",
    )
    return Check(asked, Verdict.FAIL, finding)


def _gitlab(runner: Runner, host: str, found: Answers) -> Check:
    asked = f"a job can clone from {host}"
    code, text = found.get("git", ("unknown", "the helper image has no git"))
    if code == "0" or _ANSWERED.search(text):
        return Check(asked, Verdict.OK)
    if code == "unknown":
        return Check(f"{asked}: not known, {text}", Verdict.UNSEEN)
    finding = Finding(
        f"Jobs of {runner.name} cannot clone from {host}.",
        text,
        "Git in the helper container gets no answer from GitLab",
        "Look at the way from the job namespace to GitLab: policies, gitlab.proxy, gitlab.ca_file",
    )
    return Check(asked, Verdict.FAIL, finding)


def _token(runner: Runner, found: Answers) -> Check:
    asked = "no token of Kubernetes is in the job's reach"
    if found.get("token", ("no", ""))[0] != "yes":
        return Check(asked, Verdict.OK)
    finding = Finding(
        f"Jobs of {runner.name} can read a token of Kubernetes.",
        "it is mounted into the build container",
        "anyone who can push to the project can act with it in the cluster",
        "Leave automount out of jobs.service_account and extra_config, unless jobs deploy with it",
    )
    return Check(asked, Verdict.WARN, finding)


def _metadata(runner: Runner, found: Answers) -> Check:
    asked = "the cloud's metadata service is out of reach"
    answer, text = found.get("metadata", ("unknown", "the helper said nothing"))
    if answer == "no":
        return Check(asked, Verdict.OK)
    if answer == "unknown":
        return Check(f"{asked}: not known, {text}", Verdict.UNSEEN)
    finding = Finding(
        f"Jobs of {runner.name} reach the cloud's metadata service.",
        f"{text} accepts connections from the job's pod",
        "there, many clouds hand out the credentials of the node",
        "Write network: {policy: standard}, or have the cloud ask for a session token (IMDSv2)",
    )
    return Check(asked, Verdict.WARN, finding)


def _api(found: Answers) -> Check:
    answer, text = found.get("api", ("unknown", ""))
    said = {
        "yes": f"the API server can be reached ({text}); no policy closes it to jobs",
        "no": "the API server is out of reach",
    }.get(answer, "whether the API server can be reached is not known")
    return Check(said, Verdict.OK)


def _phase(pod: Json) -> str:
    return str((pod.get("status") or {}).get("phase", "not known"))
