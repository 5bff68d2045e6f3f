"""Programs of the cluster that a choice in the profile relies on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """What has to run in the cluster, for it to read the token or the files."""

    name: str
    """As in `ClusterFacts.operators`."""
    title: str
    api: str
    kind: str
    """A kind that it serves."""
    use: str
    """What needs it, in words."""
