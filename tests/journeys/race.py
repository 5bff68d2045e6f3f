"""Several applies at once, judged from outside: `python -m tests.journeys.race --help`.

The judge shares no code with the wizard. It looks into GitLab and at the Secret once every run has
ended, and again after one more run.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.world import World
from tests.wizard_process import Command

WAYS = ("one file", "one file without id", "copies with one id")
"""What the applies are given. Copies share no lock, as runs on two machines do not."""
_ID = "3f9c2a71"
_CRASHED = re.compile(r"Traceback|mistake of its own")


@dataclass
class Verdict:
    """What one race came to; `faults` are sentences about what must not be."""

    codes: list[int]
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def race(world: World, way: str, applies: int, *options: str) -> Verdict:
    """Run that many applies at once, wait for all of them, and judge."""
    if way != "one file without id":
        world.change("version: 1\n", f"version: 1\nid: {_ID}\n")
    files = [world.profile] * applies
    if way == "copies with one id":
        files = [world.folder / f"copy-{number}.yaml" for number in range(applies)]
        for file in files:
            shutil.copy(world.profile, file)
    running = [_begin(world, file, *options) for file in files]
    ended = [run.ends(180) for run in running]
    verdict = Verdict(sorted(run.code for run in ended))
    for run in ended:
        _judge_words(verdict, run.out, run.err, run.code)
    if 0 not in verdict.codes:
        verdict.faults.append("no run succeeded")
    _judge_world(verdict, world, "after the race")
    again = world.wizard("apply", str(files[0]), "--yes", "--json", *options, timeout=120)
    if again.code != 0:
        verdict.faults.append(f"one more run ended with {again.code}: {again.out[-300:]}")
    _judge_world(verdict, world, "after one more run")
    return verdict


def _begin(world: World, file: Path, *options: str) -> Command:
    given = ("apply", str(file), "--yes", "--json", "--timeout", "60")
    return world.started(*given, *options)


def _judge_words(verdict: Verdict, out: str, err: str, code: int) -> None:
    if _CRASHED.search(out + err):
        verdict.faults.append(f"a run crashed: {err[-300:]}")
    if code == 0:
        return
    if code not in {1, 3}:
        verdict.faults.append(f"a run ended with {code}")
    error = json.loads(out[out.rindex('{\n  "format"') :])["error"]
    verdict.said.append(error["problem"])
    if not (error["problem"] and error["cause"] and error["fix"]):
        verdict.faults.append(f"an error without cause or fix: {error}")


def _judge_world(verdict: Verdict, world: World, when: str) -> None:
    ids = [runner.id for runner in world.gitlab.runners]
    if len(ids) != 1:
        verdict.faults.append(f"{when}: {len(ids)} runners")
    elif world.live_tokens != [world.secret_token]:
        verdict.faults.append(f"{when}: the stored token is not the runner's")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applies", type=int, default=2)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--smoke", action="store_true", help="with a smoke job at the end of each")
    given = parser.parse_args()
    options = () if given.smoke else ("--no-smoke",)
    failed = 0
    for way in given.way or WAYS:
        counted, said, faults = Counter(), Counter(), []
        for number in range(1, given.times + 1):
            with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as world:
                verdict = race(world, way, given.applies, *options)
            counted[str(verdict.codes)] += 1
            said.update(re.sub(r"\d+|/\S+", "N", one) for one in verdict.said)
            faults += verdict.faults
            sys.stderr.write(f"{given.applies} applies, {way}, {number}: {verdict}\n")
        _tell(f"{given.applies} applies, {way}: {given.times} races, {len(faults)} faults")
        for text, count in (*counted.most_common(), *said.most_common(), *Counter(faults).items()):
            _tell(f"  {count:4} {text}")
        failed += len(faults)
    return 1 if failed else 0


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
