"""The command that says what is wrong: of a profile, of a job, or of a log that was pasted."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from wizard.cli.output import Output, Result, confirmed
from wizard.cli.running import command
from wizard.cli.wired import TRUST, terminal, wiring_for
from wizard.core.command_line import command as spelt
from wizard.core.errors import ExitCode, MissingCredentialError, UsageError, WizardError
from wizard.core.findings import Finding, details
from wizard.core.plain import strip_to_line
from wizard.core.secrets import SecretStr, remember_secret
from wizard.core.threads import run
from wizard.doctor import Found, Kind, Text
from wizard.operations import doctoring
from wizard.operations.doctoring import JobAt, Report
from wizard.operations.profiles import open_profile
from wizard.profile.load import LoadedProfile
from wizard.systems.gitlab import GitLab
from wizard.wiring.machine import Address, Machine
from wizard.wiring.trust import GITLAB, Trust


@click.command()
@click.argument("profile", type=click.Path(path_type=Path), metavar="[PROFILE]", required=False)
@click.option(
    "--log",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Look through the log of a job or a manager, offline; - is standard input.",
)
@click.option("--job", metavar="URL|ID", help="Look at one job; an id needs a PROFILE.")
@TRUST
@command
def doctor(
    output: Output,
    profile: Path | None,
    log: Path | None,
    job: str | None,
    trusted: tuple[str, ...],
) -> Result:
    """Say what is wrong, why, and the way out; exit 1 where something is."""
    if log is not None and (profile or job):
        raise UsageError(
            "--log looks at a log only.",
            "a profile or a job was named as well",
            "Leave out the profile and --job",
        )
    opened = open_profile(profile) if profile else None
    if log is not None:
        report = doctoring.of_texts([_text(log)])
    elif job is not None:
        report = _of_job(output, job, opened, trusted)
    elif opened is not None:
        report = _of_profile(output, opened, trusted)
    else:
        raise UsageError(
            "There is nothing to look at.",
            "neither a profile, nor a log, nor a job was named",
            "Give a PROFILE, --log FILE or --job URL",
        )
    code = ExitCode.DONE if report.is_well else ExitCode.FAILED
    warnings = opened.warnings if opened else []
    return Result(report_text(report, output), report.record(), code, warnings)


def _text(log: Path) -> Text:
    if str(log) == "-":
        return Text(Kind.UNKNOWN, "standard input", sys.stdin.read())
    try:
        return Text(Kind.UNKNOWN, str(log), log.read_bytes().decode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{log} cannot be read.", str(error.strerror), "Name another") from None


def _of_profile(output: Output, opened: LoadedProfile, trusted: tuple[str, ...]) -> Report:
    systems = wiring_for(opened, output, trusted)

    async def examine() -> Report:
        try:
            return await doctoring.examine(opened, systems)
        finally:
            await asyncio.to_thread(systems.close)

    return run(examine())


def _of_job(
    output: Output, job: str, opened: LoadedProfile | None, trusted: tuple[str, ...]
) -> Report:
    if opened is None:
        own = os.environ.get("GITLAB_HOST", "")
        at = doctoring.job_at(job, own if own.startswith("http") else "")
        return doctoring.examine_job(_gitlab(output, at, trusted), at)
    profile = opened.profile
    projects = [r.scope.path for r in profile.runners if r.scope.kind == "project"]
    at = doctoring.job_at(job, profile.gitlab.url, projects[0] if projects else "")
    systems = wiring_for(opened, output, trusted)
    try:
        cluster = systems.cluster()
    except WizardError as error:
        output.say(f"the cluster is not looked at: {strip_to_line(error.problem)}")
        cluster = None
    return doctoring.examine_job(
        systems.gitlab(), at, cluster=cluster, namespaces=profile.job_namespaces
    )


def _gitlab(output: Output, at: JobAt, trusted: tuple[str, ...]) -> GitLab:
    """The GitLab of a job's address; a token goes there only where it belongs."""

    def confirm(question: str) -> bool:
        return confirmed(question)

    trust = Trust(
        os.environ, trusted, confirm if terminal() else None, spelt(output.command, "--job", at.url)
    )
    machine = Machine(trust=trust)
    token, _ = machine.token(at.url)
    if not token and os.environ.get("GITLAB_TOKEN", "").strip():
        trust.require(GITLAB, "GITLAB_TOKEN", at.url)
        token = os.environ["GITLAB_TOKEN"].strip()
    if not token:
        raise MissingCredentialError(
            f"There is no token for {at.url}.",
            "neither GITLAB_TOKEN nor the keyring has one",
            f"Set GITLAB_TOKEN, or run: {spelt('login', at.url)}",
            variable="GITLAB_TOKEN",
        )
    return machine.gitlab(Address(at.url), remember_secret(SecretStr(token)))


def report_text(report: Report, output: Output) -> str:
    """The report as people read it: what is known first, then what is not."""
    lines: list[str] = []
    for finding in report.findings:
        lines += [_marked(output, finding.problem), *details(finding), ""]
    for found in report.diagnosis.found:
        lines += [*_found(found, output), ""]
    if report.diagnosis.unexplained:
        lines.append("These lines match no known failure:")
        lines += [f"  {strip_to_line(str(one))}" for one in report.diagnosis.unexplained]
        lines.append("")
    return "\n".join([*lines, *_summed_up(report)])


def _found(found: Found, output: Output) -> Iterator[str]:
    yield _marked(output, f"{found.problem.rstrip('.')} ({found.sure}).")
    times = f" ({found.times} times)" if found.times > 1 else ""
    yield from details(Finding("", f"{found.line}{times}", found.cause, found.fix))
    if found.evidence:
        yield f"    to be sure: {strip_to_line(found.evidence)}"
    yield f"    more: {', '.join(found.sources)}"


def _marked(output: Output, text: str) -> str:
    return f"{output.mark('!', fg='red', bold=True)} {strip_to_line(text)}"


def _summed_up(report: Report) -> Iterator[str]:
    diagnosis = report.diagnosis
    if not (report.findings or diagnosis.found):
        yield f"No known failure was found; {diagnosis.failures} were searched for."
    if diagnosis.looked_at:
        yield f"Looked at: {strip_to_line(', '.join(diagnosis.looked_at))}."
    for sentence in report.unseen:
        yield f"Not checked: {strip_to_line(sentence)}"
