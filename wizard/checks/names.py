"""Whose the names are that an operator's objects of a profile are to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef
from wizard.systems.kubernetes import profile_of


def whose_names(connected: Connected, refs: Iterable[ObjectRef]) -> Iterator[Check]:
    """A warning for each object that is there and is another's; not of what is being taken over."""
    profile = connected.profile
    adopting = {one.release for one in profile.runners if one.adopt}
    for ref in refs:
        asked = f"{ref} is this profile's, or not there"
        live = connected.object(ref)
        if live is None or profile_of(live) == profile.id or ref.name in adopting:
            yield Check(asked, Verdict.OK)
            continue
        finding = Finding(
            f"{ref} is there already, and is not this profile's.",
            cause="two files for one object would overwrite each other at every sync",
            fix="Give the runner another name, or remove the other file in the same commit",
        )
        yield Check(asked, Verdict.WARN, finding)
