"""Tokens encrypted in the delivered files, which only the cluster can read.

Ciphertext is new each time, so a file says by an annotation which token it holds: its SHA-256,
which leads no one back to a random token. So it is known without decrypting, and not rewritten
when it fits. Its first line differs from that of rendered files.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from wizard.core import libyaml
from wizard.core.errors import ConflictError, WizardError
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr, excerpt, fingerprint
from wizard.profile.labels import labels
from wizard.profile.runner import Runner
from wizard.systems.backends import Stored
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.kubernetes_secret import REGISTRATION_KEY, TOKEN_KEY, owner
from wizard.systems.backends.ownership import RUNNER_ID, refuse_anothers
from wizard.systems.gitops.folder import obstacle, replace_file
from wizard.systems.http.answers import ShapeError
from wizard.systems.kubernetes.shapes import hold

Json = dict[str, Any]
TOKEN_HASH = "runner-wizard/token-sha256"  # noqa: S105 - an annotation's name
_TEXTS = {"*": str}
_METADATA = {"name": str, "namespace": str, "labels": _TEXTS, "annotations": _TEXTS}
_SHAPE = {"metadata": _METADATA, "sops": {"age": [{"recipient": str}]}}
"""What is read of a file, which a hand or a merge may have changed."""


class EncryptedFiles(ABC):
    """One file for each runner; how it is encrypted is the subclass's part."""

    def __init__(self, around: BackendContext) -> None:
        self._profile = around.profile
        self._root = around.folder / around.profile.delivery.directory

    @abstractmethod
    def _encrypted(self, metadata: Json, values: Mapping[str, str]) -> str:
        """The file's YAML, from the metadata and values of the Secret, in plain text."""

    @abstractmethod
    def _readable(self, document: Json) -> bool:
        """Whether those who are to read the file now can."""

    def where(self, runner: Runner) -> str:
        return str(self._path(runner))

    def read(self, runner: Runner) -> Stored | None:
        """The token whose hash the file carries; None where the cluster could not read it."""
        document = self._document(runner)
        metadata = document.get("metadata") or {}
        place = (metadata.get("namespace"), metadata.get("name"))
        wanted = (self._profile.cluster.namespace, runner.token_secret)
        found = (metadata.get("annotations") or {}).get(TOKEN_HASH, "")
        if not found or place != wanted or not self._readable(document):
            return None
        return Stored(found, owner=owner(document))

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        plain = token.get_secret_value().strip()
        stored = self.read(runner)
        if stored:
            refuse_anothers(self.where(runner), stored.owner, self._profile.id)
            if stored.fingerprint == fingerprint(SecretStr(plain)):
                return False
        values = {TOKEN_KEY: plain, REGISTRATION_KEY: ""}
        text = self._encrypted(self._metadata(runner, values, runner_id), values)
        if plain in text or base64.b64encode(plain.encode()).decode() in text:
            raise WizardError(
                f"{self.where(runner)} was not written: the token would be in it unencrypted.",
                "what was to encrypt it left it as it was",
                "Look at its configuration, such as a .sops.yaml",
            )
        try:
            replace_file(self._path(runner), self._header() + text)
        except OSError as error:
            raise self._unusable(runner, error) from None
        return True

    def remove(self, runner: Runner) -> bool:
        document = self._document(runner)
        if not document:
            return False
        if document.get("metadata"):
            refuse_anothers(self.where(runner), owner(document), self._profile.id)
        try:
            self._path(runner).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(runner, error) from None
        return True

    def facts(self) -> Mapping[Key, Any]:
        return {}

    def close(self) -> None:  # noqa: B027 - not abstract: it holds for all of them
        """There is no session to end."""

    def _files(self) -> str:
        return "\n".join(f"  {self.where(runner)}" for runner in self._profile.runners)

    def _metadata(self, runner: Runner, values: Mapping[str, str], runner_id: int) -> Json:
        annotations = {TOKEN_HASH: fingerprint(SecretStr(values[TOKEN_KEY]))}
        if runner_id:
            annotations[RUNNER_ID] = str(runner_id)
        annotations |= self._profile.delivery.spec.annotated("Secret")
        return {
            "name": runner.token_secret,
            "namespace": self._profile.cluster.namespace,
            "labels": labels(self._profile, runner),
            "annotations": annotations,
        }

    def _header(self) -> str:
        return (
            f'# Sealed by Runner Wizard from profile "{self._profile.name}"'
            f"{self._identity()}.\n"
            "# `runner-wizard apply` writes it; to renew the token, remove it and run apply.\n"
        )

    def _identity(self) -> str:
        return f" (id {self._profile.id})" if self._profile.id else ""

    def _path(self, runner: Runner) -> Path:
        return self._root / self._profile.token_file(runner)

    def _document(self, runner: Runner) -> Json:
        """What the file holds; empty where there is none.

        Raises: ConflictError, for a file of someone else, and a link, a pipe or the like; no link
            is followed, and a pipe would be waited for without end. WizardError, for one that is
            not YAML.
        """
        path = self._path(runner)
        try:
            if odd := obstacle(self._root, self._profile.token_file(runner)):
                raise ConflictError(
                    f"{path} is not a plain file of the folder.",
                    f"in {self._root}: {odd}",
                    "Move that away, or give the profile another delivery.directory",
                )
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(runner, error) from None
        first = text.partition("\n")[0]
        if not first.startswith("# Sealed by Runner Wizard") or self._identity() not in first:
            raise ConflictError(
                f"{path} was not written from this profile.",
                f"it begins: {excerpt(first, 80)}",
                "Move it away, or give the profile another delivery.directory",
            )
        return self._parsed(path, text)

    @staticmethod
    def _parsed(path: Path, text: str) -> Json:
        try:
            document = yaml.load(text, Loader=libyaml.SafeLoader)  # noqa: S506 - it is
            hold(document, _SHAPE)
        except yaml.YAMLError:
            problem, cause = f"{path} is not YAML.", "an unfinished merge leaves a file so"
        except ShapeError as odd:
            problem, cause = f"{path} does not hold what was written to it.", str(odd)
        else:
            return dict(document)
        raise WizardError(
            problem, cause, "Repair it in Git, or remove it: the runner then gets a new token"
        )

    def _unusable(self, runner: Runner, error: OSError) -> WizardError:
        return WizardError(
            f"{self.where(runner)} cannot be read or written.",
            str(error.strerror),
            "Check the folder's rights and the disk",
        )


def as_yaml(document: Json) -> str:
    """A document in the order of its keys."""
    text: str = yaml.dump(document, Dumper=libyaml.SafeDumper, sort_keys=False, width=10_000)
    return text
