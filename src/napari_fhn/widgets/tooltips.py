"""Tooltips in lines that can be read: Qt breaks rich text, and shows plain text in one line, however long."""

from __future__ import annotations

import html

from qtpy.QtWidgets import QWidget

LONGEST = 60
"""Letters of a tooltip that stay in one line."""


def wrapped(words: str) -> str:
    """Return the words of a tooltip as Qt breaks them into lines.

    Examples
    --------
    >>> wrapped("Add a class.")
    'Add a class.'
    >>> wrapped("Values < 0 are clipped, " * 4)[:24]
    '<qt>Values &lt; 0 are cl'
    """
    if len(words) <= LONGEST or words.startswith("<"):
        return words
    return f"<qt>{html.escape(words, quote=False)}</qt>"


def wrap(widget: QWidget) -> None:
    """Wrap the tooltips of a widget and of all in it, as they are now."""
    for one in (widget, *widget.findChildren(QWidget)):
        words = one.toolTip()
        better = wrapped(words)
        if better != words:
            one.setToolTip(better)
