"""What `as: helm` writes beside the values: the manifests, and the commands in their order."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.render.kustomize import kustomized
from tests.render.profiles import PRESETS, file_of, packaged, profile_of
from wizard.profile.model import Profile
from wizard.render.packagings.helm import install_commands, uninstall_commands
from wizard.render.releases import companions, shared
from wizard.render.tables.catalogue import chart_keys
from wizard.render.tables.versions import CHARTS, Chart


def _helm(preset: str = "homelab", **changes: Any) -> Profile:
    delivery = {"as": "helm", "to": "directory", **changes.pop("delivery", {})}
    return profile_of(preset, delivery=delivery, **changes)


def _options(command: str) -> dict[str, str]:
    words = shlex.split(command)
    return {word: words[place + 1] for place, word in enumerate(words[:-1]) if word[:2] == "--"}


def test_the_manifests_are_applied_before_the_charts_are_installed() -> None:
    runners = [{"name": name, "scope": {"project": "acme/app"}} for name in ("one", "two")]
    first, *charts = install_commands(_helm(runners=runners))
    assert first == "kubectl apply --server-side -k manifests"
    assert [shlex.split(one)[:4] for one in charts] == [
        ["helm", "upgrade", "--install", "gitlab-runner-one"],
        ["helm", "upgrade", "--install", "gitlab-runner-two"],
    ]


def test_the_page_has_every_command_in_its_order() -> None:
    profile = _helm("team")
    page = file_of(profile, "manifests/README.md")
    places = [page.index(one) for one in install_commands(profile) + uninstall_commands(profile)]
    assert places == sorted(places)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.version)
def test_each_chart_of_the_table_is_installed_with_values_that_it_knows(chart: Chart) -> None:
    profile = _helm(manager={"runner_version": chart.runner})
    options = _options(install_commands(profile)[1])
    assert options["--version"] == chart.version
    assert options["--repo"] == "https://charts.gitlab.io"
    assert options["--namespace"] == "gitlab-runner"
    values = yaml.safe_load(file_of(profile, options["--values"]))
    assert not list(chart_keys(chart.version).complaints(values))


def test_a_mirror_of_the_chart_in_a_container_registry_is_named_as_helm_wants_it() -> None:
    profile = _helm(delivery={"chart": {"repository": "oci://registry.example.com/charts/"}})
    command = install_commands(profile)[1]
    assert " oci://registry.example.com/charts/gitlab-runner --version " in command
    assert "--repo" not in command


def test_the_values_are_those_of_the_application() -> None:
    for preset in PRESETS:
        argocd = packaged(preset, "argocd")
        release = argocd.runners[0].release
        application = yaml.safe_load(file_of(argocd, f"argocd-apps/{release}.yaml"))
        written = yaml.safe_load(file_of(packaged(preset, "helm"), f"{release}/values.yaml"))
        assert written == application["spec"]["sources"][0]["helm"]["valuesObject"]


def test_the_page_says_where_the_token_comes_from() -> None:
    assert "External Secrets has brought" in file_of(_helm(), "README.md")
    page = file_of(_helm("direct"), "README.md")
    assert "are in no file" in page
    assert "`gitlab-runner-direct-token`" in page


@pytest.mark.parametrize("preset", PRESETS)
def test_kustomize_builds_what_the_chart_does_not_make(preset: str, tmp_path: Path) -> None:
    profile = packaged(preset, "helm")
    built = kustomized(profile, tmp_path)
    wanted = [*shared(profile), *(o for one in profile.runners for o in companions(profile, one))]
    assert built == {(one.kind, one.name) for one in wanted}
