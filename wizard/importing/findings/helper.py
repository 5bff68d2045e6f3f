"""The helper image of a `[[runners]]` table: pinned, mirrored, or of an unknown flavor."""

from __future__ import annotations

import re

from wizard.importing.ledger import Fate
from wizard.importing.release import Release
from wizard.importing.view import View

_FOLLOWS = (
    "${CI_RUNNER_VERSION}",
    "$CI_RUNNER_VERSION",
    "${CI_RUNNER_REVISION}",
    "$CI_RUNNER_REVISION",
)


_FLAVOR = re.compile(r"(?:alpine(?:-latest|-edge|\d\.\d+)?|ubuntu|ubi-fips)(?:-pwsh)?")


_HELPER = "gitlab-org/gitlab-runner/gitlab-runner-helper"


def tell_helper(release: Release, table: View) -> None:
    """Tell what is wrong with a table's helper image, and claim it."""
    image = str(table.get("kubernetes", "helper_image") or "")
    flavor = table.get("kubernetes", "helper_image_flavor")
    if flavor and image:
        table.leave(
            "kubernetes",
            "helper_image_flavor",
            why="it only has an effect without helper_image",
            told=True,
        )
        release.report.tidy(
            "helper_image_flavor has no effect beside helper_image",
            table.at("kubernetes", "helper_image_flavor"),
            "the image already says which helper it is",
            "Nothing to do: it was left out",
        )
    elif flavor and not _FLAVOR.fullmatch(str(flavor)):
        table.leave("kubernetes", "helper_image_flavor", why="no such flavor", told=True)
        release.report.breaks(
            f"there is no helper image of the flavor {flavor}",
            table.at("kubernetes", "helper_image_flavor"),
            "GitLab publishes alpine, alpine3.21, alpine-latest, ubuntu and ubi-fips; "
            "with any other, every job fails to pull its helper",
            "Nothing to do: it was left out, and the runner uses the helper of its own version",
        )
    if image and "arm64" in f"{image}{flavor or ''}":
        release.report.surprises(
            "the helper image is for arm64",
            table.at("kubernetes", "helper_image"),
            "the profile assumes amd64 nodes unless it says otherwise",
            "Write cluster.architectures: [arm64], if the nodes are arm64",
        )
    if image:
        _helper_image(release, table, image)


def _helper_image(release: Release, table: View, image: str) -> None:
    key = ("kubernetes", "helper_image")
    if any(word in image for word in _FOLLOWS):
        path = image.partition(":")[0] if "/" in image else image
        mirror = path.removesuffix(_HELPER).rstrip("/") if path.endswith(_HELPER) else ""
        if mirror and mirror != "registry.gitlab.com":
            release.mirrors["registry.gitlab.com"] = mirror
            table.note(key, Fate.CARRIED, "images.mirrors", ("images", "mirrors"))
        release.report.tidy(
            f"the helper image comes from a mirror, {path}",
            table.at(*key),
            "it follows the runner's version, as it must",
            "Nothing to do: the profile has it in images.mirrors, for the manager's image too"
            if mirror
            else "Write images.mirrors to mirror all images; the profile keeps this one in "
            "extra_config",
        )
        return
    table.leave(*key, why="the runner uses the helper of its own version", told=True)
    release.report.breaks(
        f"the helper image is pinned to {image}",
        table.at(*key),
        "it must match the runner's version, and no longer will after the next upgrade",
        "Write images.mirrors if it comes from a mirror: the profile lets the "
        "runner choose its helper",
    )
