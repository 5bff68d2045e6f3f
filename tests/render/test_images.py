from __future__ import annotations

import pytest

from tests.render.profiles import profile_of, wanted
from wizard.render import config, images
from wizard.render.images import mirrored


def test_every_image_is_listed_once_with_what_it_is_for() -> None:
    listed = {use.image: use.where for use in images(profile_of())}
    assert listed == {
        "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v19.3.1": "gitlab-runner",
        "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v19.3.1": (
            "gitlab-runner-jobs"
        ),
        "alpine:3.22": "gitlab-runner-jobs",
        "ghcr.io/osscontainertools/kaniko:v1.28.3-debug": "gitlab-runner-jobs",
    }


def test_the_helper_is_of_the_runners_version_and_the_nodes_architecture() -> None:
    profile = profile_of("direct", cluster={"architectures": ["arm64"]})
    helpers = [use.image for use in images(profile) if "helper" in use.image]
    assert helpers == [
        "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:arm64-v19.3.1"
    ]


@pytest.mark.parametrize(
    ("image", "mirror"),
    [
        ("alpine:3.22", "hub.example.com/library/alpine:3.22"),
        ("team/tool:1", "hub.example.com/team/tool:1"),
        ("docker.io/team/tool:1", "hub.example.com/team/tool:1"),
        ("quay.io/team/tool:1", "mirror.example.com:5000/all/team/tool:1"),
        ("localhost:5000/tool", "mirror.example.com:5000/all/tool"),
    ],
)
def test_a_mirror_of_one_registry_comes_before_the_one_for_everything(
    image: str, mirror: str
) -> None:
    mirrors = {
        "registry": "mirror.example.com:5000/all",
        "mirrors": {"docker.io": "hub.example.com"},
    }
    assert mirrored(profile_of(images=mirrors), image) == mirror


def test_an_air_gapped_runner_takes_every_image_from_the_mirror() -> None:
    profile = profile_of(images={"registry": "mirror.example.com"})
    kubernetes = config(profile, profile.runners[0])["runners"][0]["kubernetes"]
    container = wanted(profile, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    taken = {kubernetes["image"], kubernetes["helper_image"], container["image"]}
    assert all(image.startswith("mirror.example.com/") for image in taken)
    assert taken < {use.image for use in images(profile)}
    assert all(use.image.startswith("mirror.example.com/") for use in images(profile))
    assert not any("mirror.example.com" in use.source for use in images(profile))
