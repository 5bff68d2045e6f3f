"""One environment of one Infisical project: its folders, and one secret in each.

The current API (v4) is asked first; a server that does not have it yet is asked by the one before
(v3 raw). Both know the same secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Self
from urllib.parse import quote

from wizard.core.errors import ConflictError, NotFoundError, WizardError
from wizard.core.secrets import SecretStr
from wizard.profile.secrets import TOKEN_FIELD
from wizard.systems.backends.infisical_errors import (
    SOURCE,
    NoFolderError,
    NoRouteError,
    NoSecretError,
)
from wizard.systems.backends.infisical_session import Json, Session
from wizard.systems.backends.ownership import OWNER_FIELD, Owner
from wizard.systems.http.answers import Record, reading

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class _Calls:
    """What one generation of the API calls the same things."""

    secret: str
    folders: str
    project: str
    imports: str


_CURRENT = _Calls(
    f"/api/v4/secrets/{TOKEN_FIELD}", "/api/v2/folders", "projectId", "includeImports"
)
_LEGACY = _Calls(
    f"/api/v3/secrets/raw/{TOKEN_FIELD}", "/api/v1/folders", "workspaceId", "include_imports"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret as Infisical shows it; `hidden` where we may see that it is there, not its value."""

    value: SecretStr
    hidden: bool
    version: str
    changed_at: datetime | None
    metadata: tuple[Mapping[str, Any], ...] = ()
    """Keys and values that people and programs note beside a secret, and cluster readers do not
    see. A server that has none of them yet drops ours."""

    @property
    def owner(self) -> Owner | None:
        noted = (one.get("value") for one in self.metadata if one.get("key") == OWNER_FIELD)
        return Owner.read(next(noted, None))

    @classmethod
    def of(cls, secret: Json) -> Self:
        """Raises: ShapeError, where this is not a secret."""
        fields = Record(secret, "secret")
        return cls(
            SecretStr(fields.text("secretValue").strip()),
            fields.flag("secretValueHidden", False),
            str(fields.number("version")),
            fields.time("updatedAt"),
            tuple(one.plain() for one in fields.records("secretMetadata", ())),
        )


class Project:
    """The project, found by slug or id when it is first needed.

    Args:
        session: the conversation with the server.
        name: the project's slug or id.
        environment: the environment's slug.
    """

    def __init__(self, session: Session, name: str, environment: str) -> None:
        self._session = session
        self._name = name
        self._environment = environment
        self._calls = _CURRENT
        self._found: Json | None = None
        self._lock = Lock()

    @property
    def named_by_id(self) -> bool:
        return bool(_UUID.fullmatch(self._name))

    def id(self) -> str:
        return str(self._project()["id"])

    def slug(self) -> str:
        return str(self._project()["slug"])

    def read(self, folder: str) -> Kept | None:
        """The secret of a folder; None where there is none, or no folder."""
        try:
            return self._read(folder)
        except (NoSecretError, NoFolderError):
            return None

    def create(self, folder: str, value: SecretStr, owner: Owner | None) -> None:
        """Create the secret, and its folder where that is missing."""
        noted = _with_owner((), owner)
        try:
            self._write("post", folder, value, noted)
        except NoFolderError:
            self._make(folder)
            self._write("post", folder, value, noted)

    def change(self, folder: str, value: SecretStr, owner: Owner | None, over: Kept) -> None:
        """Give the secret another value; the same one again would make another version."""
        self._write("patch", folder, value, _with_owner(over.metadata, owner))

    def remove(self, folder: str) -> None:
        self._write("delete", folder)

    def _read(self, folder: str) -> Kept:
        calls = self._calls
        doing = f"read {folder}/{TOKEN_FIELD}"
        query = {
            **self._place(),
            "secretPath": folder,
            "type": "shared",
            "viewSecretValue": "true",
            "expandSecretReferences": "false",
            calls.imports: "false",
        }
        try:
            answer = self._session.get(doing, calls.secret, query)
        except NoRouteError:
            if calls is _LEGACY:
                raise
            self._calls = _LEGACY
            return self._read(folder)
        with reading(doing, of=SOURCE):
            return Kept.of(Record(answer).record("secret").plain())

    def _write(
        self,
        verb: str,
        folder: str,
        value: SecretStr | None = None,
        metadata: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        doing = f"{_VERBS[verb]} {folder}/{TOKEN_FIELD}"
        body: Json = {**self._place(), "secretPath": folder, "type": "shared"}
        if value is not None:
            body["secretValue"] = value.get_secret_value()
        if metadata:
            body["secretMetadata"] = list(metadata)
        answer = self._session.send(doing, verb, self._calls.secret, body)
        # A change-approval policy answers 200 too, and stores nothing.
        if "approval" in answer:
            raise WizardError(
                f"Infisical did not {doing}: it opened a change request; nothing is live yet.",
                f"a change-approval policy covers {folder}, and approving the request would put "
                "a token live that the next run replaces",
                "Close the request, take the folder out of the policy (or set another "
                "secrets.infisical.path), then run it again",
            )
        with reading(doing, of=SOURCE):
            Record(answer).record("secret")

    def _make(self, folder: str) -> None:
        """Make a folder; one call makes its missing parents too."""
        parent, _, name = folder.rpartition("/")
        body: Json = {**self._place(), "name": name, "path": parent or "/"}
        with suppress(ConflictError):  # someone else has just made it
            self._session.send(f"make the folder {folder}", "post", self._calls.folders, body)

    def _place(self) -> dict[str, str]:
        return {self._calls.project: self.id(), "environment": self._environment}

    def _project(self) -> Json:
        """The project, once it is sure that it has the environment.

        Infisical says of a missing environment that the folder is missing; taken for that, a
        misspelt environment would read as "no token yet", and a runner would be reset.

        Raises: NotFoundError, naming the environments that there are.
        """
        with self._lock:
            if self._found is None:
                project = self._look_up()
                with reading(f"find project {self._name}", of=SOURCE):
                    listed = Record(project, "project").records("environments", ())
                    known = [one.text("slug") for one in listed]
                if known and self._environment not in known:
                    raise NotFoundError(
                        f"Project {self._name} has no environment {self._environment}.",
                        f"it has {', '.join(known)}",
                        "Set secrets.infisical.environment to one of these slugs",
                    )
                self._found = project
            return self._found

    def _look_up(self) -> Json:
        below = self._name if self.named_by_id else f"slug/{quote(self._name, safe='')}"
        doing = f"find project {self._name}"
        try:
            answer = self._session.get(doing, f"/api/v1/projects/{below}")
        except NoRouteError:
            answer = self._session.get(doing, f"/api/v1/workspace/{below}")
        # By slug it comes as it is, by id under a name.
        with reading(doing, of=SOURCE):
            fields = Record(answer)
            named = next((name for name in ("project", "workspace") if name in fields), "")
            project = fields.record(named) if named else fields
            project.text("id")
            project.text("slug")
            return project.plain()


_VERBS = {"post": "create", "patch": "change", "delete": "remove"}


def _with_owner(there: Sequence[Mapping[str, Any]], owner: Owner | None) -> list[Mapping[str, Any]]:
    """What is noted beside a secret, with our owner in it: a change replaces all of it."""
    others = [one for one in there if one.get("key") != OWNER_FIELD]
    return [*others, {"key": OWNER_FIELD, "value": str(owner)}] if owner else others
