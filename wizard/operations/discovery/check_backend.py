"""Whether a backend can be reached and what we may do there; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.core.findings import Check, Verdict
from wizard.core.problems import Key
from wizard.profile.backends import BACKENDS
from wizard.profile.backends.spec import Credential
from wizard.systems.backends import Backend


@dataclass(frozen=True, slots=True)
class Checked:
    """What a backend answered."""

    checks: tuple[Check, ...]
    policy: str
    """The least rights that writer and reader need, as text for an administrator."""
    facts: Mapping[Key, Any] = field(default_factory=dict)
    """Values that belong into the profile and are not there yet; none where a check failed."""


def credentials(backend: str, settings: Callable[..., object]) -> tuple[Credential, ...]:
    """What a person may be asked for so that the wizard can write to a backend.

    Args:
        backend: its name in the profile.
        settings: the value at a key of the profile, such as `Draft.value`.
    """
    spec = BACKENDS.get(backend)
    if spec is None:  # a draft may name one that there is not
        return ()
    logs_in = spec.section is not None and "login" in spec.section.model_fields
    return spec.credentials(str(settings("secrets", spec.key, "login")) if logs_in else "")


async def check_backend(build: Callable[[], Backend]) -> Checked:
    """Ask a backend who we are and what we may do.

    Args:
        build: makes the backend; it may read files and the cluster's address.

    Raises: WizardError, from the backend.
    """
    return await asyncio.to_thread(_check, build)


def _check(build: Callable[[], Backend]) -> Checked:
    backend = build()
    try:
        checks = tuple(backend.check())
        failed = any(check.verdict is Verdict.FAIL for check in checks)
        return Checked(checks, backend.policy(), {} if failed else backend.facts())
    finally:
        backend.close()
