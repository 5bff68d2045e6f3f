"""Rendering many runners of one profile: the cost of each must not grow."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import helm
from bench.timing import ROOT, WIZARD, bar, in_turns

COUNTS = (1, 10, 100, 1000)
_HELM_RUNS = 20
"""Of a thousand, which all cost the same."""


def measure(runs: int) -> None:
    print("Rendering many runners (argocd packaging)")
    preset = (ROOT / "profiles" / "homelab.yaml").read_text()
    head, _, rest = preset.partition("runners:\n")
    tail = rest[rest.index("secrets:\n") :]
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for count in COUNTS:
            profile = Path(folder, f"{count}.yaml")
            entries = "".join(
                f"  - name: runner-{number}\n    scope: {{project: acme/project-{number}}}\n"
                f"    tags: [project-{number}]\n    builds: kaniko\n"
                for number in range(count)
            )
            profile.write_text(f"{head}runners:\n{entries}\n{tail}")
            command = [*WIZARD, "render", str(profile), "-o", str(Path(folder, f"out-{count}"))]
            taken = in_turns({"render": command}, min(runs, 3))["render"]
            seconds = taken.seconds
            each = seconds / count * 1000
            print(
                f"  {count:>5} runners {taken.seconds:7.2f} s  {taken.mebibytes:6.0f} MiB"
                f"  {each:7.2f} ms each"
            )
    found = None
    with tempfile.TemporaryDirectory() as folder:
        if command := helm.template(Path(folder)):
            one = in_turns({"helm": command}, _HELM_RUNS)["helm"].seconds
            found = COUNTS[-1] * one / seconds
            print(f"  helm template {one:5.3f} s each, a thousand times {COUNTS[-1] * one:6.1f} s")
    bar("1,000 helm template by render", found, "at least 20x", helm.missing())
