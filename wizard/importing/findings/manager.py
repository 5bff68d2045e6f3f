"""What is wrong with the manager that comes of the chart's values: its user, rights, image, URL."""

from __future__ import annotations

import re
from typing import Literal

from wizard.importing.release import MOST_REPLICAS, Release, number, section, texts
from wizard.importing.versions import default_runner
from wizard.render.runner.manager import IMAGE_USERS
from wizard.render.tables.versions import runner_of

_RELOADER = re.compile(r"reloader\.stakater\.com/|secret\.reloader\.")


_OURS = ("gitlab-org/gitlab-runner", "gitlab/gitlab-runner")


_ROOT_LIKE = {"SYS_ADMIN", "ALL", "SYS_MODULE", "SYS_PTRACE", "NET_ADMIN", "DAC_READ_SEARCH"}


def tell_manager(release: Release) -> None:
    """Every finding about the manager; claims what it leaves out."""
    if release.has_chart:
        _tell_never_restarted(release)
        _tell_autoscaler(release)
        _tell_replicas(release)
    if release.values.data:
        _tell_user(release)
        _tell_privileged(release)
        _tell_http(release)
        _tell_image(release)


def _tell_replicas(release: Release) -> None:
    value = release.values.get("replicas")
    if number(value) > MOST_REPLICAS:
        release.report.surprises(
            f"{number(value):,} managers are more than a profile takes",
            release.values.at("replicas"),
            f"manager.replicas is {MOST_REPLICAS} at most",
            "Raise jobs.concurrent instead: one manager runs many jobs",
        )
    elif value == 0:
        release.report.surprises(
            "the runner is scaled to zero",
            release.values.at("replicas"),
            "replicas is 0, so no manager runs; the profile sets one up",
            "Do not apply the profile if no runner is wanted",
        )


def _tell_user(release: Release) -> None:
    values = release.values
    image = values.get("image")
    path = image if isinstance(image, str) else str(values.get("image", "image") or _OURS[0])
    tag = (
        path.rpartition(":")[2]
        if isinstance(image, str)
        else str(values.get("image", "tag") or "alpine")
    )
    for place in ("podSecurityContext", "securityContext"):
        given = values.section(place).get("runAsUser")
        if given == 0:
            release.report.opens(
                "the manager runs as root",
                values.at(place, "runAsUser"),
                "it does not need root, and an attacker who gets into it has root too",
                "Nothing to do: the profile's manager runs as its image's own user",
            )
            return
    if not any(path.partition(":")[0].endswith(own) for own in _OURS) or "ubi" in tag:
        return  # another vendor's image has users of its own
    # A bare version is the Ubuntu image (scripts/pusher/runner-images.json, 19.3.0).
    flavor: Literal["alpine", "ubuntu"] = "ubuntu" if re.match(r"ubuntu|v?\d", tag) else "alpine"
    user, group = IMAGE_USERS[flavor]
    for place in ("podSecurityContext", "securityContext"):
        given = values.section(place).get("runAsUser")
        if given is not None and given != user and isinstance(given, int):
            release.report.breaks(
                f"the manager runs as user {given}, which its image does not know",
                values.at(place, "runAsUser"),
                f"the {flavor} image's own user is {user}:{group}; any other has no home "
                "directory, so the runner looks for its configuration in /, cannot write "
                "it, and ignores part of the values",
                "Remove any init container that is only there for that user: the "
                f"profile's manager runs as {user}:{group}",
            )
            return


def _tell_privileged(release: Release) -> None:
    values = release.values
    context = values.section("securityContext")
    opened = [key for key in ("privileged", "allowPrivilegeEscalation") if context.get(key) is True]
    added = texts(section(context, "capabilities").get("add"))
    strong = [name for name in added if name.upper().removeprefix("CAP_") in _ROOT_LIKE]
    if not opened and not added:
        return
    values.leave("securityContext", why="the wizard writes what restricted asks for", told=True)
    what = [
        {"privileged": "privileged", "allowPrivilegeEscalation": "may gain privileges"}[k]
        for k in opened
    ]
    what += [f"has {name}" for name in added]
    key = opened[0] if opened else "capabilities"
    node = "privileged" in opened or strong
    release.report.opens(
        f"the manager itself {'is ' if 'privileged' in opened else ''}{', '.join(what)}",
        values.at("securityContext", key),
        ("an attacker in it owns the node" if node else "it needs none of this")
        + "; the manager only talks to GitLab and the API server, and jobs have "
        "their own pods",
        "Nothing to do: the profile's manager runs as a normal user, without capabilities",
    )


def _tell_never_restarted(release: Release) -> None:
    values = release.values
    if not values.get("runners", "secret"):
        return
    annotations = f"{values.get('podAnnotations')} {values.get('deploymentAnnotations')}"
    if not _RELOADER.search(annotations):
        release.report.surprises(
            "a rotated token does not reach the manager",
            values.at("runners", "secret"),
            "the manager reads its Secret only when it starts, and the chart's "
            "checksum/secrets annotation, which should restart it, is computed from "
            "an empty text",
            "Nothing to do: apply replaces a manager that started before its token was last "
            "written",
        )


def _tell_autoscaler(release: Release) -> None:
    if release.values.get("hpa"):
        release.values.leave("hpa", why="managers do not scale", told=True)
        release.report.surprises(
            "the autoscaler has no metric to scale on",
            release.values.at("hpa"),
            "a runner does not report the length of its queue, and each replica runs "
            "`concurrent` jobs",
            "Raise jobs.concurrent instead: job pods come and go by themselves",
        )


def _tell_http(release: Release) -> None:
    url = str(release.values.get("gitlabUrl") or "")
    if url.startswith("http://"):
        release.report.opens(
            "the runner talks to GitLab over http",
            release.values.at("gitlabUrl"),
            "its token, the jobs' tokens and their secrets travel unencrypted",
            "Write https in gitlab.url",
        )


def _tell_image(release: Release) -> None:
    """An image of its own pins the manager apart from the chart."""
    values, source = release.values, release.version.source
    if "image" not in source:
        return
    key = ("image",) if isinstance(values.get("image"), str) else ("image", "tag")
    wanted = release.wanted_runner or default_runner()
    if release.version.number == wanted or values.get(*key) is None:
        return
    chart = runner_of(release.chart_version) if release.chart_version else ""
    of_chart = f", while its chart is for {chart}" if chart else ""
    release.report.surprises(
        f"the manager is pinned to runner {release.version.number}{of_chart}",
        values.at(*key),
        f"the profile asks for runner {wanted}",
        "Read GitLab's release notes, or write manager.runner_version to keep another version",
    )
