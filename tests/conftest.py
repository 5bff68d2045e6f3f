"""Fixtures that several rooms' tests share."""

import os
import socketserver
from collections.abc import Iterator

import pytest

from wizard.core.secrets import forget_secrets

# The fakes are asked many things at once; a queue of five is full then, and resets connections.
socketserver.TCPServer.request_queue_size = 128

pytest_plugins = ("tests.cluster", "tests.servers")


@pytest.fixture(autouse=True)
def _secrets_of_this_test_alone() -> Iterator[None]:
    """What one test remembers as a secret is an ordinary word to the next."""
    yield
    forget_secrets()


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: journeys wait for programs and servers more than they compute."""
    return 2 * (os.cpu_count() or 1)
