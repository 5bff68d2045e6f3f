"""The profile's text: its data the way a person would write it, with what is to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.importing.placeholders import FILL_IN, comment_for
from wizard.profile.yaml_text import entry


def written(data: Mapping[str, Any], name: str) -> str:
    """The text of a profile made of a set-up.

    Args:
        name: what it was made of.
    """
    lines = [
        f"# Made of {name} by runner-wizard; the findings say what is not in here, and why.",
        "# docs/profile-reference.md explains every key; what is left out has a sensible default.",
    ]
    for key, value in data.items():
        lines += ["", *entry(key, value)] if key not in {"id", "name"} else entry(key, value)
    return "\n".join(_with_comments(lines)) + "\n"


def _with_comments(lines: list[str]) -> list[str]:
    found: list[str] = []
    section = ""
    for line in lines:
        if line[:1].isalpha():
            section = line.partition(":")[0]
        begin = " " * (len(line) - len(line.lstrip()))
        if line.strip() == "scope:":
            found.append(f"{begin}# {comment_for('scope')}")
        elif line.endswith(f": {FILL_IN}"):
            found.append(f"{begin}# {comment_for(section)}")
        found.append(line)
    return found
