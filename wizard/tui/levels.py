"""Asking, before anything is applied, about the level of namespaces that were there before."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from wizard.operations import dispatch as verbs
from wizard.operations.cluster.namespaces import NONE_REFUSED, LevelQuestion
from wizard.operations.profiles import open_profile
from wizard.tui.modals import Question
from wizard.tui.session import ProfileSession


async def agreed_levels(app: App[Any], session: ProfileSession) -> dict[str, str]:
    """A namespace that was there gets another Pod Security level only if a person says so.

    Runs in a worker, which waits for each answer. Raises: WizardError, from the cluster.
    """
    file = await asyncio.to_thread(open_profile, session.draft.path)
    systems = session.wiring(loaded=file)
    return {
        question.namespace: question.wanted
        for question in await verbs.level_questions(file, systems)
        if await app.push_screen_wait(_modal(question)) == "enforce"
    }


def _modal(question: LevelQuestion) -> Question:
    refused = question.refused or (f"{NONE_REFUSED.capitalize()}.",)
    return Question(
        f"Have namespace {question.namespace} enforce {question.wanted} for everything in it?",
        "\n".join([question.situation, *refused]),
        {"leave": "Leave it as it is", "enforce": f"Enforce {question.wanted}"},
    )
