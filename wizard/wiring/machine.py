"""What this machine reaches before there is a valid profile: contexts, GitLabs, kept tokens.

`wiring` builds the adapters of a profile; here are those that help to make one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.facts import ClusterFacts
from wizard.core.secrets import SecretStr
from wizard.wiring.gitlab import Address, open_gitlab, require_way
from wizard.wiring.kept import forget_token, keep_token, kept_token, keyring_name, require_keyring
from wizard.wiring.trust import GITLAB, Trust

if TYPE_CHECKING:
    from wizard.systems.gitlab import GitLab
    from wizard.systems.kubernetes import Contexts, Permission, RunningSetup, SetupText

__all__ = ["Address", "Machine"]

_READ_TIMEOUT = 15.0
"""Seconds; someone sits and waits."""
_SLOW = ("requests", "kubernetes.client", "kubernetes.config", "gitlab")


class Machine:
    """The outside world as this machine's environment reaches it. Blocking; run it in threads.

    Args:
        environ: where GITLAB_TOKEN is looked for.
        folder: where profiles are written, and the Git repository is looked for.
        trust: which addresses the environment's credentials may be sent to.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        folder: Path | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._environ = environ
        self.trust = trust or Trust(environ)
        self.folder = folder or Path.cwd()

    def warm_up(self) -> None:
        """Import what the first calls need, while someone reads the first screen.

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
        """What a context reaches; what goes wrong is in its `trouble`."""
        from wizard.systems.kubernetes.contexts import look_at

        return look_at(context)

    def refused(self, context: str, permissions: list[Permission]) -> list[Permission]:
        """Which of these a context's user may not. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import connect

        return connect(context).refused(permissions)

    def setups(self, context: str) -> list[RunningSetup]:
        """The runner managers in a cluster that someone else set up. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import setups_of

        return setups_of(context)

    def setup(self, context: str, found: RunningSetup) -> SetupText:
        """What one of them was made of. Raises: WizardError."""
        from wizard.systems.kubernetes.contexts import setup_text

        return setup_text(context, found)

    def ping(self, address: Address) -> str:
        """Ask, without a token, whether a GitLab is at an address; a warning about it, or nothing.

        Raises: UsageError, NotReachedError.
        """
        gitlab = open_gitlab(address, SecretStr("unsigned"), read_timeout=_READ_TIMEOUT)
        gitlab.ping()
        return gitlab.warning

    def gitlab(self, address: Address, token: SecretStr) -> GitLab:
        """The GitLab at an address, with a token that is for it.

        Raises: UsageError, when address or token cannot be one; RefusedError, when a token may not
            travel there.
        """
        require_way(address, self.trust)
        return open_gitlab(address, token, read_timeout=_READ_TIMEOUT)

    def token_page(self, url: str) -> str:
        """The page of a GitLab on which a token with the right scopes is made."""
        from wizard.systems.gitlab import token_page

        return token_page(url)

    def token(self, url: str) -> tuple[str, str]:
        """A GitLab token that is there for this address, and where: environment or keyring."""
        found = self._environ.get("GITLAB_TOKEN", "").strip()
        if found and self.trust.allows(GITLAB, url):
            return found, "GITLAB_TOKEN"
        return kept_token(url), "keyring"

    def withheld(self, url: str) -> str:
        """Why GITLAB_TOKEN is not used for a GitLab; empty where it is, or is not set."""
        if not self._environ.get("GITLAB_TOKEN", "").strip():
            return ""
        return self.trust.withheld(GITLAB, "GITLAB_TOKEN", url)

    def keep_token(self, url: str, token: SecretStr) -> None:
        """Keep a token in the system's keyring. Raises: WizardError."""
        keep_token(url, token)

    def forget_token(self, url: str) -> bool:
        """Forget a token that was kept; False where none was. Raises: WizardError."""
        return forget_token(url)

    def keyring(self) -> str:
        """The name of the keyring tokens can be kept in; empty where there is none."""
        return keyring_name()

    def require_keyring(self) -> None:
        """Raises: WizardError, where there is no keyring to keep a token in."""
        require_keyring()

    def repository(self) -> str:
        """The address of the Git repository around the folder; empty where there is none."""
        from wizard.systems.gitops.checkout import origin_of

        return origin_of(self.folder)
