"""What the last steps ask of the operations: the plan of the draft, and its headless twin."""

from __future__ import annotations

import asyncio
import shlex

from wizard.core.changes import Action, Plan, System
from wizard.core.findings import details
from wizard.core.run import Run
from wizard.core.shown import counted, notes_of
from wizard.tui.session import GITLAB_TOKEN, Session
from wizard.tui.work import Reviewed

_NAMED = 4
_RUNNER_IS = {
    Action.CREATE: "not created yet",
    Action.UPDATE: "there, with other settings",
    Action.DELETE: "there, and no longer wanted",
    Action.KEEP: "there, as it should be",
}


async def review(session: Session) -> Reviewed:
    """Compare the draft with what is there; writes nothing, and needs no file.

    Raises: InvalidDocument, when the draft is not valid; WizardError, from the systems.
    """
    from wizard.operations import verbs
    from wizard.operations.files_only import plan_files

    draft = session.draft
    text, file = draft.text(), draft.loaded()
    await asyncio.to_thread(session.machine.warm_up)
    files_only = await _files_only(session)
    run = Run(attended=True)
    plan = await (plan_files(file) if files_only else verbs.plan(file, session.wiring(), run))
    return Reviewed(text, plan, files_only)


def headless(session: Session) -> str:
    """The command that does the same without screens."""
    path, folder = session.draft.path.absolute(), session.machine.folder
    near = path.relative_to(folder) if path.is_relative_to(folder) else path
    verb = "render" if session.reviewed and session.reviewed.files_only else "apply"
    return f"runner-wizard {verb} {shlex.quote(str(near))}"


def place(session: Session) -> str:
    """Where things change: the context and the namespaces, or the folder."""
    draft = session.draft
    if draft.value("delivery", "to") == "directory":
        return f"the folder {draft.path.parent / str(draft.value('delivery', 'directory'))}"
    namespaces = f"{draft.value('cluster', 'namespace')}, {draft.value('cluster', 'job_namespace')}"
    context = draft.value("cluster", "context") or f"{session.current} (the current one)"
    return f"context {context}, namespaces {namespaces}"


def verdict(plan: Plan) -> str:
    """The plan in one sentence."""
    said = f"No change. All is as the profile says ({len(plan.changes)} things looked at)."
    if plan.pending:
        said = f"{counted(plan)}. Nothing has been written yet."
    return "\n".join([said, *noted(plan)])


def noted(plan: Plan) -> list[str]:
    """What must be known before it is agreed to, line by line."""
    refused = [
        line
        for one in plan.refusals
        if one.finding
        for line in (f"! {one.finding.problem}", *details(one.finding))
    ]
    return [*refused, *(f"note: {sentence}" for sentence in notes_of(plan))]


def status(plan: Plan) -> str:
    """What is there, in words."""
    runners = list(plan.of(System.GITLAB))
    lines = [f"{change.subject}: {_RUNNER_IS[change.action]}" for change in runners[:_NAMED]]
    if len(runners) > _NAMED:
        lines.append(f"and {len(runners) - _NAMED} more")
    pending = counted(plan)
    lines.append(f"pending: {pending}; the review shows it" if pending else verdict(plan))
    return "\n".join([*lines, *(f"not looked at: {one}" for one in plan.unseen)])


async def _files_only(session: Session) -> bool:
    """Whether nothing but files can be made: that is wished, or there is no token for GitLab."""
    if session.draft.value("delivery", "to") != "directory":
        return False
    if session.just_files:
        return True
    found, _ = await asyncio.to_thread(session.machine.token, session.address.url)
    return not (found or GITLAB_TOKEN in session.secrets)
