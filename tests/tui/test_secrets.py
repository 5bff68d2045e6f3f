"""The step Secrets: backends, stores that are there, and a check that writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.fakes.infisical import FakeInfisical
from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import found, knows
from wizard.core.facts import StoreFacts
from wizard.profile import not_yet
from wizard.profile.draft import Origin
from wizard.tui.widgets import Choice
from wizard.tui.widgets.table import Table

_SIZES = [(80, 24), (120, 40)]
_STORES = (
    StoreFacts("ClusterSecretStore", "bao", "", "vault", ready=True),
    StoreFacts("SecretStore", "theirs", "team-a", "aws", ready=True),
)


async def choose(it: Sitting, backend: str) -> None:
    await it.focus("#backends")
    table = it.app.screen.query_one("#backends", Table)
    table.highlighted = table.get_option_index(backend)
    await it.press("enter")
    await it.pilot.pause()


@pytest.mark.parametrize("size", _SIZES)
async def test_every_backend_stands_with_what_it_needs(home: Path, size: tuple[int, int]):
    async with sitting(home, size=size) as it:
        await it.go_to("Secrets")
        await it.sees("backend needs")
        await it.sees("(•) infisical External Secrets; a machine identity that may write")
        await it.sees("( ) kubernetes a cluster that the wizard may write to")


async def test_a_backend_that_is_not_built_yet_cannot_be_chosen(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    line = not_yet.NotYet(("secrets", "backend"), "gcp", "Google's secrets", "write vault")
    monkeypatch.setattr(not_yet, "NOT_YET", (*not_yet.NOT_YET, line))
    async with sitting(home, size=(120, 40)) as it:
        await it.go_to("Secrets")
        table = it.app.screen.query_one("#backends", Table)
        assert table.get_option("gcp").disabled
        await it.sees("Google's secrets cannot be used yet")
        assert [one.id for one in table.options if one.id and one.disabled] == ["gcp"]


async def test_only_the_chosen_backends_settings_are_asked(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Secrets")
        await it.sees("Environment")
        await choose(it, "kubernetes")
        assert "Environment" not in it.words
        assert not it.app.screen.query("SecretRow")
        assert not it.step.errors()
        await choose(it, "vault")
        await it.sees("Mount")
        assert it.app.screen.query("#secret-VAULT_TOKEN")


async def test_the_clusters_own_sign_in_is_asked_where_a_store_is_made(home: Path):
    async with sitting(home, preset="team", size=(120, 60)) as it:
        await it.go_to("Secrets")
        await it.sees("a new store")
        assert not it.app.screen.query("#secret-VAULT_READER_TOKEN"), "a ServiceAccount signs in"
        choice = it.app.screen.query_one("#secrets-vault-reader Choice", Choice)
        choice.highlighted = choice.get_option_index("token")
        await it.focus("#secrets-vault-reader Choice")
        await it.press("enter")
        await it.until(lambda: it.app.screen.query("#secret-VAULT_READER_TOKEN"))
        await it.focus("#secret-VAULT_READER_TOKEN Input")
        await it.sees("it goes into a Secret beside the operator")
        await it.type("the reader signs in")
        assert it.session.secret("VAULT_READER_TOKEN").get_secret_value() == "the reader signs in"
        assert "the reader signs in" not in it.draft.text()


async def test_a_store_that_is_there_has_a_sign_in_of_its_own(home: Path):
    async with sitting(home, size=(120, 60)) as it:
        await it.go_to("Secrets")
        await it.until(lambda: it.app.screen.query("#secret-INFISICAL_CLIENT_ID"))
        assert not it.app.screen.query("#secret-INFISICAL_READER_CLIENT_ID")


async def test_trying_another_backend_loses_no_answer(home: Path):
    async with sitting(home) as it:
        await it.go_to("Secrets")
        await it.focus("#secrets-infisical-project Input")
        await it.type("attic")
        before = it.draft.text()
        await choose(it, "kubernetes")
        assert it.draft.value("secrets", "infisical") is None
        assert not it.step.mine(), "nothing is left over that kubernetes would not use"
        await choose(it, "infisical")
        assert it.draft.answer("secrets", "infisical", "project").value == "attic"
        assert it.draft.answer("secrets", "infisical", "environment").origin is Origin.PRESET
        assert it.draft.value("secrets", "store", "name") == "infisical-cluster-secretstore"
        assert it.draft.text() == before


async def test_an_example_has_to_be_answered_before_going_on(home: Path):
    async with sitting(home) as it:
        await it.go_to("Secrets")
        assert it.app.focused is it.app.screen.query_one("#secrets-infisical-project Input")
        await it.press("ctrl+n")
        await it.sees("this is the preset's example")
        assert it.step.title == "Secrets"
        await it.type("attic")
        await it.press("ctrl+n")
        await it.until(lambda: it.step.title == "Resources")


async def test_what_a_new_backend_needs_is_said_once_below_its_own_field(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Secrets")
        await choose(it, "vault")
        await it.press("ctrl+n")
        await it.sees("this is the preset's example")
        assert "needs its settings" not in it.words


async def test_stores_that_are_there_come_first_and_bring_their_backend(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        knows(it, found(stores=_STORES))
        await it.go_to("Secrets")
        await it.sees("( ) bao reads vault; ready")
        assert it.words.index("( ) bao") < it.words.index("( ) kubernetes")
        await it.sees("serves only the namespace team-a")
        await it.sees("infisical-cluster-secretstore not on this cluster")
        await it.focus("#secrets-store Choice")
        await it.press("home", "enter")
        assert it.draft.value("secrets", "backend") == "vault"
        assert it.draft.value("secrets", "store") == {"kind": "ClusterSecretStore", "name": "bao"}
        await it.sees("Mount")


async def test_a_store_for_others_cannot_be_chosen_though_it_was_found_late(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Secrets")
        knows(it, found(stores=_STORES))
        it.step.facts_found()
        await it.sees("serves only the namespace team-a")
        listed = it.app.screen.query_one("#secrets-store Choice", Choice)
        assert [one.id for one in listed.options if one.disabled] == ["team-a/theirs"]


async def test_a_reader_is_asked_for_only_where_a_store_is_made(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Secrets")
        assert "Reader" not in it.words
        await it.focus("#secrets-store Choice")
        await it.press("end", "enter")
        assert it.draft.value("secrets", "store") == "create"
        await it.sees("Reader secret")
        assert not [one for one in it.step.mine() if one.severity == "error"]


@pytest.mark.parametrize("size", _SIZES)
async def test_checking_says_what_we_may_do_and_writes_nothing(home: Path, size: tuple[int, int]):
    with FakeInfisical() as infisical:
        infisical.add_project("attic")
        identity = infisical.add_identity()
        async with sitting(home, size=size) as it:
            await it.go_to("Secrets")
            it.draft.set(("secrets", "infisical", "host"), infisical.url)
            await it.type("attic")
            for variable, value in (
                ("INFISICAL_CLIENT_ID", identity.client_id),
                ("INFISICAL_CLIENT_SECRET", identity.client_secret),
            ):
                await it.focus(f"#secret-{variable} Input")
                await it.type(f"{value}\n")
            await it.press("f5")
            await it.sees("Nothing was written.")
            await it.sees("✓")
            assert infisical.writes == []
            assert identity.client_secret not in it.screen
            assert identity.client_secret not in it.draft.text()
            # What is said was said of these settings.
            await it.focus("#secrets-infisical-project Input")
            await it.type("attic2")
            assert "Nothing was written." not in it.words


async def test_a_wrong_secret_is_said_in_words(home: Path):
    with FakeInfisical() as infisical:
        infisical.add_project("attic")
        identity = infisical.add_identity()
        async with sitting(home, size=(120, 50)) as it:
            await it.go_to("Secrets")
            it.draft.set(("secrets", "infisical", "host"), infisical.url)
            await it.type("attic")
            it.session.keep_secret("INFISICAL_CLIENT_ID", identity.client_id)
            it.session.keep_secret("INFISICAL_CLIENT_SECRET", "no-" + identity.client_secret[::-1])
            await it.press("f5")
            await it.sees("✗ sign in as a machine identity")
            await it.sees("Check INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET")


async def test_the_least_rights_can_be_read(home: Path):
    with FakeInfisical() as infisical:
        infisical.add_project("attic")
        identity = infisical.add_identity()
        async with sitting(home) as it:
            await it.go_to("Secrets")
            it.draft.set(("secrets", "infisical", "host"), infisical.url)
            await it.type("attic")
            it.session.keep_secret("INFISICAL_CLIENT_ID", identity.client_id)
            it.session.keep_secret("INFISICAL_CLIENT_SECRET", identity.client_secret)
            await it.focus("#policy")
            await it.press("enter")
            await it.sees("The least rights that this needs")
            await it.press("escape")


async def test_a_credential_of_the_environment_is_named_and_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("INFISICAL_CLIENT_ID", "an-identity")
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Secrets")
        await it.sees("(from INFISICAL_CLIENT_ID)")
        row = it.app.screen.query_one("#secret-INFISICAL_CLIENT_ID Input", Input)
        assert row.value == ""
        assert row.password
