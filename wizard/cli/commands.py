"""The commands. Each is imported when it is called, so that none pays for another."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "open": ("opening", "Open the wizard, for a new or an existing profile."),
    "init": ("offline", "Write a commented profile, from a preset or six questions."),
    "check": ("offline", "Check a profile, offline: every problem at once."),
    "render": ("offline", "Write the GitOps files of a profile, offline."),
    "images": ("offline", "List every image a profile needs, for mirrors."),
    "schema": ("offline", "Print the profile's JSON Schema, for editors."),
    "plan": ("live", "Show what would change, and where."),
    "apply": ("live", "Make the changes, then prove the runners."),
    "status": ("looking", "Show what is true right now: runners, tokens, objects, files."),
    "verify": ("live", "Prove every runner again; nothing is changed."),
    "doctor": ("examining", "Say what is wrong with a profile, a job or a log, and how to fix it."),
    "rotate": ("day_two", "Give runners new tokens, and prove them."),
    "pause": ("day_two", "Let runners take no new jobs for a while."),
    "drain": ("day_two", "The same, and wait until their running jobs have ended."),
    "unpause": ("day_two", "Let paused runners take jobs again."),
    "upgrade": ("upgrading", "Go to another runner version, with what changes between the two."),
    "orphans": ("orphaned", "List runners that no profile has any more."),
    "destroy": ("destroying", "Remove runner, token, objects and files."),
    "login": ("account", "Store a GitLab token in the system's keyring."),
    "logout": ("account", "Remove a stored GitLab token."),
    "completion": ("offline", "Print the completion script of a shell."),
}


_FUNCTIONS = {"open": "open_"}
"""Commands whose names Python keeps for itself."""
_GROUP_OPTIONS = frozenset({"-h", "--help", "-V", "--version"})


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"wizard.cli.{_COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, _FUNCTIONS.get(cmd_name, cmd_name))
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A shell that completes asks for what comes next, so nothing stands for `open` there.
        short = not ctx.resilient_parsing and _means_open(args)
        return super().parse_args(ctx, ["open", *args] if short else args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from wizard.cli.completing import profile_files

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        commands = [
            CompletionItem(name, help=text)
            for name, (_, text) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands or profile_files(incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # The one-line helps stand above, so that --help imports no command.
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message + _nearest(args[0]), ctx) from None


def _means_open(args: list[str]) -> bool:
    """`runner-wizard`, `runner-wizard --plain` and `runner-wizard homelab.yaml` are for short."""
    if not args or (args[0].startswith("-") and args[0] not in _GROUP_OPTIONS):
        return True
    return args[0] not in _COMMANDS and (
        args[0].endswith((".yaml", ".yml")) or Path(args[0]).is_file()
    )


def _nearest(word: str) -> str:
    from wizard.core.problems import did_you_mean

    hint = did_you_mean(word, set(_COMMANDS))
    return f" {hint[0].upper()}{hint[1:]}" if hint else ""


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(package_name="gitlab-runner-wizard", message="runner-wizard %(version)s")
def runner_wizard() -> None:
    """From nothing to a working, proven GitLab Runner on Kubernetes.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage or invalid profile, 3 refused before
    changing anything, 4 written and waiting for your commit or sync, 10 changes pending
    (plan --detailed-exitcode), 130 interrupted.
    """
