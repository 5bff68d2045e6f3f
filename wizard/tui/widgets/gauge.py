"""How many jobs fit, as bars of characters that read without colour."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from wizard.core.plain import strip_controls
from wizard.operations.discovery.fit import Fit, NodeFit, Room
from wizard.tui.look import signs

_NAME = 14
_BAR = 12
_FEWEST_LINES = 3


class Gauge(Static):
    """One line about all nodes, and one for each node as far as there is room."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, markup=False)
        self._fit: Fit | None = None
        self._concurrent = 1

    def show(self, fit: Fit, concurrent: int) -> None:
        """Show how jobs of a size fit, of which at most `concurrent` run at once."""
        self._fit, self._concurrent = fit, concurrent
        self.remove_class("-words")
        self._draw()

    def say(self, text: str) -> None:
        """Show words instead of bars."""
        self._fit = None
        self.add_class("-words")
        self.update(Content(strip_controls(text)))

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self._fit:
            lines = _FEWEST_LINES if self.screen.size.height < 30 else 2 * _FEWEST_LINES
            self.update(
                Content(strip_controls("\n".join(gauge_lines(self._fit, self._concurrent, lines))))
            )


def gauge_lines(fit: Fit, concurrent: int, most: int) -> list[str]:
    """The gauge as lines.

    Args:
        concurrent: how many jobs run at once.
        most: how many nodes are shown.
    """
    taking = sum(one.taking for one in fit.nodes)
    lines = [
        f"{bar(0, min(concurrent, fit.jobs), max(fit.jobs, concurrent))} "
        f"{plural(fit.jobs, 'job')} fit now on {plural(taking, 'node')}: " + _left(fit, concurrent),
        *(node_line(one, fit.size.room) for one in fit.nodes[:most]),
    ]
    if rest := fit.nodes[most:]:
        jobs = sum(one.jobs for one in rest)
        lines.append(f"... and {plural(len(rest), 'node')} more: {plural(jobs, 'job')}")
    return [*lines, legend()]


def legend() -> str:
    one = signs()
    return f"{one.used} used now   {one.fits} jobs that fit   {one.free} left over   (F2: the sums)"


def node_line(one: NodeFit, job: Room) -> str:
    """A node: how full it is of what it runs short of, and what is free on it."""
    node = one.node
    if one.short_of == "memory":
        used, per_job, whole = node.memory - node.memory_free, job.memory, node.memory
    else:
        used, per_job, whole = node.cpu - node.cpu_free, job.cpu, node.cpu
    name = short(node.name)
    free = f"{amounts(Room(node.cpu_free, node.memory_free))} free"
    if not one.taking:
        return f"{name:<{_NAME}} {bar(used, 0, whole)} no jobs: {one.short_of}"
    filled = bar(used, one.jobs * per_job, whole)
    return f"{name:<{_NAME}} {filled} {one.jobs:>3}  {free}, limit: {one.short_of}"


def sums(one: NodeFit, job: Room) -> str:
    """A node: how often the sum of one job goes into its free CPU and its free memory."""
    if not one.taking:
        return f"{short(one.node.name):<{_NAME}}   0  {one.short_of}"
    parts = []
    for free, each, unit, name in (
        (one.node.cpu_free, job.cpu, 1000, "CPU"),
        (one.node.memory_free, job.memory, 2**30, "GiB"),
    ):
        times = str(free // each) if each else "any"
        parts.append(f"{free / unit:.2f} / {each / unit:.2f} {name} = {times}")
    return f"{short(one.node.name):<{_NAME}} {one.jobs:>3}  {'; '.join(parts)}"


def short(name: str) -> str:
    """A node's name without its beginning, where it is long: nodes differ in their ends."""
    cut = signs().cut
    return name if len(name) <= _NAME else f"{cut}{name[len(cut) - _NAME :]}"


def bar(used: int, more: int, whole: int) -> str:
    """`[██▒▒░░]`: what is used, what the jobs would take, what is left."""
    whole = max(whole, 1)
    first = min(round(_BAR * used / whole), _BAR)
    both = min(round(_BAR * (used + more) / whole), _BAR)
    used_, fits, free = signs().used, signs().fits, signs().free
    return f"[{used_ * first}{fits * (both - first)}{free * (_BAR - both)}]"


def amounts(room: Room) -> str:
    """`1.50 CPU, 3.00 GiB`, or `0.15 CPU, 256 MiB`."""
    gib = room.memory / 2**30
    memory = f"{gib:.2f} GiB" if gib >= 1 else f"{gib * 1024:.0f} MiB"
    return f"{room.cpu / 1000:.2f} CPU, {memory}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _left(fit: Fit, concurrent: int) -> str:
    left = fit.jobs - concurrent
    if left < 0:
        return f"of {concurrent} at once, {-left} would wait"
    return f"{concurrent} at once, and room for {left} more"
