"""What the tests of the Infisical backend have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.infisical import FakeInfisical
from tests.fakes.infisical.state import Identity, Project
from tests.fakes.proxy import Call, FaultyProxy, Reply
from tests.systems.backends.conformance import PATIENCE, profile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.infisical import InfisicalSecrets

ENVIRONMENT, PATH = "prod", "/gitlab/runners"
FIRST = f"{PATH}/one/RUNNER_TOKEN"


@dataclass
class Infisical:
    """A fake with the project `homelab`, and how to reach it."""

    fake: FakeInfisical
    project: Project
    identity: Identity
    slept: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def connect(
        self, *, identity: Identity | None = None, secret: str = "", **settings: str
    ) -> InfisicalSecrets:
        who = identity or self.identity
        return InfisicalSecrets(
            BackendContext(
                a_profile(self.fake.url, **settings),
                Path(),
                {
                    "INFISICAL_CLIENT_ID": who.client_id,
                    "INFISICAL_CLIENT_SECRET": secret or who.client_secret,
                },
                on_wait=lambda seconds, why: self.told.append(f"{seconds} {why}"),
                sleep=self.slept.append,
                timeouts=(1.0, 0.4),
            )
        )

    def versions(self, path: str = FIRST) -> list[str]:
        return self.fake.versions(self.project, path)


@dataclass
class InfisicalPlace:
    """The fake as the shared suite wants it."""

    infisical: Infisical
    proxy: FaultyProxy
    throttled = Reply(
        429,
        b'{"statusCode":429,"error":"RateLimitExceeded",'
        b'"message":"Rate limit exceeded. Please try again in 1 seconds"}',
    )

    def __post_init__(self) -> None:
        self.profile = a_profile(self.proxy.url)

    def backend(self) -> Backend:
        return self._as(self.infisical.identity)

    def stranger(self) -> Backend:
        return self._as(self.infisical.fake.add_identity(role=""))

    def _as(self, identity: Identity) -> Backend:
        environ = {
            "INFISICAL_CLIENT_ID": identity.client_id,
            "INFISICAL_CLIENT_SECRET": identity.client_secret,
        }
        around = BackendContext(self.profile, Path(), environ, timeouts=(PATIENCE, PATIENCE))
        return InfisicalSecrets(around)

    def put(self, runner: Runner, value: str) -> None:
        self.infisical.project.put(ENVIRONMENT, f"{PATH}/{runner.name}/RUNNER_TOKEN", value)

    def writes(self, call: Call) -> bool:
        return call.method != "GET" and "/auth/" not in call.path


def a_profile(host: str, **settings: str) -> Profile:
    infisical = {"host": host, "project": "homelab", **settings}
    return profile({"backend": "infisical", "infisical": infisical})


@contextmanager
def an_infisical() -> Iterator[Infisical]:
    with FakeInfisical() as fake:
        project = fake.add_project("homelab")
        yield Infisical(fake, project, fake.add_identity())


def runner(name: str = "one") -> Runner:
    return a_profile("https://app.infisical.com").runner(name)
