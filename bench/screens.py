"""The screens before a terminal: the first frame, a key's effect, a change of step, and memory.

GitLab has ten thousand projects and the cluster five hundred nodes; both are the tests' fakes.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.terminal import Terminal
from bench.timing import WIZARD, in_turns
from tests.tui.stage import Stage
from wizard.tui.outline import OUTLINE

PROJECTS, NODES = 10_000, 500
TITLES = [step.title for step in OUTLINE]
TYPED = [*"10203", *["backspace"] * 5]
MOVES = ["down", "down", "down", "up", "up", "up"]
ON_EACH: dict[str, tuple[list[str], list[str]]] = {
    # title: keys that lead to a widget, keys that are timed there
    "Start": ([], MOVES),
    "Cluster": (["tab"], TYPED),
    "GitLab": (["end"], TYPED),
    "Runner": (["tab", "end"], [*["backspace"] * 5, *"emela", *["backspace"] * 5, *"melab"]),
    "Secrets": ([], MOVES),
    "Resources": (["tab", "tab"], TYPED),
    "Image builds": ([], MOVES),
    "Delivery": ([], MOVES),
    "Review": ([], MOVES),
    "Apply": ([], ["tab", "shift+tab"]),
    "Proof": (["shift+tab"], MOVES),
}
BARE = """
from textual.app import App
from textual.containers import Vertical
from textual.widgets import Input, Label
class Bare(App):
    animation_level = "none"
    BINDINGS = [("ctrl+n", "next", "Next")]
    page = 1
    def compose(self):
        yield Input(placeholder="type here")
        yield Vertical()
    async def action_next(self):
        self.page += 1
        host = self.query_one(Vertical)
        with self.batch_update():
            await host.remove_children()
            await host.mount(*(Label(f"page {self.page}, line {n}") for n in range(1, 21)))
Bare().run()
"""
_BETWEEN = 0.08
"""Seconds from key to key: somebody who types fast."""


def measure(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), projects=PROJECTS, nodes=NODES)
        with stage:
            environ = {"PATH": os.environ["PATH"]}
            environ |= {name: value for name, value in stage.environment.items() if value}
            _first_frame(environ, stage.folder, runs)
            print()
            app = stage.wizard("direct")
            app.session.draft.set(("cluster", "context"), "k3s")
            profile = stage.folder / "homelab.yaml"
            profile.write_text(app.session.draft.text())
            _walk(environ, stage.folder, profile, max(runs * 5, 20))


def _first_frame(environ: dict[str, str], folder: Path, runs: int) -> None:
    bare = [sys.executable, "-c", "import textual.app"]
    ours, theirs = [], []
    for run in range(runs + 1):
        with Terminal(WIZARD, environ, folder) as terminal:
            took = terminal.sees("A new profile, from a preset") - terminal.began
        peer = in_turns({"bare": bare}, 1)["bare"].seconds
        if run:  # the first warms the caches
            ours.append(took)
            theirs.append(peer)
    first, peer = statistics.median(ours), statistics.median(theirs)
    print("From the command to the first frame (aim: 0.5 s)")
    print(f"  {'runner-wizard, in a terminal':<42} {first:7.3f} s")
    print(f"  {'python -c ' + repr(bare[2]):<42} {peer:7.3f} s  {first / peer:5.2f}x")


def _walk(environ: dict[str, str], folder: Path, profile: Path, presses: int) -> None:
    print(f"A key's effect, p95 of {presses} (aim: 50 ms), and the way to the step (aim: 30 ms)")
    with Terminal([sys.executable, "-c", BARE], environ, folder) as bare:
        bare.sees("type here")
        bare.still()
        peer = _p95(_timed(bare, TYPED, presses))
        change = statistics.median(_page(bare, number) for number in range(2, 12))
        name = "bare Textual: one Input, 20 Labels"
        print(
            f"  {name:<36} {peer:6.1f} ms        {change * 1000:6.1f} ms  {bare.mebibytes:4.0f} MiB"
        )
    with Terminal([*WIZARD, str(profile)], environ, folder) as wizard:
        wizard.sees("is open: valid")
        _settled(wizard)
        changes: list[float] = []
        for number, title in enumerate(TITLES, 1):
            way = ""
            if number > 1:
                changes.append(_go_on(wizard, number, title))
                way = f"{changes[-1] * 1000:6.1f} ms"
            lead, keys = ON_EACH[title]
            for key in lead:
                wizard.send(key)
                wizard.still()
            p95 = _p95(_timed(wizard, keys, presses))
            memory = f"{wizard.mebibytes:4.0f} MiB"
            print(f"  {title:<36} {p95:6.1f} ms {p95 / peer:5.2f}x {way:>10}  {memory}")
            _leave(wizard, title)
        changes += [_back(wizard, number) for number in range(len(TITLES) - 1, 0, -1)]
        median = statistics.median(changes)
        print(
            f"  there and back, {len(changes)} steps: median {median * 1000:.1f} ms"
            f" ({median / change:.2f}x), slowest {max(changes) * 1000:.1f} ms;"
            f" {wizard.mebibytes:.0f} MiB at the end (aim: 150)"
        )


def _page(bare: Terminal, number: int) -> float:
    bare.send("ctrl+n")
    began = time.perf_counter()
    took = bare.sees(f"page {number}, line 1") - began
    bare.still()
    return took


def _timed(terminal: Terminal, keys: list[str], presses: int) -> list[float]:
    """Press keys, in a round; seconds to the frame of each."""
    taken = []
    for key in _round(keys, presses):
        taken.append(terminal.framed(key))
        time.sleep(_BETWEEN)
    return taken


def _round(keys: Iterable[str], presses: int) -> Iterator[str]:
    """Whole rounds, so that what was typed is taken back."""
    keys = list(keys)
    for _ in range(-(-presses // len(keys))):
        yield from keys


def _p95(taken: Iterable[float]) -> float:
    """Milliseconds."""
    return statistics.quantiles(taken, n=20)[-1] * 1000


def _settled(wizard: Terminal) -> None:
    """The SDKs are loaded, and everything that is there has been looked at."""
    wizard.sees("the review shows it")
    wizard.still(1)


def _go_on(wizard: Terminal, number: int, title: str) -> float:
    wizard.send("ctrl+n")
    began = time.perf_counter()
    took = wizard.sees(f"Step {number} of 11  {title}") - began
    if title == "GitLab":
        wizard.sees("You are robin")
    elif title == "Review":
        wizard.sees("Nothing has been written yet")
    wizard.still()
    return took


def _leave(wizard: Terminal, title: str) -> None:
    if title == "GitLab":
        wizard.send("tab")
        wizard.sees("You are robin")
    elif title == "Apply":
        wizard.send("tab")
        wizard.still()
        wizard.send("enter")
        wizard.sees("proven, it has run a job", 60)
        wizard.still()
        wizard.send("escape")
        wizard.still(1)
    wizard.still()


def _back(wizard: Terminal, number: int) -> float:
    wizard.send("escape")
    began = time.perf_counter()
    title = TITLES[number - 1]
    took = wizard.sees(f"Step {number} of 11  {title}") - began
    wizard.still()
    return took


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
