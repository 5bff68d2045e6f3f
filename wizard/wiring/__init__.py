"""Profile and environment to adapters, each built when it is asked for, and only here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from importlib import import_module
from threading import Event as Cancel
from types import MappingProxyType
from typing import TYPE_CHECKING

from wizard.core.command_line import command
from wizard.core.errors import MissingCredentialError
from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.load import LoadedProfile
from wizard.profile.model import Profile
from wizard.systems.backends.context import BackendContext
from wizard.wiring.gitlab import Address, open_gitlab, require_way
from wizard.wiring.kept import kept_token
from wizard.wiring.trust import GITLAB, Audience, Trust, refuse_plain_http

if TYPE_CHECKING:
    from wizard.systems.backends import Backend
    from wizard.systems.gitlab import GitLab
    from wizard.systems.kubernetes import Cluster

Ask = Callable[[str], str]
"""Ask for a hidden value: the prompt in, the answer out."""
Say = Callable[[str], None]
HandOver = Callable[[str, SecretStr], None]
"""Show someone what to store where, and the token; return when they have done it."""


def _silent(_text: str) -> None:
    """No one listens."""


class Wiring:
    """The systems of one profile, as this machine's environment reaches them.

    Args:
        loaded: the profile and the folder its paths are relative to.
        ask: how to ask someone for a token; None where no one is there.
        say: where to tell of a wait (a throttled call, counted down).
        hand_over: how to have someone store a token where only they can, without leaving a trace;
            None where no one is there.
        cancel: set it to end every wait of a backend early.
        typed: secrets that a person typed for the addresses of this profile, by variable.
        trust: which addresses the environment's credentials may be sent to.
    """

    def __init__(
        self,
        loaded: LoadedProfile,
        *,
        environ: Mapping[str, str] = os.environ,
        ask: Ask | None = None,
        say: Say = _silent,
        hand_over: HandOver | None = None,
        cancel: Cancel | None = None,
        typed: Mapping[str, str] = MappingProxyType({}),
        trust: Trust | None = None,
    ) -> None:
        self._loaded = loaded
        self._profile = loaded.profile
        self._environ = {**environ, **typed}
        self._typed = typed
        self._trust = trust or Trust(environ)
        self._ask = _once(ask) if ask else None
        self._say = say
        self._hand_over = hand_over
        self.cancel = cancel or Cancel()
        self._said: set[str] = set()
        self._backends: list[tuple[Profile, Backend]] = []

    def gitlab(self) -> GitLab:
        _import_what_all_share()
        return self._gitlab

    def cluster(self) -> Cluster:
        _import_what_all_share()
        return self._cluster

    def backend(self, profile: Profile) -> Backend:
        """The place of this profile's tokens: its objects carry the profile's id, once it has one.

        The same one for the same profile, so that a run signs in once; until `close`.

        Raises: WizardError, from the backend.
        """
        for known, backend in self._backends:
            if known == profile:
                return backend
        built = self._build(profile)
        self._backends.append((profile, built))
        return built

    def credential(self, prompt: str, variable: str, *, ask: bool = True) -> SecretStr | None:
        """A secret from the environment, or from the user if there is a terminal; else None."""
        found = self._environ.get(variable, "").strip()
        if not found and ask and self._ask:
            found = self._ask(prompt).strip()
        return remember_secret(SecretStr(found)) if found else None

    def stop_waiting(self) -> None:
        """End every wait of a backend early; what waits says what that means."""
        self.cancel.set()

    def close(self) -> None:
        """End every session with a backend; what is asked for afterwards begins again."""
        while self._backends:
            self._backends.pop()[1].close()

    def _build(self, profile: Profile) -> Backend:
        _import_what_all_share()
        from wizard.render.releases import token_readers

        build = import_module(f"wizard.systems.backends.{profile.secrets.spec.client}").build
        around = BackendContext(
            profile,
            self._loaded.path.parent,
            self._environ,
            self._ask,
            self._waiting,
            hand_over=self._hand_over,
            readers=partial(token_readers, profile),
            cancel=self.cancel,
            may_send=partial(self._may_send, profile),
        )
        backend: Backend = build(around, self.cluster)
        return backend

    @cached_property
    def _gitlab(self) -> GitLab:
        server = self._profile.gitlab
        address = Address(
            server.url,
            self._beside(server.ca_file),
            server.proxy or "",
            ",".join(server.no_proxy),
            server.allow_http,
        )
        if warning := require_way(address, self._trust):
            self._say_once(warning)
        return open_gitlab(address, self.token(server.url), self._waiting, cancel=self.cancel)

    @cached_property
    def _cluster(self) -> Cluster:
        from wizard.systems.http.policy import Policy
        from wizard.systems.kubernetes.api import LONGEST_WAIT
        from wizard.systems.kubernetes.contexts import connect

        target = self._profile.cluster
        policy = Policy(longest_wait=LONGEST_WAIT, on_wait=self._waiting, cancel=self.cancel)
        return connect(target.context or "", target.uid or "", policy, self._say_once)

    def token(self, url: str) -> SecretStr:
        """A GitLab token: from GITLAB_TOKEN, the keyring, or a person; in that order.

        GITLAB_TOKEN counts only where it belongs to this address.

        Raises: MissingCredentialError, when there is none and no one to ask; RefusedError, when
            GITLAB_TOKEN is the only one and nothing says that it may be sent to this address.
        """
        prompt, variable = f"GitLab token for {url}", "GITLAB_TOKEN"
        found = self.credential(prompt, variable, ask=False)
        if found and (variable in self._typed or self._trust.allows(GITLAB, url)):
            return found
        if kept := kept_token(url):
            return remember_secret(SecretStr(kept))
        if found:
            self._trust.require(GITLAB, variable, url)
            return found
        if found := self.credential(prompt, variable):
            return found
        raise MissingCredentialError(
            f"There is no token for {url}.",
            "neither GITLAB_TOKEN nor the keyring has one, and there is no terminal to ask on",
            f"Set GITLAB_TOKEN, or run: {command('login', url)}",
            variable="GITLAB_TOKEN",
        )

    def _may_send(self, profile: Profile, names: tuple[str, ...], address: str) -> None:
        """Let a backend send a credential to an address. Raises: RefusedError.

        Args:
            names: the variables or the file that it comes from; empty where a person was asked.
        """
        spec, settings = profile.secrets.spec, profile.secrets.settings
        allowed = bool(getattr(settings, "allow_http", False))
        if warning := refuse_plain_http(address, f"secrets.{spec.key}", allowed=allowed):
            self._say_once(warning)
        if names and not self._typed.keys() & set(names):
            given = next((name for name in names if self._environ.get(name)), names[0])
            self._trust.require(Audience.of(spec), given, address)

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    def _waiting(self, seconds: int, why: str) -> None:
        self._say(f"waiting {seconds} s: {why}")

    def _beside(self, name: str | None) -> str:
        return str(self._loaded.path.parent / name) if name else ""


def _once(ask: Ask) -> Ask:
    """Ask each thing once: a plan and the apply that follows it need the same credentials."""
    known: dict[str, str] = {}

    def asked(prompt: str) -> str:
        if prompt not in known:
            known[prompt] = ask(prompt)
        return known[prompt]

    return asked


def _import_what_all_share() -> None:
    """Import requests as a whole, which the clients of several systems bring in part by part.

    Systems are reached side by side. Of two threads that import a package, one from its top and
    one from a part of it, one is given a part that is not ready: Python breaks the deadlock so.
    """
    import requests  # noqa: F401
