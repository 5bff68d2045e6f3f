"""A `.gitlab-ci.yml` to start from, for each runner."""

from __future__ import annotations

import re
from functools import cache

from wizard.core.manifest import RenderedFile
from wizard.core.shipped import asset
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.ownership import header
from wizard.render.runner.builds import STRATEGIES
from wizard.render.runner.images import builder_image, mirrored, service_image
from wizard.render.yaml_text import flow_list, scalar

_BLANK = re.compile(r"@(TAGS|IMAGE|BUILDER|SERVICE)@")


def pipeline(profile: Profile, runner: Runner) -> RenderedFile:
    """The example for the runner's build strategy, with its tags and images filled in."""
    strategy = STRATEGIES[runner.builds.strategy]
    filled = {
        "TAGS": flow_list(runner.tags),
        "IMAGE": scalar(mirrored(profile, runner.jobs.image)),
        "BUILDER": scalar(mirrored(profile, builder_image(runner))),
        "SERVICE": scalar(mirrored(profile, service_image(runner))),
    }
    template = _template(strategy.pipeline)
    text = _BLANK.sub(lambda found: filled[found[1]], template)
    return RenderedFile(
        f"pipelines/{runner.name}.gitlab-ci.yml",
        header(profile) + text,
        f"an example to copy into a project ({runner.builds.strategy})",
    )


@cache
def _template(name: str) -> str:
    return asset(f"pipelines/{name}").read_text(encoding="utf-8")
