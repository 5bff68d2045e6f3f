"""Values that presets hold as examples: with them a profile is right, and of no one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.core.problems import Key, Problem
from wizard.core.secrets import excerpt
from wizard.profile.document import Document

# RFC 2606 keeps these names for examples; `acme` is the group of our presets.
_EXAMPLE = re.compile(
    r"(?:^|[/@.:])example\.(?:com|org|net)(?=$|[/:])|(?:^|[/:])acme/[\w.-]+", re.IGNORECASE
)
_GROUP = "acme"


def examples(document: Document) -> list[Problem]:
    """A warning for every value of a preset that its user has yet to replace."""
    return [
        Problem(
            f"{excerpt(value, 80)} is an example",
            "Write your own",
            key,
            *document.place(key),
            severity="warning",
        )
        for key, value in _found(document)
    ]


def _found(document: Document) -> Iterator[tuple[Key, str]]:
    for key, node in document.scalars():
        is_group = key[-2:] == ("scope", "group") and node.value == _GROUP
        if is_group or _EXAMPLE.search(node.value):
            yield key, node.value
