"""The widgets the steps are made of."""

from wizard.tui.widgets.action import Action
from wizard.tui.widgets.choice import Choice, Tick
from wizard.tui.widgets.field_row import FieldRow, Row
from wizard.tui.widgets.menu import Menu
from wizard.tui.widgets.said import Said

__all__ = ["Action", "Choice", "FieldRow", "Menu", "Row", "Said", "Tick"]
