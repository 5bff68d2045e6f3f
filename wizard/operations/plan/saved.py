"""A plan in a file: what was reviewed, to be carried out exactly so or not at all.

The file holds what `plan --json` shows, where secret values are hashes, and whose plan it is.
Before anything is changed the world is looked at again, and what would be done now is compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from wizard.core.changes import Change, Plan
from wizard.core.errors import UsageError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import Reviewed
from wizard.core.secrets import redact_values
from wizard.profile.model import Profile

FORMAT = "runner-wizard-plan/1"
_SHOWN = 10
_Key = tuple[str, str, str]


def signature(profile: Profile, only: Iterable[str]) -> dict[str, Any]:
    """What a saved plan says of whose it is."""
    return {
        "format": FORMAT,
        "profile_id": profile.id,
        "profile_sha256": _digest(profile),
        "only": sorted(only),
    }


def read_saved(text: str, where: str) -> Reviewed:
    """A plan that was saved. Raises: UsageError, where it is none of ours.

    Args:
        where: the file, for people.
    """
    try:
        data = json.loads(text)
        changes = tuple(data["changes"])
        is_whole = data["format"] == FORMAT and all(map(_key, changes))
        only, digest = frozenset(data["only"]), str(data["profile_sha256"])
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise UsageError(
            f"{where} is not a saved plan.",
            f"it is not JSON of the format {FORMAT}",
            "Make one with plan --out FILE",
        )
    return Reviewed(where, data["profile_id"], digest, only, changes)


def as_reviewed(reviewed: Reviewed, plan: Plan, profile: Profile) -> Check:
    """Whether what would be done now is what was reviewed.

    Args:
        plan: as the world is now.
        profile: as it is in its file.
    """
    asked = "what would change is what was reviewed"
    moved = list(_moved(reviewed, plan, profile))
    if not moved:
        return Check(asked, Verdict.OK, id="plan.reviewed")
    lines = moved[:_SHOWN] + ([f"and {len(moved) - _SHOWN} more"] if moved[_SHOWN:] else [])
    finding = Finding(
        f"What would change is not what {reviewed.where} says.",
        "\n".join(lines),
        "the profile, or what it is about, has changed since the plan was made",
        "Make the plan again with plan --out, and review it",
    )
    return Check(asked, Verdict.FAIL, finding, "plan.reviewed")


def _moved(reviewed: Reviewed, plan: Plan, profile: Profile) -> Iterator[str]:
    if reviewed.profile_id not in {None, profile.id}:
        yield f"it is the plan of another profile, the one with the id {reviewed.profile_id}"
        return
    was = {_key(one): one for one in reviewed.changes if one["action"] != "keep"}
    now = {_key(one): one for one in map(_record, plan.pending)}
    yield from (f"no longer: {_words(key)}" for key in was if key not in now)
    yield from (f"new: {_words(key)}" for key in now if key not in was)
    if reviewed.profile_id is None:
        # Its first run makes the id, which is in all that is made: no field can be compared.
        if reviewed.profile_sha256 != _digest(profile):
            yield "the profile is another one"
        return
    for key in (key for key in now if key in was):
        if fields := _differing(was[key], now[key]):
            yield f"otherwise: {_words(key)}: {', '.join(fields)}"


def _differing(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The fields of one change that are not changed as they were to be."""
    before, after = ({one["path"]: one for one in change["fields"]} for change in (was, now))
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def _record(change: Change) -> dict[str, Any]:
    """A change as it is in a file."""
    record: dict[str, Any] = json.loads(json.dumps(redact_values(asdict(change)), default=str))
    return record


def _key(change: dict[str, Any]) -> _Key:
    return str(change["system"]), str(change["action"]), str(change["subject"])


def _words(key: _Key) -> str:
    _, action, subject = key
    return f"{action} {subject}"


def _digest(profile: Profile) -> str:
    """Of everything in the profile but the id, which the first run makes."""
    data = profile.model_dump(mode="json", by_alias=True, exclude={"id"})
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
