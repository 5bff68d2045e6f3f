"""Fixtures that several rooms' tests share."""

import os
import signal
import socketserver
from collections.abc import Iterator

import pytest

from wizard.core.secrets import forget_secrets

# The fakes are asked many things at once; a queue of five is full then, and resets connections.
socketserver.TCPServer.request_queue_size = 128

# Started in the background, a shell has programs ignore Ctrl-C, and their children inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ("tests.cluster", "tests.servers")


@pytest.fixture(autouse=True)
def _secrets_of_this_test_alone() -> Iterator[None]:
    """What one test remembers as a secret is an ordinary word to the next."""
    yield
    forget_secrets()


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: journeys wait for programs and servers more than they compute."""
    return 2 * (os.cpu_count() or 1)
