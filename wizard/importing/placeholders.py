"""What no file answers, each with a comment that asks.

A GitLab or a Git repository that is guessed would be reached: there `check` refuses the word
that is written. No file ever says the scope: its example is the presets' own, and GitLab refuses
it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key

FILL_IN = "FILL-IN"
"""No URL and no Git address: `check` refuses it wherever it is."""
SCOPE = {"project": "acme/homelab"}
_EXAMPLES = {
    "gitlab": "https://gitlab.example.com",
    "delivery": "https://gitlab.example.com/acme/gitops.git",
}
_COMMENTS = {
    "gitlab": "The file does not say which GitLab it works for.",
    "scope": "The file does not say where: {project: PATH}, {group: PATH} or the word instance.",
    "delivery": "The file does not say which repository Argo CD reads.",
}


def placeholders(data: Any, above: Key = ()) -> Iterator[Key]:
    """The keys of a profile's data that are still to be filled in."""
    items = (
        data.items()
        if isinstance(data, Mapping)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        if value == FILL_IN:
            yield (*above, key)
        else:
            yield from placeholders(value, (*above, key))


def with_examples(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with something in every such place that the rules take."""
    filled = copy.deepcopy(dict(data))
    for key in placeholders(data):
        inner: Any = filled
        for part in key[:-1]:
            inner = inner[part]
        inner[key[-1]] = _EXAMPLES[str(key[0])]
    return filled


def comment_for(section: str) -> str:
    """What to write there, as the comment above it; `scope`, or the section of the profile."""
    return _COMMENTS[section]
