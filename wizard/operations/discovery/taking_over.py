"""What runs in a cluster, as a text that the import reads like any file."""

from __future__ import annotations

from wizard.importing import Imported, Text, import_texts
from wizard.systems.kubernetes import SetupText


def text_of(found: SetupText) -> Text:
    """What a manager was made of, as a text; no one has its lines before them."""
    return Text(
        found.name,
        found.text,
        chart=found.chart,
        release=found.release,
        namespace=found.namespace,
        is_file=False,
    )


def import_running(found: SetupText, profile_id: str) -> Imported:
    """A profile of a manager that runs, and every finding about it.

    Raises: UsageError, when it is no set-up of a runner.
    """
    return import_texts([text_of(found)], profile_id)
