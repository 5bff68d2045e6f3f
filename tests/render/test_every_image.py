"""No image is rendered that `images` does not list: not for a chart, a job or a pipeline."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
import yaml

from tests.render.profiles import PACKAGINGS, PRESETS, packaged, said
from wizard.profile.model import Profile
from wizard.profile.strategies import Strategy
from wizard.render import copy_script, files, images, job_pod
from wizard.render.runner.images import full_name

_MIRROR = "mirror.example.com:5000/all"
_A_SERVICE_THAT_STANDS_FOR_ANY = "svc-0"
_LOOKS_LIKE_AN_IMAGE = re.compile(
    r"(?<![\w./:@-])(?:[a-z0-9][\w.-]*(?::\d+)?/)*[a-z][\w.-]*:[\w-]*\d+\.\d[\w.-]*"
)
_WITH_IMAGES = {"image", "helper_image", "pause_pod_image"}


def _profile(preset: str, packaging: str, builds: Strategy, mirror: str, **runner: Any) -> Profile:
    profile = packaged(preset, packaging)
    changes = {
        "builds": profile.runners[0].builds.model_copy(update={"strategy": builds}),
        **runner,
    }
    found = profile.images.model_copy(update={"registry": mirror or None})
    runners = [one.model_copy(update=changes) for one in profile.runners]
    return profile.model_copy(update={"runners": runners, "images": found})


_EVERYTHING = list(itertools.product(PRESETS, PACKAGINGS, get_args(Strategy)))


def _in_pipelines(text: str) -> Iterator[str]:
    """The images of those jobs that this cluster runs: GitLab's own runners pull their own."""
    for name, job in yaml.safe_load(text).items():
        if name == "default" or "saas-linux-small-amd64" not in job.get("tags", ()):
            for one in [job.get("image"), *job.get("services", ())]:
                yield from _name(one)


def _name(image: Any) -> Iterator[str]:
    if image:
        yield image["name"] if isinstance(image, Mapping) else image


def _in_data(data: Any) -> Iterator[str]:
    """Images at the keys that name one, in manifests, values and configurations inside of them."""
    if isinstance(data, Mapping):
        if {"registry", "image", "tag"} <= data.keys():
            yield f"{data['registry']}/{data['image']}:{data['tag']}"
            return
        for key, value in data.items():
            if key in _WITH_IMAGES and isinstance(value, str):
                yield value
            elif key in {"config", "config.template.toml"} and isinstance(value, str):
                yield from _in_data(tomllib.loads(value))
            else:
                yield from _in_data(value)
    elif isinstance(data, list):
        for one in data:
            yield from _in_data(one)


def _rendered(profile: Profile) -> Iterator[str]:
    for file in files(profile):
        if file.path.endswith(".gitlab-ci.yml"):
            yield from _in_pipelines(file.content)
        elif file.path.endswith(".yaml"):
            for document in yaml.load_all(file.content, Loader=yaml.CSafeLoader):
                yield from _in_data(document)
    for runner in profile.runners:
        spec = job_pod(profile, runner).body["spec"]
        for container in [*spec["initContainers"], *spec["containers"]]:
            if container["name"] != _A_SERVICE_THAT_STANDS_FOR_ANY:
                yield container["image"]


@pytest.mark.parametrize("mirror", ["", _MIRROR], ids=["published", "mirrored"])
@pytest.mark.parametrize(("preset", "packaging", "builds"), _EVERYTHING)
def test_every_image_that_is_rendered_is_listed(
    preset: str, packaging: str, builds: Strategy, mirror: str
) -> None:
    profile = _profile(preset, packaging, builds, mirror)
    rendered, listed = set(_rendered(profile)), {use.image for use in images(profile)}
    assert rendered == listed
    assert all(image.startswith(f"{mirror}/") for image in rendered if mirror)


