"""What the shell is left with once the screens are gone: what was done, where, and what is next."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.events import Proven, Unproven, Waiting
from wizard.core.plain import strip_controls
from wizard.core.secrets import redact
from wizard.tui.look import signs
from wizard.tui.planning import headless
from wizard.tui.session import ProfileSession
from wizard.tui.work import State, Verb, Work, duration, mark_of


def ending(session: ProfileSession) -> list[str]:
    """Lines without any secret; none where nothing was saved and nothing done."""
    return [redact(strip_controls(line)) for line in _lines(session)]


def _lines(session: ProfileSession) -> Iterator[str]:
    draft, work = session.draft, session.work
    if work:
        yield from _done(work)
    if draft.disk is not None:
        yield f"  Profile  {draft.path}"
    waiting = work.events_of(Waiting) if work else []
    if waiting:
        yield "  Next     run these, then open the profile again:"
        yield from (f"    {command}" for command in waiting[-1].commands)
    elif draft.disk is not None:
        yield f"  Again    {headless(session)}"
    if draft.dirty and session.facts.memory.kept(draft.path):
        yield f"  Draft    kept; opening {draft.path.name}, or the next start, offers it"


def _done(work: Work) -> Iterator[str]:
    if work.state is not State.DONE:
        why = f": {work.error.problem}" if work.error else ""
        yield f"{mark_of(work.state)} {work.verb.value} {work.state.value}{why}"
        return
    lines = [f"{signs().done} {event.sentence()}" for event in work.events_of(Proven)]
    lines += [f"{signs().skipped} {event.sentence()}" for event in work.events_of(Unproven)]
    yield from lines
    if not lines:
        what = "removed what the profile made" if work.verb is Verb.DESTROY else work.known()
        yield f"{signs().done} {what}, in {duration(work.seconds)}"
