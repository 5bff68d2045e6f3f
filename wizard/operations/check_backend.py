"""Whether a backend can be reached and what we may do there; nothing is written."""

from __future__ import annotations

import asyncio

from wizard.core.findings import Check
from wizard.systems.backends import Backend


async def check_backend(backend: Backend) -> list[Check]:
    """Ask the backend who we are and what we may do.

    Raises: WizardError, from the backend.
    """
    return await asyncio.to_thread(_check, backend)


def _check(backend: Backend) -> list[Check]:
    try:
        return backend.check()
    finally:
        backend.close()
