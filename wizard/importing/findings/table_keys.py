"""Keys of a `[[runners]]` table that nobody reads, or that are in the wrong place."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from wizard.core.problems import Key, did_you_mean, key_path
from wizard.importing.release import Release
from wizard.importing.report import capital, unknown_key
from wizard.importing.versions import default_runner, older
from wizard.importing.view import View, leaf_paths, without_keys
from wizard.render.tables.catalogue import Catalogue, runner_keys, runner_versions, version_key

_MOST_TOLD = 40
"""Unknown keys that are named one by one."""
_IN_GITLAB = {
    "tags": "tags",
    "tag_list": "tags",
    "run_untagged": "run_untagged",
    "locked": "locked",
}
"""Settings that people write there, and that GitLab keeps."""
OTHER_EXECUTORS = (
    *("docker", "machine", "ssh", "virtualbox", "parallels", "custom", "autoscaler", "instance"),
)
"""Tables that the runner reads, but for other executors (common/config.go, 19.4.0)."""
_RENAMED = {
    "pre_clone_script": "pre_get_sources_script",
    "post_clone_script": "post_get_sources_script",
}
_RENAMED_IN = "17.0.0"
"""The first runner that ignores the old names (its CHANGELOG, !4767)."""
_NEAR = 0.85
"""How like a key of the runner a name is that can only be meant as one."""
_FREE = ("node_selector", "node_tolerations", "pod_labels", "pod_annotations")
"""Tables of the user's own keys: whatever is written after their header is theirs."""


def leave_unknown_keys(release: Release, table: View) -> None:
    """Leave out what the runner does not read, and put back what a table has swallowed."""
    target = runner_keys(release.wanted_runner or default_runner())
    own = _own(release)
    _leave_other_executors(release, table)
    _rename(release, table)
    _put_back(release, table, target)
    for complaint in list(target.complaints(_told_one_by_one(table, target), "runners")):
        key: Key = complaint.path
        if table.claimed(key):
            continue
        if complaint.is_unknown:
            _tell_unknown(release, table, key, target, own)
        else:
            release.report.breaks(
                f"{_path(key)} {complaint.what}",
                table.at(*key),
                "the runner does not start with a value of the wrong type",
                capital(complaint.fix) or "Nothing to do: it was left out",
            )
        table.leave(*key, why="the runner does not know it", told=True)
        table.blank(key)
    if own:
        _tell_later(release, table, own)


def _told_one_by_one(table: View, keys: Catalogue) -> dict[str, Any]:
    """The table without the unknown keys after the first few, which one finding names together."""
    unknown = [
        key for key in leaf_paths(table.data) if key and not keys.knows(_dotted(("runners", *key)))
    ]
    together = unknown[_MOST_TOLD:]
    for key in together:
        table.leave(*key, why=f"{keys.reader} does not read it, so it has no effect")
    return without_keys(table.data, set(together)) if together else table.data


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)


def _path(key: Key) -> str:
    return f"runners.{key_path(key)}"


def _own(release: Release) -> Catalogue | None:
    return runner_keys(release.version.number) if release.version.number else None


def _tell_unknown(
    release: Release, table: View, key: Key, target: Catalogue, own: Catalogue | None
) -> None:
    name, path = str(key[-1]), ".".join(["runners", *(str(p) for p in key if isinstance(p, str))])
    if own and own.knows(path):
        release.report.surprises(
            f"{_path(key)}: {own.reader} reads it, {target.reader} does not",
            table.at(*key),
            "the newer one dropped it, so it no longer has any effect",
            "Nothing to do: it was left out",
        )
        return
    hint = _belongs(name, key, target) or did_you_mean(name, _names_at(key[:-1], target))
    cause, fix = unknown_key(hint, target.judged_by)
    release.report.surprises(
        f"{_path(key)}: {target.reader} does not know {name!r}", table.at(*key), cause, fix
    )


def _belongs(name: str, key: Key, keys: Catalogue) -> str:
    """Where the runner knows a key of that name: in the table itself, or below it."""
    runners = keys.tree["runners"]
    if name in _IN_GITLAB:
        return f"write runners[].{_IN_GITLAB[name]}: GitLab keeps it for the runner"
    if len(key) > 1 and name in runners:
        return f"it belongs in [[runners]], above [runners.{key_path(key[:-1])}]"
    if name in keys.tree and name != "runners":
        return f"it belongs at the top of config.toml, above [[runners]]: {name}"
    places = ("kubernetes", "cache", "feature_flags", "kubernetes.pod_security_context")
    for place in places:
        if ".".join(str(part) for part in key[:-1]) != place and _has(runners, place, name):
            return f"it belongs in [runners.{place}]"
    return ""


