"""A `.gitlab-ci.yml` to start from, for each runner."""

from __future__ import annotations

import json
from functools import cache

from wizard.core.manifest import RenderedFile
from wizard.core.shipped import asset
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.builds import STRATEGIES
from wizard.render.images import builder_image, mirrored
from wizard.render.ownership import header


def pipeline(profile: Profile, runner: Runner) -> RenderedFile:
    """The example for the runner's build strategy, with its tags and images filled in."""
    strategy = runner.builds.strategy
    text = _template(STRATEGIES[strategy].pipeline)
    # JSON is YAML, and quotes a tag however odd it is.
    text = text.replace("@TAGS@", json.dumps(runner.tags, ensure_ascii=False))
    text = text.replace("@IMAGE@", mirrored(profile, runner.jobs.image))
    if builder := builder_image(runner):
        text = text.replace("@BUILDER@", mirrored(profile, builder))
    return RenderedFile(
        f"pipelines/{runner.name}.gitlab-ci.yml",
        header(profile) + text,
        f"an example to copy into a project ({strategy})",
    )


@cache
def _template(name: str) -> str:
    return asset(f"pipelines/{name}").read_text(encoding="utf-8")
