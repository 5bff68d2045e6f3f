"""A KV engine in a real OpenBao, with a way to it that can fail."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.openbao import OpenBao
from tests.fakes.proxy import Call, FaultyProxy, Reply
from tests.systems.backends import conformance
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import vault_policy
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.vault import VaultSecrets, build


@dataclass
class VaultPlace:
    """The engine is mounted at `mount`, and the wizard's token has the policy we hand out."""

    bao: OpenBao
    proxy: FaultyProxy
    mount: str
    version: int
    folder: Path
    section: dict[str, Any] = field(default_factory=dict)
    """More of the profile's section."""
    environ: dict[str, str] = field(default_factory=dict)
    """More of the environment."""
    throttled = Reply(
        429, b'{"errors":["request path: rate limit quota exceeded"]}', {"Retry-After": "1"}
    )

    def __post_init__(self) -> None:
        self.bao.root.sys.enable_secrets_engine(
            "kv", path=self.mount, options={"version": str(self.version)}
        )
        vault = {"address": "http://vault.example.com", "mount": self.mount, **self.section}
        vault.setdefault("kv_version", self.version)
        self.profile: Profile = conformance.profile({"backend": "vault", "vault": vault})
        settings = self.profile.secrets.vault
        assert settings
        self.settings = settings
        policy = vault_policy.writer(
            self.profile, settings.model_copy(update={"kv_version": self.version})
        )
        self.writer_policy = f"writer-{self.mount}"
        self.bao.root.sys.create_or_update_policy(self.writer_policy, policy)
        self.token = self.bao.token_with(self.writer_policy)

    def close(self) -> None:
        self.bao.root.sys.disable_secrets_engine(self.mount)

    def around(self, **environ: str) -> BackendContext:
        given = {"VAULT_ADDR": self.proxy.url, "VAULT_TOKEN": self.token, "HOME": str(self.folder)}
        return BackendContext(
            self.profile,
            self.folder,
            {**given, **self.environ, **environ},
            timeouts=(2, conformance.PATIENCE),
        )

    def backend(self, **environ: str) -> VaultSecrets:
        return build(self.around(**environ))

    def stranger(self) -> VaultSecrets:
        return self.backend(VAULT_TOKEN=self.bao.token_with("default"))

    def put(self, runner: Runner, value: str) -> None:
        self.put_fields(runner, {"RUNNER_TOKEN": value})

    def put_fields(self, runner: Runner, fields: dict[str, Any]) -> None:
        path = self.settings.secret_path(runner.name)
        kv = self.bao.root.secrets.kv
        if self.version == 1:
            kv.v1.create_or_update_secret(path=path, secret=fields, mount_point=self.mount)
        else:
            kv.v2.create_or_update_secret(path=path, secret=fields, mount_point=self.mount)

    def fields(self, runner: Runner) -> dict[str, Any]:
        path = self.settings.secret_path(runner.name)
        kv = self.bao.root.secrets.kv
        if self.version == 1:
            return dict(kv.v1.read_secret(path=path, mount_point=self.mount)["data"])
        answer = kv.v2.read_secret_version(
            path=path, mount_point=self.mount, raise_on_deleted_version=True
        )
        return dict(answer["data"]["data"])

    def writes(self, call: Call) -> bool:
        return call.method not in {"GET", "HEAD"} and call.path.startswith(f"/v1/{self.mount}/")


def new_place(
    bao: OpenBao, folder: Path, version: int = 2, *, leave: bool = False, **section: Any
) -> Iterator[VaultPlace]:
    """A place on an engine of its own; with `leave` it is not taken away afterwards."""
    with FaultyProxy(bao.url) as proxy:
        place = VaultPlace(bao, proxy, f"kv-{secrets.token_hex(4)}", version, folder, section)
        yield place
        if not leave:
            place.close()