@pytest.mark.parametrize(("preset", "packaging", "builds"), _EVERYTHING)
def test_no_text_holds_an_image_at_a_place_that_was_overlooked(
    preset: str, packaging: str, builds: Strategy
) -> None:
    profile = _profile(preset, packaging, builds, _MIRROR)
    listed = {use.image for use in images(profile)}
    for file in files(profile):
        text = "\n".join(line for line in file.content.splitlines() if "#" not in line)
        assert set(_LOOKS_LIKE_AN_IMAGE.findall(text)) <= listed, file.path


@pytest.mark.parametrize(("preset", "packaging", "builds"), _EVERYTHING)
def test_the_script_copies_every_image_that_is_pulled(
    preset: str, packaging: str, builds: Strategy
) -> None:
    profile = _profile(preset, packaging, builds, _MIRROR)
    lines = [line.split() for line in copy_script(profile).splitlines() if "copy " in line[:5]]
    copied = {line[2]: line[1] for line in lines if len(line) == 3}
    assert set(copied) == set(_rendered(profile))
    for mirror, source in copied.items():
        assert mirror == source.replace(source.partition("/")[0], _MIRROR, 1)
        assert source == full_name(source)


_MORE = {
    "extra_config": {
        "kubernetes": {
            "helper_image_flavor": "ubuntu",
            "services": [{"name": "redis:8.2"}, {"name": "quay.io/team/db:1.0", "alias": "db"}],
            "autoscaler": {"max_pause_pods": 2, "pause_pod_priority_class_name": "idle"},
        }
    },
}


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_images_of_ones_own_settings_are_rewritten_and_listed_too(packaging: str) -> None:
    profile = _profile("direct", packaging, "none", _MIRROR, **_MORE)
    listed = {use.source: use.image for use in images(profile)}
    helper = (
        "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:ubuntu-x86_64-v19.3.1"
    )
    assert {helper, "redis:8.2", "quay.io/team/db:1.0", "registry.k8s.io/pause:3.10"} <= set(listed)
    assert listed["quay.io/team/db:1.0"] == f"{_MIRROR}/team/db:1.0"
    rendered = set(_rendered(profile))
    assert rendered <= set(listed.values())
    assert f"{_MIRROR}/pause:3.10" in rendered


@pytest.mark.parametrize("packaging", ["argocd", "helm"])
def test_images_of_ones_own_values_are_rewritten_and_listed_too(packaging: str) -> None:
    own = {
        "image": {"registry": "quay.io", "image": "acme/runner", "tag": "1.2"},
        "extraContainers": [{"name": "log", "image": "acme/log:3.1"}],
    }
    profile = _profile("direct", packaging, "none", _MIRROR, extra_values=own)
    listed = {use.source: use.image for use in images(profile)}
    assert listed["quay.io/acme/runner:1.2"] == f"{_MIRROR}/acme/runner:1.2"
    assert listed["acme/log:3.1"] == f"{_MIRROR}/acme/log:3.1"
    assert set(_rendered(profile)) == set(listed.values())


def test_an_image_in_a_patch_is_listed_as_it_is_and_told_where_there_is_a_mirror() -> None:
    patch = "initContainers: [{name: mine, image: 'acme/tool:1.0'}]"
    extra = {"kubernetes": {"pod_spec": [{"name": "mine", "patch": patch}]}}
    profile = _profile("direct", "manifests", "kaniko", _MIRROR, extra_config=extra)
    (use,) = [use for use in images(profile) if use.source == "acme/tool:1.0"]
    assert use.image == use.source
    (words,) = said(profile)
    assert words.startswith("images.registry: acme/tool:1.0, a container that a patch")
    plain = _profile("direct", "manifests", "kaniko", "", extra_config=extra)
    assert said(plain) == []


def test_a_helper_named_with_the_runners_version_is_listed_with_that_version() -> None:
    own = "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper"
    extra = {"kubernetes": {"helper_image": f"{own}:alpine3.22-x86_64-v${{CI_RUNNER_VERSION}}"}}
    profile = _profile("direct", "manifests", "none", _MIRROR, extra_config=extra)
    assert f"{own}:alpine3.22-x86_64-v19.3.1" in {use.source for use in images(profile)}
