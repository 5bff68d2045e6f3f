"""`status` of 1, 10 and 100 runners, on fakes: seconds, and how many requests it takes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.journeys.world import World

COUNTS = (1, 10, 100)
_BARS = {1: 1.0, 100: 5.0}
"""Seconds that it may take at most."""


def measure(runs: int) -> None:
    print("Status of many runners (GitLab and cluster on loopback)")
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as world:
            _give_runners(world, count)
            made = world.wizard(
                "apply", str(world.profile), "--yes", "--no-smoke", timeout=60 + 10 * count
            )
            if made.code:
                raise SystemExit(made.err)
            seconds, asked = min(_look(world) for _ in range(min(runs, 3)))
        most = _BARS.get(count)
        bar = f"  (at most {most:.0f} s)" if most else ""
        print(f"  {count:>5} runners {seconds:7.2f} s  {asked:>5} requests{bar}")


def _give_runners(world: World, count: int) -> None:
    head, _, rest = world.profile.read_text().partition("runners:\n")
    tail = rest[rest.index("\nsecrets:") :] if "\nsecrets:" in rest else rest
    entries = "".join(
        f"  - name: runner-{number}\n    scope: {{project: acme/homelab}}\n    tags: [t{number}]\n"
        for number in range(count)
    )
    world.profile.write_text(f"{head}runners:\n{entries}{tail}")


def _look(world: World) -> tuple[float, int]:
    for player in world.players:
        player.token = "gone"  # what they ask GitLab is not ours
    time.sleep(0.3)
    world.gitlab.calls.clear()
    world.cluster.requests.clear()
    began = time.perf_counter()
    world.wizard("status", str(world.profile), "--json")
    seconds = time.perf_counter() - began
    ours = [call for call in world.gitlab.calls if "/jobs/request" not in call.route]
    return seconds, len(ours) + len(world.cluster.requests)
