"""Values side by side: one of them is chosen by what its columns say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from wizard.core.plain import strip_controls
from wizard.tui.look import signs
from wizard.tui.widgets.choice import Choice


class Table(Choice):
    """A `Choice` with headings; what does not fit on the line is cut off at its right.

    Args:
        headings: of the name and of each column.
        rows: each value with its columns.
        value: the chosen one.
        meanings: each value with what the help line says while it is highlighted.
        unavailable: values that cannot be chosen.
    """

    def __init__(
        self,
        headings: Sequence[str],
        rows: Mapping[str, Sequence[str]],
        value: str,
        meanings: Mapping[str, str],
        unavailable: Mapping[str, str],
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        self._headings = headings
        self._rows = rows
        choices = {name: meanings.get(name, "") for name in rows}
        super().__init__(choices, value, unavailable, brief=True, id=id)

    def compare(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Show other columns for the same values."""
        self._rows = rows
        self.choose(self.value)

    def _fill(self) -> None:
        self.add_option(Option(self._line("   ", self._headings), disabled=True))
        super()._fill()

    def _prompt(self, name: str) -> Content:
        mark = signs().chosen if name == self.value else signs().open
        return self._line(mark, (name, *self._rows[name]))

    def _line(self, mark: str, cells: Sequence[str]) -> Content:
        lines = [self._headings, *((name, *columns) for name, columns in self._rows.items())]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self._headings))]
        padded = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        return Content(strip_controls(f"{mark} {padded}".rstrip()))
