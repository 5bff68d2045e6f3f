"""The variables of every job: those that the runner's set-up needs, never the job's own."""

from __future__ import annotations

from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.runner import authority, proxy
from wizard.render.runner.builds import STRATEGIES
from wizard.render.runner.security import job_home


def job_environment(profile: Profile, runner: Runner) -> list[str]:
    """The runner's `environment`, which all containers of a job get; a job may overrule it."""
    found = {
        "HOME": job_home(runner),
        **STRATEGIES[runner.builds.strategy].environment,
        **proxy.job_variables(profile),
        **(authority.VARIABLES if profile.gitlab.authority else {}),
    }
    return [f"{name}={value}" for name, value in found.items() if value]
