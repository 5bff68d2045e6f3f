"""Presets broken at random, hundreds of ways: never a traceback, always a sentence and a place.

Each example is made of a seed alone. One that fails prints its text: add that to
`FOUND_BY_FUZZING` under a name, so that it is tried for ever after. `FUZZ_EXAMPLES` says how many
are tried (`make fuzz`: 10,000).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from wizard.core.errors import WizardError
from wizard.core.problems import InvalidDocumentError, Problems
from wizard.profile.edit import delete, set_values
from wizard.profile.fields import fields
from wizard.profile.load import load, load_text
from wizard.profile.presets import presets

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
CHUNK = 100
FOUND_BY_FUZZING = {
    "a name as long as a page": b"version: 1\nname: " + b"x" * 3000,
    "a format as long as a page": b"version: " + b"x" * 3000,
    "a line end of old YAML before an error": "version: 1\u2028\nname: [\n".encode(),
}

PRESETS = [preset.path.read_text(encoding="utf-8") for preset in presets()]
NAMES = sorted({info.name for info in fields()})
JUNK = (
    *("", "~", "null", "true", "yes", "0", "-1", "1e999", "0x1F", "09", "1.5", ".inf", "''"),
    *("[]", "{}", "[1, a]", "{a: 1}", "[[[]]]", "*nowhere", "&a", "!!binary x", "!tag", "|", ">"),
    *("a: b", "- a", "? x", "# x", "%", "@", "`", '"', "'", "[", "{", "\t", "---", "...", "<<: 1"),
    *("ü", "\U0001f600", "\ufeff", "\x85", "\u2028", "\x00", "\x7f", "\ud7ff", "x" * 3000),
    *(
        "instance",
        "create",
        "kaniko",
        "dind",
        "vault",
        "1h",
        "10Mi",
        "500m",
        "99999999999999999999",
    ),
)
Mutate = Callable[[random.Random, list[str]], None]


def _delete(chance: random.Random, lines: list[str]) -> None:
    del lines[chance.randrange(len(lines))]


def _duplicate(chance: random.Random, lines: list[str]) -> None:
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))


def _indent(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    lines[at] = chance.choice(["  ", "\t", " ", "- "]) + lines[at]


def _dedent(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    lines[at] = lines[at].removeprefix("  ")


def _replace_value(chance: random.Random, lines: list[str]) -> None:
    at = chance.choice([n for n, line in enumerate(lines) if ":" in line] or [0])
    lines[at] = f"{lines[at].split(':')[0]}: {chance.choice(JUNK)}"


def _rename_key(chance: random.Random, lines: list[str]) -> None:
    at = chance.choice([n for n, line in enumerate(lines) if ":" in line] or [0])
    name, _, value = lines[at].partition(":")
    blank = name[: len(name) - len(name.lstrip())]
    lines[at] = f"{blank}{chance.choice((*NAMES, *JUNK))}:{value}"


def _misspell(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    if lines[at]:
        place = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + chance.choice("abc:#-[]{}'\" 0&*!|>%@") + lines[at][place:]


def _swap(chance: random.Random, lines: list[str]) -> None:
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


def _inject(chance: random.Random, lines: list[str]) -> None:
    spaces = "  " * chance.randrange(5)
    lines.insert(
        chance.randrange(len(lines)), f"{spaces}{chance.choice(NAMES)}: {chance.choice(JUNK)}"
    )


MUTATIONS: tuple[Mutate, ...] = (
    _delete,
    _duplicate,
    _indent,
    _dedent,
    _replace_value,
    _replace_value,
    _rename_key,
    _misspell,
    _swap,
    _inject,
)


def mutated(seed: int) -> bytes:
    """The file that a seed makes."""
    chance = random.Random(seed)
    lines = chance.choice(PRESETS).splitlines()
    for _ in range(chance.randint(1, 5)):
        chance.choice(MUTATIONS)(chance, lines)
        if not lines:
            break
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.1:
        content = content[: chance.randrange(len(content) + 1)]
    if chance.random() < 0.1:
        at = chance.randrange(len(content) + 1)
        content = content[:at] + chance.randbytes(3) + content[at:]
    return content


def _try(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        load(path)
    except InvalidDocumentError as error:
        _is_clear(error.problems, content.count(b"\n") + 2)


def _is_clear(problems: Problems, lines: int) -> None:
    assert problems.errors
    for problem in problems.found:
        assert problem.message
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert "Input should" not in str(problem)
        assert len(problem.message + problem.fix) < 500


def _seeds(chunk: int) -> range:
    return range(chunk * CHUNK, min((chunk + 1) * CHUNK, EXAMPLES))


@pytest.mark.fuzz
@pytest.mark.parametrize("chunk", range(-(-EXAMPLES // CHUNK)))
def test_no_broken_profile_makes_a_traceback(chunk: int, tmp_path: Path) -> None:
    for seed in _seeds(chunk):
        try:
            _try(tmp_path / "p.yaml", mutated(seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}:\n{mutated(seed)!r}") from error


@pytest.mark.parametrize("content", FOUND_BY_FUZZING.values(), ids=list(FOUND_BY_FUZZING))
def test_what_was_once_found_by_fuzzing_stays_fixed(content: bytes, tmp_path: Path) -> None:
    _try(tmp_path / "p.yaml", content)


@pytest.mark.fuzz
@pytest.mark.parametrize("chunk", range(-(-EXAMPLES // CHUNK)))
def test_an_edit_of_a_broken_profile_holds_or_is_refused_in_words(chunk: int) -> None:
    """Whatever text is edited, the result holds what was asked, or a sentence says why not."""
    paths = [info.path for info in fields()]
    for seed in _seeds(chunk):
        chance = random.Random(seed)
        path = [0 if part == "[]" else part for part in chance.choice(paths)]
        text = mutated(seed).decode("utf-8", "replace")
        value = chance.choice(["x", 7, True, None, ["a", "b"], {"a": {"b": [1]}}, []])
        try:
            with suppress(WizardError):
                set_values(text, {tuple(path): value})
                delete(text, tuple(path))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {path} = {value!r}") from error


def test_most_mutations_are_indeed_wrong() -> None:
    def is_wrong(seed: int) -> bool:
        try:
            load_text(mutated(seed).decode("utf-8", "replace"), Path("p.yaml"))
        except WizardError:
            return True
        return False

    wrong = sum(is_wrong(seed) for seed in range(100))
    assert 50 < wrong < 100
