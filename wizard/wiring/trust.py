"""Which credential may be sent to which address.

A profile is a file that others write too, so the address in it is a claim. A credential of this
machine goes only where this machine says it belongs, where a person has said so once, or where the
command line says so.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wizard.core.addresses import canonical, is_readable_by_others, legible, same
from wizard.core.errors import RefusedError, WizardError
from wizard.profile.backends.spec import BackendSpec

Confirm = Callable[[str], bool]
"""Ask a person on a terminal a question that yes or no answers."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a credential is for.

    Args:
        name: in the file of confirmed addresses.
        variables: those of the environment that say its address.
        address: where none of them is set: what the system's own program takes; empty for none.
        suffix: the path of its API, which may be written too.
    """

    name: str
    variables: tuple[str, ...] = ()
    address: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, spec: BackendSpec) -> Audience:
        return cls(spec.name, spec.address_variables, spec.address, spec.address_suffix)


GITLAB = Audience("gitlab", ("GITLAB_HOST", "CI_SERVER_URL"), "https://gitlab.com", "/api/v4")
"""As glab has it; CI_SERVER_URL is what a job's own GitLab says."""
PROXY = Audience("proxy", ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))


class Trust:
    """The addresses that this machine, its user and the command line stand for.

    Args:
        environ: the environment's variables.
        named: addresses given on the command line.
        confirm: asks a person; None where no one is there.
        command: the command that was run, without `--trust`, for the way out.
        file: where confirmed addresses are remembered; None: the user's own state folder.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        named: Iterable[str] = (),
        confirm: Confirm | None = None,
        command: str = "runner-wizard",
        file: Path | None = None,
    ) -> None:
        self._environ = environ
        self._named = tuple(named)
        self._confirm = confirm
        self._command = command
        self._given_file = file

    def allows(self, audience: Audience, address: str) -> bool:
        """Whether a credential for this audience may go to an address; no one is asked."""
        own, _ = self._own(audience)
        known = (own, *self._named, *self._remembered().get(audience.name, ()))
        return any(same(address, one, audience.suffix) for one in known if one)

    def ask_with(self, confirm: Confirm) -> None:
        """Ask a person from now on, who is there since the screens are."""
        self._confirm = confirm

    def require(self, audience: Audience, what: str, address: str) -> None:
        """Let a credential go to an address, or ask the person there; yes is remembered.

        Args:
            what: the credential, by its variable or its file.

        Raises: RefusedError, where nothing and no one says that it belongs there.
        """
        if self.allows(audience, address):
            return
        address = legible(address)
        own, why = self._own(audience)
        if self._confirm and self._confirm(
            f"{what} is for {own or 'another address'} ({why}); the profile names "
            f"{address}. "
            "Send it there, now and from now on?"
        ):
            self.remember(audience, address)
            return
        raise RefusedError(
            f"{what} was not sent to {address}.",
            f"{why}; only the profile names that address",
            f"If you trust it, run: {self._command} --trust {shlex.quote(address)}",
        )

    def withheld(self, audience: Audience, what: str, address: str) -> str:
        """Why a credential is not used for an address, for the screens; empty where it is."""
        if self.allows(audience, address):
            return ""
        return f"{what} was not sent to {legible(address)}: {self._own(audience)[1]}"

    def remember(self, audience: Audience, address: str) -> None:
        """Remember that a person has confirmed an address. Raises: WizardError."""
        known = self._remembered()
        listed = {*known.get(audience.name, ()), canonical(address, audience.suffix)}
        known[audience.name] = sorted(listed)
        try:
            _write_private(self._file, json.dumps(known, indent=2) + "\n")
        except OSError as error:
            raise WizardError(
                f"The confirmed address cannot be remembered in {self._file}.",
                str(error.strerror),
                f"Name it on the command line instead: --trust {shlex.quote(address)}",
            ) from None

    def _own(self, audience: Audience) -> tuple[str, str]:
        """The address that this machine's credential is for, and how that is known."""
        for name in audience.variables:
            if value := self._environ.get(name, "").strip():
                return value, f"{name} says {value}"
        unset = " and ".join(audience.variables)
        if not audience.address:
            return "", f"{unset} are not set" if unset else "nothing says which address it is for"
        several = len(audience.variables) > 1
        return audience.address, (
            f"{unset} {'are' if several else 'is'} not set, so it is for {audience.address}"
        )

    @property
    def _file(self) -> Path:
        if self._given_file:
            return self._given_file
        import platformdirs

        return platformdirs.user_state_path("runner-wizard") / "confirmed-addresses.json"

    def _remembered(self) -> dict[str, list[str]]:
        """What a person has confirmed; nothing from a file that others may have written to."""
        try:
            state = self._file.stat()
            if state.st_uid != os.getuid() or state.st_mode & 0o022:
                return {}
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            str(name): [str(one) for one in listed]
            for name, listed in found.items()
            if isinstance(listed, list)
        }


def refuse_plain_http(address: str, section: str, *, allowed: bool) -> str:
    """Refuse to send a credential where everyone on the way can read it.

    Args:
        section: the profile's section that may allow it, such as `secrets.vault`.
        allowed: whether it does.

    Returns: what to say before anything is sent; empty where it is encrypted, or stays here.
    Raises: RefusedError.
    """
    if not is_readable_by_others(address):
        return ""
    if allowed:
        what = "anyone on the network path can read the credentials"
        return f"warning: {address} is not encrypted: {what}"
    raise RefusedError(
        f"No credential was sent to {address}: it is not encrypted.",
        "anyone on the network path could read it",
        f"Use https, or write allow_http: true into {section} of the profile",
    )


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(text)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
