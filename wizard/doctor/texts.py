"""What was printed somewhere, in lines that patterns can be held against."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wizard.core.plain import plain

LONGEST = 1_000_000
"""Characters of one text that are read, its last ones: what fails shows at the end."""
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z \d\d[OE][+ ]?")
_SECTION = re.compile(r"section_(?:start|end):\d+:[\w.-]+(?:\[[^]\n]{0,200}\])?")
_SAID = ("msg", "message", "error", "status")
"""Keys of a manager's JSON line that hold what it says, in this order (gitlab-runner 19)."""


class Kind(StrEnum):
    """Where a text is from."""

    MANAGER = "manager"
    """The log of a runner manager."""
    JOB = "job"
    """The log of a job."""
    EVENTS = "events"
    """Events of the cluster."""
    PODS = "pods"
    """What the status of pods says."""
    GITOPS = "gitops"
    """What Argo CD, Flux or External Secrets say of their objects."""
    UNKNOWN = "unknown"
    """Pasted by someone: any of them."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what it is called for people: `manager pod x`, `job 42`."""

    kind: Kind
    name: str
    content: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines with their numbers, without colours, times and section marks."""
        skipped = len(self.content) - LONGEST
        content = self.content[skipped:] if skipped > 0 else self.content
        first = self.content.count("\n", 0, max(skipped, 0)) + 1
        for number, line in enumerate(content.split("\n"), first):
            if said := _said(line):
                yield number, said


def _said(line: str) -> str:
    line = line.rsplit("\r", 1)[-1] if line.rstrip("\r").count("\r") else line.rstrip("\r")
    text = _SECTION.sub("", plain(_TIME.sub("", line))).strip()
    return _unpacked(text) if text.startswith("{") else text


def _unpacked(text: str) -> str:
    """A line of JSON as the same line is in a log of text: the message, then the rest."""
    try:
        entry = json.loads(text)
    except ValueError:
        return text
    if not isinstance(entry, dict) or not any(key in entry for key in _SAID[:2]):
        return text
    first = [str(entry[key]) for key in _SAID if entry.get(key)]
    rest = [f"{key}={value}" for key, value in entry.items() if key not in (*_SAID, "time")]
    return " ".join([*first, *rest])
