"""Completes names of classes in a line that holds several, between the marks that stand between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qtpy.QtCore import QModelIndex, QStringListModel, Qt
from qtpy.QtWidgets import QCompleter, QLineEdit

_LAST = re.compile(r"[^|,;]*$")
"""What is being typed: behind the last mark between terms."""


class ClassCompleter(QCompleter):
    """Offers the names of classes for the word that is being typed.

    Parameters
    ----------
    line : QLineEdit
        Where it is typed.
    follow : str
        What is put behind a name: ``"="`` where a value follows.
    """

    def __init__(self, line: QLineEdit, follow: str = "") -> None:
        super().__init__(line)
        self._line = line
        self._follow = follow
        self._names = QStringListModel(self)
        self.setModel(self._names)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        line.setCompleter(self)

    def offer(self, names: Sequence[str]) -> None:
        """Offer these names from now on."""
        self._names.setStringList(list(names))

    def splitPath(self, path: str | None) -> list[str]:
        """Return the word that is being typed: the rest of the line is not looked for among the names."""
        return [_last(path or "").strip()]

    def pathFromIndex(self, index: QModelIndex) -> str:
        """Return the line with the name that was chosen in place of the word that is being typed."""
        text = self._line.text()
        before = text[: len(text) - len(_last(text))]
        gap = " " if before and not before.endswith(" ") else ""
        return f"{before}{gap}{index.data()}{self._follow}"


def _last(text: str) -> str:
    found = _LAST.search(text)
    return "" if found is None else found[0]
