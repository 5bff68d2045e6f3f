"""Pictures of Secrets, Resources, Image builds and Delivery, at the two sizes they are made for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import Sitting
from tests.tui.parts import GI, found, knows, node
from wizard.core.facts import StoreFacts
from wizard.machine import Machine
from wizard.tui import drafts
from wizard.tui.app import WizardApp
from wizard.tui.memory import Memory
from wizard.tui.session import Session

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or textual.__version__ != "8.2.8",
    reason="pictures are compared on Python 3.11 with Textual 8.2.8",
)

_NODES = (
    node("node-1"),
    node("node-2", cpu_free=700),
    node("aks-nodepool1-38812345-vmss000007", memory_free=GI),
    node("control", schedulable=False),
)
_STORES = (
    StoreFacts("ClusterSecretStore", "infisical-cluster-secretstore", "", "infisical", True, True),
    StoreFacts("SecretStore", "theirs", "team-a", "vault", True, False),
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("title", ["Secrets", "Resources", "Image builds", "Delivery"])
def test_it_looks_as_it_did(home: Path, title: str, size: tuple[int, int], snap_compare: Any):
    draft = drafts.of_preset("homelab", home)
    draft.set(("id",), "3f9c2a71")
    app = WizardApp(Session(draft, Machine(folder=home), Memory(home / "state")), fresh=False)

    async def walk(pilot: Pilot[Any]) -> None:
        it = Sitting(app, pilot)
        await it.until(lambda: it.session.contexts is not None)
        knows(it, found(nodes=_NODES, stores=_STORES))
        await it.go_to(title)
        for typed in app.screen.query(Input):
            typed.cursor_blink = False
        await app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=walk)
