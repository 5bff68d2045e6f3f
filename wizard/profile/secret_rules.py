"""No secret is part of a profile: it is made to be shared, and what it renders goes into Git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key, Problems
from wizard.core.secret_shapes import has_shape, secret_keys
from wizard.profile.document import FREE, Document
from wizard.profile.packagings import any_of

_OUT_OF_HERE = "remove it, and change it if this file was ever committed"
_OF_A_CACHE = (
    "name a Secret that holds it in extra_values: {runners: {cache: {secretName: NAME}}} (as: "
    f"{any_of(uses_chart=True)}), or sign in without one: AuthenticationType: iam"
)
_OF_A_JOB = "make it a CI/CD variable of the project or group, masked and protected"
_ELSEWHERE = "bring it in through a Secret, by its name"


def check_secrets(document: Document, problems: Problems) -> None:
    """Refuse every secret: by its shape wherever it is, and by its name where any key may be.

    Args:
        document: as it was written.
        problems: the collector.
    """
    named = dict(_named(document.data))
    for key, place in named.items():
        problems.at(*key).add(
            "holds a secret; a profile is made to be shared", f"{_OUT_OF_HERE}; {place}"
        )
    if has_shape(document.text):
        for key, node in document.scalars():
            if key not in named and has_shape(node.value):
                problems.at(*key).add(
                    "holds a secret; a profile is made to be shared", _OUT_OF_HERE
                )


def _named(data: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """The keys in what is handed on as it is, and where the secret belongs instead."""
    runners = data.get("runners")
    owners: list[tuple[Key, Any]] = [(("defaults",), data.get("defaults"))]
    owners += [(("runners", at), one) for at, one in enumerate(_list(runners))]
    for above, mapping in owners:
        for free in sorted(FREE & mapping.keys() if isinstance(mapping, Mapping) else ()):
            for key in secret_keys(mapping[free]):
                yield (*above, free, *key), _instead(key)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _instead(key: Key) -> str:
    if "cache" in key:
        return _OF_A_CACHE
    return _OF_A_JOB if "environment" in key else _ELSEWHERE
