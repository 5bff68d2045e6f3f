"""What this machine reaches before there is a valid profile: contexts, GitLabs, kept tokens.

`wiring` builds the adapters of a profile; here are those that help to make one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.errors import WizardError
from wizard.core.facts import ClusterFacts
from wizard.core.secrets import SecretStr
from wizard.wiring import KEYRING_SERVICE, kept_token

if TYPE_CHECKING:
    from wizard.systems.gitlab import GitLab
    from wizard.systems.kubernetes import Contexts, Permission, RunningSetup, SetupText

_READ_TIMEOUT = 15.0
"""Seconds; somebody sits and waits."""
_SLOW = ("requests", "kubernetes.client", "kubernetes.config", "gitlab")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a GitLab is, and the way there; empty where the usual way will do."""

    url: str
    ca_file: str = ""
    proxy: str = ""
    no_proxy: str = ""


class Machine:
    """The outside world as this machine's environment reaches it. Blocking; run it in threads.

    Args:
        environ: where GITLAB_TOKEN is looked for.
        folder: where profiles are written, and the Git repository is looked for.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> None:
        self._environ = environ
        self.folder = folder or Path.cwd()

    def warm_up(self) -> None:
        """Import what the first calls need, while somebody reads the first screen.

        Whatever calls from several threads calls this first: a package that one thread imports
        from its top and another from a part of it may come to one of them half-made.
        """
        for module in _SLOW:
            import_module(module)

    def contexts(self) -> Contexts:
        """The contexts of the kubeconfig; nothing is contacted. Raises: UsageError."""
        from wizard.systems.kubernetes.contexts import contexts

        return contexts()

    def look(self, context: str) -> ClusterFacts:
        """What a context reaches; what goes wrong stands in its `trouble`."""
        from wizard.systems.kubernetes.contexts import look_at

        return look_at(context)

    def refused(self, context: str, permissions: list[Permission]) -> list[Permission]:
        """Which of these a context's user may not. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import connect

        return connect(context).refused(permissions)

    def setups(self, context: str) -> list[RunningSetup]:
        """The runner managers in a cluster that somebody else set up. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import setups_of

        return setups_of(context)

    def setup(self, context: str, found: RunningSetup) -> SetupText:
        """What one of them was made of. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import setup_text

        return setup_text(context, found)

    def knock(self, address: Address) -> str:
        """Ask, without a token, whether a GitLab is at an address; a warning about it, or nothing.

        Raises: UsageError, NotReached.
        """
        gitlab = self.gitlab(address, SecretStr("unsigned"))
        gitlab.knock()
        return gitlab.warning

    def gitlab(self, address: Address, token: SecretStr) -> GitLab:
        """The GitLab at an address. Raises: UsageError, when address or token cannot be one."""
        from wizard.systems.gitlab.adapter import PythonGitLab
        from wizard.systems.gitlab.connection import Connection

        way = Connection(
            address.ca_file, address.proxy, address.no_proxy, read_timeout=_READ_TIMEOUT
        )
        return PythonGitLab(address.url, token, way)

    def token_page(self, url: str) -> str:
        """The page of a GitLab on which a token with the right scopes is made."""
        from wizard.systems.gitlab import token_page

        return token_page(url)

    def token(self, url: str) -> tuple[str, str]:
        """A GitLab token that is there already, and where: the environment, or the keyring."""
        if found := self._environ.get("GITLAB_TOKEN", "").strip():
            return found, "GITLAB_TOKEN"
        return kept_token(url), "keyring"

    def keep_token(self, url: str, token: SecretStr) -> None:
        """Keep a token in the system's keyring. Raises: WizardError."""
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(KEYRING_SERVICE, url, token.get_secret_value())
        except KeyringError as error:
            raise WizardError(
                "The system's keyring cannot be used.",
                str(error) or type(error).__name__,
                "on a machine without one, set GITLAB_TOKEN instead",
            ) from None

    def keyring(self) -> str:
        """The name of the keyring tokens can be kept in; empty where there is none."""
        import keyring
        from keyring.backends import fail, null

        ring = keyring.get_keyring()
        usable = not isinstance(ring, fail.Keyring | null.Keyring)
        return str(ring.name) if usable else ""

    def repository(self) -> str:
        """The address of the Git repository around the folder; empty where there is none."""
        from wizard.systems.gitops.checkout import origin_of

        return origin_of(self.folder)
