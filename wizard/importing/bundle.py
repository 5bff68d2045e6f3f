"""From the texts that were given to documents: each by what it is, whatever its name says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from wizard.core.errors import UsageError
from wizard.importing.ledger import Fate, Ledger, Source, Spot
from wizard.importing.limits import LARGEST_TEXT
from wizard.importing.release import Bundle, Doc, Text, entries
from wizard.importing.report import Report
from wizard.importing.texts import YamlDocument, YamlError, toml_text, yaml_documents
from wizard.importing.texts.hcl import looks_like_hcl
from wizard.importing.texts.templates import without_templates

_MOST_REPEATED = 40
"""Keys that come twice and are told one by one."""
_GIVEN, _COMPUTED = "USER-SUPPLIED VALUES:", "COMPUTED VALUES:"
_SECTIONS = (_GIVEN, _COMPUTED, "HOOKS:", "MANIFEST:")
_SIGNIFICANT = re.compile(r"(?m)^[ \t]*([^\s#][^\n]*)$")
_TOML_LINE = re.compile(r"\[\[?[\w.\"' -]+\]\]?\s*(?:#.*)?$|[\w.\"'-]+\s*=")


def bundle_of(given: Iterable[Text]) -> Bundle:
    """The documents of everything that was given. Raises: UsageError, for a text without any."""
    bundle = Bundle(Ledger(), Report())
    for one in map(helm_get_all, map(_without_mark, given)):
        if len(one.text) > LARGEST_TEXT:
            raise UsageError(
                f"{one.name} is too large to set up a runner: more than a million characters.",
                "what sets one up is far smaller, so it is not read",
                "Give the runner's own file",
            )
        bundle.files[one.name] = one.text
        for document in _documents(one, bundle):
            source = Source(one.name, document.data, document.lines, has_lines=one.is_file)
            _add(bundle, source)
            bundle.texts.append(one)
            for key, line in document.repeated[:_MOST_REPEATED]:
                _tell_repeated(bundle, one.name, str(key[-1]), line)
    return bundle


def _without_mark(one: Text) -> Text:
    """A text without its byte order mark, which the runner, Helm and Terraform skip too."""
    return replace(one, text=one.text[1:]) if one.text.startswith("\ufeff") else one


def helm_get_all(one: Text) -> Text:
    """What `helm get all` prints, as the release's values in their lines, with what it says of it.

    The rest repeats them: values with the chart's defaults, and what the chart made of both.
    """
    lines = one.text.splitlines()
    headings = {line: at for at, line in enumerate(lines) if line in _SECTIONS}
    if not one.text.startswith("NAME: ") or not {_GIVEN, _COMPUTED} <= headings.keys():
        return one
    begin, end = headings[_GIVEN] + 1, headings[_COMPUTED]
    if "".join(lines[begin:end]).strip() in ("", "null", "{}"):
        begin, end = end + 1, min((at for at in headings.values() if at > end), default=len(lines))
    head = dict(line.split(": ", 1) for line in lines[: headings[_GIVEN]] if ": " in line)
    values = "\n".join([""] * begin + lines[begin:end])
    return replace(
        one,
        text=values,
        chart=head.get("VERSION", ""),
        release=head.get("NAME", ""),
        namespace=head.get("NAMESPACE", ""),
    )


def is_toml(name: str, text: str) -> bool:
    """Whether a text is config.toml: by its name, or, whatever that is, by its first line."""
    if name.endswith((".toml", ".toml.tpl", ".toml.tmpl", ".toml.j2")):
        return True
    first = _SIGNIFICANT.search(text)
    return bool(first and _TOML_LINE.match(first[1])) and "[[runners]]" in text


def _documents(one: Text, bundle: Bundle) -> list[YamlDocument]:
    if is_toml(one.name, one.text):
        return [_toml(one, bundle)]
    if one.name.endswith((".tf", ".hcl")) or looks_like_hcl(one.text):
        return [YamlDocument({"terraform": one.text}, {(): 1, ("terraform",): 1})]
    try:
        return list(yaml_documents(one.text, one.name))
    except YamlError as error:
        return _templated(one, bundle, error)


def _templated(one: Text, bundle: Bundle, error: YamlError) -> list[YamlDocument]:
    """The documents of a text that some tool has yet to fill in."""
    mended = without_templates(one.text)
    if mended == one.text:
        raise error
    try:
        documents = list(yaml_documents(mended, one.name))
    except YamlError:
        raise UsageError(
            f"{one.name} is a template that is not rendered yet.",
            f"line {error.line}: what is between {{{{ and }}}}, or ${{ and }}, is still to be "
            "filled in",
            "Render it and import the result: helm template, or helm get values RELEASE",
        ) from None
    for document in documents:
        document.repeated.clear()  # of two branches of a condition, one is left
    bundle.report.surprises(
        "the file is a template that is not rendered yet",
        f"{one.name}, line {error.line}",
        "a tool that did not run here fills in what is between {{ and }}; all "
        "conditions were read as if they applied",
        "Import what runs instead: helm get values RELEASE",
    )
    return documents


def _toml(one: Text, bundle: Bundle) -> YamlDocument:
    read = toml_text(without_templates(one.text))
    if read.broken and not read.data:
        line, words = read.broken[0]
        raise UsageError(
            f"{one.name} cannot be read as TOML.", f"line {line}: {words}", "Mend that line"
        )
    for line, words in read.broken:
        bundle.report.breaks(
            "config.toml has a line that is not valid TOML",
            f"{one.name}, line {line}",
            f"{words}: the runner does not start with it",
            "Mend the line, and import again",
        )
    return YamlDocument(
        {"config.toml": read.data},
        {(): 1, **{("config.toml", *key): line for key, line in read.lines.items()}},
    )


def _tell_repeated(bundle: Bundle, name: str, key: str, line: int) -> None:
    bundle.report.surprises(
        f"{key} is written twice in one place",
        f"{name}, line {line}: {key}",
        "Helm uses the last one, so the first has no effect",
        "Remove one of the two: the last one was imported",
    )


def _add(bundle: Bundle, source: Source) -> None:
    number = bundle.ledger.add(source)
    data = source.data
    if not isinstance(data, Mapping):
        bundle.ledger.note(Spot(number, ()), Fate.ASIDE, "not a mapping, so it sets up nothing")
        return
    items = entries(data.get("items"))
    if str(data.get("kind") or "").endswith("List") and items:
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                bundle.docs.append(Doc(number, source.file, item, ("items", index)))
        for key in data:
            if key != "items":
                bundle.ledger.note(Spot(number, (key,)), Fate.ASIDE, "the list's own")
        return
    bundle.docs.append(Doc(number, source.file, data))


def words_of(data: Any) -> str:
    """A document in a few words: its kind and name, or its first keys."""
    kind = data.get("kind")
    if kind:
        name = (
            data.get("metadata", {}).get("name") if isinstance(data.get("metadata"), dict) else ""
        )
        return f"{kind} {name}".strip()
    return "a file with " + ", ".join(str(key) for key in list(data)[:4])
