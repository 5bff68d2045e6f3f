"""Making a profile of what runs in a cluster, in the place of a file."""

from __future__ import annotations

import json
from dataclasses import replace

from wizard.operations.importing import Imported, import_read
from wizard.operations.importing.setup import Setup, read_setup, with_config
from wizard.systems.kubernetes import SetupText


def import_running(found: SetupText, profile_id: str) -> Imported:
    """A profile of a manager that runs, and every finding about it.

    Raises: UsageError, when it is no set-up of a runner.
    """
    # There is no file whose lines could be named.
    return import_read(replace(_read(found), yaml=None, toml=None, chart_line=0), profile_id)


def _read(found: SetupText) -> Setup:
    if found.kind == "application":
        return read_setup(found.text, found.name)
    if found.kind == "config":
        setup = read_setup(found.text, found.name)
    else:
        setup = with_config(Setup(found.name, "values.yaml", json.loads(found.text)))
    return replace(setup, chart=found.chart, release=found.release, namespace=found.namespace)
