"""Writing a profile: whole or not at all, and for its owner's eyes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from wizard.core.errors import RefusedError, WizardError

_OWNER_ONLY = 0o600


def write(path: Path, text: str) -> None:
    """Put a text in a file's place at once, so that no crash leaves half of it.

    The file's mode becomes 0600, or stays where it is stricter; of a symbolic link, the target is
    written. Line ends are written as they are.

    Raises: WizardError, when the folder or the disk does not take it.
    """
    target = Path(os.path.realpath(path))
    temporary = ""
    try:
        mode = target.stat().st_mode & _OWNER_ONLY if target.exists() else _OWNER_ONLY
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        _settle(target.parent)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise WizardError(
            f"{path} cannot be written.",
            error.strerror or str(error),
            "Check the folder's permissions and the space on its disk; nothing was changed",
        ) from None


def _settle(folder: Path) -> None:
    # The new name must reach the disk too, or a power cut brings back the old file.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises: RefusedError, when it is; WizardError, as `write`.
    """
    if path.exists() or path.is_symlink():
        raise RefusedError(
            f"{path} is there already; nothing was written.",
            "a profile is never overwritten by a new one",
            "Name another file",
        )
    write(path, text)


def free_name(path: Path, reserved: Callable[[Path], object] | None = None) -> Path:
    """The path, or the first `NAME-2`, `NAME-3`, ... beside it that nothing has yet.

    Args:
        reserved: says of a path whether it is meant for something that is not written yet.
    """
    number, free = 2, path
    while free.exists() or free.is_symlink() or (reserved and reserved(free)):
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
