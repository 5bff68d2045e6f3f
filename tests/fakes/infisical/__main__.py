"""`python -m tests.fakes.infisical --port 8930`: an Infisical to try things on by hand."""

from __future__ import annotations

import argparse
import signal

from tests.fakes.infisical import FakeInfisical


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.infisical", description=__doc__)
    parser.add_argument("--port", type=int, default=8930)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--legacy", action="store_true", help="know only the calls before v4")
    options = parser.parse_args()
    with FakeInfisical(options.port, host=options.host, verbose=True) as fake:
        fake.legacy = options.legacy
        project = fake.add_project("homelab")
        identity = fake.add_identity()
        lines = (
            f"A fake Infisical with the project {project.slug} (id {project.id}).",
            f"  url:                     {fake.url}",
            f"  INFISICAL_CLIENT_ID:     {identity.client_id}",
            f"  INFISICAL_CLIENT_SECRET: {identity.client_secret}",
        )
        print(*lines, sep="\n", flush=True)  # noqa: T201
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
