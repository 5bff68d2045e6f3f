"""What an operation is given, by the names it had before each found its room."""

from wizard.core.run import Run
from wizard.profile.file import ProfileFile
from wizard.systems import Systems

__all__ = ["ProfileFile", "Run", "Systems"]
