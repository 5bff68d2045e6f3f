"""The Git repository that a folder belongs to, read from its files; `git` is not run."""

from __future__ import annotations

import re
from pathlib import Path

_SECTION = re.compile(r'^\[remote "origin"\]\s*$')
_URL = re.compile(r"^\s*url\s*=\s*(\S+)\s*$")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")


def origin_of(folder: Path) -> str:
    """The address of `origin`, without credentials; empty where there is none."""
    for parent in (folder, *folder.parents):
        config = parent / ".git" / "config"
        if config.is_file():
            return _origin(config)
    return ""


def _origin(config: Path) -> str:
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = bool(_SECTION.match(line))
        elif inside and (found := _URL.match(line)):
            return _CREDENTIALS.sub("", found[1]) if "://" in found[1] else found[1]
    return ""
