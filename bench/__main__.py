"""Run every benchmark and print one table.

Wall clocks differ from machine to machine, so what counts is the ratio of two commands that took
turns in the same run. A peer that is not installed is skipped with a line.
"""

from __future__ import annotations

import argparse
import platform
from importlib import import_module

_SECTIONS = ("offline", "scale", "status", "screens")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=9, help="counted runs of each command")
    runs = parser.parse_args().runs
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    for section in _SECTIONS:
        # Imported in its turn: a child's peak memory is never less than what its parent held.
        import_module(f"bench.{section}").measure(runs)
        print()


if __name__ == "__main__":
    main()
