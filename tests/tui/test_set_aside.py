"""Answers that another choice made meaningless come back with it, and to nobody else."""

from __future__ import annotations

from pathlib import Path

from wizard.core.shipped import profiles
from wizard.profile.draft import Draft, Origin
from wizard.tui.set_aside import SetAside, choose_backend

TEXT = (profiles() / "homelab.yaml").read_text()


def draft() -> Draft:
    return Draft(TEXT, Path("homelab.yaml"), Origin.PRESET)


def test_another_backend_and_back_brings_its_settings_with_their_origins():
    one, aside = draft(), SetAside()
    one.set(("secrets", "infisical", "project"), "attic")
    choose_backend(aside, one, "vault")
    assert one.value("secrets", "infisical") is None
    one.set(("secrets", "vault", "address"), "https://vault.example.com")
    choose_backend(aside, one, "infisical")
    assert one.answer("secrets", "infisical", "project").value == "attic"
    assert one.answer("secrets", "infisical", "project").origin is Origin.TYPED
    assert one.answer("secrets", "infisical", "environment").origin is Origin.PRESET
    choose_backend(aside, one, "vault")
    assert one.value("secrets", "vault", "address") == "https://vault.example.com"


def test_answers_of_a_runner_move_up_with_it_when_one_before_it_is_removed():
    one, aside = draft(), SetAside()
    one.add_runner("second", like=0)
    one.set(("runners", 1, "tags"), ["mine"])
    aside.put(("adopt", 1), one, [("runners", 1, "tags")])
    aside.put(("adopt", 0), one, [("runners", 0, "tags")])
    one.set(("runners", 1, "tags"), ["of the one that was taken over"])
    one.remove_runner(0)
    aside.runner_removed(0)
    aside.bring_back(("adopt", 0), one)
    assert one.value("runners", 0, "tags") == ["mine"]
