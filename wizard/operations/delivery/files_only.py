"""Only the files, where there is no GitLab token or no cluster to look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from wizard.core.changes import Plan
from wizard.core.command_line import command
from wizard.core.events import Event, Planned, StepStarted, Waiting
from wizard.operations.files.committing import (
    check_repository,
    commit_commands,
    outside_git,
    pending,
)
from wizard.operations.files.write_files import FilesToWrite, compare_files, file_changes
from wizard.operations.plan.survey import directory
from wizard.profile.file import ProfileFile
from wizard.systems.gitops.git import checkout

_UNSEEN = ("GitLab, the secret backend and the cluster: only files are written",)


@dataclass(frozen=True, slots=True)
class FilesOnly:
    """The forward half of a `Delivery`: without GitLab and the cluster nothing can be removed."""

    file: ProfileFile

    async def plan(self) -> Plan:
        """Raises: RefusedError, WizardError, as `compare_files`."""
        return self._plan(await self._compare())

    async def apply(self) -> AsyncIterator[Event]:
        """Write the difference; no runner is created. Raises: RefusedError, WizardError."""
        profile = self.file.profile
        yield StepStarted("Files")
        check_repository(profile, await asyncio.to_thread(checkout, directory(self.file)))
        files = await self._compare()
        yield Planned(self._plan(files))
        if files.pending:
            yield await asyncio.to_thread(files.write)
        git = await asyncio.to_thread(checkout, files.root)
        paths = pending(git, files.root, files.paths) or files.paths
        elsewhere = "" if git else f" {outside_git(profile)}"
        commit = commit_commands(profile, files.root, paths, "Add the GitLab runners", git)
        yield Waiting(
            f"The files in {files.root} wait for your commit.{elsewhere} No runner has been "
            "created: the last command does that, where GitLab and the secret backend can be "
            "reached.",
            (*commit, command("apply", self.file.path.absolute())),
        )

    async def _compare(self) -> FilesToWrite:
        root = directory(self.file)
        return await asyncio.to_thread(compare_files, self.file.profile, root, wanted=True)

    def _plan(self, files: FilesToWrite) -> Plan:
        return Plan(tuple(file_changes(files, self.file.profile)), _UNSEEN)
