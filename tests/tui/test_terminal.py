"""The installed command before a terminal, before none, and line by line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.terminal import Person
from wizard.profile.load import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(kubeconfig: Path) -> dict[str, str]:
    kept = {"HOME", "PATH", "KUBECONFIG", "XDG_STATE_HOME", "PYTHON_KEYRING_BACKEND"}
    return {name: os.environ[name] for name in kept} | {
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
    }


def run(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """The command without a terminal, which says at its end whether it loaded Textual."""
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('textual' in sys.modules, file=sys.stderr))\n"
        "from wizard.cli import main\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("open",), ("--plain",)], ids=" ".join)
def test_without_a_terminal_it_names_the_headless_command(
    environment: dict[str, str], home: Path, arguments: tuple[str, ...]
):
    done = run(environment, home, *arguments)
    assert done.returncode == 2
    assert "runner-wizard init --preset homelab" in done.stderr
    assert done.stderr.endswith("False\n"), "Textual was loaded"
    assert done.stdout == ""


def test_without_a_terminal_a_profile_is_planned_and_applied_instead(
    environment: dict[str, str], home: Path
):
    done = run(environment, home, "homelab.yaml")
    assert done.returncode == 2
    assert "runner-wizard plan homelab.yaml" in done.stderr
    assert "runner-wizard apply homelab.yaml --yes" in done.stderr


def test_a_word_that_is_no_command_and_no_profile_is_not_opened(
    environment: dict[str, str], home: Path
):
    done = run(environment, home, "aply")
    assert done.returncode == 2
    assert "Did you mean 'apply'?" in done.stderr


def test_a_dumb_terminal_is_offered_the_plain_lines(environment: dict[str, str], home: Path):
    person = Person(environment | {"TERM": "dumb"}, home)
    # The command as it was started here, so that it runs as pasted.
    person.sees(f"sk line by line instead: {sys.executable} -m wizard open --plain")
    assert person.code() == 2


@pytest.mark.parametrize("arguments", [("--plain",), ("init",)], ids=" ".join)
def test_the_questions_are_asked_as_lines(
    environment: dict[str, str], home: Path, arguments: tuple[str, ...]
):
    person = Person(environment | {"NO_COLOR": "1"}, home, *arguments)
    person.sees("[homelab]> ")
    person.answers("direct")
    person.sees("[https://gitlab.com]> ")
    person.answers("")
    person.sees("[acme/homelab]> ")
    person.answers("not a path")
    person.sees("'not a path' is not")
    person.answers("group acme")
    person.sees("[direct]> ")
    person.answers("")
    person.sees("[2]> ")
    person.answers("4")
    person.sees("[none]> ")
    person.answers("")
    if arguments == ("--plain",):
        person.sees("Enter goes on.")
        person.answers("")
    person.sees("wrote direct.yaml")
    assert person.code() == 0
    runner = load(home / "direct.yaml").profile.runners[0]
    assert (runner.scope.path, runner.jobs.concurrent) == ("acme", 4)


def test_a_question_that_was_left_at_a_presets_example_is_told(
    environment: dict[str, str], home: Path
):
    person = Person(environment | {"NO_COLOR": "1"}, home, "--plain")
    person.sees("[homelab]> ")
    person.answers("direct")
    for default in ("https://gitlab.com", "acme/homelab", "direct", "2", "none"):
        person.sees(f"[{default}]> ")
        person.answers("")
    person.sees("Enter goes on.")
    person.answers("")
    said = " ".join(person.rest().split())
    assert "warning:" in said
    assert "runners[0].scope.project: acme/homelab is an example" in said
    assert person.code() == 0


def test_a_profile_is_changed_line_by_line_and_keeps_the_rest(
    environment: dict[str, str], home: Path
):
    profile = home / "mine.yaml"
    text = (ROOT / "profiles" / "direct.yaml").read_text()
    profile.write_text(text)
    person = Person(environment | {"NO_COLOR": "1"}, home, "open", "--plain", "mine.yaml")
    for default, answer in (
        ("https://gitlab.com", ""),
        ("acme/homelab", ""),
        ("direct", ""),
        ("2", "6"),
        ("none", ""),
    ):
        person.sees(f"[{default}]> ")
        person.answers(answer)
    person.sees("Enter goes on.")
    person.answers("")
    assert person.code() == 0
    assert profile.read_text() == text.replace("concurrent: 2", "concurrent: 6")


def test_every_other_field_is_asked_for_by_its_key(environment: dict[str, str], home: Path):
    profile = home / "mine.yaml"
    profile.write_text((ROOT / "profiles" / "direct.yaml").read_text())
    person = Person(environment | {"NO_COLOR": "1"}, home, "open", "--plain", "mine.yaml")
    for _ in range(5):
        person.sees("]> ")
        person.answers("")
    person.sees("Enter goes on.")
    person.answers("?")
    person.sees("runners[].adopt: The id of a runner")
    person.answers("tgas")
    person.sees("did you mean 'runners[].tags'?")
    person.answers("tags")
    person.sees("[kubernetes]> ")
    person.answers("fast, gpu")
    person.answers("protected")
    person.sees("[no]> ")
    person.answers("perhaps")
    person.sees("must be true or false, not the text 'perhaps'")
    person.answers("yes")
    person.answers("cluster.namespace")
    person.sees("The namespace of the runner managers.")
    person.sees("[gitlab-runner]> ")
    person.answers("Not A Name")
    person.sees("'Not A Name' is not a name that Kubernetes takes")
    person.answers("ci")
    person.answers("secrets.backend")
    person.sees("infisical: ")
    person.answers("")
    person.answers("")
    person.sees(f"Next: {sys.executable} -m wizard plan mine.yaml")
    assert person.code() == 0
    made = load(profile).profile
    assert (made.runners[0].tags, made.runners[0].protected) == (["fast", "gpu"], True)
    assert made.cluster.namespace == "ci"


TRIPS = """
from wizard.core.secrets import SecretStr, remember_secret
from wizard.tui.steps.start import StartStep

