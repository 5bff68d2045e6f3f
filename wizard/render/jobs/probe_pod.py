"""A pod as a job of a runner has it, that looks around instead of working, and ends.

Its containers are those of a job, with the same images, users, limits and variables, and run
`assets/probe.sh`. The init container and the service are left out: they show nothing more.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from wizard.core.manifest import Manifest
from wizard.core.shipped import asset
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.jobs.job_pod import job_pod
from wizard.render.runner.builds import STRATEGIES
from wizard.render.runner.config_toml import runner_table
from wizard.render.runner.images import builder_image, mirrored

PROBE_LABEL = "runner-wizard/probe"
"""On every such pod, so that the next run finds those that a killed one has left."""
BUILD, HELPER, BUILDER = "build", "helper", "builder"
_SECONDS = 180
_PORTS = {"https": 443, "http": 80}


def probe_pod(profile: Profile, runner: Runner, seconds: int = _SECONDS) -> Manifest:
    """The pod of a probe.

    Args:
        seconds: after which Kubernetes itself ends it.
    """
    job = job_pod(profile, runner)
    spec = job.body["spec"]
    script = asset("probe.sh").read_text(encoding="utf-8")
    variables = _environment(profile, runner)
    looking = [
        {**one, "command": ["/bin/sh", "-c", script], "env": variables}
        for one in spec["containers"]
        if one["name"] in {BUILD, HELPER}
    ]
    metadata = job.body["metadata"]
    name = f"{runner.release}-probe"[:63].rstrip("-")
    return Manifest(
        {
            **job.body,
            "metadata": {
                **metadata,
                "name": name,
                "labels": {**metadata["labels"], PROBE_LABEL: "true"},
            },
            "spec": {
                **{key: value for key, value in spec.items() if key != "initContainers"},
                "containers": [*looking, *_builder(profile, runner, looking[0])],
                "activeDeadlineSeconds": seconds,
                "terminationGracePeriodSeconds": 0,
            },
        }
    )


def address_of(profile: Profile) -> tuple[str, int]:
    """Host and port of the GitLab of a profile."""
    found = urlsplit(profile.gitlab.url)
    return found.hostname or "", found.port or _PORTS[found.scheme]


def _builder(profile: Profile, runner: Runner, like: dict[str, Any]) -> list[dict[str, Any]]:
    """A container of the strategy's builder image, which only has to be there and start."""
    if not STRATEGIES[runner.builds.strategy].builder:
        return []
    image = mirrored(profile, builder_image(runner))
    return [{**like, "name": BUILDER, "image": image, "command": ["/bin/sh", "-c", "exit 0"]}]


def _environment(profile: Profile, runner: Runner) -> list[dict[str, str]]:
    host, port = address_of(profile)
    own = [line.partition("=") for line in runner_table(profile, runner).get("environment", ())]
    found = {name: value for name, _, value in own} | {
        "PROBE_HOST": host,
        "PROBE_PORT": str(port),
        # A repository that need not be there: that GitLab answers is what is asked.
        "PROBE_URL": f"{profile.gitlab.url.rstrip('/')}/runner-wizard/probe.git",
        "PROBE_CA": profile.gitlab.authority,
    }
    return [{"name": name, "value": value} for name, value in found.items()]
