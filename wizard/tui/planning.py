"""What the last steps ask of the operations: the plan of the draft, and its headless twin."""

from __future__ import annotations

import asyncio
import shlex
from urllib.parse import urlsplit

from wizard.core.changes import Action, Change, Plan, System
from wizard.core.command_line import command
from wizard.core.errors import MissingCredentialError, WizardError
from wizard.core.findings import details
from wizard.core.plan_format import counted, is_long, notes_of, unseen_of, value_text
from wizard.core.run import RunOptions
from wizard.profile.targets import target_of
from wizard.tui.outline import StepId, info_of
from wizard.tui.session import GITLAB_TOKEN, ProfileSession
from wizard.tui.work import Reviewed

_NAMED = 4
_RUNNER_IS = {
    Action.CREATE: "not created yet",
    Action.UPDATE: "there, with other settings",
    Action.DELETE: "there, and no longer wanted",
    Action.KEEP: "there, as it should be",
}


async def review(session: ProfileSession) -> Reviewed:
    """Compare the draft with what is there; writes nothing, and needs no file.

    Raises: InvalidDocumentError, when the draft is not valid; WizardError, from the systems.
    """
    from wizard.operations import dispatch as verbs

    draft = session.draft
    text, file = draft.text(), draft.loaded()
    await asyncio.to_thread(session.machine.warm_up)
    files_only = await _files_only(session)
    run = RunOptions(attended=True)
    plan = await verbs.plan(file, session.wiring(), run, files_only=files_only)
    return Reviewed(text, draft.path.absolute(), plan, files_only)


async def true_now(session: ProfileSession) -> str:
    """What `status` says of the draft; writes nothing.

    Raises: InvalidDocumentError, when the draft is not valid; WizardError, from the systems.
    """
    from wizard.operations.status import look, status_text

    file = session.draft.loaded()
    await asyncio.to_thread(session.machine.warm_up)
    systems = session.wiring()
    try:
        return status_text(await look(file, systems))
    finally:
        systems.stop_waiting()
        await asyncio.to_thread(systems.close)


def answerable_here(error: WizardError) -> WizardError:
    """The same error; where a credential is missing, its fix is the step that asks for it."""
    if not isinstance(error, MissingCredentialError):
        return error
    step = StepId.GITLAB if error.variable == GITLAB_TOKEN else StepId.SECRETS
    fix = f"Give it on the step {info_of(step).title}, or set {error.variable}"
    return WizardError(error.problem, error.cause, fix)


def headless(session: ProfileSession) -> str:
    """The command that does the same without screens."""
    path, folder = session.draft.path.absolute(), session.machine.folder
    near = path.relative_to(folder) if path.is_relative_to(folder) else path
    verb = "render" if session.reviewed and session.reviewed.files_only else "apply"
    return command(verb, near)


def place(session: ProfileSession) -> str:
    """Where things change: the context and the namespaces, or the folder."""
    draft = session.draft
    if target_of(draft.value("delivery", "to")).has_folder:
        return f"the folder {draft.path.parent / str(draft.value('delivery', 'directory'))}"
    namespaces = f"{draft.value('cluster', 'namespace')}, {draft.value('cluster', 'job_namespace')}"
    context = draft.value("cluster", "context") or f"{session.facts.current} (the current one)"
    return f"context {context}, namespaces {namespaces}"


def target(session: ProfileSession) -> str:
    """What the profile is about, short: its GitLab, its cluster, its way there."""
    draft = session.draft
    host = urlsplit(str(draft.value("gitlab", "url") or "")).netloc
    context = draft.value("cluster", "context") or "no cluster"
    delivery = f"{draft.value('delivery', 'as')} to {draft.value('delivery', 'to')}"
    return " · ".join(str(part) for part in (host, context, delivery) if part)


def look_command(session: ProfileSession) -> str:
    """The command that shows the manager's own words; empty where no cluster is looked at."""
    draft = session.draft
    context = draft.value("cluster", "context")
    try:
        release = draft.loaded().profile.runners[session.runner].release
    except (WizardError, LookupError):
        return ""
    where = ["--context", str(context)] if context else []
    namespace = str(draft.value("cluster", "namespace"))
    words = ["kubectl", *where, "-n", namespace, "logs", f"deploy/{release}", "--tail", "20"]
    return shlex.join(words) if context or session.facts.current else ""


def verdict(plan: Plan) -> str:
    """The plan in one sentence."""
    said = f"No change. Everything is as the profile says ({len(plan.changes)} things looked at)."
    if plan.pending:
        said = f"{counted(plan)}. Nothing has been written yet. {meaning(plan)}".rstrip()
    elif plan.doubts:
        said = "No change, but something is wrong. Apply proves these runners again."
    return "\n".join([said, *noted(plan)])


def meaning(plan: Plan) -> str:
    """What the changes come to, in one human sentence; empty where they speak for themselves."""
    pending = plan.pending
    changed = [(change, field) for change in pending for field in change.fields]
    said = []
    if len(pending) == 1 and pending[0].action is Action.UPDATE and len(changed) == 1:
        _, field = changed[0]
        if not is_long(field):
            before, after = value_text(field.before), value_text(field.after)
            said.append(f"{field.path}: {before} becomes {after}.")
    if restarted := [one.subject for one in pending if _restarts(one)]:
        names = ", ".join(subject.rpartition("/")[2] for subject in restarted[:_NAMED])
        more = f" and {len(restarted) - _NAMED} more" if len(restarted) > _NAMED else ""
        said.append(f"New pods for {names}{more}; the old ones finish their jobs first.")
    return " ".join(said)


def _restarts(change: Change) -> bool:
    """Whether a manager that runs gets new pods."""
    kind = change.subject.partition(" ")[0]
    return (
        change.system is System.CLUSTER
        and kind == "Deployment"
        and change.action in {Action.UPDATE, Action.REPLACE}
        and any(field.path.startswith("spec.template") for field in change.fields)
    )


def noted(plan: Plan) -> list[str]:
    """What must be known before it is agreed to, line by line."""
    refused = [
        line
        for one in plan.refusals
        if one.finding
        for line in (f"! {one.finding.problem}", *details(one.finding))
    ]
    doubts = [f"found: {doubt}" for doubt in plan.doubts]
    return [*refused, *doubts, *(f"note: {sentence}" for sentence in notes_of(plan))]


def status(plan: Plan) -> str:
    """What is there, in words."""
    runners = list(plan.of(System.GITLAB))
    lines = [f"{change.subject}: {_RUNNER_IS[change.action]}" for change in runners[:_NAMED]]
    if len(runners) > _NAMED:
        lines.append(f"and {len(runners) - _NAMED} more")
    pending = counted(plan)
    lines.append(f"pending: {pending}; the review shows it" if pending else verdict(plan))
    return "\n".join([*lines, *(f"not looked at: {one}" for one in unseen_of(plan))])


async def _files_only(session: ProfileSession) -> bool:
    """Whether nothing but files can be made: that is wished, or there is no token for GitLab."""
    if not target_of(session.draft.value("delivery", "to")).has_folder:
        return False
    if session.just_files:
        return True
    found, _ = await asyncio.to_thread(session.machine.token, session.address.url)
    return not (found or session.secret(GITLAB_TOKEN))
