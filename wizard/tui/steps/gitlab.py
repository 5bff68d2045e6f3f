"""GitLab: its address, a token, who that is, and what it may do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from wizard.core.errors import WizardError
from wizard.core.findings import Check
from wizard.operations.discovery.sign_in import SignedIn, sign_in
from wizard.profile.draft import Draft
from wizard.profile.save import free_name, write
from wizard.profile.typed import format_value
from wizard.tui.look import signs
from wizard.tui.modals import Question
from wizard.tui.outline import StepId
from wizard.tui.session import GITLAB_TOKEN
from wizard.tui.step import Step, format_error
from wizard.tui.widgets import Action, FieldRow, Row, Said
from wizard.tui.widgets.marks import mark
from wizard.tui.widgets.paste_input import PasteInput
from wizard.tui.widgets.secret_row import SecretRow

_WAY = ("ca_file", "proxy", "no_proxy")
_PAUSE = 0.6
"""Seconds after the last key before an address or a token is tried."""


class AuthorityRow(FieldRow):
    """The path of the CA's file, or the certificates themselves, pasted."""

    def __init__(self, draft: Draft, *key: str | int, label: str = "") -> None:
        super().__init__(draft, *key, label=label)
        path = format_value(draft.value(*key), self.info)
        placeholder = "a path, or paste the certificates"
        self.control = PasteInput(path, placeholder=placeholder, compact=True, takes_pem=True)
        self.control.add_class("control")


