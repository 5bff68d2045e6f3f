"""Helm: values of GitLab's chart for each runner, the manifests beside it, and what to type."""

from __future__ import annotations

import shlex

from wizard.core.manifest import RenderedFile
from wizard.profile.model import Profile
from wizard.profile.packagings import helm as declared
from wizard.profile.runner import Runner
from wizard.render.ownership import header, markdown_header
from wizard.render.packagings.folders import kustomized, manifests_path, token_note
from wizard.render.packagings.packaging import Packaging
from wizard.render.pipelines import pipeline
from wizard.render.releases import companions
from wizard.render.runner.chart_values import values
from wizard.render.tables.versions import chart_version
from wizard.render.yaml_text import to_yaml

_CHART = "gitlab-runner"
_OCI = "oci://"


def files(profile: Profile) -> list[RenderedFile]:
    """Values beside each runner's manifests, and a page with the commands in their order."""
    path = manifests_path(profile, "README.md")
    page = RenderedFile(path, _page(profile), "what to run, in this order")
    return [
        page,
        *kustomized(profile, companions),
        *(_values_file(profile, runner) for runner in profile.runners),
        *(pipeline(profile, runner) for runner in profile.runners),
    ]


def install_commands(profile: Profile) -> list[str]:
    """What installs or upgrades everything, run in the folder of the files.

    The manifests go first: the chart makes no namespace for jobs, and its pod waits for the token.
    """
    objects = f"kubectl apply --server-side -k {shlex.quote(manifests_path(profile))}"
    return [objects, *(_install(profile, runner) for runner in profile.runners)]


def uninstall_commands(profile: Profile) -> list[str]:
    """What takes the chart's part of each runner away, after its running jobs have ended."""
    namespace = profile.cluster.namespace
    return [f"helm uninstall {one.release} --namespace {namespace}" for one in profile.runners]


def _install(profile: Profile, runner: Runner) -> str:
    repository = profile.delivery.chart.repository.rstrip("/")
    if repository.startswith(_OCI):
        chart = [f"{repository}/{_CHART}"]
    else:
        chart = [_CHART, "--repo", repository]
    arguments = [
        *chart,
        *("--version", chart_version(profile)),
        *("--namespace", profile.cluster.namespace),
        *("--values", _values_path(profile, runner)),
        "--wait",
    ]
    return shlex.join(["helm", "upgrade", "--install", runner.release, *arguments])


def _values_path(profile: Profile, runner: Runner) -> str:
    return manifests_path(profile, f"{runner.release}/values.yaml")


def _values_file(profile: Profile, runner: Runner) -> RenderedFile:
    return RenderedFile(
        _values_path(profile, runner),
        header(profile) + token_note(profile, runner) + to_yaml(values(profile, runner)),
        f"runner {runner.name}: values of GitLab's chart {chart_version(profile)}",
    )


def _page(profile: Profile) -> str:
    objects, *charts = install_commands(profile)
    lines = [
        markdown_header(profile),
        f"# The runners of {profile.name}, with Helm",
        "",
        "Run these in the folder that holds this one, in this order, and again after each change.",
        "",
        "1. Commit the files to Git, if you keep them there.",
        f"2. {_objects_words(profile)}",
        "",
        *_code(objects),
        "",
        f"3. {_token_words(profile)}",
        f"4. Each runner, from GitLab's chart {chart_version(profile)}:",
        "",
        *_code(*charts),
        "",
        "5. `runner-wizard apply PROFILE` again: it finds what is there, and proves it by a job.",
        "",
        "To remove the runners, run `runner-wizard destroy PROFILE` first: it pauses them. Then:",
        "",
        *_code(*uninstall_commands(profile)),
    ]
    return "\n".join(lines) + "\n"


def _objects_words(profile: Profile) -> str:
    found = ["the namespaces", "the accounts of jobs"]
    if profile.secrets.through_store:
        found.append("the ExternalSecrets")
    if profile.secrets.in_files:
        found.append("the encrypted tokens")
    return f"What the chart does not make ({', '.join(found)}):"


def _token_words(profile: Profile) -> str:
    secrets = ", ".join(f"`{runner.token_secret}`" for runner in profile.runners)
    where = f"in the namespace `{profile.cluster.namespace}`: {secrets}"
    if profile.secrets.through_store:
        return f"Wait until External Secrets has brought the tokens, {where}."
    if profile.secrets.in_files:
        return f"Wait until the tokens are decrypted, {where}."
    return f"The tokens are in no file. `runner-wizard apply PROFILE` puts them {where}."


def _code(*commands: str) -> list[str]:
    return ["```sh", *commands, "```"]


HELM = Packaging(declared.HELM, files, install_commands, uninstall_commands)
