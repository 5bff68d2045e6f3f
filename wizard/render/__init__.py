"""Profile to manifests and files: no network, clock or randomness; the same bytes everywhere."""

from __future__ import annotations

from wizard.core.manifest import RenderedFile
from wizard.profile.labels import manager_labels
from wizard.profile.model import Profile
from wizard.render.checks.rules import check
from wizard.render.jobs.job_pod import job_pod
from wizard.render.mirrors.image_list import ImageUse, images
from wizard.render.mirrors.mirroring import copy_script
from wizard.render.packagings import packaging_of
from wizard.render.releases import manifests
from wizard.render.runner.config_toml import config, config_toml
from wizard.render.runner.security import pod_security_level

__all__ = [
    "ImageUse",
    "check",
    "config",
    "config_toml",
    "copy_script",
    "files",
    "images",
    "job_pod",
    "manager_labels",
    "manifests",
    "pod_security_level",
]


def files(profile: Profile) -> list[RenderedFile]:
    """The whole delivery, in the packaging that the profile chose.

    The profile is one that `check` found no error in. Raises: LookupError, for any other.
    """
    return packaging_of(profile).files(profile)
