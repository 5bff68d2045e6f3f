"""What Helm would make of texts: of `runners.config`, and of parameters that lie over the values.

The chart runs `runners.config` through `tpl`, and its own default uses it: the namespace of jobs is
`{{ default .Release.Namespace .Values.runners.jobNamespace }}` (values.yaml, 0.86.0). Only what
stands alone between braces is read: a name, a value, a default. Conditions and loops are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TEMPLATE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_TERM = re.compile(r'\s*("[^"]*"|`[^`]*`|[^\s"`]+)')
_UNKNOWN = object()


def templates(text: str) -> Iterator[str]:
    """Every template that is left in a text, braces and all."""
    return (found[0] for found in _TEMPLATE.finditer(text))


class Resolver:
    """Puts into a text what its templates stand for.

    Args:
        values: the chart's values.
        release: the release's name; empty where it is not known.
        namespace: the release's namespace; empty where it is not known.
    """

    def __init__(self, values: Mapping[str, Any], release: str, namespace: str) -> None:
        self._values = values
        self._known = {".Release.Name": release, ".Release.Namespace": namespace}

    def resolved(self, text: str) -> str:
        """The text; templates that cannot be read stay as they are."""
        return _TEMPLATE.sub(self._resolve, text)

    def _resolve(self, found: re.Match[str]) -> str:
        first, *functions = (part.strip() for part in found[1].split("|"))
        value = self._value_of(_TERM.findall(first))
        for function in functions:
            value = self._through(function, value)
        return found[0] if value is _UNKNOWN else str(value)

    def _value_of(self, terms: list[str]) -> Any:
        if len(terms) == 3 and terms[0] == "default":
            otherwise, wanted = (self._term(term) for term in terms[1:])
            return wanted or otherwise
        return self._term(terms[0]) if len(terms) == 1 else _UNKNOWN

    def _through(self, function: str, value: Any) -> Any:
        """A value through one function of a pipe."""
        name, *terms = _TERM.findall(function) or [""]
        if value is _UNKNOWN:
            return value
        if name == "default" and len(terms) == 1:
            return value or self._term(terms[0])
        if name == "quote" and not terms:
            return f'"{value}"'
        return value if name in {"trim", "toString"} and not terms else _UNKNOWN

    def _term(self, term: str) -> Any:
        """One name or text; a value that is not there is empty, as it is to Helm."""
        if term[:1] in '"`':
            return term[1:-1]
        if term in self._known:
            return self._known[term]
        if not term.startswith(".Values."):
            return _UNKNOWN
        value: Any = self._values
        for part in term.removeprefix(".Values.").split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return "" if value is None or isinstance(value, Mapping | list) else value


def with_parameters(values: Mapping[str, Any], parameters: Any) -> Mapping[str, Any]:
    """Argo CD's `helm.parameters` over the values, as `helm --set` would put them."""
    for one in parameters if isinstance(parameters, list) else ():
        found: dict[str, Any] = {}
        inner = found
        *path, last = re.split(r"(?<!\\)\.", str(one.get("name")))
        value = str(one.get("value"))
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last.replace("\\.", ".")] = value if one.get("forceString") else _as_set(value)
        values = _over(values, found)
    return values


def _as_set(text: str) -> Any:
    """What `helm --set` makes of text (pkg/strvals): numbers and words are what they look like."""
    words = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    return int(text) if re.fullmatch(r"-?(?:0|[1-9]\d*)", text) else text.replace("\\,", ",")


def _over(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {k: (values.get(k), v) for k, v in more.items()}
    return {**values} | {
        key: _over(old, new) if isinstance(old, Mapping) and isinstance(new, Mapping) else new
        for key, (old, new) in both.items()
    }
