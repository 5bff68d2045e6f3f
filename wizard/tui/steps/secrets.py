"""Secrets: where the runner's token is kept, and how the cluster reads it."""

from __future__ import annotations

import os
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.problems import Key, Problem
from wizard.operations.discovery.check_backend import check_backend, credentials
from wizard.operations.discovery.stores import Offer, offers
from wizard.profile.backends import BACKENDS
from wizard.profile.backends.spec import BackendSpec
from wizard.profile.fields import FieldInfo, declared, fields
from wizard.profile.not_yet import unavailable
from wizard.tui import messages
from wizard.tui.modals import Reading
from wizard.tui.outline import StepId
from wizard.tui.set_aside import BACKEND, STORE, choose_backend
from wizard.tui.step import Step, format_error
from wizard.tui.widgets import Action, Choice, FieldRow, Row, Said
from wizard.tui.widgets.marks import marked
from wizard.tui.widgets.secret_row import SecretRow
from wizard.tui.widgets.table import Table

_NEW = "a new store"
_ACRONYMS = {"ca", "id", "kms", "kv", "tls"}


class SecretsStep(Step):
    """Choose a backend, and show what it needs."""

    step_id = StepId.SECRETS
    purpose = "Where the runner's token is kept, and how the cluster reads it."
    more_help = (
        "The runner's own token is made by GitLab and shown once. The wizard writes it to the "
        "backend and reads it back; the cluster reads it from there, so no file ever holds it.\n\n"
        "Two identities: the wizard writes as you sign in here; the cluster reads as one of its "
        "own, which may do nothing else.\n\n"
        "F5 checks the backend: it signs in, says who you are and what you may do, and writes "
        "nothing. What you type to sign in stays hidden and in memory."
    )

    def fields(self) -> ComposeResult:
        stores = Row(
            self.draft,
            STORE,
            Choice(self._stores(), self._store, self._refused()),
            label="Read through",
        )
        stores.add_class("-table")
        refused = unavailable("secrets.backend")
        choices = declared(BACKEND).choices
        rows = {name: (refused.get(name) or spec.needs,) for name, spec in BACKENDS.items()}
        table = Table(("backend", "needs"), rows, self._backend, choices, refused, id="backends")
        found = bool(self._offers)
        if found:
            yield stores
        kept_in = Row(self.draft, BACKEND, table, label="Kept in")
        kept_in.add_class("-table")
        yield kept_in
        if not found:
            yield stores
        yield Vertical(*self._settings(), id="settings")
        yield Vertical(*self._credentials(), id="credentials")
        with Horizontal(classes="actions"):
            yield Action("Check (F5)", id="check")
            yield Action("The least rights", id="policy")
        yield Said(id="checked", classes="about")

    def entered(self) -> None:
        self._show()

    def facts_found(self) -> None:
        self._offer_stores()

    def mine(self) -> list[Problem]:
        asked = any(row.unanswered for row in self.rows)
        # "add its settings" is said better below the setting that is still asked for.
        return [one for one in super().mine() if not (asked and one.key == BACKEND)]

    def check(self) -> None:
        self.in_background("check", self._check, show_policy=False)

    # Answering

    @on(Choice.Changed, "#backends")
    async def _backend_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        await self._keep_in(event.value)

    @on(Choice.Changed, "#secrets-store Choice")
    async def _store_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        offer = next((one for one in self._offers if one.name == event.value), None)
        if offer and self._backend != offer.backend and not self._spec.any_store:
            await self._keep_in(offer.backend)
        if offer:
            self._row(STORE).answer(offer.value)
        elif event.value == _NEW:
            self._row(STORE).answer("create")
        await self._rebuild()

    @on(Row.Answered)
    async def _changed(self, event: Row.Answered) -> None:
        self._forget()
        if event.row.key[2:] in {("login",), ("reader",)}:
            await self._ask_for_credentials()
        elif event.row.key[2:] in {("host",), ("address",)}:
            self._show_held_credentials()

    @on(SecretRow.Typed)
    def _signed(self, event: SecretRow.Typed) -> None:
        self.session.keep_secret(event.row.secret, event.text)
        self._forget()

    async def _keep_in(self, backend: str) -> None:
        """Choose a backend; what was answered for another one is out of the way, not lost."""
        choose_backend(self.session.set_aside, self.draft, backend)
        self._row(BACKEND).read()
        self.query_one("#backends", Table).choose(backend)
        self.post_message(messages.DraftChanged())
        await self._rebuild()

    async def _rebuild(self) -> None:
        settings = self.query_one("#settings", Vertical)
        with self.app.batch_update():
            await settings.remove_children()
            await settings.mount_all(self._settings())
        await self._ask_for_credentials()
        self._show()
        self._forget()

    async def _ask_for_credentials(self) -> None:
        asked = self.query_one("#credentials", Vertical)
        await asked.remove_children()
        await asked.mount_all(self._credentials())
        self._name_found_credentials()

    # Showing

    def _settings(self) -> list[FieldRow]:
        creates = self._store == _NEW
        return [
            FieldRow(self.draft, *info.path, label=_label(info), ask=info.required)
            for info in fields()
            if info.path[:2] == ("secrets", self._spec.key) and info.section is None
            # A reader is who a new store signs in as; one that is there has its own.
            if creates or not info.path[2].startswith("reader")
        ]

    def _credentials(self) -> list[SecretRow]:
        own = [
            SecretRow(
                one.variable,
                one.label,
                held=self._is_held(one.variable),
                help_text="For the wizard's own sign-in; stays hidden, and in memory only."
                + (f"\nLeft empty: {one.otherwise}." if one.otherwise else ""),
            )
            for one in credentials(self._backend, self.draft.value)
        ]
        return [*own, *self._reader_credentials()]

    def _reader_credentials(self) -> list[SecretRow]:
        if self._store != _NEW or not self._spec.readers:
            return []
        reader = str(self.draft.value("secrets", self._spec.key, "reader"))
        return [
            SecretRow(
                part.variable,
                part.label,
                held=self._is_held(part.variable),
                help_text="The cluster's own sign-in, to read the tokens and no more; it goes "
                "into a Secret beside the operator, and into no file.\n"
                "Left empty: the one there is kept.",
            )
            for part in self._spec.readers.get(reader, ())
        ]

    def _is_held(self, variable: str) -> bool:
        return self.session.secret(variable) is not None

    def _name_found_credentials(self) -> None:
        for row in self.query(SecretRow):
            if not self._is_held(row.secret) and os.environ.get(row.secret):
                row.found(row.secret)

    def _show_held_credentials(self) -> None:
        """A credential belongs to the address it was typed for; another one has its own."""
        for row in self.query(SecretRow):
            row.show_held(self._is_held(row.secret))
        self._name_found_credentials()

    def _show(self) -> None:
        through_store = self._spec.through == "store"
        self._row(STORE).display = through_store or bool(self._offers)
        self._offer_stores()
        self._name_found_credentials()

    def _offer_stores(self) -> None:
        listed = self.query_one("#secrets-store Choice", Choice)
        listed.offer(self._stores(), self._store, self._refused())

    def _stores(self) -> dict[str, str]:
        choices = {one.name: one.refusal or one.about for one in self._offers}
        if self._store and self._store not in {_NEW, *choices}:
            looked = self.session.cluster is not None
            choices[self._store] = "not on this cluster" if looked else "named in the profile"
        return choices | {_NEW: "made for the runner's namespace only"}

    def _refused(self) -> dict[str, str]:
        return {one.name: one.refusal for one in self._offers if one.refusal}

    @property
    def _offers(self) -> list[Offer]:
        return offers(self.session.cluster, str(self.draft.value("cluster", "namespace")))

    @property
    def _backend(self) -> str:
        return str(self.draft.value(*BACKEND))

    @property
    def _spec(self) -> BackendSpec:
        """What is declared of it; for one that does not exist, of the one that needs least."""
        return BACKENDS.get(self._backend, BACKENDS["kubernetes"])

    @property
    def _store(self) -> str:
        """The store of the draft, as it is called in the list."""
        if self._spec.through != "store":
            return ""
        written = self.draft.value(*STORE)
        name = written.get("name") if isinstance(written, dict) else None
        if not name:
            return _NEW
        kind = written.get("kind", "ClusterSecretStore")
        namespace = self.draft.value("cluster", "namespace")
        return f"{namespace}/{name}" if kind == "SecretStore" else str(name)

    def _row(self, key: Key) -> Row:
        return next(row for row in self.rows if row.key == key)

    # Checking

    @on(Button.Pressed, "#check")
    def _check_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.check()

    @on(Button.Pressed, "#policy")
    def _policy_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.in_background("check", self._check, show_policy=True)

    async def _check(self, *, show_policy: bool) -> None:
        self._say("asking ...")
        wiring, profile = self.session.wiring(), self.draft.loaded().profile
        checked = await check_backend(partial(wiring.backend, profile))
        for key, value in checked.facts.items():
            self.draft.suggest(key, value)
        self.read()
        self._say("\n".join([*map(marked, checked.checks), "Nothing was written."]))
        if show_policy:
            self.app.push_screen(Reading("The least rights that this needs", checked.policy))

    def _forget(self) -> None:
        """An answer is about the settings it was given for."""
        self.workers.cancel_group(self, "check")
        self.query_one("#checked", Said).say("")

    def failed(self, name: str, error: WizardError) -> None:  # noqa: ARG002
        self._say(format_error(error))

    def _say(self, text: str) -> None:
        said = self.query_one("#checked", Said)
        said.say(text)
        said.call_after_refresh(said.scroll_visible, animate=False)


def _label(info: FieldInfo) -> str:
    """What to call a setting; the name of a Secret is told apart from its namespace."""
    own = info.name.replace("_", " ")
    around = info.path[2].replace("_", " ") if len(info.path) > 3 else ""
    words = around if own == "name" else f"{around} {own}"
    first, *rest = (one.upper() if one in _ACRONYMS else one for one in words.split())
    return " ".join((first if first.isupper() else first.capitalize(), *rest))
