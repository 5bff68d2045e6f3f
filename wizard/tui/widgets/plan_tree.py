"""A plan as a tree, systems and their changes, and what changes inside the chosen one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from wizard.core.changes import Action, Change, Plan
from wizard.core.plain import strip_controls
from wizard.core.plan_format import SIGNS, TITLES, diff, head
from wizard.tui.look import signs

_COLORS = {"+": "$ok", "-": "$bad", "@": "$quiet"}
_NARROWEST = 16
"""Columns below which a label is cut at its end."""
_PENDING = tuple(sign for action, sign in SIGNS.items() if action is not Action.KEEP)
_MOST = 400
"""Lines of a difference that are shown; no one reads more of it on a screen."""


class PlanTree(Tree[str]):
    """Systems, below them their changes, and below all of it anything else there is to say.

    A node's data is the text that is beside it.
    """

    help_text = "Up and down choose, Enter opens and closes; Tab goes to the difference."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "open(True)", "Open", show=False),
        Binding("left", "open(False)", "Close", show=False),
        Binding("d", "next_change", "Next change", id="next-change", tooltip="Go to it."),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 2

    def render_label(self, node: TreeNode[str], base_style: Style, style: Style) -> Text:
        """A label that does not fit loses its middle: things differ in their ends."""
        label = super().render_label(node, base_style, style)
        depth, above = 0, node.parent
        while above and above is not self.root:
            depth, above = depth + 1, above.parent
        room = self.scrollable_content_region.width - self.guide_depth * depth
        over = label.cell_len - room
        if over <= 0 or room < _NARROWEST:
            return label
        cut = signs().cut
        left = (room - len(cut)) * 2 // 5
        right = room - len(cut) - left
        return Text.assemble(label[:left], (cut, style), label[-right:])

    def show(self, plan: Plan) -> None:
        """Show another plan instead."""
        self.clear()
        for system, title in TITLES.items():
            changes = list(plan.of(system))
            if not changes:
                continue
            pending = [change for change in changes if change.action is not Action.KEEP]
            about = f"{len(pending)} of {len(changes)} to change" if pending else "no change"
            branch = self._branch(self.root, f"{title}  ({about})", open_=bool(pending))
            self._fill(branch, pending)
            kept = [change for change in changes if change.action is Action.KEEP]
            if kept and pending:
                branch = self._branch(branch, f"= {len(kept)} unchanged", open_=False)
            self._fill(branch, kept)
        if plan.unseen:
            self.add("Not checked", plan.unseen)
        self.call_after_refresh(self._highlight_first)

    def add(self, title: str, lines: Iterable[str]) -> None:
        """Add a closed branch with one leaf for each line."""
        branch = self._branch(self.root, title, open_=False)
        for line in lines:
            branch.add_leaf(_plain(line), line)

    def action_open(self, wanted: bool) -> None:
        """Open or close the node under the cursor; a leaf closes the branch it is on."""
        node = self.cursor_node
        if node is None:
            return
        if wanted:
            node.expand()
        elif node.is_expanded and node.children:
            node.collapse()
        elif node.parent and node.parent is not self.root:
            self.move_cursor(node.parent)

    def _highlight_first(self) -> None:
        """The first change is what one came for; where there is none, the first line."""
        pending = (
            leaf
            for branch in self.root.children
            if branch.is_expanded
            for leaf in branch.children
            if not leaf.allow_expand
        )
        if first := next(pending, None):
            self.move_cursor(first)
        elif self.last_line >= 0:
            self.cursor_line = 0

    def action_next_change(self) -> None:
        """Go to the next change, over what stays as it is."""
        before = self.cursor_line
        for line in [*range(before + 1, self.last_line + 1), *range(before)]:
            node = self.get_node_at_line(line)
            if node and node.data and not node.allow_expand and node.data.startswith(_PENDING):
                self.cursor_line = line
                return

    def _branch(self, parent: TreeNode[str], title: str, *, open_: bool) -> TreeNode[str]:
        return parent.add(_plain(title), title, expand=open_)

    def _fill(self, branch: TreeNode[str], changes: Iterable[Change]) -> None:
        for change in changes:
            branch.add_leaf(_plain(head(change)), _inside(change))  # why, too, is said beside it


class Difference(VerticalScroll, can_focus=True):
    """The lines of one change; `+` and `-` say it where there is no colour."""

    help_text = "What changes inside the thing that is chosen above. Up and down scroll."

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def say(self, text: str) -> None:
        """Show another text, from its beginning."""
        lines = strip_controls(text).splitlines()
        more = [f"... and {len(lines) - _MOST} lines more"] if len(lines) > _MOST else []
        shown = [*lines[:_MOST], *more]
        self.query_one(Static).update(Content("\n").join(map(_colored, shown)))
        self.scroll_home(animate=False)


def _plain(text: str) -> Text:
    # A tree takes a `str` for markup.
    return Text(strip_controls(text), no_wrap=True, overflow="ellipsis")


def _inside(change: Change) -> str:
    title = "\n".join(part for part in (head(change), change.why) if part)
    return f"{title}\n\n{diff(change)}".rstrip()


def _colored(line: str) -> Content:
    return Content.styled(line, _COLORS.get(line[:1], ""))
