"""Tokens in Infisical: one secret RUNNER_TOKEN in a folder of its own for each runner."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr, fingerprint, remember_secret
from wizard.profile.runner import Runner
from wizard.profile.secrets import TOKEN_FIELD
from wizard.systems.backends import Stored
from wizard.systems.backends.checks import checked
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.infisical_project import Kept, Project
from wizard.systems.backends.infisical_session import Session
from wizard.systems.backends.ownership import Owner, refuse_anothers
from wizard.systems.kubernetes import Cluster


class InfisicalSecrets:
    """The secret of each runner, at PATH/NAME/RUNNER_TOKEN of one project and environment.

    Raises: UsageError, when the CA file that the profile names is not there.
    """

    def __init__(self, around: BackendContext) -> None:
        settings = needed(around.profile.secrets.infisical)
        self._settings = settings
        self._profile = around.profile
        self._session = Session(settings.host, around.beside(settings.ca_file), around)
        self._project = Project(self._session, settings.project, settings.environment)

    def where(self, runner: Runner) -> str:
        settings = self._settings
        return (
            f"Infisical project {settings.project}, {settings.environment}, "
            f"{self._settings.folder(runner.name)}/{TOKEN_FIELD}"
        )

    def check(self) -> list[Check]:
        settings = self._settings
        place = f"project {settings.project}, environment {settings.environment}"
        folder = settings.folder(self._profile.runners[0].name)
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            (f"reach {self._session.host}", self._session.is_there),
            ("sign in as a machine identity", self._session.sign_in),
            (f"find {place}", self._project.id),
            (f"read {folder}", lambda: self._visible(folder)),
        )
        done = checked((name, partial(_passed, name, look)) for name, look in steps)
        if any(check.verdict is Verdict.FAIL for check in done):
            return done
        return [*done, Check(f"write {folder}", Verdict.UNSEEN, self._unseen(folder))]

    def read(self, runner: Runner) -> Stored | None:
        kept = self._project.read(self._settings.folder(runner.name))
        if kept is None:
            return None
        if kept.hidden:
            return Stored("", kept.version, kept.changed_at, kept.owner)
        if not kept.value.get_secret_value():
            return None
        token = remember_secret(kept.value)
        return Stored(fingerprint(token), kept.version, kept.changed_at, kept.owner, token)

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        folder = self._settings.folder(runner.name)
        wanted = SecretStr(token.get_secret_value().strip())  # as Infisical would store it
        kept = self._visible(folder)
        self._refuse_anothers(runner, kept)
        owner = Owner(self._profile.id, runner_id) if self._profile.id else None
        if kept is None:
            self._project.create(folder, wanted, owner)
        elif kept.value == wanted and (not runner_id or kept.owner == owner):
            return False
        else:
            self._project.change(folder, wanted, owner, kept)
        found = self._visible(folder)
        if found is None or found.value != wanted:
            raise WizardError(
                f"{self.where(runner)} does not hold what was written to it.",
                "something else changed it at once" if found else "something removed it at once",
                "The project's audit log says who; then run it again",
            )
        return True

    def remove(self, runner: Runner) -> bool:
        folder = self._settings.folder(runner.name)
        kept = self._project.read(folder)
        if kept is None:
            return False
        self._refuse_anothers(runner, kept)
        self._project.remove(folder)
        return True

    def _refuse_anothers(self, runner: Runner, kept: Kept | None) -> None:
        if kept is not None and (kept.hidden or kept.value.get_secret_value()):
            refuse_anothers(self.where(runner), kept.owner, self._profile.id)

    def policy(self) -> str:
        settings = self._settings
        environment = {"environment": {"$eq": settings.environment}}
        folders = [settings.folder(runner.name) for runner in self._profile.runners]
        # External Secrets validates a store by listing its folder, so the reader sees that too.
        read = {**environment, "secretPath": {"$in": [settings.path, *folders]}}
        write = {**environment, "secretPath": {"$in": folders}}
        reader = [_rule("secrets", read, "describeSecret", "readValue")]
        writer = [
            _rule("secrets", write, "describeSecret", "readValue", "create", "edit", "delete"),
            # A folder is made in its parent, where the path of the secrets would not fit.
            _rule("secret-folders", environment, "read", "create"),
        ]
        return (
            f"Two machine identities in project {settings.project}, each with a custom role of "
            "these permissions\n(where the plan has no custom roles: member for the writer, "
            "viewer for the reader).\n\n"
            f"The writer, which is the wizard:\n{json.dumps(writer, indent=2)}\n\n"
            f"The reader, which is the cluster:\n{json.dumps(reader, indent=2)}\n"
        )

    def facts(self) -> dict[Key, Any]:
        # External Secrets finds a project by its slug alone.
        if not self._profile.secrets.store.create or not self._project.named_by_id:
            return {}
        return {("secrets", "infisical", "project"): self._project.slug()}

    def close(self) -> None:
        self._session.close()

    def _visible(self, folder: str) -> Kept | None:
        """What is kept.

        Raises: NotAllowedError, where it is hidden from us and cannot be compared.
        """
        kept = self._project.read(folder)
        if kept is not None and kept.hidden:
            raise NotAllowedError(
                f"The machine identity may not see the value of {folder}/{TOKEN_FIELD}.",
                "Infisical hides it, so what is written could not be read back and compared",
                "Give the identity readValue on this path",
            )
        return kept

    def _unseen(self, folder: str) -> Finding:
        return Finding(
            f"whether {folder} may be written shows only when it is written",
            "Infisical tells a machine identity neither its rights nor which change-approval "
            "policies cover a folder",
            fix="Compare the identity's role with the writer's permissions, and look under the "
            "project's change policies: none may cover this folder",
        )


def _rule(subject: str, conditions: dict[str, Any], *actions: str) -> dict[str, Any]:
    return {"subject": subject, "action": list(actions), "conditions": conditions}


def _passed(name: str, look: Callable[[], object]) -> list[Check]:
    look()
    return [Check(name, Verdict.OK)]


def build(around: BackendContext, _cluster: Callable[[], Cluster]) -> InfisicalSecrets:
    """The backend of this profile; nothing is asked of the server yet."""
    return InfisicalSecrets(around)
