"""YAML as people write it: keys in their order, block scalars, no aliases, nothing to guess."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from wizard.core import libyaml

# YAML 1.1 and 1.2 differ, and so do their readers: what any of them would misread is quoted.
_BEGIN_OF_NUMBERS = frozenset("0123456789+-.")
# Line ends of YAML 1.1 that 1.2 takes for text, and what is seen in no editor.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_WORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class _Dumper(libyaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    if _ODD.search(value) or _may_be_misread(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _may_be_misread(value: str) -> bool:
    """Whether some reader might take the bare text for a number, a date, a boolean or null."""
    begins = value[:1] in _BEGIN_OF_NUMBERS and "\n" not in value
    return begins or value.lower() in _WORDS


_Dumper.add_representer(str, _text)


def to_yaml(document: Mapping[str, Any]) -> str:
    """One document, without the `---` before it; the same bytes for the same data."""
    return yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=10_000,  # a folded line would be one more thing to read
    )


def scalar(text: str) -> str:
    """Text of one line as a value, quoted where it must be."""
    return to_yaml({"": text}).partition(": ")[2].rstrip("\n")


def flow_list(texts: Sequence[str]) -> str:
    """Texts as a list on one line: JSON, which is YAML, with every odd character escaped."""
    written = json.dumps(list(texts), ensure_ascii=False)
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def to_documents(documents: list[Mapping[str, Any]]) -> str:
    """Several documents, `---` between them."""
    return "---\n".join(to_yaml(document) for document in documents)
