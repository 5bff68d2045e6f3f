"""Tokens that are written into a set-up, and what GitLab keeps for a runner that has one."""

from __future__ import annotations

import re

from wizard.importing.ledger import Fate
from wizard.importing.release import Release
from wizard.importing.texts.templates import unread
from wizard.importing.versions import older
from wizard.importing.view import View

_IN_GITLAB = ("tags", "locked", "runUntagged", "protected", "maximumTimeout")
_FIRST_TO_LOOK = "0.74.0"
"""The first chart that looks for an authentication token in a Secret."""


def is_token(text: str) -> bool:
    """Whether text is a token, and not a word in its place: what is random has a digit in it."""
    return bool(text) and not unread(text) and re.search(r"[0-9]", text) is not None


def tell_token_of_table(release: Release, table: View) -> None:
    token = str(table.get("token") or "")
    if not is_token(token):
        table.note(("token",), Fate.ASIDE, "empty, or filled in elsewhere")
        return
    table.leave("token", why="a token is never copied", told=True)
    release.report.opens(
        "the runner's token is in the file",
        table.at("token"),
        "everyone who can read the file can run jobs in its place",
        "Delete the old runner in GitLab once the new one is proven: its token was not copied",
    )


def tell_tokens(release: Release) -> None:
    """Tell the tokens among the values, and what GitLab keeps for a runner that has one."""
    if release.has_chart:
        _tell_kept_in_gitlab(release)
    if release.values.data:
        _tell_tokens(release)


def _tell_tokens(release: Release) -> None:
    values = release.values
    token, registration = (
        str(values.get(key) or "") for key in ("runnerToken", "runnerRegistrationToken")
    )
    for key, text in (("runnerToken", token), ("runnerRegistrationToken", registration)):
        if not text or unread(text) or (key == "runnerToken" and not is_token(text)):
            values.note((key,), Fate.ASIDE, "empty, or filled in elsewhere")
    if is_token(token):
        values.leave("runnerToken", why="a token is never copied", told=True)
        if _is_registration_token(token):
            _tell_wrong_token(release)
        else:
            _tell_token(release, "runnerToken")
    if registration and not unread(registration):
        values.leave("runnerRegistrationToken", why="a token is never copied", told=True)
        if registration.startswith("glrt-"):
            _tell_token(release, "runnerRegistrationToken")
        else:
            release.report.breaks(
                "the runner registers with a registration token",
                values.at("runnerRegistrationToken"),
                "GitLab deprecated them: off by default since 17.0, gone in 20.0",
                "Revoke the token in GitLab: it was not copied, and the wizard creates the "
                "runner itself"
                if is_token(registration)
                else "Nothing to do: the wizard creates the runner itself",
            )


def _is_registration_token(token: str) -> bool:
    return token.startswith("GR1348941")  # RunnersTokenPrefixable in GitLab


def _tell_wrong_token(release: Release) -> None:
    release.report.breaks(
        "runnerToken holds a registration token",
        release.values.at("runnerToken"),
        "it is not a runner's own: GitLab answers 403 Forbidden, and the manager never starts",
        "Revoke the token in GitLab: everyone who can read the file can register runners with it; "
        "the wizard creates the runner itself",
    )


def _tell_token(release: Release, key: str) -> None:
    under = "" if key == "runnerToken" else ", under the key of a registration token"
    release.report.opens(
        f"the runner's token is in the values{under}",
        release.values.at(key),
        "everyone who can read the file, or the release's Secret, can run jobs in its place",
        "Delete the old runner in GitLab once the new one is proven: its token was not copied",
    )


def is_authenticated(release: Release) -> bool:
    """Whether the runner has an authentication token, as far as the file says."""
    if _is_registration_token(str(release.values.get("runnerToken") or "")):
        return False
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
        fatal = key == "maximumTimeout" or bool(needed and release.chart_version)
        does = "refuses to register" if fatal else "ignores it"
        tell = release.report.breaks if fatal else release.report.surprises
        doubt = f"; with a chart before {needed}, it does not start" if needed and not fatal else ""
        tell(
            f"runners.{key} {'stops' if fatal else 'does nothing for'} a runner with an "
            "authentication token",
            values.at("runners", key),
            f"with such a token, GitLab stores it, and the runner {does}{doubt}",
            "Nothing to do: the profile has it in the runner's own entry, and apply sets it in "
            "GitLab",
        )


def _first_chart_that_looks_for_the_token(release: Release) -> str:
    """The chart that a runner with its token in a Secret takes, where what GitLab keeps is set.

    Earlier ones unset these only for an authentication token among the values (chart CHANGELOG,
    0.74.0, !513), and `register` refuses such a token beside any of them. Empty where it is there.
    """
    version = release.chart_version
    fits = version and not older(version, _FIRST_TO_LOOK)
    return "" if fits or not release.values.get("runners", "secret") else _FIRST_TO_LOOK
