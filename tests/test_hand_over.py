"""A token that is shown to a person and leaves no trace."""

from __future__ import annotations

import os
import pty
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from tests.systems.backends.conformance import new_token
from wizard.core.errors import WizardError
from wizard.terminal.hand_over import hand_over, put_away

HIDDEN = b"press Space to show it"
OTHER_SCREEN, BACK, WIPED = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[2J\x1b[3J"


class Terminal:
    """A terminal with somebody before it."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self.name = os.ttyname(self._theirs)
        self.shown = b""

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    def watch_for(self, text: bytes) -> None:
        end = time.monotonic() + 5
        while text not in self.shown and time.monotonic() < end:
            self.shown += os.read(self._ours, 4096)
        assert text in self.shown

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def shown_until(terminal: Terminal, key: bytes) -> BaseException | None:
    """Hand a token over, press the key once it is seen, and return what came of it."""
    token, ended = new_token(), []

    def show() -> None:
        try:
            hand_over("Store it in \x1b[31mkey k.", token, terminal.name)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=show)
    thread.start()
    terminal.watch_for(HIDDEN)
    assert token.get_secret_value().encode() not in terminal.shown
    terminal.press(b"\r")  # typed ahead: nothing has been stored yet
    terminal.press(b" ")
    terminal.watch_for(token.get_secret_value().encode())
    assert not terminal.echoes
    terminal.press(key)
    terminal.watch_for(BACK)
    thread.join(5)
    before, _, after = terminal.shown.rpartition(token.get_secret_value().encode())
    assert OTHER_SCREEN in before
    assert WIPED in after.partition(BACK)[0]
    return ended[0] if ended else None


def test_the_token_stands_on_the_other_screen_until_enter_and_is_wiped(terminal):
    assert shown_until(terminal, b"\r") is None
    assert terminal.echoes


def test_ctrl_c_wipes_it_too_and_then_interrupts(terminal):
    assert isinstance(shown_until(terminal, b"\x03"), KeyboardInterrupt)
    assert terminal.echoes


def test_it_is_hidden_again_when_somebody_comes_by(terminal):
    token, ended = new_token(), threading.Event()

    def show() -> None:
        hand_over("Store it.", token, terminal.name)
        ended.set()

    threading.Thread(target=show).start()
    terminal.watch_for(HIDDEN)
    terminal.press(b" ")
    terminal.watch_for(token.get_secret_value().encode())
    terminal.shown = b""
    terminal.press(b" ")
    terminal.watch_for(HIDDEN)
    assert WIPED in terminal.shown
    assert token.get_secret_value().encode() not in terminal.shown
    terminal.press(b"\r")
    terminal.watch_for(BACK)
    assert ended.wait(5)


def test_when_the_program_ends_the_token_is_wiped_and_shown_no_more(terminal):
    token, ended = new_token(), threading.Event()

    def show() -> None:
        with pytest.raises(KeyboardInterrupt):
            hand_over("Store it.", token, terminal.name)
        ended.set()

    threading.Thread(target=show).start()
    terminal.watch_for(HIDDEN)
    put_away()
    terminal.watch_for(BACK)
    assert WIPED in terminal.shown
    assert terminal.echoes
    terminal.shown = b""
    terminal.press(b" \n")
    assert ended.wait(5)
    terminal.press(b"x")
    terminal.watch_for(b"x")
    assert token.get_secret_value().encode() not in terminal.shown


def test_somebody_elses_words_cannot_steer_the_terminal(terminal):
    shown_until(terminal, b"\n")

    assert b"\x1b[31m" not in terminal.shown


def test_a_terminal_that_goes_away_is_a_no():
    keys, screen = os.openpty()
    ended: list[BaseException] = []

    def show() -> None:
        try:
            hand_over("Store it.", new_token(), os.ttyname(screen))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=show)
    thread.start()
    while HIDDEN not in os.read(keys, 4096):
        pass
    os.close(screen)
    os.close(keys)
    thread.join(5)
    assert [type(one) for one in ended] == [KeyboardInterrupt]


def test_without_a_terminal_nothing_is_shown(tmp_path):
    with pytest.raises(WizardError, match="no terminal"):
        hand_over("Store it.", new_token(), str(tmp_path / "none"))
