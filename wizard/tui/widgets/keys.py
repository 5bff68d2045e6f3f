"""The line of keys at the bottom."""

from __future__ import annotations

from textual.widgets import Footer


class Keys(Footer):
    """A `Footer` that is remade where it would show other keys, not whenever focus moves."""

    _shown: tuple[tuple[str, str, bool], ...] = ()

    async def recompose(self) -> None:
        shown = tuple(
            (binding.key, binding.description, enabled)
            for _, binding, enabled, _ in self.screen.active_bindings.values()
            if binding.show
        )
        if shown != self._shown:
            self._shown = shown
            await super().recompose()
            self.mutate_reactive(Keys.compact)  # lets go of the keys that are gone
