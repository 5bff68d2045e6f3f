"""One run at a time over one profile's file, on this machine.

The lock is the kernel's (flock), so a run that is killed leaves none. It is outside the user's
folder, where it would be committed. It is advice only: where it cannot be had (a read-only home, a
system without it) the work goes on, and what two runs do to each other is caught in GitLab.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
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
        doing: `apply` or `destroy`, which the second run is told.

    Raises: RefusedError, naming the run that holds it.
    """
    handle = _open(profile)
    if handle is None:
        yield
        return
    try:
        held = _locked(handle)
        if held is False:
            raise _refused(profile, _holder(handle))
        _sign(handle, doing, _name_in(handle) if held else "")
        yield
    finally:
        os.close(handle)  # which lets go of the lock


def _open(profile: Path) -> int | None:
    path = _path(profile)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return None


def _path(profile: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(os.path.realpath(profile))).hexdigest()[:24]
    return platformdirs.user_state_path(_APP) / "locks" / digest


def name_of_run(profile: Path) -> str:
    """What a run over a profile is called elsewhere: the same for each that has held its lock.

    Only one of them lives at a time, so a name that is found somewhere is of a run that has ended,
    or our own. Without the lock every run has a name of its own.
    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(_path(profile).read_bytes())
        if told["pid"] == os.getpid():
            return str(told["name"])
    return _new_name()


def _new_name() -> str:
    return secrets.token_hex(8)


def _locked(handle: int) -> bool | None:
    """Whether the lock is ours now; None where the file system knows no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sign(handle: int, doing: str, name: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"pid": os.getpid(), "doing": doing, "since": since, "name": name or _new_name()}
    text = json.dumps(told)
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


def _name_in(handle: int) -> str:
    """The name that the runs before had; empty where there was none."""
    try:
        return str(json.loads(os.pread(handle, 500, 0))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refused(profile: Path, holder: str) -> RefusedError:
    return RefusedError(
        f"Another run is working on {profile}.",
        f"it is {holder}" if holder else "It has only just started.",
        "Wait until it has ended, then run it again; a run that was killed holds nothing",
    )
