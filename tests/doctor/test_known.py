"""Every failure that is known: its own sample shows it, and what it says can be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wizard.core.errors import WizardError
from wizard.doctor import Failure, Kind, Sureness, Text, diagnose, known_failures
from wizard.doctor.known import read_failure

KNOWN = {failure.id: failure for failure in known_failures()}


def pasted(content: str, kind: Kind = Kind.UNKNOWN) -> Text:
    return Text(kind, "pasted", content)


@pytest.mark.parametrize("failure", KNOWN.values(), ids=KNOWN.keys())
def test_each_failure_is_recognised_by_its_symptom(failure: Failure) -> None:
    diagnosis = diagnose([pasted(failure.sample)])
    assert diagnosis.found[0].failure == failure.id
    assert diagnosis.unexplained == ()


@pytest.mark.parametrize("failure", KNOWN.values(), ids=KNOWN.keys())
def test_each_pattern_is_of_use_and_no_sentence_has_a_hole(failure: Failure) -> None:
    first = diagnose([pasted(failure.sample)]).found[0]
    told = f"{first.problem}{first.cause}{first.fix}"
    assert "{" not in told.replace("{kubernetes: {pod_labels: {", "")
    assert failure.fix[0].isupper()
    assert not failure.fix.endswith(".")
    assert failure.problem.endswith(".")
    assert all(source.startswith("https://") for source in failure.sources)


def test_in_the_kind_of_log_it_is_from_each_is_recognised_too() -> None:
    for failure in KNOWN.values():
        for kind in failure.where:
            found = [one.failure for one in diagnose([pasted(failure.sample, kind)]).found]
            assert failure.id in found, (failure.id, kind)


def test_what_is_said_names_what_was_found() -> None:
    said = diagnose([pasted(KNOWN["manager-lacks-a-right"].sample)]).found[0]
    assert said.problem == ("The manager may not create secrets in namespace gitlab-runner-jobs.")
    assert said.line.number == 1


def test_a_log_of_json_is_read_like_one_of_text() -> None:
    line = {
        "error": "couldn't execute POST against https://gitlab.example.com/api/v4/jobs/request: "
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "level": "warning",
        "msg": "Checking for jobs... failed",
        "time": "2026-01-02T03:04:05Z",
    }
    found = diagnose([pasted(json.dumps(line), Kind.MANAGER)]).found
    assert found[0].failure == "certificate-not-trusted"


def test_the_surest_and_last_comes_first_and_how_often_is_told() -> None:
    log = "\n".join(
        [
            "ERROR: Job failed: command terminated with exit code 2",
            *["WARNING: toomanyrequests: You have reached your pull rate limit"] * 3,
        ]
    )
    first, last = diagnose([pasted(log)]).found
    assert (first.failure, first.times, first.line.number) == ("docker-hub-limit", 3, 4)
    assert (last.failure, last.sure) == ("script-failed", Sureness.POSSIBLE)


def test_what_no_failure_covers_is_shown_as_it_is_and_never_guessed() -> None:
    log = "all is well\nERROR: the flux capacitor failed to align\nbye"
    diagnosis = diagnose([pasted(log)])
    assert diagnosis.found == ()
    assert [(one.number, one.text) for one in diagnosis.unexplained] == [
        (2, "ERROR: the flux capacitor failed to align")
    ]
    assert diagnosis.looked_at == ("pasted (3 lines)",)


@pytest.mark.parametrize(
    "log",
    [
        "$ pytest\n120 passed, 0 failed\nJob succeeded",
        "Downloading artifacts for build (41)...\nDownloading artifacts from coordinator... ok",
        "Running with gitlab-runner 19.3.1 (535ced5f)\nPreparing environment\nJob succeeded",
    ],
)
def test_a_log_of_a_job_that_went_well_shows_nothing(log: str) -> None:
    diagnosis = diagnose([pasted(log)])
    assert (diagnosis.found, diagnosis.unexplained) == ((), ())


def test_a_token_in_a_log_is_not_shown(tmp_path: Path) -> None:
    token = "glrt-" + "t3_" + "a1B2c3D4e5F6g7H8i9J0"
    diagnosis = diagnose([pasted(f"ERROR: Checking for jobs... forbidden runner={token}")])
    assert token not in str(diagnosis)


def test_of_a_log_without_end_the_end_is_read() -> None:
    log = "a build with nothing to see\n" * 50_000 + "ERROR: toomanyrequests"
    diagnosis = diagnose([pasted(log)])
    assert (diagnosis.found[0].failure, diagnosis.found[0].line.number) == (
        "docker-hub-limit",
        50_001,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a list", "holds no mapping"),
        ("problem: x", "it lacks cause, fix, match, sample, source, sure"),
        ("mistake: [", "while parsing"),
    ],
)
def test_a_file_that_is_no_failure_says_what_it_lacks(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(WizardError, match=r"mine\.yaml describes no failure") as raised:
        read_failure(file)
    assert says in raised.value.cause


def test_a_failure_that_somebody_adds_is_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "flux-capacitor.yaml"
    file.write_text(
        "problem: The flux capacitor is out of line.\nmatch: ['flux capacitor']\ncause: age\n"
        "fix: Align it\nsure: certain\nsource: [https://example.com/]\nsample: flux capacitor\n"
    )
    found = diagnose([pasted("ERROR: flux capacitor")], [read_failure(file)]).found
    assert found[0].problem == "The flux capacitor is out of line."
