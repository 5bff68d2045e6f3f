"""Tokens in the KV engine of HashiCorp Vault or OpenBao."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wizard.core.errors import (
    ConflictError,
    LoginRefusedError,
    NotAllowedError,
    RefusedError,
    WizardError,
)
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.problems import Key
from wizard.profile.runner import Runner
from wizard.profile.secrets import Vault
from wizard.systems.backends import vault_policy
from wizard.systems.backends.checks import checked, failed
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.token_field import ConcurrentChangeError, Content, TokenField
from wizard.systems.backends.vault_errors import SOURCE, NoPathError
from wizard.systems.backends.vault_session import Session
from wizard.systems.http.answers import Record, reading

if TYPE_CHECKING:
    import hvac


class VaultSecrets(TokenField):
    """One path below the mount for each runner.

    Version 2 of the engine is written with check-and-set, so that two writers cannot undo each
    other's fields; version 1 has no such thing.
    """

    def __init__(self, settings: Vault, around: BackendContext) -> None:
        self._settings = settings
        self._profile = around.profile
        self._session = Session(settings, around)

    def where(self, runner: Runner) -> str:
        return f"Vault {self._settings.mount}/{self._path(runner)}"

    def facts(self) -> dict[Key, Any]:
        if self._settings.kv_version:
            return {}
        return {("secrets", "vault", "kv_version"): self._version}

    def check(self) -> list[Check]:
        steps: tuple[tuple[str, Callable[[], list[Check]]], ...] = (
            (f"reach Vault at {self._session.address}", self._check_reach),
            (f"sign in to Vault ({self._settings.login})", self._check_identity),
            (f"the KV engine {self._settings.mount}", self._check_mount),
            ("rights in Vault", self._check_rights),
        )
        return checked(steps)

    def policy(self) -> str:
        return vault_policy.text(self._profile, self._settings)

    def close(self) -> None:
        self._session.close()

    def _check_reach(self) -> list[Check]:
        self._session.health()
        return [Check(f"reach Vault at {self._session.address}", Verdict.OK)]

    def _check_identity(self) -> list[Check]:
        doing = "say who we are"
        answer = self._session.data(doing, lambda c: c.auth.token.lookup_self())
        with reading(doing, of=SOURCE):
            me = Record(answer)
            name, policies = me.text("display_name", "") or "a token", me.texts("policies", ())
        return [Check(f"signed in to Vault as {name} ({', '.join(policies)})", Verdict.OK)]

    def _check_mount(self) -> list[Check]:
        name = f"the KV engine {self._settings.mount} is version {self._version}"
        return [Check(name, Verdict.OK)]

    def _check_rights(self) -> list[Check]:
        """Asked as a question of its own, which changes nothing (sys/capabilities-self)."""
        by_path = {self._data_path(runner): runner for runner in self._profile.runners}
        doing = "say what we may do"
        answer = self._session.data(doing, lambda c: c.sys.get_capabilities(paths=list(by_path)))
        with reading(doing, of=SOURCE):
            held = {path: set(Record(answer).texts(path)) for path in by_path}
        checks = []
        for path, runner in by_path.items():
            missing = _missing(held[path])
            name = f"read and write {self.where(runner)}"
            if missing:
                finding = Finding(
                    f"{self.where(runner)} cannot be written",
                    f"the policy of our token lacks {', '.join(missing)} on {path}",
                    "the token has no right to",
                    "Give it the writer's policy of docs/secrets.md",
                )
                checks.append(failed(name, finding))
            else:
                checks.append(Check(name, Verdict.OK))
        return checks

    @cached_property
    def _version(self) -> int:
        """The engine's version, from the engine itself.

        Version 2's calls on an engine of version 1 are answered with success and land at a path
        that no one reads, so the profile's word alone is not taken for it.
        """
        mount, written = self._settings.mount, self._settings.kv_version
        try:
            found = self._found_version()
        except LoginRefusedError:
            raise
        except NotAllowedError as refused:
            # Told to everybody with any right below the mount (OpenBao 2.7, Vault since 0.10).
            raise NotAllowedError(
                f"Vault does not describe the KV engine {mount} to us.",
                refused.cause,
                "Either nothing is mounted there, or our token has no right below it: check "
                "secrets.vault.mount and namespace, and the writer's policy of docs/secrets.md",
            ) from None
        if written and written != found:
            raise RefusedError(
                f"The KV engine {mount} is version {found}; the profile says {written}.",
                "writing to it as another version would seem to work, and the token be lost",
                f"Set secrets.vault.kv_version: {found}",
            )
        return found

    def _found_version(self) -> int:
        mount = self._settings.mount

        def ask(client: hvac.Client) -> Any:
            # What Vault's and OpenBao's own programs ask before every `kv get`.
            return client.adapter.get(f"/v1/sys/internal/ui/mounts/{mount}")

        doing = f"describe the engine {mount}"
        answer = self._session.data(doing, ask)
        with reading(doing, of=SOURCE):
            engine = Record(answer)
            kind, version = engine.text("type"), engine.record("options", {}).number("version", 1)
        if kind not in {"kv", "generic"}:
            raise WizardError(
                f"{mount} is not a KV engine but {kind}.",
                "secrets.vault.mount names it",
                "Name the mount of a KV engine (vault secrets list)",
            )
        return version

    def _path(self, runner: Runner) -> str:
        return self._settings.secret_path(runner.name)

    def _data_path(self, runner: Runner) -> str:
        return vault_policy.data_path(self._settings, self._version, runner.name)

    def _fetch(self, runner: Runner) -> Content | None:
        content = self._fetch_with_version(runner)
        return content if content and content.fields else None

    def _fetch_with_version(self, runner: Runner) -> Content | None:
        """What is there; a deleted secret has no fields, but a version to be written over."""
        mount, path, doing = self._settings.mount, self._path(runner), f"read {self.where(runner)}"
        if self._version == 1:
            return self._fetch_v1(runner)
        try:
            data = self._session.data(
                doing,
                lambda c: c.secrets.kv.v2.read_secret_version(
                    path=path, mount_point=mount, raise_on_deleted_version=True
                ),
            )
        except NoPathError as missing:
            data = _nothing(missing).get("data") or {}
            if not data:
                return None
        with reading(doing, of=SOURCE):
            kept = Record(data)
            metadata = kept.record("metadata")
            version, when = metadata.number("version"), metadata.time("created_time")
            fields = kept.record("data", {}).plain()
        return Content(fields, str(version), when)

    def _fetch_v1(self, runner: Runner) -> Content | None:
        mount, path, doing = self._settings.mount, self._path(runner), f"read {self.where(runner)}"
        try:
            fields = self._session.data(
                doing, lambda c: c.secrets.kv.v1.read_secret(path=path, mount_point=mount)
            )
        except NoPathError as missing:
            _nothing(missing)
            return None
        return Content(fields)

    def _put(self, runner: Runner, fields: Mapping[str, Any], over: Content | None) -> None:
        mount, path, doing = self._settings.mount, self._path(runner), f"write {self.where(runner)}"
        if self._version == 1:
            self._change(
                doing,
                lambda c: c.secrets.kv.v1.create_or_update_secret(
                    path=path, secret=dict(fields), method="POST", mount_point=mount
                ),
            )
            return
        over = over or self._fetch_with_version(runner)
        try:
            self._change(
                doing,
                lambda c: c.secrets.kv.v2.create_or_update_secret(
                    path=path,
                    secret=dict(fields),
                    cas=int(over.version) if over else 0,
                    mount_point=mount,
                ),
            )
        except ConflictError:
            raise ConcurrentChangeError from None

    def _drop(self, runner: Runner) -> None:
        mount, path = self._settings.mount, self._path(runner)
        if self._version == 1:
            self._change(
                f"remove {self.where(runner)}",
                lambda c: c.secrets.kv.v1.delete_secret(path=path, mount_point=mount),
            )
        else:
            self._change(
                f"remove {self.where(runner)}",
                lambda c: c.secrets.kv.v2.delete_metadata_and_all_versions(
                    path=path, mount_point=mount
                ),
            )

    def _change(self, doing: str, ask: Callable[[hvac.Client], Any]) -> None:
        self._session.call(doing, ask, is_read=False)


def build(around: BackendContext, _cluster: object = None) -> VaultSecrets:
    """The backend of this profile.

    Raises: UsageError, when a file it names is not there.
    """
    settings = around.profile.secrets.vault
    return VaultSecrets(needed(settings), around)


def _nothing(missing: NoPathError) -> Mapping[str, Any]:
    """What a 404 tells of a secret that is not there.

    Raises: Missing, when it is more than the secret: only then does Vault give words for it.
    """
    if missing.message:
        raise missing
    return missing.body


def _missing(held: set[str]) -> list[str]:
    if "root" in held:
        return []
    wanted = {"create", "update", "read"}
    return sorted(wanted if "deny" in held else wanted - held)
