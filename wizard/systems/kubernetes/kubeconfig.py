"""The kubeconfig, read as kubectl reads it (client-go's `clientcmd`, 1.32).

Several files in `KUBECONFIG` are merged, the first one to say something wins; relative paths are
relative to the file they are in; missing and empty files do not matter. The merging is done here
because the kubernetes package (37.0) lets the last file choose the current context and refuses an
empty file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from wizard.core.errors import NotFoundError, UsageError
from wizard.systems.kubernetes.nouns import Contexts

IN_CLUSTER = "in-cluster"
"""The name of the context of a pod that talks to its own cluster with its ServiceAccount."""

_PATH_KEYS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}


@dataclass(frozen=True)
class Kubeconfig:
    """All files merged; `files` are those that were looked for, for messages."""

    files: tuple[str, ...]
    contexts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clusters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    current: str = ""
    missing: tuple[str, ...] = ()
    """Those of the files that do not exist."""

    @cached_property
    def names(self) -> Contexts:
        if not self.contexts and in_cluster():
            return Contexts((IN_CLUSTER,), IN_CLUSTER)
        return Contexts(tuple(self.contexts), self.current)

    def select(self, name: str) -> Selection:
        """The cluster and user of a context; the current one where `name` is empty.

        Raises: NotFoundError, naming the contexts there are.
        """
        wanted = name or self.names.current
        if wanted == IN_CLUSTER and wanted not in self.contexts and in_cluster():
            return Selection(IN_CLUSTER, {}, {})
        if wanted not in self.contexts:
            raise self._no_such(wanted)
        context = self.contexts[wanted]
        cluster = self.clusters.get(context.get("cluster", ""))
        if not cluster or not cluster.get("server"):
            raise UsageError(
                f"Context {wanted} of the kubeconfig names no usable cluster.",
                f"cluster {context.get('cluster', '')!r} is missing or has no server",
                f"Repair {self._where}, or choose another context",
            )
        return Selection(wanted, cluster, self.users.get(context.get("user", ""), {}))

    @property
    def _where(self) -> str:
        return " or ".join(self.files)

    def _no_such(self, wanted: str) -> NotFoundError:
        if self.missing and len(self.missing) == len(self.files):
            named = "names it" if os.environ.get("KUBECONFIG") else "is not set"
            return NotFoundError(
                "There is no kubeconfig, and so no current context.",
                f"{self._where} does not exist; KUBECONFIG {named}",
                "Correct KUBECONFIG, or put the cluster's kubeconfig there",
            )
        known = ", ".join(self.contexts) or "none"
        problem = (
            f"The kubeconfig has no context {wanted}."
            if wanted
            else "The kubeconfig has no current context."
        )
        return NotFoundError(
            problem,
            f"looked in {self._where}; contexts there: {known}"
            + (f"; {', '.join(self.missing)} does not exist" if self.missing else ""),
            "Choose one of these, or point KUBECONFIG at the right file",
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """One context's cluster and user entries, with absolute paths."""

    context: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any] = field(repr=False)

    @property
    def warning(self) -> str:
        """What to say before the first call; empty for nothing."""
        if not self.cluster.get("insecure-skip-tls-verify"):
            return ""
        return (
            f"context {self.context} says insecure-skip-tls-verify: anyone on the network path "
            "can read its credentials and the runner's token"
        )

    @property
    def in_cluster(self) -> bool:
        return not self.cluster


def in_cluster() -> bool:
    """Whether this process runs in a pod that was given an API server."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def load() -> Kubeconfig:
    """The kubeconfig of `KUBECONFIG`, else of `~/.kube/config`; empty where there is none.

    Raises: UsageError, when a file is not a kubeconfig or may not be read.
    """
    listed = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    files = tuple(listed or [str(Path("~/.kube/config").expanduser())])
    merged: dict[str, dict[str, Any]] = {"contexts": {}, "clusters": {}, "users": {}}
    current = ""
    for file in files:
        document = _read(Path(file))
        current = current or document.get("current-context") or ""
        for section, key in (("contexts", "context"), ("clusters", "cluster"), ("users", "user")):
            for name, entry in _entries(document.get(section), key, Path(file)):
                merged[section].setdefault(name, entry)
    missing = tuple(file for file in files if not Path(file).exists())
    return Kubeconfig(files, **merged, current=current, missing=missing)


def _read(file: Path) -> dict[str, Any]:
    import yaml

    from wizard.core import libyaml

    try:
        text = file.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, str(error)) from None
    try:
        document = yaml.load(text, Loader=libyaml.SafeLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        # Only the place and the parser's complaint: the line itself may hold a token.
        raise _unreadable(file, f"line {line}: {error.problem}") from None
    except yaml.YAMLError:
        raise _unreadable(file, "it is not YAML") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _unreadable(file, "it is YAML, but not a mapping")
    return document


def _unreadable(file: Path, cause: str) -> UsageError:
    return UsageError(
        f"The kubeconfig {file} cannot be read.",
        cause,
        "Repair the file, or point KUBECONFIG at another one",
    )


def _entries(section: Any, key: str, file: Path) -> list[tuple[str, dict[str, Any]]]:
    entries = []
    for item in section if isinstance(section, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get(key), dict):
            continue  # as kubectl does: an entry without content is one that is not there
        entries.append((str(item.get("name", "")), _with_absolute_paths(item[key], key, file)))
    return entries


def _with_absolute_paths(entry: dict[str, Any], key: str, file: Path) -> dict[str, Any]:
    folder = file.absolute().parent
    paths = {
        path_key: str(folder / entry[path_key])
        for path_key in _PATH_KEYS.get(key, ())
        if entry.get(path_key)
    }
    plugin = entry.get("exec") if key == "user" else None
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command", "")):
        return entry | paths | {"exec": plugin | {"command": str(folder / plugin["command"])}}
    return entry | paths
