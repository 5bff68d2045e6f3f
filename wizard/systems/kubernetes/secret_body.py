"""A Secret as it is written."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from wizard.core.manifest import Manifest


def opaque(metadata: Mapping[str, Any], values: Mapping[str, str]) -> Manifest:
    """A Secret of these values.

    In `data`, not `stringData`: what is sent is then what is stored, so that an apply of the same
    values is no change to the server.
    """
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return Manifest(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}
    )
