"""A plain Secret of the cluster, written by the wizard."""

from __future__ import annotations

from wizard.profile.backends.spec import BackendSpec

KUBERNETES = BackendSpec(
    name="kubernetes",
    about="a plain Secret of the cluster, written by the wizard",
    needs="a cluster that the wizard may write to; nothing else",
    client="kubernetes_secret",
    through="secret",
    needs_section=False,
)
