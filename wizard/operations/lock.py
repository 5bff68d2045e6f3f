"""One run at a time over one profile's file, on this machine.

The lock is the kernel's (flock), so a run that is killed leaves none. It stands outside the user's
folder, where it would be committed. It is advice only: where it cannot be had (a read-only home, a
system without it) the work goes on, and what two runs do to each other is caught in GitLab.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from wizard.core.errors import RefusedError

_APP = "runner-wizard"


@contextmanager
def only_run(profile: Path, doing: str) -> Iterator[None]:
    """Hold the profile's lock for as long as the block lasts.

    Args:
        profile: the file; two names of one file share a lock.
        doing: `apply` or `destroy`, told to whoever comes second.

    Raises: RefusedError, naming the run that holds it.
    """
    handle = _open(profile)
    if handle is None:
        yield
        return
    try:
        if not _taken(handle):
            raise _refused(profile, _holder(handle))
        _sign(handle, doing)
        yield
    finally:
        os.close(handle)  # which lets go of the lock


def _open(profile: Path) -> int | None:
    digest = hashlib.sha256(os.fsencode(os.path.realpath(profile))).hexdigest()[:24]
    with suppress(OSError):
        folder = platformdirs.user_state_path(_APP) / "locks"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(folder / digest, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return None


def _taken(handle: int) -> bool:
    """Whether the lock is ours now; also where the file system knows no locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _sign(handle: int, doing: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "doing": doing, "since": since})
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)


def _holder(handle: int) -> str:
    """Who holds it, for people; empty where the file does not say."""
    try:
        holder = json.loads(os.pread(handle, 500, 0))
        since = datetime.fromisoformat(holder["since"])
        return f"{holder['doing']}, process {int(holder['pid'])}, since {since:%H:%M:%S} UTC"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refused(profile: Path, holder: str) -> RefusedError:
    return RefusedError(
        f"Another run is working on {profile}.",
        f"it is {holder}" if holder else "It has only just started.",
        "Wait until it has ended, then run it again; a run that was killed holds nothing",
    )
