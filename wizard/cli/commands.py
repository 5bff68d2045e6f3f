"""The commands. Each is imported when it is called, so that none pays for another."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "init": ("offline", "Write a commented profile, from a preset or six questions."),
    "check": ("offline", "Check a profile, offline: every problem at once."),
    "render": ("offline", "Write the GitOps files of a profile, offline."),
    "images": ("offline", "List every image a profile needs, for mirrors."),
    "schema": ("offline", "Print the profile's JSON Schema, for editors."),
    "plan": ("live", "Show what would change, and where."),
    "apply": ("live", "Make it so, then prove it."),
    "destroy": ("live", "Remove runner, token, objects and files."),
    "login": ("account", "Keep a GitLab token in the system's keyring."),
    "logout": ("account", "Forget a GitLab token that was kept."),
    "completion": ("offline", "Print the completion script of a shell."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"wizard.cli.{_COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, cmd_name)
        return found

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


def _nearest(word: str) -> str:
    from wizard.core.problems import did_you_mean

    hint = did_you_mean(word, set(_COMMANDS))
    return f" {hint[0].upper()}{hint[1:]}" if hint else ""


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(package_name="gitlab-runner-wizard", message="runner-wizard %(version)s")
@click.pass_context
def runner_wizard(context: click.Context, /) -> None:
    """From nothing to a working, proven GitLab Runner on Kubernetes.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage or invalid profile, 3 refused before
    changing anything, 4 written and waiting for your commit or sync, 10 changes pending
    (plan --detailed-exitcode), 130 interrupted.
    """
    if context.invoked_subcommand is None:
        from wizard.cli.offline import init

        context.invoke(init)
