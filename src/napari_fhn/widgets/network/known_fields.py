"""Fields for what is known without labels, and for where nothing is learnt, in the words of every face."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QFormLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from napari_fhn.project.runs import terms
from napari_fhn.widgets.network.class_completer import ClassCompleter
from napari_fhn.widgets.network.planning import Planning

_WAYS = "from:to along each axis of the survey, in its order, the first place of each being 0"

_FIELDS: tuple[tuple[terms.Part, str, str, str], ...] = (
    (
        "shares",
        "shares",
        f"How much of the survey a class fills, from least to most: {terms.SHARE_EXAMPLE}. Several with | between "
        "them.",
        "=",
    ),
    (
        "order",
        "order of layers",
        "In which order layers lie, from top to bottom: Shale, Sand, Chalk. 'all' for all classes, as in the table. "
        "Empty where nothing is known.",
        "",
    ),
    (
        "absences",
        "absences",
        f"Where a class does not occur: {terms.ABSENCE_EXAMPLE}, a file that is not 0 there, or "
        f"Salt@{terms.BOX_EXAMPLE}, a box: {_WAYS}. Several with | between them.",
        "",
    ),
    (
        "smoothness",
        "smoothness",
        "How much few and short boundaries are preferred: 0.3 is usual, more makes plainer bodies. Empty for none.",
        "",
    ),
    (
        "ignored",
        "ignored boxes",
        f"Boxes in which nothing is learnt: {terms.BOX_EXAMPLE}, {_WAYS}. Several with | between them.",
        "",
    ),
)


_EXAMPLES: dict[terms.Part, str] = {
    "shares": terms.SHARE_EXAMPLE,
    "order": "Shale, Sand, Chalk",
    "absences": terms.ABSENCE_EXAMPLE,
    "smoothness": "0.3",
    "ignored": terms.BOX_EXAMPLE,
}


class KnownFields(QWidget):
    """A line for each kind of term.

    Parameters
    ----------
    planning : Planning
        Whose settings are shown and changed.

    Attributes
    ----------
    lines : dict of str to QLineEdit
        By kind of term.
    """

    def __init__(self, planning: Planning) -> None:
        super().__init__()
        self._planning = planning
        self.lines: dict[str, QLineEdit] = {}
        self._completers: list[ClassCompleter] = []
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for part, title, words, follow in _FIELDS:
            line = QLineEdit()
            line.setAccessibleName(title)
            line.setToolTip(words)
            line.setPlaceholderText(_EXAMPLES[part])
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            line.editingFinished.connect(lambda part=part, line=line: self._written(part, line))
            if part in ("shares", "order", "absences"):
                self._completers.append(ClassCompleter(line, follow))
            label = QLabel(title)
            label.setToolTip(words)
            label.setBuddy(line)
            layout.addRow(label, line)
            self.lines[part] = line
        planning.state.events.settings.connect(self._show)
        planning.state.events.classes.connect(self._offer)
        self._show()
        self._offer()

    def _offer(self, event: Any = None) -> None:
        for completer in self._completers:
            completer.offer(self._planning.state.classes)

    def _show(self, event: Any = None) -> None:
        settings = self._planning.state.settings
        if settings is None:
            return
        for part, line in self.lines.items():
            text = terms.written(part, settings, self._planning.folder)  # type: ignore[arg-type]
            if text != line.text():
                line.setText(text)
                line.setCursorPosition(0)

    def _written(self, part: terms.Part, line: QLineEdit) -> None:
        settings = self._planning.state.settings
        if settings is not None and line.text().strip() != terms.written(part, settings, self._planning.folder):
            self._planning.say_known(part, line.text())
