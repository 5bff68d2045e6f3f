"""What the steps ask of the screen and the application around them.

A step posts one of these and knows neither: messages go up, and imports go down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from wizard.tui.outline import StepId

if TYPE_CHECKING:
    from wizard.importing import Imported
    from wizard.profile.draft import Draft


class Next(Message):
    """The step is done with, if nothing in it is wrong."""


class Back(Message):
    """The step before is wanted."""


@dataclass
class GoTo(Message):
    """A step is wanted."""

    step: StepId


class DraftChanged(Message):
    """The draft holds another answer: marks and the kept draft follow."""


class LookAgain(Message):
    """Every context of the kubeconfig is to be asked again."""


class DestroyWanted(Message):
    """All that the profile made is to be removed; the step Apply asks."""


@dataclass
class SaveFirst(Message):
    """The draft is to be in its file before `then` is called; else it never is."""

    then: Callable[[], None]


@dataclass
class OpenFile(Message):
    """Another profile, or a set-up to make one of, is to be worked on."""

    path: Path


@dataclass
class OpenDraft(Message):
    """A draft that was just made is to be worked on."""

    draft: Draft
    imported: Imported | None = None
