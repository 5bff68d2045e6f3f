"""Resources: what a job gets, and how many of that size fit on the nodes now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from wizard.core.problems import Key
from wizard.operations.discovery.fit import Fit, JobSize, fit, size_of
from wizard.profile.sizes import CUSTOM, MEANINGS, amounts, named
from wizard.tui import messages
from wizard.tui.modals import Reading
from wizard.tui.outline import StepId
from wizard.tui.step import Step
from wizard.tui.widgets import Choice, FieldRow, Row, Said, gauge
from wizard.tui.widgets.answers import Answers
from wizard.tui.widgets.gauge import Gauge

_ARCH = "kubernetes.io/arch"
_CONTAINERS: tuple[tuple[str, ...], ...] = ((), ("helper",), ("services",))


class ResourcesStep(Step):
    """Choose a size; the gauge shows what that means here."""

    step_id = StepId.RESOURCES
    purpose = "What each job gets, and how many run at once."
    more_help = (
        "A job is a pod. The scheduler puts it on a node that has its requests free, whatever it "
        "uses later; the limit is what it may use at most. The gauge counts requests against what "
        "the nodes have free now."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "arithmetic", "Sums", id="arithmetic", tooltip="How the gauge counts.")
    ]

    def fields(self) -> ComposeResult:
        with Answers():
            yield from self._answers()
        yield Gauge(id="gauge")

    def _answers(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield Said("Size of a job", classes="label")
            help_text = "Four amounts of the build container at once; the gauge follows."
            yield Choice(MEANINGS, self._size_name, brief=True, help_text=help_text, id="size")
        yield self._field("concurrent", label="At once")
        architectures = self.draft.value("cluster", "architectures") or []
        if len(architectures) > 1:
            chosen = self._selector.get(_ARCH, "")
            choices = {str(one): "the nodes that run the jobs" for one in architectures}
            nodes = Choice(choices, chosen, id="architecture")
            yield Row(self.draft, self._key("node_selector"), nodes, label="Architecture")
        for resource, name in (("cpu", "CPU"), ("memory", "Memory")):
            yield self._field(resource, "request", label=f"{name}, kept free")
            yield self._field(resource, "limit", label=f"{name}, at most")
        yield self._field("image", label="Usual image")

    def below(self) -> Iterator[Said | FieldRow]:
        for containers, of in (("helper", "the helper of a job"), ("services", "each service")):
            yield Said(f"For {of}", classes="heading")
            for resource, name in (("cpu", "CPU"), ("memory", "Memory")):
                yield self._field(containers, resource, "request", label=f"{name}, kept free")
                yield self._field(containers, resource, "limit", label=f"{name}, at most")

    def on_mount(self) -> None:
        self._measure()

    def check(self) -> None:
        self.post_message(messages.LookAgain())

    def entered(self) -> None:
        """What is known of the nodes is shown; F5 looks at them again."""

    def facts_found(self) -> None:
        self._measure()

    @on(Choice.Changed, "#size")
    def _size_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        if event.value == CUSTOM:
            return  # the amounts below are what is chosen
        for key, amount in amounts(event.value).items():
            self.draft.set(self._key(*key), amount)
        self.read()
        self._measure()
        self.post_message(messages.DraftChanged())

    @on(Choice.Changed, "#architecture")
    def _architecture_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self._row("node_selector").answer({**self._selector, _ARCH: event.value})

    @on(Row.Answered)
    def _changed(self) -> None:
        self.query_one("#size", Choice).choose(self._size_name)
        self._measure()

    def action_arithmetic(self) -> None:
        found = self._fit()
        text = "Correct the amounts first." if found is None else "\n".join(arithmetic(found))
        self.app.push_screen(Reading("How many jobs fit", text))

    def _measure(self) -> None:
        shown, found = self.query_one(Gauge), self._fit()
        if found is None:
            shown.say("The gauge waits for amounts that can be read, such as 500m and 2Gi.")
        elif not found.nodes:
            shown.say(
                "No nodes found, so this is just the total: each job asks for "
                f"{gauge.amounts(found.size.room)}, {self._concurrent} at once for "
                f"{gauge.amounts(found.size.room.times(self._concurrent))}. (F2: the arithmetic)"
            )
        else:
            shown.show(found, self._concurrent)

    def _fit(self) -> Fit | None:
        facts = self.session.cluster
        try:
            return fit(self._job_size(), facts.nodes if facts else (), self._selector)
        except ValueError:
            return None

    def _job_size(self) -> JobSize:
        jobs: dict[str, Any] = {}
        for containers in _CONTAINERS:
            inside = jobs.setdefault(containers[0], {}) if containers else jobs
            for resource in ("cpu", "memory"):
                inside[resource] = {
                    kind: self._value(*containers, resource, kind) for kind in ("request", "limit")
                }
        return size_of(jobs)

    @property
    def _size_name(self) -> str:
        written = {key: str(self._value(*key)) for key in amounts("small")}
        return named(written)

    @property
    def _concurrent(self) -> int:
        value = self._value("concurrent")
        return value if isinstance(value, int) else 1

    @property
    def _selector(self) -> dict[str, str]:
        found = self._value("node_selector")
        return found if isinstance(found, dict) else {}

    def _value(self, *key: str | int) -> Any:
        return self.draft.value(*self._key(*key))

    def _key(self, *key: str | int) -> Key:
        return ("runners", self.session.runner, "jobs", *key)

    def _field(self, *key: str, label: str) -> FieldRow:
        return FieldRow(self.draft, *self._key(*key), label=label)

    def _row(self, *key: str) -> Row:
        return next(row for row in self.rows if row.key == self._key(*key))


def arithmetic(found: Fit) -> list[str]:
    """What the gauge counts, as sums, and every node."""
    size = found.size
    lines = [
        "What one job asks for, which a node must have free:",
        *(f"  {part.name:<8} {gauge.amounts(part.room)}" for part in size.parts),
        f"  {'together':<8} {gauge.amounts(size.room)}",
        f"Each service of a job adds {gauge.amounts(size.service)}.",
    ]
    if not found.nodes:
        return [*lines, "", "No cluster is known, so nothing is counted against nodes."]
    return [
        *lines,
        "",
        f"Free now: {gauge.amounts(found.free)}.",
        "Free CPU and free memory of a node, divided by the sum; the smaller counts:",
        "",
        *(gauge.sums(one, size.room) for one in found.nodes),
    ]
