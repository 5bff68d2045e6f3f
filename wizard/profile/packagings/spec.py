"""What a packaging is, declared once: everything that is known of it before it is rendered.

How it is rendered is in `render/packagings`, and how one sees that it has reached the cluster in
`operations/delivery/arrival.py`; all else that depends on the choice of a packaging reads its
`PackagingSpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wizard.profile.operators import Operator

PackagingName = Literal["argocd", "flux", "helm", "manifests"]
Annotations = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PackagingSpec:
    """One way to express a runner.

    Args:
        name: in the profile, as `delivery.as`.
        title: what people call it.
        about: what it is, where the profile's choices are explained.
        uses_chart: whether GitLab's chart makes the manager, and reads `extra_values`.
        operator: what reads the repository, and brings the files into the cluster by itself.
        not_applied: why the wizard cannot apply it directly, in words; empty where it can.
        annotations: what it wants on the objects of a kind, the token's Secret among them.
        sops_plugin: what decrypts SOPS for it, where it does not do so by itself.
        settings: the fields of its own section of `delivery`, and what the screens call them.
        is_built: whether the wizard can render it yet.
    """

    name: PackagingName
    title: str
    about: str
    uses_chart: bool
    operator: Operator | None = None
    not_applied: str = ""
    annotations: Mapping[str, Annotations] = field(default_factory=dict)
    sops_plugin: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    is_built: bool = True

    def annotated(self, kind: str) -> Annotations:
        """The annotations that it wants on every object of a kind."""
        return self.annotations.get(kind, {})
