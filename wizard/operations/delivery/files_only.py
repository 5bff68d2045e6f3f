"""The files, where there is no GitLab token or no cluster: nothing else is looked at or changed."""

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

_UNSEEN = ("GitLab, the token's place and the cluster: only files are written",)


@dataclass(frozen=True, slots=True)
class FilesOnly:
    """A `Delivery`."""

    file: ProfileFile

    async def plan(self) -> Plan:
        """Raises: RefusedError, WizardError, as `compare_files`."""
        return _plan(await self._compare(wanted=True))

    def apply(self) -> AsyncIterator[Event]:
        """Write the difference; no runner is created. Raises: RefusedError, WizardError."""
        return self._write(
            "The files in {root} wait for your commit.{elsewhere} No runner has been created: the "
            "last command does that, where GitLab and the token's place can be reached.",
            "Add the GitLab runners",
            command("apply", self.file.path.absolute()),
            wanted=True,
        )

    async def plan_destroy(self) -> Plan:
        """Raises: RefusedError, WizardError, as `compare_files`."""
        return _plan(await self._compare(wanted=False))

    def destroy(self) -> AsyncIterator[Event]:
        """Remove the files; tokens and runners stay. Raises: RefusedError, WizardError."""
        return self._write(
            "The files are removed from {root}, and wait for your commit.{elsewhere} The runners "
            "and their tokens are still there: the last command removes them.",
            "Remove the GitLab runners",
            command("destroy", self.file.path.absolute()),
            wanted=False,
        )

    async def _write(
        self, what: str, message: str, last: str, *, wanted: bool
    ) -> AsyncIterator[Event]:
        profile = self.file.profile
        yield StepStarted("Files")
        check_repository(profile, await asyncio.to_thread(checkout, directory(self.file)))
        files = await self._compare(wanted=wanted)
        yield Planned(_plan(files))
        if files.pending:
            yield await asyncio.to_thread(files.write)
        git = await asyncio.to_thread(checkout, files.root)
        paths = pending(git, files.root, files.paths) or files.paths
        elsewhere = "" if git else f" {outside_git(profile)}"
        commit = commit_commands(profile, files.root, paths, message, git)
        yield Waiting(what.format(root=files.root, elsewhere=elsewhere), (*commit, last))

    async def _compare(self, *, wanted: bool) -> FilesToWrite:
        root = directory(self.file)
        return await asyncio.to_thread(compare_files, self.file.profile, root, wanted=wanted)


def _plan(files: FilesToWrite) -> Plan:
    return Plan(tuple(file_changes(files)), _UNSEEN)
