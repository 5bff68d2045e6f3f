"""Somebody else's words are shown, and steer no terminal."""

from __future__ import annotations

import pytest

from wizard.cli.output import Output
from wizard.core.plain import plain
from wizard.tui.widgets import Said


@pytest.mark.parametrize(
    "command",
    [
        "\x1b[2J",
        "\x1b[31;1m",
        "\x1b]0;another title\x07",
        "\x1b]52;c;c29tZXRoaW5n\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1bc",
        "\x9b2J",
        "\x08\x08\x08",
        "\r",
        "\x1b[",
    ],
)
def test_a_command_to_the_terminal_is_left_out(command: str) -> None:
    assert plain(f"before {command}") == "before "
    assert plain(f"{command}\nafter") == "\nafter"


def test_lines_tabs_and_any_alphabet_stay() -> None:
    text = "one\n\ttwo [x] \u00e4\u00f6\u65e5\u672c"
    assert plain(text) == text


def test_a_command_of_a_servers_is_not_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output("plan", color=True)
    output.say(f"{output.mark('error:', fg='red')} it says \x1b]0;evil\x07\x1b[2Jno\x1b[1A")
    assert capsys.readouterr().err == "\x1b[31merror:\x1b[0m it says no\n"


def test_it_is_not_passed_on_from_the_screens_either() -> None:
    assert str(Said("it says \x1b]0;evil\x07\x1b[2Jno").content) == "it says no"
