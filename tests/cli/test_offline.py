"""init, check, render, images and schema, as somebody at a shell sees them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.wizard_process import Ended, run_wizard


def wizard(*arguments: str, folder: Path, code: int | None = 0, **environ: str) -> Ended:
    """Run `runner-wizard ARGUMENTS` in a folder, with an almost empty environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}
    done = run_wizard(*arguments, environment=environment, folder=folder)
    assert "Traceback" not in done.err + done.out
    if code is not None:
        assert done.code == code, done.err + done.out
    return done


@pytest.fixture
def homelab(tmp_path: Path) -> Path:
    wizard("init", "--preset", "homelab", "-o", "homelab.yaml", folder=tmp_path)
    return tmp_path / "homelab.yaml"


def test_init_writes_a_commented_profile_with_an_id_that_only_its_owner_reads(
    homelab: Path,
) -> None:
    text = homelab.read_text()
    assert "\nid: " in text
    assert text.count("#") > 20
    assert homelab.stat().st_mode & 0o777 == 0o600


def test_init_never_overwrites(homelab: Path) -> None:
    before = homelab.read_bytes()
    done = wizard("init", "--preset", "direct", "-o", "homelab.yaml", folder=homelab.parent, code=3)
    assert "is there already" in done.err
    assert homelab.read_bytes() == before


def test_init_takes_over_what_somebody_made_and_says_what_is_wrong_there(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(
        "gitlabUrl: https://gitlab.com\nsentryDsn: https://s.example.com/1\n"
        "runners: {secretPath: token}\n"
    )
    done = wizard("init", "--from", "values.yaml", "-o", "made.yaml", folder=tmp_path)
    assert "- runners.secretPath: chart" in done.err
    assert "seen: values.yaml, line 3: runners.secretPath" in done.err
    assert done.out == "made.yaml\n"
    wizard("check", "made.yaml", folder=tmp_path)
    done = wizard("init", "--from", "values.yaml", "-o", "two.yaml", "--json", folder=tmp_path)
    found = json.loads(done.out)["data"]["findings"]
    assert set(found[0]) == {"problem", "evidence", "cause", "fix", "rank"}
    done = wizard("init", "--from", "values.yaml", "-o", "three.yaml", "--explain", folder=tmp_path)
    assert "    3  runners.secretPath  ->  left out: the chart does not know it" in done.err
    assert "    1  gitlabUrl  ->  carried: gitlab.url" in done.err


def test_init_takes_over_a_file_or_a_preset_not_both(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("gitlabUrl: https://gitlab.com\n")
    done = wizard("init", "--from", "values.yaml", "--preset", "direct", folder=tmp_path, code=2)
    assert "Leave the others out" in done.err


def test_init_without_a_preset_and_without_a_terminal_names_the_presets(tmp_path: Path) -> None:
    done = wizard("init", folder=tmp_path, code=2)
    assert "homelab" in done.err
    assert list(tmp_path.glob("*.yaml")) == []


def test_check_tells_every_problem_at_once_with_its_place(homelab: Path) -> None:
    text = homelab.read_text()
    text = text.replace("concurrent: 2", "concurent: 2").replace("limit: 2Gi", "limit: 2GiB")
    homelab.write_text(text)
    done = wizard("check", "homelab.yaml", folder=homelab.parent, code=2)
    assert "did you mean 'concurrent'" in done.err
    assert "2GiB" in done.err
    line = text.splitlines().index(next(x for x in text.splitlines() if "concurent" in x)) + 1
    assert f"homelab.yaml:{line}:" in done.err
    assert done.out == ""


def test_render_writes_once_and_says_what_it_did(homelab: Path) -> None:
    first = wizard("render", "homelab.yaml", "-o", "out", "--json", folder=homelab.parent)
    actions = {file["action"] for file in json.loads(first.out)["data"]["files"]}
    assert actions == {"created"}
    before = {path: path.stat().st_mtime_ns for path in (homelab.parent / "out").rglob("*")}
    second = wizard("render", "homelab.yaml", "-o", "out", "--json", folder=homelab.parent)
    actions = {file["action"] for file in json.loads(second.out)["data"]["files"]}
    assert actions == {"unchanged"}
    after = {path: path.stat().st_mtime_ns for path in (homelab.parent / "out").rglob("*")}
    assert after == before


def test_render_removes_files_of_a_runner_that_is_gone(homelab: Path) -> None:
    wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent)
    homelab.write_text(homelab.read_text().replace("- name: homelab", "- name: other"))
    done = wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent)
    assert "removed" in done.out
    assert not (homelab.parent / "out/argocd-apps/gitlab-runner-homelab.yaml").exists()
    assert not (homelab.parent / "out/manifests/gitlab-runner-homelab").exists()
    assert (homelab.parent / "out/argocd-apps/gitlab-runner-other.yaml").exists()


