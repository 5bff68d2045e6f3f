"""`python -m tests.fakes.gitlab --port 8929`: a GitLab to try things on by hand."""

from __future__ import annotations

import argparse
import signal

from tests.fakes.gitlab import FakeGitLab


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.gitlab", description=__doc__)
    parser.add_argument("--port", type=int, default=8929)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--projects", type=int, default=0, help="more projects to choose from")
    options = parser.parse_args()
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # before the server's thread starts
    with FakeGitLab(options.port, host=options.host, verbose=True) as fake:
        fake.add_group("acme")
        project = fake.add_project("acme/homelab")
        for number in range(options.projects):
            fake.add_project(f"acme/project-{number:05}")
        token = fake.add_token("api").get_secret_value()
        lines = (
            f"A fake GitLab with the project {project.path} (id {project.id}).",
            f"  url:   {fake.url}",
            f"  token: {token}",
        )
        print(*lines, sep="\n", flush=True)  # noqa: T201
        signal.sigwait(stop)


if __name__ == "__main__":
    main()
