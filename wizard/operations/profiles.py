"""Opening a profile with every rule there is, those of rendering too, and saving found values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wizard.core.problems import Key, Problem, Problems
from wizard.profile.load import LoadedProfile, load, load_text
from wizard.profile.model import Profile
from wizard.render import check


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """A profile that can be rendered, and its file."""

    loaded: LoadedProfile
    warnings: tuple[Problem, ...]

    @property
    def profile(self) -> Profile:
        return self.loaded.profile

    @property
    def path(self) -> Path:
        return self.loaded.path

    def save(self, changes: Mapping[Key, Any]) -> OpenProfile:
        """Write values into the file, comments kept, and open it as it is then.

        Raises: WizardError, when the file cannot be written, or a value not be set in it.
        """
        from wizard.profile.edit import set_values
        from wizard.profile.save import write

        text = set_values(self.loaded.text, changes)
        opened = _checked(load_text(text, self.path))
        write(self.path, text)
        return opened


def open_profile(path: Path) -> OpenProfile:
    """Load a profile and check all of it, offline; `-` is standard input.

    Raises: UsageError, when it cannot be read; InvalidDocument, with every problem.
    """
    return _checked(load(path))


def _checked(loaded: LoadedProfile) -> OpenProfile:
    problems = Problems(str(loaded.path))
    check(loaded.profile, problems)
    for index, problem in enumerate(problems.found):
        line, column = loaded.place(problem.key)
        problems.found[index] = replace(problem, line=line, column=column)
    problems.raise_if_any()
    return OpenProfile(loaded, (*loaded.warnings, *problems.warnings))
