"""Findings about a hand-made set-up, ranked by what they do to those who use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from wizard.core.findings import Finding
from wizard.core.secrets import redact


class Rank(StrEnum):
    """How much a finding matters, the most first."""

    BREAKS = "breaks"
    """Something does not work: today, or once the profile takes over."""
    OPENS = "opens"
    """Somebody gets at what is not theirs."""
    SURPRISES = "surprises"
    """Jobs meet something else than before."""
    TIDY = "tidy"
    """Works, and could go."""


MEANINGS = {
    Rank.BREAKS: "does not work, now or once the profile takes over",
    Rank.OPENS: "lets jobs or others reach what is not theirs",
    Rank.SURPRISES: "changes for jobs, or is not what it seems",
    Rank.TIDY: "good to know",
}

_MOST_PLACES = 4


@dataclass(frozen=True, slots=True)
class Found(Finding):
    """A finding of the import, with its rank."""

    rank: Rank = Rank.SURPRISES


@dataclass(slots=True)
class Report:
    """Collects findings; the same one is told once."""

    found: dict[Found, None] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)
    """Texts without secrets, each looked through once."""

    def add(self, rank: Rank, symptom: str, evidence: str, cause: str, fix: str) -> None:
        """Add a finding.

        Args:
            symptom: what is the case.
            evidence: file, line and key.
            cause: why, and what people notice.
            fix: what the profile does about it, or what to do.
        """
        one = Found(self._safe(symptom), evidence, self._safe(cause), self._safe(fix), rank)
        self.found[one] = None

    def _safe(self, text: str) -> str:
        if text not in self._shown:
            self._shown[text] = redact(text)
        return self._shown[text]

    def breaks(self, symptom: str, evidence: str, cause: str, fix: str) -> None:
        self.add(Rank.BREAKS, symptom, evidence, cause, fix)

    def opens(self, symptom: str, evidence: str, cause: str, fix: str) -> None:
        self.add(Rank.OPENS, symptom, evidence, cause, fix)

    def surprises(self, symptom: str, evidence: str, cause: str, fix: str) -> None:
        self.add(Rank.SURPRISES, symptom, evidence, cause, fix)

    def tidy(self, symptom: str, evidence: str, cause: str, fix: str) -> None:
        self.add(Rank.TIDY, symptom, evidence, cause, fix)

    def ranked(self) -> tuple[Found, ...]:
        """All of them, what matters most first; of several places the same is told once."""
        order = {rank: place for place, rank in enumerate(Rank)}
        places: dict[Found, list[str]] = {}
        for one in self.found:
            places.setdefault(replace(one, evidence=""), []).append(one.evidence)
        together = [replace(one, evidence=_joined(seen)) for one, seen in places.items()]
        return tuple(sorted(together, key=lambda one: order[one.rank]))


def unknown_key(hint: str, judged_by: str) -> tuple[str, str]:
    """Cause and fix of a key that nobody reads.

    Args:
        hint: what may be meant, or where it belongs; empty: nothing is like it.
        judged_by: the version whose keys were looked at, where it is not the one that is named.
    """
    cause = "unknown keys are ignored without a word, so it has no effect"
    cause += f" (by the keys of {judged_by}, the nearest version on record)" if judged_by else ""
    if not hint:
        return cause, "Nothing to do: it was left out"
    return f"{cause}; {hint}", "Write what you mean into the profile: it was left out"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(evidence: list[str]) -> str:
    more = len(evidence) - _MOST_PLACES
    return "; ".join(evidence[:_MOST_PLACES]) + (f"; and {more} more places" if more > 0 else "")


def findings_lines(findings: tuple[Found, ...]) -> Iterator[str]:
    """The findings for a terminal, under a line for each rank."""
    for rank in Rank:
        mine = [one for one in findings if one.rank is rank]
        if mine:
            yield f"{rank}: {MEANINGS[rank]}"
        for one in mine:
            yield f"- {one.problem}"
            for word, text in (("seen", one.evidence), ("why", one.cause), ("fix", one.fix)):
                if text:
                    yield f"    {word}: {text}"
