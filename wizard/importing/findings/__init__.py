"""What is wrong with a hand-made set-up, and what changes: each finding true, with its place."""

from __future__ import annotations

from wizard.importing.findings.builds import tell_builds
from wizard.importing.findings.changes import tell_changes, tell_release
from wizard.importing.findings.chart import tell_chart
from wizard.importing.findings.helper import tell_helper
from wizard.importing.findings.jobs import tell_jobs
from wizard.importing.findings.manager import tell_manager
from wizard.importing.findings.rights import tell_rights
from wizard.importing.findings.secrets import leave_secrets
from wizard.importing.findings.table_keys import leave_unknown_keys
from wizard.importing.findings.tokens import tell_token_of_table, tell_tokens
from wizard.importing.findings.unread import leave_unread
from wizard.importing.release import Release

__all__ = ["judge"]


def judge(release: Release) -> None:
    """Tell everything that is wrong with a release, and claim what is left out for it.

    Secrets go first, so that no other finding can name their value.
    """
    leave_secrets(release)
    leave_unread(release)
    tell_chart(release)
    tell_manager(release)
    tell_tokens(release)
    tell_rights(release)
    for table in release.tables:
        if str(table.get("executor") or "kubernetes") == "kubernetes":
            leave_unknown_keys(release, table)
        tell_token_of_table(release, table)
        tell_helper(release, table)
        tell_jobs(release, table)
        tell_builds(release, table)
        tell_changes(release, table)
    tell_release(release)