def trip(self):
    local = remember_secret(SecretStr("s3cret-" + "x" * 12)).get_secret_value()
    raise RuntimeError("tripped over " + local)

StartStep.entered = trip
from wizard.cli import main
main()
"""


def test_a_mistake_of_ours_is_a_short_message_and_a_redacted_report(
    environment: dict[str, str], home: Path
):
    reports = home / "reports"
    reports.mkdir()
    person = Person(environment | {"TMPDIR": str(reports)}, home, run=["-c", TRIPS])
    person.sees("Runner Wizard crashed: this is a bug.")
    after = person.rest()
    assert person.code() == 1
    assert "RuntimeError: tripped over" in after
    assert "Report it as an issue of the project, and" in after
    assert "Traceback" not in after
    (report,) = reports.glob("runner-wizard-*.log")
    text = report.read_text()
    assert "Traceback" in text
    for said in (after, text):
        assert "s3cret-" not in said


# The real thing, in tmux

DEFAULT_ADDRESS = f"https://gitlab.com{'default':>37}"
"""The row of an address that nothing is written in, at 80 columns."""


@pytest.fixture
def tmux(environment: dict[str, str], home: Path) -> Iterator[Tmux]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not there to give the command a real terminal")
    terminal = Tmux(environment, home)
    yield terminal
    terminal.run("kill-server")


class Tmux:
    """A terminal of 80 by 24 with the installed command in it."""

    def __init__(self, environment: dict[str, str], folder: Path, *arguments: str) -> None:
        self._socket = str(folder / "tmux")
        self._environment = environment
        script = Path(sys.executable).with_name("runner-wizard")
        wizard = str(script) if script.exists() else f"{sys.executable} -m wizard"
        command = f"{shlex.join([*shlex.split(wizard), *arguments])}; echo ended with $?; sleep 60"
        self.run(
            "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", command, cwd=folder
        )

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, *arguments],
            env=self._environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        ).stdout

    def press(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def sees(self, text: str, seconds: float = 20) -> str:
        end = time.monotonic() + seconds
        while text not in (screen := self.run("capture-pane", "-p")):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        return screen


def test_the_command_opens_in_a_real_terminal_and_takes_answers(
    tmux: Tmux, home: Path, gitlab: FakeGitLab
):
    token = gitlab.add_token("api").get_secret_value()
    tmux.sees("Found on this machine")
    tmux.press("C-n")
    tmux.sees("2 nodes")
    tmux.press("C-n")
    tmux.sees("Without a token the wizard writes files")
    tmux.press("C-u")
    tmux.sees(DEFAULT_ADDRESS)  # in one burst, Textual lets letters overtake a control key
    tmux.type(gitlab.url)
    tmux.sees(gitlab.url)
    tmux.press("Enter")
    tmux.sees("Stays hidden")
    tmux.type(token)
    assert token not in tmux.sees("You are owner")
    tmux.press("C-n")
    tmux.sees("acme/website")
    tmux.type("acme/homelab")
    tmux.sees("1 found")
    tmux.press("C-n")
    tmux.press("C-s")
    tmux.sees("Save the profile as")
    tmux.press("Enter")
    tmux.sees("Saved")
    assert load(home / "homelab.yaml").profile.gitlab.url == gitlab.url
    tmux.press("C-q")
    assert "ended with 0" in tmux.sees("ended with")


def test_the_installed_command_walks_a_newcomer_to_the_review(
    tmux: Tmux, home: Path, gitlab: FakeGitLab, cluster: FakeCluster
):
    token = gitlab.add_token("api").get_secret_value()
    tmux.sees("1 reached so far")
    tmux.press("Up")
    tmux.press("Up")
    tmux.sees("nothing else installed: plain")
    tmux.press("Enter")
    tmux.sees("(•) direct")
    tmux.press("C-n")
    tmux.sees("2 nodes")
    tmux.press("C-n")
    tmux.sees("Without a token the wizard writes files")
    tmux.press("C-u")
    tmux.sees(DEFAULT_ADDRESS)
    tmux.type(gitlab.url)
    tmux.sees("answers")
    tmux.press("Enter")
    tmux.sees("Stays hidden")
    tmux.type(token)
    tmux.sees("You are owner")
    tmux.press("C-n")
    tmux.sees("acme/website")
    tmux.type("homelab")
    tmux.sees("1 found")
    tmux.press("Enter")
    tmux.sees("Which one         acme/homelab")
    for title in ("Secrets", "Resources", "Image builds", "Delivery", "Review"):
        tmux.press("C-n")
        tmux.sees(f" of 11  {title}")
    assert token not in tmux.sees("11 to create. Nothing has been written yet.")
    tmux.press("C-q")
    tmux.sees("Quit?")
    tmux.press("Right")
    tmux.press("Right")
    tmux.press("Enter")
    assert "ended with 0" in tmux.sees("ended with")
    assert not gitlab.writes
    assert not cluster.writes