def _has(tree: Mapping[str, Any], place: str, name: str) -> bool:
    node: Any = tree
    for part in place.split("."):
        node = node.get(part, {}) if isinstance(node, Mapping) else {}
    return isinstance(node, Mapping) and name in node and name != "*"


def _names_at(above: Key, keys: Catalogue) -> set[str]:
    node: Any = keys.tree["runners"]
    for part in above:
        if isinstance(part, str):
            node = node.get(part, {}) if isinstance(node, Mapping) else {}
    return {name for name in node if name not in ("", "*")} if isinstance(node, Mapping) else set()


def _leave_other_executors(release: Release, table: View) -> None:
    for name in OTHER_EXECUTORS:
        if not table.has(name) or table.claimed((name,)):
            continue
        release.report.tidy(
            f"[runners.{name}] has no effect",
            table.at(name),
            "it is for another executor, and this runner's is kubernetes",
            "Nothing to do: it was left out",
        )
        table.leave(name, why="it is for another executor", told=True)
        table.blank((name,))


def _rename(release: Release, table: View) -> None:
    """Keys that newer runners read under another name."""
    number = release.version.number
    for old, new in _RENAMED.items():
        if not table.has(old) or table.claimed((old,)):
            continue
        works = not number or older(number, _RENAMED_IN)
        moves = works and not table.has(new)
        release.report.surprises(
            f"{old} {'is' if works else 'has no effect: since runner 17.0 it is'} called {new}"
            f"{' since runner 17.0' if works else ''}",
            table.at(old),
            "runners since 17.0 ignore the old name",
            f"Nothing to do: the profile has it as {new}"
            if moves
            else f"Write it in extra_config.{new} if jobs need it: it was left out",
        )
        if moves:
            table.move((old,), (new,))
        else:
            table.leave(old, why=f"it is called {new}", told=True)
            table.blank((old,))


def _put_back(release: Release, table: View, keys: Catalogue) -> None:
    """Keys of `[runners.kubernetes]` below a table of the user's own: TOML gave them to that."""
    known = {name for name in keys.tree["runners"]["kubernetes"] if name not in _LABELS_TOO}
    for free in _FREE:
        for name in list(table.section("kubernetes", free)):
            if "/" in name:
                continue
            meant = name if name in known else _nearly(name, known)
            if not meant:
                continue
            place: Key = ("kubernetes", free, name)
            release.report.breaks(
                f"{name} is below [runners.kubernetes.{free}], which swallows it",
                table.at(*place),
                "in TOML, every key up to the next header belongs to the table above it, "
                f"so it is read as one of {free}: {_effect(free)}, and {name} has no "
                "effect",
                f"Nothing to do: the profile has {name} where it belongs"
                if meant == name
                else f"Write what you mean where it belongs, perhaps {meant}: the runner does "
                f"not know {name}, so it was left out",
            )
            if meant == name:
                table.move(place, ("kubernetes", name))
            else:
                table.leave(*place, why=f"the runner does not know {name}", told=True)
                table.blank(place)


_LABELS_TOO = frozenset({"image", "host", "namespace", "context"})
"""Keys of the runner whose names people give to labels as well."""


def _nearly(name: str, known: set[str]) -> str:
    """The key of the runner that a name can only be a slip of; empty: it may be a label."""
    compounds = [key for key in known if "_" in key]
    near = get_close_matches(name, compounds, n=1, cutoff=_NEAR) if "_" in name else []
    return near[0] if near else ""


def _effect(free: str) -> str:
    if free == "node_selector":
        return "no node has such a label, so no job is scheduled"
    return "pods get it as a label, an annotation or a toleration"


def _tell_later(release: Release, table: View, own: Catalogue) -> None:
    """Keys that the file's runner is too old for, and the profile's is not: they start to count."""
    later = _later_than(own)
    if not later:
        return
    for complaint in later.complaints(table.data, "runners"):
        if table.claimed(complaint.path) or not complaint.is_unknown:
            continue
        release.report.surprises(
            f"{_path(complaint.path)}: runner {release.version.minor} does not know "
            f"{complaint.path[-1]!r} yet",
            table.at(*complaint.path),
            "it has no effect today, and will have one with the profile's runner",
            "Nothing to do, if that is what you want",
        )


def _later_than(own: Catalogue) -> Catalogue | None:
    """The table of keys by which the file's runner surely does not know what it complains of.

    Versions were read with gaps: what came between two of them may be known to one in the gap.
    """
    version = own.reader.rpartition(" ")[2]
    newer = [one for one in runner_versions() if version_key(one) > version_key(version)]
    if version in runner_versions():
        return own
    same_minor = own.read_as.split(".")[:2] == version.split(".")[:2]
    return own if same_minor else runner_keys(newer[0]) if newer else None
