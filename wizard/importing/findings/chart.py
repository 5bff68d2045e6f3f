"""What is wrong with the chart's version and values, and with the manager that comes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

from wizard.core.problems import Key, did_you_mean, key_path
from wizard.importing.findings.jobs import is_token
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, entries, section, texts
from wizard.importing.report import advice
from wizard.importing.texts.templates import unread
from wizard.importing.versions import (
    default_runner,
    exact,
    older,
    runner_of_chart,
    target_chart,
    target_runner,
)
from wizard.importing.view import leaf_paths
from wizard.render.runner.manager import IMAGE_USERS
from wizard.render.tables.catalogue import Catalogue, chart_keys
from wizard.render.tables.versions import CHARTS, runner_of

_RELOADER = re.compile(r"reloader\.stakater\.com/|secret\.reloader\.")
_IN_GITLAB = ("tags", "locked", "runUntagged", "protected", "maximumTimeout")
_OURS = ("gitlab-org/gitlab-runner", "gitlab/gitlab-runner")
_ROOT_LIKE = {"SYS_ADMIN", "ALL", "SYS_MODULE", "SYS_PTRACE", "NET_ADMIN", "DAC_READ_SEARCH"}
_MOST_TOLD = 40
"""Unknown keys that are told one by one; what comes after is named together."""
_FIRST_TO_LOOK = "0.74.0"
_OLDEST = CHARTS[0].version


def tell_chart(release: Release) -> None:
    """Every finding about the chart, its values and its manager; claims what it leaves out."""
    if release.has_chart:
        _tell_version(release)
        _leave_broken_init(release)
        _leave_unknown(release)
        _tell_kept_in_gitlab(release)
        _tell_never_restarted(release)
        _tell_autoscaler(release)
    if release.values.data:
        _tell_user(release)
        _tell_privileged(release)
        _tell_tokens(release)
        _tell_http(release)
        _tell_image(release)


def _tell_version(release: Release) -> None:
    text, at = release.chart.text, release.chart.at
    version, target = exact(text), target_runner(exact(text))
    if not target and release.chart.spot:
        why = "the profile cannot ask for that version"
        release.ledger.note(release.chart.spot, Fate.LEFT, why, told=True)
    if not text:
        _tell_no_version(release)
    elif not version:
        what = "a template" if unread(text) else f"a range: {text}"
        release.report.surprises(
            f"the chart's version is {what}",
            at,
            "every install or sync decides which chart runs, so the runner may change by itself",
            f"Write manager.runner_version for another runner than {default_runner()}, which the "
            "profile "
            "pins",
        )
    elif older(version, _OLDEST):
        release.report.surprises(
            f"chart {version} is old: it brings runner {release.version.minor or 'of its time'}",
            at,
            f"charts before {_OLDEST} are not set up here: they give the manager no rights in a "
            "job "
            "namespace of its own",
            "Read in GitLab's release notes what changed since: the profile asks for runner "
            f"{default_runner()}",
        )
    elif not target:
        about = runner_of_chart(version)
        release.report.surprises(
            f"chart {version} is not in the wizard's table",
            at,
            f"it brings runner {'.'.join(about.split('.')[:2])}.x; its keys were judged by chart "
            f"{chart_keys(version).read_as}, the nearest that was "
            "read",
            f"Write manager.runner_version for another runner than {default_runner()}",
        )


def _tell_no_version(release: Release) -> None:
    if release.version.number:
        return  # the image's tag says it
    release.report.tidy(
        "the file does not say which version of the chart it is for",
        release.as_whole(),
        f"its keys were judged by chart {target_chart('')}",
        f"Write manager.runner_version for another runner than {default_runner()}",
    )


def _leave_unknown(release: Release) -> None:
    """Values that no chart reads, or that the file's own chart does not."""
    values, version = release.values, exact(release.chart.text)
    target = chart_keys(target_chart(release.wanted_runner))
    own = chart_keys(version) if version else None
    for complaint in list(islice(target.complaints(values.data), _MOST_TOLD)):
        key: Key = complaint.path
        open_leaves = values.open_leaves(key)
        # A value of another kind is read all the same: `concurrent: "12"` becomes 12.
        if not complaint.is_unknown or not open_leaves or _is_old_rbac(key):
            continue
        if _is_empty(values.get(*key)):
            values.note(key, Fate.ASIDE, "empty")
            continue
        whole = len(open_leaves) == len(list(leaf_paths(values.get(*key))))
        for one in [key] if whole else open_leaves:
            _tell_unknown(release, one, target, own)
            values.leave(*one, why="the chart does not read it", told=True)
    for key in leaf_paths(values.data):
        path = ".".join(str(part) for part in key)
        if key and not values.claimed(key) and not _is_old_rbac(key) and not target.knows(path):
            values.leave(*key, why="the chart does not read it")


