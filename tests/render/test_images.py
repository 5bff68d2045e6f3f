from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.render.profiles import profile_of, said, wanted
from wizard.render import config, copy_script, images
from wizard.render.runner.images import mirrored

_RUNNER = "gitlab-org/gitlab-runner"
_HELPER = f"{_RUNNER}/gitlab-runner-helper"
_KANIKO = "osscontainertools/kaniko:v1.28.3-debug"


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


def test_a_mixed_cluster_needs_the_helper_of_each_architecture_that_a_runner_is_for() -> None:
    profile = profile_of("direct", cluster={"architectures": ["amd64", "arm64"]})
    jobs = profile.runners[0].jobs
    runners = [
        profile.runners[0].model_copy(
            update={
                "name": name,
                "jobs": jobs.model_copy(update={"node_selector": {"kubernetes.io/arch": name}}),
            }
        )
        for name in ("amd64", "arm64")
    ]
    found = images(profile.model_copy(update={"runners": runners}))
    helpers = [use.image.rpartition(":")[2] for use in found if "helper" in use.image]
    assert helpers == ["x86_64-v19.3.1", "arm64-v19.3.1"]


def test_pause_pods_pull_with_the_secrets_of_jobs() -> None:
    scaler = {"max_pause_pods": 2, "pause_pod_priority_class_name": "idle"}
    runner = {
        "jobs": {"image_pull_secrets": ["mirror"]},
        "extra_config": {"kubernetes": {"autoscaler": scaler}},
    }
    profile = profile_of("airgapped", runner=runner)
    written = config(profile, profile.runners[0])["runners"][0]["kubernetes"]["autoscaler"]
    assert written["pause_pod_image_pull_secrets"] == ["mirror"]
    assert written["pause_pod_image"] == "registry.example.com/mirror/pause:3.10"
    old = profile_of("airgapped", runner=runner, manager={"runner_version": "18.11.0"})
    written = config(old, old.runners[0])["runners"][0]["kubernetes"]["autoscaler"]
    assert "pause_pod_image_pull_secrets" not in written


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


def test_an_image_that_names_the_mirror_already_is_left_alone() -> None:
    mirrors = {"registry": "mirror.example.com/all"}
    image = "mirror.example.com/all/library/alpine:3.22"
    assert mirrored(profile_of(images=mirrors), image) == image


_DIGEST = "sha256:" + "0" * 64


def test_the_copy_script_copies_every_image_with_its_full_name(tmp_path: Path) -> None:
    profile = profile_of("airgapped", runner={"jobs": {"image": f"team/tool@{_DIGEST}"}})
    copied = _copies(copy_script(profile), tmp_path, "crane")
    mirror = "registry.example.com/mirror"
    assert copied == [
        f"copy registry.gitlab.com/{_RUNNER}:alpine-v19.3.1 {mirror}/{_RUNNER}:alpine-v19.3.1",
        f"copy registry.gitlab.com/{_HELPER}:x86_64-v19.3.1 {mirror}/{_HELPER}:x86_64-v19.3.1",
        f"copy docker.io/team/tool@{_DIGEST} {mirror}/team/tool@{_DIGEST}",
        f"copy ghcr.io/{_KANIKO} {mirror}/{_KANIKO}",
    ]


def test_the_copy_script_takes_skopeo_where_there_is_no_crane(tmp_path: Path) -> None:
    copied = _copies(copy_script(profile_of("airgapped")), tmp_path, "skopeo")
    image = "library/alpine:3.22"
    wanted = f"docker://docker.io/{image} docker://registry.example.com/mirror/{image}"
    assert f"copy --all {wanted}" in copied


def test_a_profile_without_a_mirror_has_nothing_to_copy(tmp_path: Path) -> None:
    assert _copies(copy_script(profile_of()), tmp_path, "crane") == []


def _copies(script: str, folder: Path, tool: str) -> list[str]:
    """What the script asks of a tool, of which nothing but the name is real."""
    (folder / tool).write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n', encoding="utf-8")
    (folder / tool).chmod(0o755)
    subprocess.run(["/bin/sh", "-c", script], env={"PATH": str(folder)}, check=True)
    asked = folder / "asked"
    return asked.read_text(encoding="utf-8").splitlines() if asked.exists() else []


def test_a_chart_from_elsewhere_is_told_where_images_have_a_mirror() -> None:
    mirror = {"registry": "mirror.example.com"}
    (words,) = said(profile_of(images=mirror))
    assert "GitLab's chart still from https://charts.gitlab.io" in words
    own = {"repository": "registry.example.com/charts"}
    assert said(profile_of(images=mirror, delivery={"chart": own})) == []


def test_jobs_that_could_not_pull_from_the_mirror_are_told() -> None:
    (words,) = said(profile_of("airgapped", runner={"jobs": {"image_pull_secrets": []}}))
    assert words.startswith("runners[0].jobs.image_pull_secrets: the manager has a Secret")


def test_a_manager_that_could_not_pull_from_the_mirror_is_told() -> None:
    (words,) = said(profile_of("airgapped", manager={"image_pull_secrets": []}))
    assert words.startswith("manager.image_pull_secrets: jobs of airgapped have a Secret")


def test_a_manager_whose_image_has_no_mirror_needs_no_secret() -> None:
    only_the_hub = {"registry": None, "mirrors": {"docker.io": "mirror.example.com/hub"}}
    none = {"image_pull_secrets": []}
    builds = {"builds": "none"}
    assert said(profile_of("airgapped", images=only_the_hub, manager=none, runner=builds)) == []


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [
        (["ghcr.io/**"], True),
        (["ghcr.io/*/kaniko:*"], True),
        (["**/kaniko:v?.28.*"], True),
        (["docker.io/**", "ghcr.io/osscontainertools/kaniko:v1.28.3-debug"], True),
        (["{ghcr,docker}.io/**"], True),
        (["ghcr.io/*"], False),
        (["alpine:*"], False),
    ],
)
def test_a_builder_that_no_pattern_allows_is_told(patterns: list[str], allowed: bool) -> None:
    told = said(profile_of(runner={"jobs": {"allowed_images": patterns}}))
    assert [line.split(":")[0] for line in told] == (
        [] if allowed else ["runners[0].jobs.allowed_images"]
    )


def test_a_service_that_no_pattern_allows_is_told() -> None:
    runner = {"builds": "dind", "jobs": {"allowed_services": ["postgres:*"]}}
    (words,) = said(profile_of(runner=runner))
    assert words.startswith("runners[0].jobs.allowed_services: no pattern allows docker:")