class GitLabStep(Step):
    """Sign in. Without a token the wizard still writes files; it creates nothing."""

    step_id = StepId.GITLAB
    purpose = "Where the runner takes its jobs from, and a token with which it is created."
    more_help = (
        "The token is yours: it creates the runner and proves it with a job. It stays in memory, "
        "or in your keyring if you say so. The runner gets a token of its own."
    )

    def fields(self) -> ComposeResult:
        yield FieldRow(self.draft, "gitlab", "url", label="Address")
        yield Said(id="address", classes="found")
        yield Said("A token is made on this page, with the right scopes ticked:")
        yield Said(id="page")
        with Horizontal(classes="actions"):
            yield Action("Open it in the browser", id="open")
            yield Action("Copy its address", id="copy")
        held = self.session.secret(GITLAB_TOKEN) is not None
        yield SecretRow(GITLAB_TOKEN, "Access token", held=held)
        yield Said(id="who", classes="found")
        with Horizontal(classes="actions"):
            yield Action("Keep the token in the keyring", id="keep")

    def below(self) -> Iterator[Widget]:
        yield Said("Only behind a private CA or a proxy", classes="heading")
        rows: list[FieldRow] = [AuthorityRow(self.draft, "gitlab", "ca_file", label="CA's file")]
        rows += [FieldRow(self.draft, "gitlab", name) for name in ("proxy", "no_proxy")]
        for row in rows:
            row.control.add_class("aside")  # Enter passes them by
            yield row

    def on_mount(self) -> None:
        self.query_one("#keep").display = False

    def check(self) -> None:
        self.in_background("address", self._probe, 0)
        self.in_background("token", self._sign_in, 0)

    @on(Row.Answered, "#gitlab-url")
    def _address_changed(self) -> None:
        # A token belongs to the GitLab it was given for: half an address is another's.
        self.session.identity = None
        self.query_one(SecretRow).show_held(self.session.secret(GITLAB_TOKEN) is not None)
        self.query_one("#who", Said).say("")
        self.workers.cancel_group(self, "token")
        self.in_background("address", self._probe, _PAUSE)

    @on(Row.Answered, ", ".join(f"#gitlab-{name}" for name in _WAY))
    def _way_changed(self) -> None:
        self.in_background("address", self._probe, _PAUSE)
        self.in_background("token", self._sign_in, _PAUSE)

    @on(PasteInput.Certificates)
    def _certificates_pasted(self, event: PasteInput.Certificates) -> None:
        event.stop()
        path = free_name(self.draft.path.with_name(f"{self.draft.path.stem}-ca.pem"))

        def agreed(answer: str | None) -> None:
            if answer == "save":
                self._keep_certificates(path, event.text)

        self.app.push_screen(
            Question(
                f"Save these certificates as {path.name}?",
                f"The profile names the file, in {path.parent}; it is no secret, and goes to the "
                "cluster with the profile's objects.",
                {"no": "No", "save": "Save"},
            ),
            agreed,
        )

    def _keep_certificates(self, path: Path, text: str) -> None:
        try:
            write(path, text.replace("\r", "").strip() + "\n")
        except WizardError as error:
            self.say_trouble(format_error(error))
            return
        row = self.query_one(AuthorityRow)
        row.answer(path.name)
        row.read()
        row.show_problems([one for one in self.mine() if one.key == row.key])

    @on(Row.Left, "#gitlab-url")
    def _address_complete(self) -> None:
        if self.session.identity is None:
            self.in_background("token", self._sign_in, 0)

    @on(SecretRow.Typed)
    def _token_changed(self, event: SecretRow.Typed) -> None:
        self.session.keep_secret(GITLAB_TOKEN, event.text)
        self.in_background("token", self._sign_in, _PAUSE)

    async def _probe(self, pause: float) -> None:
        said = self.query_one("#address", Said)
        await asyncio.sleep(pause)
        said.say("asking ...")
        address = self.session.address
        self.query_one("#page", Said).say(self.session.machine.token_page(address.url))
        warning = await asyncio.to_thread(self.session.machine.ping, address)
        said.say(f"note: {warning}" if warning else f"{signs().done} {address.url} answers")

    async def _sign_in(self, pause: float) -> None:
        who, machine, session = self.query_one("#who", Said), self.session.machine, self.session
        self.query_one("#keep").display = False
        session.identity = None
        await asyncio.sleep(pause)
        where = await session.hold_token()
        if where is None:
            withheld = machine.withheld(session.address.url)
            without = "Without a token the wizard writes files, but creates and proves nothing."
            who.say(
                f"{withheld}.\nType the token for this address.\n{without}" if withheld else without
            )
            return
        if where:
            self.query_one(SecretRow).found(where)
        who.say("signing in ...")
        gitlab = session.gitlab()
        if gitlab is None:  # the address has changed meanwhile
            return
        signed_in = await sign_in(gitlab)
        session.identity = signed_in.identity
        who.say(_who(signed_in))
        self.query_one("#keep").display = bool(
            self.query_one(SecretRow).typed and await asyncio.to_thread(machine.keyring)
        )

    @on(Button.Pressed, "#open")
    def _open_page(self, event: Button.Pressed) -> None:
        event.stop()
        self.app.open_url(self.session.machine.token_page(self.session.address.url))

    @on(Button.Pressed, "#copy")
    def _copy_page(self, event: Button.Pressed) -> None:
        event.stop()
        self.app.copy_to_clipboard(self.session.machine.token_page(self.session.address.url))
        self.app.notify("Copied, where the terminal allows it.", markup=False)

    @on(Button.Pressed, "#keep")
    def _keep(self, event: Button.Pressed) -> None:
        event.stop()
        self.in_background("keep", self._keep_token)

    async def _keep_token(self) -> None:
        url, token = self.session.address.url, self.session.secret(GITLAB_TOKEN)
        if token is None:  # the address has changed meanwhile
            return
        await asyncio.to_thread(self.session.machine.keep_token, url, token)
        self.query_one("#keep").display = False
        self.app.notify(f"The token for {url} is in your keyring.", markup=False)

    def failed(self, name: str, error: WizardError) -> None:
        places = {"address": "#address", "token": "#who"}
        if name in places:
            self.query_one(places[name], Said).say(format_error(error))
        else:
            super().failed(name, error)

    @on(Input.Changed)
    def _nothing_else(self, event: Input.Changed) -> None:
        event.stop()


def _who(signed_in: SignedIn) -> str:
    identity = signed_in.identity
    who = f"You are {identity.username}" if identity.username else "The token is accepted"
    expires = f", until {identity.expires_at}" if identity.expires_at else ""
    version = f"; GitLab {signed_in.version}" if signed_in.version else ""
    return "\n".join([f"{who}{expires}{version}. It may:", *map(_line, signed_in.checks)])


def _line(check: Check) -> str:
    finding = check.finding
    return f"{mark(check.verdict)} {check.name}" + (f" ({finding.problem})" if finding else "")
