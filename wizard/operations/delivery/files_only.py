"""The files alone, where there is no GitLab token or no cluster: nothing else is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from wizard.core.changes import Plan
from wizard.core.command_line import command
from wizard.core.events import Event, Planned, StepStarted, Waiting
from wizard.operations.files.committing import (
    check_repository,
    commit_commands,
    outside_git,
    pending,
)
from wizard.operations.files.write_files import Delivery, compare_files, file_changes
from wizard.operations.plan.survey import directory
from wizard.profile.file import ProfileFile
from wizard.systems.gitops.git import checkout

_UNSEEN = ("GitLab, the token's place and the cluster: only files are written",)


async def plan_files(file: ProfileFile) -> Plan:
    """What `write_files` would change. Raises: RefusedError, WizardError, as `compare_files`."""
    return _plan(await _compare(file))


async def write_files(file: ProfileFile) -> AsyncIterator[Event]:
    """Write the difference; no runner is created. Raises: RefusedError, WizardError."""
    yield StepStarted("Files")
    check_repository(file.profile, await asyncio.to_thread(checkout, directory(file)))
    delivery = await _compare(file)
    yield Planned(_plan(delivery))
    if delivery.pending:
        yield await asyncio.to_thread(delivery.write)
    git = await asyncio.to_thread(checkout, delivery.root)
    paths = pending(git, delivery.root, delivery.paths) or delivery.paths
    elsewhere = "" if git else f" {outside_git(file.profile)}"
    yield Waiting(
        f"The files in {delivery.root} wait for your commit.{elsewhere} No runner has been "
        "created: the last command does that, where GitLab and the token's place can be reached.",
        (
            *commit_commands(file.profile, delivery.root, paths, "Add the GitLab runners", git),
            command("apply", file.path.absolute()),
        ),
    )


async def _compare(file: ProfileFile) -> Delivery:
    return await asyncio.to_thread(compare_files, file.profile, directory(file))


def _plan(delivery: Delivery) -> Plan:
    return Plan(tuple(file_changes(delivery)), _UNSEEN)
