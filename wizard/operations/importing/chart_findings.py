"""What is wrong with the chart's version and values, and with the manager that comes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from wizard.core.findings import Finding
from wizard.core.problems import key_path
from wizard.operations.importing.ignored import ignored
from wizard.operations.importing.rights import check_rights
from wizard.operations.importing.setup import Setup, evidence, section
from wizard.profile.delivery import Manager
from wizard.render.catalogue import Catalogue, chart_keys, version_key
from wizard.render.manager import pod_security
from wizard.render.versions import CHARTS

_RELOADER = re.compile(r"reloader\.stakater\.com/|secret\.reloader\.")
_IN_GITLAB = ("tags", "locked", "runUntagged", "protected", "maximumTimeout")


def chart_findings(setup: Setup) -> Iterator[Finding]:
    """Every finding about the chart; none for a config.toml alone."""
    if setup.values:
        for check in _CHECKS:
            yield from check(setup)


def chart_table(setup: Setup) -> Catalogue:
    """The keys that the set-up's chart knows; those of the newest where it does not say which."""
    return chart_keys(setup.chart or CHARTS[-1].version)


def _old_chart(setup: Setup) -> Iterator[Finding]:
    if setup.chart and version_key(setup.chart) < version_key(CHARTS[0].version):
        yield Finding(
            f"chart {setup.chart} is old",
            evidence(setup.name, setup.chart_line, f"chart {setup.chart}"),
            f"charts before {CHARTS[0].version} give the manager no rights where jobs have a "
            "namespace of their own",
            f"the profile asks for runner {Manager().runner_version}, and the chart follows it",
        )


def _ignored_values(setup: Setup) -> Iterator[Finding]:
    keys = chart_table(setup)
    for complaint in keys.complaints(setup.values):
        yield ignored(keys, key_path(complaint.path), setup.at(*complaint.path), complaint)


def _wrong_user(setup: Setup) -> Iterator[Finding]:
    tag = str(section(setup.values, "image").get("tag") or "alpine")
    # A bare version is the Ubuntu image (scripts/pusher/runner-images.json, 19.3.0).
    flavor: Literal["alpine", "ubuntu"] = "ubuntu" if re.match(r"ubuntu|v?\d", tag) else "alpine"
    context = pod_security(Manager(flavor=flavor))
    user, group = context["runAsUser"], context["runAsGroup"]
    for place in ("podSecurityContext", "securityContext"):
        given = section(setup.values, place).get("runAsUser")
        if given is not None and given != user:
            yield Finding(
                f"the manager runs as user {given}, which its image does not know",
                setup.at(place, "runAsUser"),
                f"the {flavor} image's own user is {user}:{group}; another has no home there, so "
                "the runner looks for its configuration in / and may not write it",
                "the profile lets the image decide: nothing to do, and no init container",
            )
            return


def _token_in_values(setup: Setup) -> Iterator[Finding]:
    if setup.values.get("runnerToken"):
        yield Finding(
            "the runner's token stands in the values",
            setup.at("runnerToken"),
            "whoever reads the file, or the release's Secret, can take jobs in its place",
            "it was not copied; the wizard makes a runner of its own: delete the old one in GitLab",
        )
    if setup.values.get("runnerRegistrationToken"):
        yield Finding(
            "the runner registers with a registration token",
            setup.at("runnerRegistrationToken"),
            "GitLab deprecated them; they are off by default since 17.0",
            "it was not copied; the wizard makes the runner itself: revoke the token in GitLab",
        )


def _never_restarted(setup: Setup) -> Iterator[Finding]:
    if not section(setup.values, "runners").get("secret"):
        return
    annotations = (
        f"{setup.values.get('podAnnotations')} {setup.values.get('deploymentAnnotations')}"
    )
    if not _RELOADER.search(annotations):
        yield Finding(
            "a rotated token does not reach the manager",
            setup.at("runners", "secret"),
            "the manager reads its Secret once, when it starts; the chart's checksum/secrets is "
            "that of an empty text, so it never changes",
            "apply replaces a manager that started before its token was last written",
        )


def _kept_in_gitlab(setup: Setup) -> Iterator[Finding]:
    runners = section(setup.values, "runners")
    if setup.values.get("runnerRegistrationToken"):
        return
    for key in _IN_GITLAB:
        if runners.get(key) not in (None, "", False):
            fatal = key == "maximumTimeout"
            yield Finding(
                f"runners.{key} {'stops' if fatal else 'does nothing for'} a runner with an "
                "authentication token",
                setup.at("runners", key),
                "GitLab keeps it for the runner since registration tokens are gone",
                "it stands in the runner's own entry of the profile, and apply sets it in GitLab",
            )


def _autoscaler(setup: Setup) -> Iterator[Finding]:
    if setup.values.get("hpa"):
        yield Finding(
            "the autoscaler has nothing to go by",
            setup.at("hpa"),
            "a runner tells no length of a queue, and each replica takes `concurrent` jobs",
            "it was left out; raise jobs.concurrent: pods of jobs come and go by themselves",
        )


_CHECKS = (
    _old_chart,
    _ignored_values,
    _wrong_user,
    check_rights,
    _token_in_values,
    _never_restarted,
    _kept_in_gitlab,
    _autoscaler,
)
