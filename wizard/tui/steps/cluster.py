"""Cluster: which one, what is there, and what is missing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.facts import ClusterFacts
from wizard.core.problems import Key
from wizard.operations.discovery.discover import (
    answers_of,
    discover,
    missing_operators,
    needed_rights,
)
from wizard.profile.backends import BACKENDS
from wizard.profile.draft import Origin
from wizard.profile.operators import Operator
from wizard.profile.packagings import PACKAGINGS
from wizard.profile.targets import DIRECT, FOLDER, target_of
from wizard.tui import messages
from wizard.tui.look import signs
from wizard.tui.outline import StepId
from wizard.tui.set_aside import choose_backend
from wizard.tui.step import Step
from wizard.tui.widgets import Action, Choice, FieldRow, Said

if TYPE_CHECKING:
    from wizard.systems.kubernetes import Permission

NO_CLUSTER = "no cluster"
_WITHOUT_OPERATORS: dict[Key, Any] = {
    ("delivery", "as"): "manifests",
    ("delivery", "to"): DIRECT.name,
}
"""What makes any profile like the preset `direct`, beside a plain Secret."""
_UID: Key = ("cluster", "uid")


class ClusterStep(Step):
    """Choose a context; its facts go into the profile."""

    step_id = StepId.CLUSTER
    purpose = "The cluster that runs the manager and the jobs. Looking changes nothing."
    more_help = (
        "What is found here is written into the profile: the cluster's uid, so that no other "
        "cluster is ever touched, and its nodes' architectures. Without a cluster the wizard "
        "writes files for you to commit."
    )

    def fields(self) -> ComposeResult:
        yield Said("Context", classes="heading")
        yield Choice(
            {NO_CLUSTER: "just files"},
            help_text="Enter or a click chooses. F5 looks again; nothing is changed by looking.",
            id="contexts",
        )
        yield Said(id="facts", classes="found")
        yield Said(id="rights", classes="found")
        yield Said(id="missing", classes="problem")
        yield Action("Do without: plain manifests and a plain Secret", id="direct")
        yield FieldRow(self.draft, "cluster", "namespace")
        yield FieldRow(self.draft, "cluster", "job_namespace")
        yield FieldRow(self.draft, "cluster", "architectures")

    def on_mount(self) -> None:
        self._asked: tuple[str, ...] = ()

    def check(self) -> None:
        self._asked = ()
        self.session.facts.clusters.clear()
        self.post_message(messages.LookAgain())
        self._look_at_chosen()
        self.facts_found()

    def entered(self) -> None:
        self._look_at_chosen()
        self.facts_found()

    def _look_at_chosen(self) -> None:
        """A context is asked once it is chosen: that runs its sign-in command."""
        chosen = self.draft.value("cluster", "context")
        facts = self.session.facts
        if chosen in (facts.contexts or ()) and chosen not in {*facts.clusters, facts.current}:
            self.in_background("look", self._look, str(chosen))

    async def _look(self, context: str) -> None:
        async for facts in discover([context], self.session.machine.look):
            self.session.facts.clusters[facts.context] = facts
        self.facts_found()

    def facts_found(self) -> None:
        self._take_facts()
        names = self.session.facts.contexts
        choices = {name: self._about(name) for name in names or ()}
        choices[NO_CLUSTER] = "just files, for you to commit"
        chosen = self.draft.value("cluster", "context") or NO_CLUSTER
        self.query_one("#contexts", Choice).offer(choices, chosen)
        self._show_facts()
        self._ask_for_rights()
        for row in self.rows:
            row.read()

    @on(Choice.Changed, "#contexts")
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        chosen = None if event.value == NO_CLUSTER else event.value
        # Another cluster has another uid; the one before it would refuse the new one.
        aside, before = self.session.set_aside, self.draft.value("cluster", "context")
        aside.take(("context", str(before)), self.draft, [_UID])
        self.draft.set(("cluster", "context"), chosen)
        aside.bring_back(("context", str(chosen)), self.draft)
        self._deliver_where_possible(to_cluster=chosen is not None)
        if facts := self.session.cluster:
            for key, value in answers_of(facts).items():
                if key == _UID or self.draft.answer(*key).origin is not Origin.TYPED:
                    self.draft.set(key, value, Origin.FOUND)
        self._look_at_chosen()
        self.facts_found()
        self.post_message(messages.DraftChanged())

    @on(Button.Pressed, "#direct")
    def _do_without(self, event: Button.Pressed) -> None:
        event.stop()
        for key, value in _WITHOUT_OPERATORS.items():
            self.draft.set(key, value)
        choose_backend(self.session.set_aside, self.draft, "kubernetes")
        self.facts_found()
        self.post_message(messages.DraftChanged())

    def _deliver_where_possible(self, *, to_cluster: bool) -> None:
        """A preset that applies to a cluster writes files where there is none to apply to."""
        key, now = ("delivery", "to"), self.draft.answer("delivery", "to")
        if not to_cluster and not target_of(now.value).writes_files:
            self.draft.suggest(key, FOLDER.name)
        elif to_cluster and now.origin is Origin.FOUND:
            self.draft.suggest(key, DIRECT.name)

    def _take_facts(self) -> None:
        """The kubeconfig's current context is the suggestion, once it has answered."""
        if self.session.facts.contexts == ():
            self._deliver_where_possible(to_cluster=False)
        current = self.session.facts.clusters.get(self.session.facts.current)
        if current and current.reachable:
            self.draft.suggest(("cluster", "context"), current.context)
        if facts := self.session.cluster:
            for key, value in answers_of(facts).items():
                self.draft.suggest(key, value)

    def _about(self, name: str) -> str:
        facts = self.session.facts.clusters.get(name)
        if facts is None:
            asked = {self.session.facts.current, self.draft.value("cluster", "context")}
            return "asking ..." if name in asked else "choose it to connect"
        if not facts.reachable:
            return f"not reached: {facts.trouble.splitlines()[0] if facts.trouble else ''}"
        return f"{facts.version}  {_room(facts)}"

    def _show_facts(self) -> None:
        facts, said = self.session.cluster, self.query_one("#facts", Said)
        if facts is None or not facts.reachable:
            said.say(self.session.facts.trouble)
        else:
            said.say(_line(facts))
        missing = missing_operators(facts, self._needed()) if facts and facts.reachable else []
        self.query_one("#missing", Said).say(
            "\n".join(f"! {one.problem} {one.fix[0].upper()}{one.fix[1:]}." for one in missing)
        )
        self.query_one("#direct").display = bool(missing)

    def _ask_for_rights(self) -> None:
        """Whether the context's user may set a runner up here; asked once for each place."""
        facts = self.session.cluster
        spaces = [str(self.draft.value("cluster", one)) for one in ("namespace", "job_namespace")]
        here = (facts.context, *spaces) if facts and facts.reachable else ()
        if not here or target_of(self.draft.value("delivery", "to")).writes_files:
            self._asked = ()
            self.query_one("#rights", Said).say("")
        elif here != self._asked:
            self._asked = here
            creates = self.draft.value("cluster", "namespaces") == "create"
            needed = needed_rights(*spaces, creates=creates)
            self.in_background("rights", self._look_at_rights, here[0], needed)

    async def _look_at_rights(self, context: str, needed: list[Permission]) -> None:
        refused = await asyncio.to_thread(self.session.machine.refused, context, needed)
        said = f"{signs().done} you may set up a runner here"
        if refused:
            named = "\n".join(f"  {one}" for one in refused)
            said = f"! missing permissions in this cluster:\n{named}\nask for it, or write files"
        self.query_one("#rights", Said).say(said)

    def failed(self, name: str, error: WizardError) -> None:
        if name == "rights":
            self.query_one("#rights", Said).say(f"could not ask what you may do: {error.problem}")
        else:
            super().failed(name, error)

    def _needed(self) -> list[Operator]:
        chosen = (
            PACKAGINGS.get(self.draft.value("delivery", "as")),
            BACKENDS.get(self.draft.value("secrets", "backend")),
        )
        return [spec.operator for spec in chosen if spec and spec.operator]


def _room(facts: ClusterFacts) -> str:
    nodes = len(facts.nodes)
    cpu = sum(node.cpu_free for node in facts.nodes) / 1000
    memory = sum(node.memory_free for node in facts.nodes) / 2**30
    plural = "s" if nodes != 1 else ""
    return f"{nodes} node{plural}, free: {cpu:.1f} CPU, {memory:.1f} GiB"


def _line(facts: ClusterFacts) -> str:
    operators = ", ".join(f"{name} {version}" for name, version in facts.operators)
    ready = sum(store.ready for store in facts.stores)
    lines = [
        f"{facts.server}  {', '.join(facts.architectures)}",
        f"installed: {operators or 'no operator that is known here'}",
    ]
    if facts.stores:
        lines.append(f"stores of External Secrets: {len(facts.stores)}, {ready} ready")
    if facts.warning:
        lines.append(f"! {facts.warning}")
    if facts.trouble:
        lines.append(f"not seen: {facts.trouble}")
    return "\n".join(lines)
