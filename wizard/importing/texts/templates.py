"""Texts that a tool has yet to fill in: `{{ ... }}`, `${...}`, and what is left of them as data.

An unread template inside a value becomes a mark, so that the value is known as unread wherever it
turns up; one alone on a line (a condition, an include) goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MARK = "\ue000"
"""Encloses a template that nobody here can read; no file holds this character."""
_SHIFT = 0xE100
_HIDDEN = {code: chr(_SHIFT + code) for code in range(0x20, 0x7F)}
_SHOWN = {_SHIFT + code: chr(code) for code in range(0x20, 0x7F)}
"""Inside a mark, ASCII is written with characters that mean nothing to YAML, TOML and quotes."""
_INTERPOLATED = re.compile(r"(?<!\$)\$\{[^{}\n]{1,400}\}")
_ALONE = re.compile(r"(?m)^[ \t]*(?:\{\{(?:(?!\}\})[^\n])*\}\}|%\{[^}\n]*\})[ \t]*$")
_UNQUOTED_YAML = re.compile(r"(?m)^([ \t]*(?:- )?[\w./\"'-]+:[ \t]+)(\{\{[^\n]*\}\})[ \t]*$")
_UNQUOTED_TOML = re.compile(
    r"(?m)^([ \t]*[\w.\"-]+[ \t]*=[ \t]*)((?:\$\{[^\n}]*\}|\{\{[^\n]*\}\}))[ \t]*$"
)
_MARK_AS_VALUE = re.compile(
    rf"(?m)^([ \t]*[\w.\"-]+[ \t]*=[ \t]*)({MARK}[^{MARK}\n]*{MARK})[ \t]*$"
)
_IN_LIST = re.compile(r"(?<=[\[,])([ \t]*)(\$\{[^{}\n]*\})(?=[ \t]*[,\]])")
_MARKED = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_PEOPLES = (
    r"###[A-Z_]{2,60}###|<[A-Za-z][\w -]{0,60}>|%[A-Z_]{2,60}%|@@?[A-Z_]{2,60}@@?"
    r"|__[A-Z][A-Z0-9_]{1,60}__"
)
_OPEN = re.compile(r"\$\{[^}\n]{1,200}\}|\{\{[^{}\n]{1,200}\}\}|\$\([^)\n]{1,200}\)|" + _PEOPLES)
_GAP = re.compile(rf"\S*?({_PEOPLES})\S*")
_VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]{2,60}")


def without_templates(text: str) -> str:
    """The text with every template that keeps it from being read as a mark or gone."""
    text = _ALONE.sub("", text)
    text = _MARK_AS_VALUE.sub(r'\1"\2"', text)
    text = _IN_LIST.sub(lambda found: f"{found[1]}{quoted(found[2])}", text)
    text = _UNQUOTED_YAML.sub(lambda found: f"{found[1]}{quoted(found[2])}", text)
    return _UNQUOTED_TOML.sub(lambda found: f"{found[1]}{quoted(found[2])}", text)


def quoted(template: str) -> str:
    """A mark as a quoted text of YAML and TOML alike."""
    return f'"{marked(template)}"'


def marked(template: str) -> str:
    """A template as text that means nothing to the language around it."""
    return MARK + template.translate(_HIDDEN) + MARK


def interpolated(text: str) -> str:
    """A text of Terraform's, with a mark for every `${...}` that it would put a value for."""
    return _INTERPOLATED.sub(lambda found: marked(found[0]), text).replace("$${", "${")


def unread(text: str) -> str:
    """The template in a text that is not filled in, as its author wrote it; empty: there is none.

    `$(...)`, `<...>`, `%...%`, `@...@` and `__...__` are what people write for others to fill in.
    """
    if found := _MARKED.search(text):
        return found[1].translate(_SHOWN)
    return found[0] if (found := _OPEN.search(text)) else ""


def gap(text: str) -> str:
    """What is left for people to fill in inside one word: `https://<YOUR-DOMAIN>/`; else empty."""
    found = _GAP.fullmatch(text.strip())
    return found[1] if found else ""


def is_variable(text: str) -> bool:
    """Whether a text is nothing but a variable of some shell's: `$CACHE_HOST`."""
    return bool(_VARIABLE.fullmatch(text))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text cut at Helm's templates: each piece, and whether it is one, braces and all."""
    at = 0
    while (begin := text.find("{{", at)) >= 0 and (end := text.find("}}", begin)) >= 0:
        if begin > at:
            yield text[at:begin], False
        yield text[begin : end + 2], True
        at = end + 2
    if at < len(text):
        yield text[at:], False