def _is_empty(value: Any) -> bool:
    """Whether a value says nothing, all that is below it included."""
    if isinstance(value, Mapping):
        return all(_is_empty(one) for one in value.values())
    return value in (None, "", [])


def _is_old_rbac(key: Key) -> bool:
    return key in (("rbac", "resources"), ("rbac", "verbs"))


def _tell_unknown(release: Release, key: Key, target: Catalogue, own: Catalogue | None) -> None:
    name, path = key_path(key), ".".join(str(part) for part in key)
    if own and own.knows(path):
        release.report.surprises(
            f"{name}: {own.reader} reads it, {target.reader} does not",
            release.values.at(*key),
            "it is gone since, and has no effect any more",
            "Nothing to do: it was left out",
        )
        return
    reader = (own or target).reader
    nearest = (
        ""
        if reader.endswith(f" {(own or target).read_as}")
        else (f" (judged by {(own or target).read_as}, the nearest that was read)")
    )
    belongs = _belongs(str(key[-1]), target) if len(key) < 3 else ""
    hint = belongs or did_you_mean(str(key[-1]), _names_beside(key[:-1], target))
    release.report.surprises(
        f"{name}: {reader} does not know {key[-1]!r}",
        release.values.at(*key),
        f"unknown keys are ignored without a word, so it has no effect{nearest}",
        advice(hint),
    )


def _belongs(name: str, keys: Catalogue) -> str:
    """Where else the chart knows a key of that name: `config` belongs below `runners`."""
    for above in ("", "runners", "serviceAccount", "rbac", "metrics", "image", "sessionServer"):
        node = keys.tree.get(above) if above else keys.tree
        if isinstance(node, Mapping) and name in node:
            return f"did you mean {f'{above}.' if above else ''}{name}?"
    return ""


def _names_beside(above: Key, keys: Catalogue) -> set[str]:
    node: Any = keys.tree
    for part in above:
        node = node.get(part, {}) if isinstance(node, Mapping) else {}
    return {name for name in node if name not in ("", "*")} if isinstance(node, Mapping) else set()


def _leave_broken_init(release: Release) -> None:
    """initContainers: ignored before 0.92.0, and since then refused where their volumes miss."""
    values, version = release.values, exact(release.chart.text)
    containers = entries(values.get("initContainers"))
    if not containers:
        return
    volumes = {str(section({"v": one}, "v").get("name")) for one in entries(values.get("volumes"))}
    mounted = [
        str(section({"m": mount}, "m").get("name"))
        for one in containers
        for mount in entries(section({"c": one}, "c").get("volumeMounts"))
    ]
    missing = sorted(set(mounted) - volumes)
    ignored = version and not chart_keys(version).knows("initContainers")
    if ignored:
        then = (
            f", and there the API server refuses the pod: it has no volume {missing[0]}"
            if missing
            else ""
        )
        release.report.surprises(
            f"initContainers: chart {version} does not know 'initContainers'",
            values.at("initContainers"),
            f"it is ignored without a word, and never ran; it came with 0.92.0{then}",
            "Nothing to do: it was left out, and the profile's manager needs no init container",
        )
    elif missing:
        release.report.breaks(
            f"initContainers mount volumes that the pod does not have: {', '.join(missing)}",
            values.at("initContainers"),
            "charts before 0.92.0 ignore initContainers; since then the API server refuses the "
            "pod: "
            "volumeMounts[0].name: Not found",
            "Nothing to do: it was left out, and the profile's manager needs no init container",
        )
    if ignored or missing:
        values.leave("initContainers", why="it would not run", told=True)


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
                "it needs no root: an attacker in it has the container's root as well",
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
                f"the {flavor} image's own user is {user}:{group}; another has no home there, so "
                "the runner looks for its configuration in /, may not write it, and part of the "
                "values has no effect",
                f"Remove an init container that is there for the other user: the profile's manager "
                f"runs as {user}:{group}",
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
        ("an attacker in it has the node" if node else "it needs none of it")
        + "; the manager only talks to GitLab and to the API server: jobs have pods of their own",
        "Nothing to do: the profile's manager runs as a normal user, without capabilities",
    )


