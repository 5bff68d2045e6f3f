"""What the fake remembers: identities and their sessions, projects, folders, secrets."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

LOCK_AFTER, LOCK_WITHIN, LOCK_FOR = 3, 30.0, 300.0
"""Bad secrets, seconds within which, and seconds for which: the defaults of universal auth."""


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Clock:
    """The server's clock, which a test may set forward."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def text(self) -> str:
        moment = datetime.fromtimestamp(self.now(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Identity:
    """A machine identity; `roles` by project id: admin, member or viewer."""

    client_id: str = field(default_factory=new_id)
    client_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    roles: dict[str, str] = field(default_factory=dict)
    token_lifetime: int = 2_592_000
    sees_values: bool = True
    bad_secrets: list[float] = field(default_factory=list)
    locked_until: float = 0.0


@dataclass
class Token:
    identity: Identity
    expires_at: float
    revoked: bool = False


@dataclass
class Version:
    value: str
    at: str
    metadata: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Secret:
    id: str
    created_at: str
    versions: list[Version]


@dataclass
class Project:
    """A project; secrets by environment, folder and name."""

    slug: str
    id: str = field(default_factory=new_id)
    environments: tuple[str, ...] = ("dev", "staging", "prod")
    folders: set[tuple[str, str]] = field(default_factory=set)
    secrets: dict[tuple[str, str, str], Secret] = field(default_factory=dict)
    approval_folders: list[str] = field(default_factory=list)
    """Folders, and all below them, where a change needs somebody's approval."""
    approvals: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Changes that wait for it: the call's method and its body."""

    def has_folder(self, environment: str, path: str) -> bool:
        known = environment in self.environments
        return known and (path == "/" or (environment, path) in self.folders)

    def add_folder(self, environment: str, path: str) -> bool:
        """Add a folder and its parents; whether it is new."""
        is_new = not self.has_folder(environment, path)
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            self.folders.add((environment, "/" + "/".join(parts[:depth])))
        return is_new

    def put(self, environment: str, path: str, value: str) -> None:
        """Store a value by its whole path, as a person in the browser would."""
        folder, _, name = path.rpartition("/")
        self.add_folder(environment, folder or "/")
        now = Clock().text()
        secret = self.secrets.setdefault(
            (environment, folder or "/", name), Secret(new_id(), now, [])
        )
        secret.versions.append(Version(value, now))
