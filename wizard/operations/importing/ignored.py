"""A key that nobody reads, or a value of the wrong kind, as a finding."""

from __future__ import annotations

from wizard.core.findings import Finding
from wizard.render.catalogue import Catalogue, Complaint


def ignored(keys: Catalogue, name: str, evidence: str, complaint: Complaint) -> Finding:
    """What the tables of keys complain of.

    Args:
        keys: the table that complains.
        name: the key, as people write it.
        evidence: where it stands.
    """
    cause = "a runner does not start with a value of another kind"
    if complaint.what.startswith(keys.reader):
        cause = "unknown keys are ignored without a word"
        if not keys.reader.endswith(f" {keys.read_as}"):
            cause += f" (judged by {keys.read_as}, the nearest that was read)"
    more = "" if complaint.fix.startswith("remove") else complaint.fix
    fix = "; ".join(filter(None, ("it was left out", more)))
    return Finding(f"{name}: {complaint.what}", evidence, cause, fix)
