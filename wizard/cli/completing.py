"""What a shell is offered for a word that is being typed: presets and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def preset_names(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The presets that begin like this, each with what it is for."""
    from click.shell_completion import CompletionItem

    from wizard.profile.presets import presets

    return [
        CompletionItem(one.name, help=one.title)
        for one in presets()
        if one.name.startswith(incomplete)
    ]


def profile_files(incomplete: str) -> list[CompletionItem]:
    """Let the shell itself offer files: `runner-wizard homelab.yaml` is short for `open`.

    Only for a word that has been begun, so that an empty one lists the commands.
    """
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")] if incomplete else []
