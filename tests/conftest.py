"""Fixtures that several rooms' tests share."""

import os

pytest_plugins = ("tests.cluster", "tests.servers")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: journeys wait for programs and servers more than they compute."""
    return 2 * (os.cpu_count() or 1)
