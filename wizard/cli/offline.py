"""The commands that need no network: init, check, render, images, schema, completion."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from wizard.cli.completing import preset_names
from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.core.command_line import command as spelt
from wizard.core.errors import UsageError
from wizard.operations.profiles import open_profile
from wizard.profile.examples import examples
from wizard.systems.gitops.folder import FileChange

PROFILE = click.argument("profile", type=click.Path(path_type=Path), metavar="PROFILE")


@click.command()
@PROFILE
@command
def check(_output: Output, profile: Path) -> Result:
    """Check a profile, offline: every problem at once, with line, key and the way out."""
    opened = open_profile(profile)
    names = ", ".join(runner.name for runner in opened.profile.runners[:5])
    more = len(opened.profile.runners) - 5
    names += f" and {more} more" if more > 0 else ""
    return Result(
        f"{profile}: valid (runners: {names})",
        {"profile": str(profile), "runners": [r.name for r in opened.profile.runners]},
        warnings=[*opened.warnings, *examples(opened.document)],
    )


@click.command()
@PROFILE
@click.option(
    "-o",
    "--output",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; without it, the profile's delivery.directory.",
)
@click.option("--diff", is_flag=True, help="Show what would change and write nothing.")
@command
def render(output: Output, profile: Path, directory: Path | None, diff: bool) -> Result:
    """Write the GitOps files of a profile, offline; only files it owns are touched."""
    from wizard.operations.files.write_files import compare_files

    opened = open_profile(profile)
    root = directory or profile.parent / opened.profile.delivery.directory
    delivery = compare_files(opened.profile, root)
    if not diff:
        delivery.folder.write(delivery.changes)
    changes = delivery.changes
    data = {
        "directory": str(root),
        "written": not diff,
        "files": [
            {"path": change.path, "action": change.action.value, "about": change.about}
            for change in changes
        ],
    }
    if diff:
        text = "".join(change.diff() for change in changes)
        return Result(text or "No change.", data, warnings=opened.warnings)
    if not output.as_json:
        output.say(f"{root}: " + (_counted(changes) if delivery.pending else "No change."))
    return Result(_tree(root, changes), data, warnings=opened.warnings)


def _counted(changes: Sequence[FileChange]) -> str:
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.action.value] = counts.get(change.action.value, 0) + 1
    return ", ".join(f"{count} {action}" for action, count in counts.items())


def _tree(root: Path, changes: Sequence[FileChange]) -> str:
    """The files as a tree, one line on each; long lists of runners are cut in the middle."""
    lines = [f"{root}/"]
    shown: list[str] = []
    for change in changes:
        *folders, name = change.path.split("/")
        for depth, folder in enumerate(folders):
            if shown[: depth + 1] != folders[: depth + 1]:
                shown = folders[: depth + 1]
                lines.append("  " * (depth + 1) + folder + "/")
        shown = folders
        left = "  " * (len(folders) + 1) + name
        lines.append(f"{left:<46} {change.action.value:<9}  {change.about}".rstrip())
    return "\n".join(lines)


@click.command()
@PROFILE
@click.option("--script", is_flag=True, help="Print a shell script that copies them to the mirror.")
@command
def images(_output: Output, profile: Path, script: bool) -> Result:
    """List every image a profile needs: its source, and the mirror it comes from."""
    from dataclasses import asdict

    from wizard.render import copy_script
    from wizard.render import images as list_images

    opened = open_profile(profile)
    uses = list_images(opened.profile)
    width = max(len(use.source) for use in uses)
    lines = []
    for use in uses:
        lines.append(f"{use.source:<{width}}  {use.used_for}")
        if use.image != use.source:
            lines.append(f"  -> {use.image}")
    return Result(
        copy_script(opened.profile).rstrip("\n") if script else "\n".join(lines),
        {"images": [asdict(use) for use in uses]},
        warnings=opened.warnings,
    )


@click.command()
@command
def schema(_output: Output) -> Result:
    """Print the profile's JSON Schema, for editors."""
    import json

    from wizard.profile.schema import json_schema

    document = json_schema()
    return Result(json.dumps(document, indent=2), document)


@click.command()
@click.option(
    "--preset",
    shell_complete=preset_names,
    help="The preset to start from; without it, you are asked.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; without it, the preset's name.",
)
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    multiple=True,
    help="A set-up to take over: values.yaml, Application, HelmRelease, config.toml and more; a "
    "folder, - for standard input, or several.",
)
@click.option(
    "--from-cluster",
    "running",
    metavar="[NAMESPACE/NAME]",
    is_flag=False,
    flag_value="",
    help="A running manager to take over from the cluster; without a name, the only one there.",
)
@click.option(
    "--context", help="The kubeconfig context for --from-cluster; without it, the current."
)
@click.option("--explain", is_flag=True, help="Show what became of every value of the old set-up.")
@command
def init(
    output: Output,
    preset: str | None,
    target: Path | None,
    sources: tuple[Path, ...],
    running: str | None,
    context: str | None,
    explain: bool,
) -> Result:
    """Write a commented profile, from a preset, six questions, or a set-up made by hand."""
    if sources or running is not None:
        from wizard.cli.taking_over import take_over

        if preset or (sources and running is not None):
            raise UsageError(
                "Only one of --preset, --from and --from-cluster can be used.",
                "each says what to begin with",
                "Leave the others out",
            )
        return take_over(output, sources, running, context, target, explain=explain)
    from wizard.profile.document import parse
    from wizard.profile.presets import find_preset, from_preset, new_id, presets
    from wizard.profile.save import write_new

    if preset is None and not sys.stdin.isatty():
        names = ", ".join(one.name for one in presets())
        raise UsageError(
            "There is no terminal to ask on.",
            "init asks its questions on a terminal, and this is not one",
            f"Choose a preset: {spelt('init', '--preset', 'NAME')} ({names})",
        )
    if preset is None:
        from wizard.cli.asking import ask_questions

        preset, answers = ask_questions(output)
    else:
        answers = {}
    chosen = find_preset(preset)
    path = target or Path(f"{answers.get(('name',), chosen.name)}.yaml")
    profile_id = new_id()
    text = from_preset(chosen.name, answers, profile_id)
    write_new(path, text)
    output.say(f"wrote {path}; read it, then: {spelt('check', path)}")
    left = examples(parse(text, str(path)))
    return Result(str(path), {"profile": str(path), "id": profile_id}, warnings=left)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@command
def completion(_output: Output, shell: str) -> Result:
    """Print the completion script of a shell: eval "$(runner-wizard completion bash)"."""
    from click.shell_completion import get_completion_class

    from wizard.cli.commands import runner_wizard

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(
            f"There is no completion for {shell}.",
            "it is made by Click, which does not know this shell",
            "Name bash, zsh or fish",
        )
    source = kind(runner_wizard, {}, "runner-wizard", "_RUNNER_WIZARD_COMPLETE").source()
    return Result(source, {"shell": shell, "script": source})
