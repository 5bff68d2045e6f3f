"""What a store that the wizard makes signs in with, where that is something secret.

The values are in a Secret of the operator's namespace, out of reach of the managers and of every
job, and in no file. They are another identity's than the wizard's own: one that may only read.
"""

from __future__ import annotations

from wizard.profile.backends.spec import ReaderPart, SecretRef
from wizard.profile.secrets import Secrets

__all__ = ["ReaderPart", "reader_parts", "reader_secret"]


def reader_parts(secrets: Secrets) -> tuple[ReaderPart, ...]:
    """What the store of a profile signs in with.

    Nothing where the wizard makes no store, or its reader signs in without anything secret.
    """
    if not secrets.spec.readers or not secrets.store.create or secrets.settings is None:
        return ()
    return secrets.spec.readers.get(secrets.settings.reader, ())


def reader_secret(secrets: Secrets) -> SecretRef | None:
    """The Secret that holds it; None where there is nothing to hold."""
    if not reader_parts(secrets):
        return None
    found: SecretRef = secrets.settings.reader_secret
    return found