def _tell_tokens(release: Release) -> None:
    values = release.values
    token, registration = (
        str(values.get(key) or "") for key in ("runnerToken", "runnerRegistrationToken")
    )
    for key, text in (("runnerToken", token), ("runnerRegistrationToken", registration)):
        if not text or unread(text) or (key == "runnerToken" and not is_token(text)):
            values.note((key,), Fate.ASIDE, "empty, or filled in elsewhere")
    if is_token(token):
        wrong = token.startswith("GR1348941")
        values.leave("runnerToken", why="a token is never copied", told=True)
        _tell_token(release, "runnerToken", wrong=wrong)
    if registration and not unread(registration):
        values.leave("runnerRegistrationToken", why="a token is never copied", told=True)
        if registration.startswith("glrt-"):
            _tell_token(release, "runnerRegistrationToken", wrong=False)
        else:
            release.report.breaks(
                "the runner registers with a registration token",
                values.at("runnerRegistrationToken"),
                "GitLab deprecated them: off by default since 17.0, gone in 20.0",
                "Revoke the token in GitLab: it was not copied, and the wizard creates the "
                "runner itself",
            )


def _tell_token(release: Release, key: str, *, wrong: bool) -> None:
    under = "" if key == "runnerToken" else ", under the key of a registration token"
    release.report.opens(
        f"the runner's token is in the values{under}",
        release.values.at(key),
        "everyone who can read the file, or the release's Secret, can run jobs in its place",
        "Delete the old runner in GitLab once the new one is proven: its token was not copied",
    )
    if wrong:
        release.report.breaks(
            "runnerToken holds a registration token",
            release.values.at(key),
            "it is not a runner's own: GitLab answers 403 Forbidden, and the manager never starts",
            "Nothing to do: the wizard makes the runner and its token",
        )


def is_authenticated(release: Release) -> bool:
    """Whether the runner has an authentication token, as far as the file says."""
    registration = str(release.values.get("runnerRegistrationToken") or "")
    return not registration or registration.startswith("glrt-")


def _tell_kept_in_gitlab(release: Release) -> None:
    values = release.values
    if not is_authenticated(release):
        return
    needed = _first_chart_that_looks_for_the_token(release)
    for key in _IN_GITLAB:
        value = values.get("runners", key)
        if value in (None, "", False, []):
            continue
        fatal = key == "maximumTimeout" or bool(needed and exact(release.chart.text))
        tell = release.report.breaks if fatal else release.report.surprises
        doubt = f"; a chart before {needed} does not start with it" if needed else ""
        tell(
            f"runners.{key} {'stops' if fatal else 'does nothing for'} a runner with an "
            "authentication token",
            values.at("runners", key),
            f"GitLab keeps it for the runner since registration tokens are deprecated{doubt}",
            "Nothing to do: the profile has it in the runner's own entry, and apply sets it in "
            "GitLab",
        )


def _first_chart_that_looks_for_the_token(release: Release) -> str:
    """The chart that a runner with its token in a Secret takes, where what GitLab keeps is set.

    Earlier ones unset these only for an authentication token among the values (chart CHANGELOG,
    0.74.0, !513), and `register` refuses such a token beside any of them. Empty where it is there.
    """
    version = exact(release.chart.text)
    fits = version and not older(version, _FIRST_TO_LOOK)
    return "" if fits or not release.values.get("runners", "secret") else _FIRST_TO_LOOK


def _tell_never_restarted(release: Release) -> None:
    values = release.values
    if not values.get("runners", "secret"):
        return
    annotations = f"{values.get('podAnnotations')} {values.get('deploymentAnnotations')}"
    if not _RELOADER.search(annotations):
        release.report.surprises(
            "a rotated token does not reach the manager",
            values.at("runners", "secret"),
            "the manager reads its Secret once, when it starts; the chart's checksum/secrets is "
            "that of an empty text, so it never "
            "changes",
            "Nothing to do: apply replaces a manager that started before its token was last "
            "written",
        )


def _tell_autoscaler(release: Release) -> None:
    if release.values.get("hpa"):
        release.values.leave("hpa", why="managers do not scale", told=True)
        release.report.surprises(
            "the autoscaler has nothing to go by",
            release.values.at("hpa"),
            "a runner does not report its queue's length, and each replica runs `concurrent` jobs",
            "Raise jobs.concurrent in its place: pods of jobs come and go by themselves",
        )


def _tell_http(release: Release) -> None:
    url = str(release.values.get("gitlabUrl") or "")
    if url.startswith("http://"):
        release.report.opens(
            "the runner speaks http with GitLab",
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
    chart = runner_of(exact(release.chart.text)) if release.chart else ""
    of_chart = f", while its chart is for {chart}" if chart else ""
    release.report.surprises(
        f"the manager is pinned to runner {release.version.number}{of_chart}",
        values.at(*key),
        f"the profile asks for runner {wanted}, and the chart follows it",
        "Read what changed in GitLab's release notes; write manager.runner_version for another",
    )
