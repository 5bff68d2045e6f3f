"""A status as one screen of text: what is well takes a line, what is not says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from wizard.core.findings import Finding, details
from wizard.core.plain import strip_to_line
from wizard.core.spans import span
from wizard.operations.status.nouns import (
    FilesStatus,
    RunnerStatus,
    State,
    Status,
    TokenStatus,
    VersionStatus,
)

_FEW_RUNNERS = 3
"""So many runners are told in full; of more, those that are well take one line."""
_MARKS = {State.OK: "=", State.UNSEEN: "?", State.DIFFERS: "~", State.BROKEN: "!"}
_WORDS = {
    State.OK: "Everything is as the profile says.",
    State.UNSEEN: "Nothing is known to be wrong, but not everything could be checked.",
    State.DIFFERS: "It works, but is not as the profile says.",
    State.BROKEN: "Not all of it works.",
}


Paint = Callable[[str, State], str]
"""How a front end colours what has a state."""


def _plain(text: str, _state: State) -> str:
    return text


def status_data(status: Status) -> dict[str, Any]:
    """The status as data, with the state it comes to."""
    return {"state": status.state.value, **asdict(status)}


def status_text(status: Status, paint: Paint = _plain) -> str:
    """The status as people read it."""
    where = [status.profile, status.gitlab]
    where += [f"context {status.cluster}"] if status.cluster else []
    where += [f"{status.at:%Y-%m-%d %H:%M:%S} UTC"] if status.at else []
    lines = [strip_to_line(" · ".join(where)), ""]
    in_full = len(status.runners) <= _FEW_RUNNERS
    for runner in status.runners:
        lines.append(_marked(paint, runner.state, _head(runner, status.at)))
        if in_full:
            lines += [f"    {line}" for line in _runner(runner, status.at)]
    lines += [f"  {line}" for line in _rest(status)]
    for _, remark in status.all_remarks:
        lines += _lines_of(paint, remark.state, remark.finding)
    return "\n".join([*lines, "", paint(_WORDS[status.state], status.state)])


def _marked(paint: Paint, state: State, text: str) -> str:
    return f"{paint(_MARKS[state], state)} {strip_to_line(text)}"


def _lines_of(paint: Paint, state: State, finding: Finding) -> list[str]:
    return [_marked(paint, state, finding.problem), *details(finding)]


def _head(runner: RunnerStatus, now: datetime | None) -> str:
    known = f" ({runner.id} of {runner.place})" if runner.id else ""
    return f"runner {runner.name}{known}: {', '.join(_in_short(runner, now))}"


def _in_short(runner: RunnerStatus, now: datetime | None) -> Iterator[str]:
    if runner.is_online is None:
        yield "not seen in GitLab"
        return
    yield "online" if runner.is_online else "not online" if runner.id else "not there"
    if runner.last_contact:
        yield f"last contact {_ago(runner.last_contact, now)}"
    if runner.is_paused:
        yield "paused"
    if runner.jobs_running is not None:
        count = runner.jobs_running
        yield f"{count} job{'' if count == 1 else 's'} running"


def _ago(moment: datetime, now: datetime | None) -> str:
    return f"{span(now - moment)} ago" if now else f"at {moment:%Y-%m-%d %H:%M} UTC"


def _runner(runner: RunnerStatus, now: datetime | None) -> Iterator[str]:
    for manager in runner.managers[: max(runner.managers_wanted, 1)]:
        heard = f"last contact {_ago(manager.contacted_at, now)}" if manager.contacted_at else ""
        parts = (f"manager {manager.system_id}", manager.version, heard or "never in contact")
        yield strip_to_line(", ".join(filter(None, parts)))
    if runner.token.where:
        yield from _token(runner.token, now)


def _token(token: TokenStatus, now: datetime | None) -> Iterator[str]:
    parts = [f"token in {token.where}"]
    if token.stored_at and now:
        parts.append(f"{span(now - token.stored_at)} old")
    if token.expires_at is None:
        parts.append("does not expire" if token.copies else "")
    elif now and token.expires_at > now:
        parts.append(f"expires in {span(token.expires_at - now)}")
    else:
        parts.append(f"expired at {token.expires_at:%Y-%m-%d %H:%M} UTC")
    accepted = {True: "GitLab accepts it", False: "GitLab refuses it", None: ""}
    yield strip_to_line(", ".join(filter(None, [*parts, accepted[token.is_accepted]])))
    same = [copy.place for copy in token.copies if copy.is_same]
    if same:
        yield strip_to_line(f"the same in {', '.join(same)}")
    for copy in token.copies:
        if copy.is_same is None:
            yield strip_to_line(f"not compared: {copy.place}" + (copy.seen and f" ({copy.seen})"))


def _rest(status: Status) -> Iterator[str]:
    if status.objects:
        seen = [one for one in status.objects if one.is_there is not None]
        good = sum(bool(one.is_there and not one.drift) for one in seen)
        yield f"objects: {good} of {len(status.objects)} in place and as rendered"
    if status.files:
        yield strip_to_line(_files(status.files))
    if status.versions:
        yield strip_to_line(_versions(status.versions))


def _files(files: FilesStatus) -> str:
    wrong = len({*files.missing, *files.edited, *files.unwanted})
    parts = [f"files: {files.count - wrong} of {files.count} in {files.folder} as rendered"]
    if not files.is_in_git:
        parts.append("in no Git repository")
    elif not files.uncommitted:
        parts.append(f"committed as {files.revision[:8]}" if files.revision else "")
    return ", ".join(filter(None, parts))


def _versions(versions: VersionStatus) -> str:
    parts = [f"versions: runner {versions.runner}"]
    parts += [f"chart {versions.chart}"] if versions.chart else []
    parts += [f"GitLab {versions.gitlab}"] if versions.gitlab else []
    if versions.newest_runner:
        newer = f"runner {versions.newest_runner}"
        newer += f" with chart {versions.newest_chart}" if versions.newest_chart else ""
        parts.append(f"newer and known: {newer}")
    return ", ".join(parts)
