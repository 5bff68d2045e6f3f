"""Holding every known failure against what was printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wizard.core.findings import Finding
from wizard.core.secrets import excerpt
from wizard.doctor.known import Failure, Sureness, known_failures
from wizard.doctor.texts import Text

_RANK = {sure: rank for rank, sure in enumerate(Sureness)}
_TROUBLE = re.compile(
    r"\b(?:error|fatal|panic|failed|failure|forbidden|refused|denied|warning)\b", re.IGNORECASE
)
_HARMLESS = re.compile(r"\b(?:0|no) (?:errors|failed|failures)\b|\bfailed: 0\b", re.IGNORECASE)
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text, redacted."""

    text: str
    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}, line {self.number}: {self.text}"


@dataclass(frozen=True, slots=True)
class Found:
    """A known failure that shows."""

    failure: str
    """Its id."""
    sure: Sureness
    line: Line
    """The last line that shows it."""
    times: int
    problem: str
    cause: str
    fix: str
    evidence: str
    sources: tuple[str, ...]

    @property
    def finding(self) -> Finding:
        """The same as the record that errors and checks share."""
        sentence = f"{self.problem.rstrip('.')}, {self.sure}."
        return Finding(sentence, str(self.line), self.cause, self.fix)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found in some texts, the surest first; and what nothing is known of."""

    found: tuple[Found, ...]
    unexplained: tuple[Line, ...]
    """Lines that speak of trouble and that no known failure has, the last ones."""
    looked_at: tuple[str, ...]
    """Each text, with how many lines it has."""
    failures: int
    """How many failures are known."""


@dataclass(slots=True)
class _Seen:
    failure: Failure
    match: re.Match[str]
    line: Line
    times: int = 1


def diagnose(texts: Iterable[Text], known: Sequence[Failure] | None = None) -> Diagnosis:
    """What shows in these texts.

    Args:
        known: the failures to look for; all that are shipped where none are given.

    Raises: WizardError, for a file of knowledge that cannot be used.
    """
    failures = known_failures() if known is None else known
    seen: dict[str, _Seen] = {}
    strange: list[tuple[Text, int, str]] = []
    looked_at = []
    for text in texts:
        lines = list(text.lines())
        for number, said in lines:
            shown = _shown_by(text, said, failures)
            for failure, match in shown:
                times = seen[failure.id].times + 1 if failure.id in seen else 1
                seen[failure.id] = _Seen(failure, match, _line(text, number, said), times)
            if not shown and _is_trouble(said):
                strange.append((text, number, said))
        looked_at.append(f"{text.name} ({len(lines)} line{'' if len(lines) == 1 else 's'})")
    return Diagnosis(
        tuple(_found(one) for one in _ranked(seen)),
        tuple(_line(*one) for one in strange[-_SHOWN:]),
        tuple(looked_at),
        len(failures),
    )


def _shown_by(
    text: Text, said: str, failures: Iterable[Failure]
) -> list[tuple[Failure, re.Match[str]]]:
    """Every failure that a line shows, with the match."""
    return [
        (failure, match)
        for failure in failures
        if failure.can_be_in(text.kind) and (match := _match(failure, said))
    ]


def _line(text: Text, number: int, said: str) -> Line:
    return Line(excerpt(said, 300), text.name, number)


def _match(failure: Failure, said: str) -> re.Match[str] | None:
    return next(filter(None, (pattern.search(said) for pattern in failure.patterns)), None)


def _is_trouble(said: str) -> bool:
    return bool(_TROUBLE.search(said)) and not _HARMLESS.search(said)


def _ranked(seen: dict[str, _Seen]) -> Iterator[_Seen]:
    """The surest first; of equally sure ones the one that was seen last. No consequences."""
    explained = {name for one in seen.values() for name in one.failure.explains}
    order = list(seen.values())
    order.sort(key=lambda one: (_RANK[one.failure.sure], -one.line.number))
    return (one for one in order if one.failure.id not in explained)


def _found(one: _Seen) -> Found:
    failure = one.failure
    groups = {name: excerpt(text or "", 120) for name, text in one.match.groupdict().items()}
    return Found(
        failure.id,
        failure.sure,
        one.line,
        one.times,
        _filled(failure.problem, groups),
        _filled(failure.cause, groups),
        _filled(failure.fix, groups),
        failure.evidence,
        failure.sources,
    )


def _filled(text: str, groups: dict[str, str]) -> str:
    """The text with each `{name}` or `{name|what else}` as it was found; other braces stay."""

    def found(hole: re.Match[str]) -> str:
        return groups.get(hole[1]) or (hole[0] if hole[2] is None else hole[2])

    return re.sub(r"\{(\w+)(?:\|([^{}]*))?\}", found, text)
