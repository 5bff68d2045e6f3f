"""Import: from texts that people wrote by hand to a profile, and findings about each line of them.

The inverse of `render`, and as pure: texts in, a profile and findings out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wizard.core.problems import Key
from wizard.importing.bundle import bundle_of
from wizard.importing.findings import judge
from wizard.importing.ledger import Fate, Row
from wizard.importing.limits import refuse_too_large, refuse_too_many
from wizard.importing.placeholders import placeholders
from wizard.importing.release import Text
from wizard.importing.report import Found, Rank, findings_lines
from wizard.importing.rest import tell_rest
from wizard.importing.settle import settled
from wizard.importing.translate.prepare import prepare
from wizard.importing.translate.profile import profile_data
from wizard.importing.wrappers import find_releases
from wizard.importing.written import written

__all__ = [
    "Fate",
    "Found",
    "Imported",
    "Rank",
    "Row",
    "Text",
    "findings_lines",
    "import_setup",
    "import_texts",
]


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made of a hand-made set-up."""

    name: str
    """The profile's name."""
    text: str
    findings: tuple[Found, ...]
    """What is wrong with the set-up and what changes, what matters most first."""
    rows: tuple[Row, ...] = ()
    """What became of every value."""
    source: str = ""
    """What it was made of."""
    asked: tuple[Key, ...] = ()
    """Keys of the profile that are to be filled in, since nothing answers them."""


def import_setup(text: str, name: str, profile_id: str) -> Imported:
    """A profile of the set-up in one text; as `import_texts`."""
    return import_texts([Text(name, text)], profile_id)


def import_texts(given: Iterable[Text], profile_id: str) -> Imported:
    """A profile of the set-up in texts, and every finding about it.

    Args:
        given: values, wrappers of them, config.toml, and what belongs to them.
        profile_id: the new profile's id.
    Raises: UsageError, when they set up no runner, or cannot be read.
    """
    bundle = bundle_of(given)
    releases, beside = find_releases(bundle)
    for release in releases:
        prepare(release, beside)
    refuse_too_many(sum(len(release.tables) for release in releases), bundle)
    refuse_too_large(releases)
    for release in releases:
        judge(release)
    data = profile_data(releases, beside, profile_id)
    settled(data, bundle)
    rows = tuple(bundle.ledger.rows())
    tell_rest(rows, bundle.report)
    source = ", ".join(dict.fromkeys(release.file for release in releases))
    scopes = (("runners", index, "scope") for index in range(len(data["runners"])))
    return Imported(
        str(data["name"]),
        written(data, source),
        bundle.report.ranked(),
        rows,
        source,
        (*scopes, *placeholders(data)),
    )
