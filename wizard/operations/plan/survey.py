"""Looking at everything a profile names, with every check: what `plan` shows and `apply` begins on.

Both look here and nowhere else, so that `plan` says what `apply` would refuse, in its words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from wizard.checks import CHECKS, Connected, Pending, run_checks
from wizard.checks.connecting import NO_ANSWER
from wizard.core.changes import Plan, System
from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.events import Warned
from wizard.core.findings import Check, Verdict, with_verdict
from wizard.core.problems import Key
from wizard.operations.cluster.leaving import refuse_leaving
from wizard.operations.cluster.namespaces import namespace_findings
from wizard.operations.cluster.reader_credential import ReaderCredential, look_at_reader
from wizard.operations.files.committing import check_repository
from wizard.operations.files.write_files import FilesToWrite, compare_files, file_changes
from wizard.operations.plan.changes import (
    Compared,
    compare_objects,
    doubting,
    gitlab_changes,
    home_of_tokens,
    secret_changes,
)
from wizard.operations.plan.discovered_facts import find_missing
from wizard.operations.plan.saved import as_reviewed
from wizard.operations.runners import adopt, renewal
from wizard.operations.runners.adopt import observe_with_adoptions
from wizard.operations.runners.observe import ObservedState
from wizard.profile.file import ProfileFile
from wizard.render import manifests
from wizard.systems.backends.ownership import ForeignTokenError
from wizard.systems.gitops.git import checkout

T = TypeVar("T")
_OWNER_CHECK = "secrets.owner"
_CAUSES = {
    "gitlab.runners": {"gitlab.role", "gitlab.scopes"},
    "secrets.storing": {_OWNER_CHECK},
}
"""Checks that cannot pass where another one fails."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is there, what would change, and what prevents it.

    Args:
        connected: the context, with what would be written.
        seen: None where GitLab or the backend could not be looked at.
        delivery: the files; None where the profile is applied to the cluster.
        reader: None where the profile needs none, or it could not be looked at.
        found: values that are missing in the profile and were found; they count here already.
        plan: with every check that failed, and every warning.
    """

    connected: Connected
    seen: ObservedState | None
    delivery: FilesToWrite | None
    reader: ReaderCredential | None
    found: Mapping[Key, Any]
    plan: Plan

    @property
    def known(self) -> ObservedState:
        """What there is, for what is only done when no check has failed."""
        if self.seen is None:
            raise RuntimeError("the runners were not looked at")
        return self.seen


@dataclass(slots=True)
class _Looks:
    """What each system answered, and what refused or could not be seen."""

    checks: list[Check] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    async def take(self, what: str, check_id: str, ask: Awaitable[T]) -> T | None:
        """An answer; a refusal is kept as a check that failed."""
        try:
            return await ask
        except NO_ANSWER:
            raise
        except ForeignTokenError as refused:
            self.checks += [
                Check(what, Verdict.FAIL, one.finding, _OWNER_CHECK)
                for one in (refused, *refused.others)
            ]
            return None
        except WizardError as refused:
            self.checks.append(Check(what, Verdict.FAIL, refused.finding, check_id))
            return None


async def survey(connected: Connected, *, new: bool = False) -> Survey:
    """Look at every system that was reached, and run every check; writes nothing.

    Args:
        new: whether a profile without an id is to get one.

    Raises: NotReachedError, when a system does not answer.
    """
    looks, as_written = _Looks([*connected.refusals]), connected.file.profile
    connected, found, refused = await find_missing(connected, new=new)
    looks.checks += refused
    seen, compared, delivery, reader, _ = await asyncio.gather(
        _look_at_runners(connected, looks),
        _look_at_objects(connected, looks),
        _look_at_files(connected, looks),
        _look_at_reader(connected, looks),
        _look_at_namespaces(connected, looks),
    )
    plan = _plan(connected, seen, compared, delivery, reader)
    connected = connected.with_pending(_pending(connected, plan, seen))
    checks = _without_consequences([*looks.checks, *await run_checks(CHECKS, connected)])
    if connected.run.renewal:
        checks.append(renewal.only_tokens(plan))
    if connected.run.reviewed:
        checks.append(as_reviewed(connected.run.reviewed, plan, as_written))
    plan = replace(plan, checks=tuple(checks))
    if seen and connected.backend:
        profile, backend, cluster = connected.profile, connected.backend, connected.cluster
        plan = await doubting(plan, profile, seen, backend, cluster)
    return Survey(connected, seen, delivery, reader, found, plan)


def _without_consequences(checks: list[Check]) -> list[Check]:
    """The checks without those that only failed because another one did, which says why."""
    failed = {check.id for check in with_verdict(checks, Verdict.FAIL)}
    return [check for check in checks if not _CAUSES.get(check.id, set()) & failed]


async def _look_at_runners(connected: Connected, looks: _Looks) -> ObservedState | None:
    gitlab, backend = connected.gitlab, connected.backend
    if not (gitlab and connected.identity and backend):
        return None
    look = observe_with_adoptions(connected.profile, gitlab, backend, connected.cluster)
    seen = await looks.take("the runners and their tokens can be seen", "gitlab.runners", look)
    if seen and connected.run.only:
        chosen = [one for one in seen.runners if one.runner.name in connected.run.only]
        seen = ObservedState(tuple(chosen), orphans=())
    if seen and connected.run.renewal:
        return renewal.renewing(seen, connected.run.renewal, gitlab.now())
    return seen


async def _look_at_objects(connected: Connected, looks: _Looks) -> Compared:
    if connected.cluster is None:
        return Compared(())
    if not connected.to_cluster:
        look = asyncio.to_thread(home_of_tokens, connected.profile, connected.cluster)
        return Compared(await looks.take("the namespaces can be seen", "cluster.home", look) or ())
    only = connected.run.only
    compared = await compare_objects(connected.profile, connected.cluster, only)
    looks.checks += compared.refused
    return compared


async def _look_at_files(connected: Connected, looks: _Looks) -> FilesToWrite | None:
    if connected.to_cluster:
        return None
    look = asyncio.to_thread(_compare_files, connected)
    return await looks.take("the files can be written", "files.folder", look)


def _compare_files(connected: Connected) -> FilesToWrite:
    check_repository(connected.profile, checkout(directory(connected.file)))
    only = connected.run.only
    delivery = compare_files(connected.profile, directory(connected.file), only=only)
    delivery.folder.check_writable(delivery.changes)
    return delivery


def directory(file: ProfileFile) -> Path:
    """The folder of the files: relative to the profile, unless it is a full path."""
    return file.path.parent / file.profile.delivery.directory


async def _look_at_reader(connected: Connected, looks: _Looks) -> ReaderCredential | None:
    if connected.cluster is None:
        return None
    look = asyncio.to_thread(
        look_at_reader, connected.profile, connected.cluster, connected.systems
    )
    what = "the store's credential is there"
    reader = await looks.take(what, "secrets.reader", look)
    if reader and not connected.run.attended:  # a person is asked for it, once all is agreed
        await looks.take(what, "secrets.reader", asyncio.to_thread(reader.manifest))
    return reader


async def _look_at_namespaces(connected: Connected, looks: _Looks) -> None:
    if connected.cluster is None:
        return
    profile, cluster = connected.profile, connected.cluster
    if connected.to_cluster:
        look = asyncio.to_thread(refuse_leaving, profile, cluster)
        await looks.take("no namespace is being deleted", "cluster.leaving", look)
    what = "the namespaces suit the runners"
    with suppress(NotAllowedError):  # who may not look at them learns it from what is made in them
        found = await asyncio.to_thread(lambda: list(namespace_findings(profile, cluster)))
        looks.checks += [Check(what, Verdict.FAIL, one, "cluster.namespaces") for one in found]


def _plan(
    connected: Connected,
    seen: ObservedState | None,
    compared: Compared,
    delivery: FilesToWrite | None,
    reader: ReaderCredential | None,
) -> Plan:
    changes = gitlab_changes(seen) if seen else []
    if seen and connected.backend:
        changes += secret_changes(seen, connected.backend)
    changes += [reader.change] if reader else []
    changes += compared.changes
    changes += file_changes(delivery, connected.profile) if delivery else []
    unseen = [
        "" if seen else "the runners in GitLab and their tokens",
        f"the cluster: {connected.unseen}" if connected.unseen else "",
        *compared.unseen,
        reader.unseen if reader else "",
    ]
    notes = (*_left_out(connected), *_downtime(connected, seen), *_held(seen)) if seen else ()
    return Plan(tuple(changes), tuple(filter(None, unseen)), notes)


def _left_out(connected: Connected) -> list[str]:
    count, only = len(connected.profile.runners), connected.run.only
    if not only or len(only) == count:
        return []
    return [f"{len(only)} of the {count} runners take part; the others are left as they are"]


def _held(seen: ObservedState) -> list[str]:
    held = [(one.runner.name, one.note.hold) for one in seen.runners if one.note.hold]
    return [f"{hold.sentence(name)}; apply leaves it so until `unpause`" for name, hold in held]


def _downtime(connected: Connected, seen: ObservedState) -> tuple[str, ...]:
    replacing = renewal.downtime(seen, restarts=connected.cluster is not None)
    return (*adopt.downtime(seen), *([replacing] if replacing else ()))


def _pending(connected: Connected, plan: Plan, seen: ObservedState | None) -> Pending:
    """What `apply` would write; of runners that could not be looked at, all that it may have to."""
    only = connected.run.only
    runners = tuple(one for one in connected.profile.runners if not only or one.name in only)
    subjects = {change.subject for change in plan.pending if change.system is System.CLUSTER}
    wanted = manifests(connected.profile) if subjects else []
    touched = {change.runner for change in plan.pending}
    if seen is not None and "" not in touched:
        runners = tuple(one for one in runners if one.name in touched)
    return Pending(
        manifests=tuple(one for one in wanted if str(one.ref) in subjects),
        runners=runners,
        tokens=seen is None or any(change.system is System.SECRETS for change in plan.pending),
    )


def warnings(surveyed: Survey) -> list[Warned]:
    """What does not stand against an apply, and must be known all the same."""
    found = [one.finding for one in with_verdict(surveyed.plan.checks, Verdict.WARN) if one.finding]
    doubt = surveyed.reader.shared_with_the_writer() if surveyed.reader else ""
    return [*(Warned(one.sentence()) for one in found), *([Warned(doubt)] if doubt else [])]
