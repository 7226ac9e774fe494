"""The page of the user guide that lists every control, read from a dock that is open."""

from __future__ import annotations

from collections.abc import Iterator

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QToolButton,
    QWidget,
)

from napari_fhn.widgets.dock import Dock
from napari_fhn.widgets.section import Fold, Section
from napari_fhn.widgets.tool_fold import ToolFold

KINDS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView, QAbstractSlider, QProgressBar)
_HEAD = """# Every control

This page is made from the running program by `make guide`: what it says is what the tooltips say.
"""


def page(dock: Dock) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    dock : Dock
        In a window.
    """
    above = table(("control", "what it does"), [(title_of(one), words_of(one)) for one in controls_of(dock.view)])
    parts = [_HEAD, "## Above the canvas\n", above]
    for section in (dock.data, dock.labels, dock.network, dock.run, dock.results, dock.export):
        parts.append(f"## {section.heading.text()}\n")
        groups: dict[str, list[tuple[str, str]]] = {}
        # What is pinned below the dock belongs to the step of the training.
        pinned = controls_of(dock.run.pinned) if section is dock.run else ()
        for control in (*pinned, *controls_of(section)):
            if dock.view.isAncestorOf(control):  # which is in the dock until there is a canvas
                continue
            groups.setdefault(group_of(control, section), []).append((title_of(control), words_of(control)))
        for group, rows in groups.items():
            if group:
                parts.append(f"### {group}\n")
            parts.append(table(("control", "what it does"), list(dict.fromkeys(rows))))
    parts.append("## Keys\n")
    parts.append(table(("key", "what it does"), [(f"`{key.keys}`", key.words) for key in dock.shortcuts()]))
    return "\n".join(parts)


def controls_of(section: QWidget) -> Iterator[QWidget]:
    """Yield what can be clicked, typed into or read as a bar, from top to bottom."""
    inner = (QScrollBar,)
    for widget in section.findChildren(QWidget):
        if not isinstance(widget, KINDS) or isinstance(widget, inner):
            continue
        parent = widget.parentWidget()
        # What belongs to another control (the line of a number, the button that empties a field) is no control.
        if isinstance(parent, (QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView, QAbstractButton)):
            continue
        if parent is not None and isinstance(parent.parentWidget(), (QComboBox, QAbstractItemView)):
            continue
        if isinstance(widget, QToolButton) and isinstance(parent, Fold) and widget is parent.heading:
            continue
        yield widget


def group_of(control: QWidget, section: Section) -> str:
    """Return the fold or tool that a control is in; empty for the section itself."""
    child, parent = control, control.parentWidget()
    while parent is not None and parent is not section:
        if isinstance(parent, ToolFold):
            return next((title for title, panel in parent.panels.items() if panel is child), "")
        if isinstance(parent, Fold):
            return str(parent.heading.text())
        child, parent = parent, parent.parentWidget()
    return ""


def title_of(control: QWidget) -> str:
    """Return what a control is called: its text, its label, or what a screen reader says."""
    if isinstance(control, QAbstractButton) and control.text():
        return f"**{control.text()}**"
    for label in control.window().findChildren(QLabel):
        if label.buddy() is control:
            return f"**{label.text()}**"
    if control.accessibleName():
        return control.accessibleName()
    return f"({type(control).__name__})"


def words_of(control: QWidget) -> str:
    """Return its tooltip on one line."""
    return " ".join(control.toolTip().split())


def table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [f"| {' | '.join(head)} |", "|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
