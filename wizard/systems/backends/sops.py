"""Tokens encrypted with SOPS for age keys, by its own program."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping

from wizard.core.errors import WizardError
from wizard.core.findings import Check, Verdict
from wizard.core.secrets import excerpt
from wizard.systems.backends.checks import checked
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.encrypted_files import EncryptedFiles, Json, as_yaml
from wizard.systems.environment import for_children
from wizard.systems.kubernetes import Cluster
from wizard.systems.kubernetes.secret_body import opaque

_TIME_LIMIT = 30
_OLDEST = (3, 9)
"""The first version with the command `encrypt`."""


class Sops(EncryptedFiles):
    """A Secret for each runner, whose values are encrypted; its name and labels are not.

    The token goes in on standard input: never into an argument, which every user of the machine
    can read, nor into a file.
    """

    def __init__(self, around: BackendContext) -> None:
        super().__init__(around)
        settings = needed(around.profile.secrets.sops)
        self._recipients = settings.age
        self._environ = around.environ

    def check(self) -> list[Check]:
        name = f"sops {'.'.join(map(str, _OLDEST))} or newer"

        def look() -> list[Check]:
            self._check_version()
            return [Check(name, Verdict.OK)]

        return checked([(name, look)])

    def policy(self) -> str:
        readers = "\n".join(f"  {recipient}" for recipient in self._recipients)
        return (
            f"Anyone who has the private key of one of these can read the tokens:\n{readers}\n"
            f"The cluster needs one of them; the wizard needs none, and writes:\n{self._files()}\n"
        )

    def _encrypted(self, metadata: Json, values: Mapping[str, str]) -> str:
        secret = opaque(metadata, values)
        arguments = (
            "encrypt",
            *("--age", ",".join(self._recipients)),
            *("--encrypted-regex", "^(data|stringData)$"),
            *("--input-type", "yaml", "--output-type", "yaml"),
            "/dev/stdin",
        )
        return self._run("encrypt the token", arguments, as_yaml(dict(secret.body)))

    def _readable(self, document: Json) -> bool:
        readers = (document.get("sops") or {}).get("age") or ()
        return {one.get("recipient") for one in readers} == set(self._recipients)

    def _check_version(self) -> None:
        said = self._run("tell its version", ("--version", "--disable-version-check"), "")
        found = re.search(r"(\d+)\.(\d+)", said)
        if not found or (int(found[1]), int(found[2])) < _OLDEST:
            raise WizardError(
                "This sops is too old.",
                f"it says: {excerpt(said, 80) or 'nothing'}",
                f"Install {'.'.join(map(str, _OLDEST))} or newer",
            )

    def _run(self, doing: str, arguments: tuple[str, ...], given: str) -> str:
        program = shutil.which("sops", path=self._environ.get("PATH"))
        if program is None:
            raise WizardError(
                "There is no sops on this machine.",
                "the backend sops encrypts with its program",
                "Install it and have it on PATH, or choose another secrets.backend",
            )
        # Its own variables and the nearest .sops.yaml could add keys, or leave values plain.
        given_on = for_children(self._environ)
        environ = {k: v for k, v in given_on.items() if not k.startswith(("SOPS_", "AWS_"))}
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and no word of a user in it
                (program, *arguments),
                input=given.encode(),
                capture_output=True,
                timeout=_TIME_LIMIT,
                cwd="/",
                env=environ,
                check=False,
            )
        except subprocess.TimeoutExpired:
            said = f"it did not end within {_TIME_LIMIT} seconds"
        except OSError as error:
            said = str(error.strerror)
        else:
            if done.returncode == 0:
                return done.stdout.decode("utf-8", "replace")
            said = excerpt(done.stderr.decode("utf-8", "replace"))
        # Outside the handlers: what they caught holds the token that was given.
        raise WizardError(
            f"The program sops could not {doing}.",
            said,
            "Fix that, then run it again",
        )


def build(around: BackendContext, _cluster: Callable[[], Cluster]) -> Sops:
    """The files of this profile."""
    return Sops(around)
