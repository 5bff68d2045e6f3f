"""The page that explains every key of a profile, made of the fields' declarations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wizard.core.units import canonical_duration
from wizard.profile.fields import FieldInfo, fields
from wizard.profile.yaml_text import flow

PAGE = Path("docs/profile-reference.md")
_OPENING = """\
# Every key of a profile

This page is made from the program: `python -m wizard.profile.reference` rewrites it.
[profiles.md](profiles.md) explains how profiles work.

A key is optional where it has a default. `[]` stands for any entry of a list.
"""


def reference_page() -> str:
    """The page, in Markdown."""
    parts = [_OPENING]
    opened = ""
    for info in fields():
        if info.path[0] != opened and info.section:
            opened = info.path[0]
            parts.append(f"\n## {opened}\n\n{info.help}\n\n{_table_head()}")
        elif len(parts) == 1:
            parts.append(f"\n## The profile itself\n\n{_table_head()}{_row(info)}")
        elif len(info.path) == 1:
            parts[1] += _row(info)
        else:
            parts[-1] += _row(info)
    return "".join(parts)


def _table_head() -> str:
    return "| key | value | default | |\n|---|---|---|---|\n"


def _row(info: FieldInfo) -> str:
    help_ = info.help
    meanings = [f"`{value}`: {text}" for value, text in info.choices.items() if text]
    if meanings:
        help_ += "<br>" + "<br>".join(meanings)
    cells = (f"`{info.dotted}`", _kind(info), _default(info), help_)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _kind(info: FieldInfo) -> str:
    return ", ".join(f"`{value}`" for value in info.choices) if info.choices else info.kind


def _default(info: FieldInfo) -> str:
    if info.required:
        return "required"
    value: Any = info.default
    if value is None or info.section:
        return ""
    if info.kind.startswith("duration"):
        return f"`{canonical_duration(value)}`"
    return f"`{flow(value)}`" if value != "" else ""


if __name__ == "__main__":
    PAGE.write_text(reference_page(), encoding="utf-8")