def test_render_names_every_file_in_the_way_and_writes_nothing(homelab: Path) -> None:
    apps = homelab.parent / "out/argocd-apps"
    apps.mkdir(parents=True)
    (apps / "gitlab-runner-homelab.yaml").write_text("kind: Application\n")
    (apps / "gitlab-runner-homelab-shared.yaml").write_text("kind: Application\n")
    done = wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent, code=3)
    assert "gitlab-runner-homelab.yaml" in done.err
    assert "gitlab-runner-homelab-shared.yaml" in done.err
    assert len(list((homelab.parent / "out").rglob("*.yaml"))) == 2


def test_render_leaves_files_of_others_alone(homelab: Path) -> None:
    notes = homelab.parent / "out/manifests/notes.yaml"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine: true\n")
    wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent)
    assert notes.read_text() == "mine: true\n"


def test_render_does_not_follow_a_link_out_of_its_folder(homelab: Path) -> None:
    elsewhere = homelab.parent / "elsewhere"
    elsewhere.mkdir()
    (homelab.parent / "out").mkdir()
    (homelab.parent / "out/argocd-apps").symlink_to(elsewhere)
    wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent, code=3)
    assert list(elsewhere.iterdir()) == []


def test_diff_shows_and_writes_nothing(homelab: Path) -> None:
    done = wizard("render", "homelab.yaml", "-o", "out", "--diff", folder=homelab.parent)
    assert "+kind: Application" in done.out
    assert not (homelab.parent / "out").exists()


def test_a_folder_that_cannot_be_written_is_said_in_words(homelab: Path) -> None:
    (homelab.parent / "out").write_text("a file")
    done = wizard("render", "homelab.yaml", "-o", "out", folder=homelab.parent, code=None)
    assert done.code in {1, 2, 3}
    assert "out" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "homelab.yaml"),
        ("render", "homelab.yaml", "-o", "out"),
        ("images", "homelab.yaml"),
        ("schema",),
        ("completion", "bash"),
        ("check", "missing.yaml"),
    ],
)
def test_the_json_envelope_has_exactly_these_keys(
    homelab: Path, arguments: tuple[str, ...]
) -> None:
    done = wizard(*arguments, "--json", folder=homelab.parent, code=None)
    document = json.loads(done.out)
    assert set(document) == {"format", "command", "exit_code", "data", "problems", "error"}
    assert document["format"] == "runner-wizard/1"
    assert document["command"] == arguments[0]
    assert document["exit_code"] == done.code
    assert (document["error"] is None) == (done.code == 0)
    if document["error"]:
        assert set(document["error"]) == {"problem", "cause", "fix", "findings"}


def test_problems_of_an_invalid_profile_stand_in_the_envelope(homelab: Path) -> None:
    homelab.write_text(homelab.read_text().replace("concurrent: 2", "concurrent: 0"))
    done = wizard("check", "homelab.yaml", "--json", folder=homelab.parent, code=2)
    (problem,) = json.loads(done.out)["problems"]
    assert set(problem) == {"severity", "key", "line", "column", "message", "fix"}
    assert problem["key"] == "runners[0].jobs.concurrent"
    assert problem["line"] > 0


def test_stdout_is_data_and_stderr_is_narration(homelab: Path) -> None:
    done = wizard("schema", folder=homelab.parent)
    assert json.loads(done.out)["title"]
    assert done.err == ""


def test_a_misspelled_command_is_met_with_a_guess(tmp_path: Path) -> None:
    done = wizard("rendr", folder=tmp_path, code=2)
    assert "Did you mean 'render'" in done.err


def test_the_log_file_is_for_its_owner_alone(homelab: Path) -> None:
    log = homelab.parent / "log.txt"
    wizard("check", "homelab.yaml", "--log-file", str(log), folder=homelab.parent)
    assert log.stat().st_mode & 0o777 == 0o600


def test_colour_is_left_out_when_asked(homelab: Path) -> None:
    homelab.write_text(homelab.read_text().replace("concurrent: 2", "concurrent: 0"))
    done = wizard(
        "check", "homelab.yaml", folder=homelab.parent, code=2, NO_COLOR="1", FORCE_COLOR="1"
    )
    assert "\x1b[" not in done.err
