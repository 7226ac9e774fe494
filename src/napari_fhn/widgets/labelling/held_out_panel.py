"""The tool that shows which wells and patches are kept for the score, and lets a person choose them."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.surveys.numbers import Numbers
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.wells import WellBook

_HEIGHT = 110
_MOST = 300
_LARGEST = 9999


class HeldOutPanel(QWidget):
    """A list of labelled bodies; the ticked ones are held out.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they are.
    wells : WellBook
        For the names of bodies that are wells.
    """

    def __init__(self, context: DeskContext, book: LabelBook, wells: WellBook) -> None:
        super().__init__()
        self._context = context
        self._book = book
        self._wells = wells
        self._asked = 0
        self.list = QListWidget()
        self.list.setAccessibleName("wells and patches")
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip(
            "Tick the wells and patches to keep for the score. Click one, or press Enter on it, to look at it."
        )
        self.list.itemChanged.connect(self._ticked)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.automatic = QPushButton("Choose for me")
        self.automatic.setToolTip("Hold out as many as step 3 says, so that every class stays in training.")
        self.automatic.clicked.connect(self._let_choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.blocks = QSpinBox()
        self.blocks.setAccessibleName("blocks held out")
        self.blocks.setRange(0, _LARGEST)
        self.blocks.setSpecialValueText("whole bodies")
        self.blocks.setPrefix("blocks of ")
        self.blocks.setToolTip(
            "Hold out blocks of so many voxels along each side instead of whole bodies. Labels that hang together "
            "across much of the survey are cut in blocks by themselves."
        )
        self.blocks.valueChanged.connect(self._blocks_chosen)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.blocks, 1)
        row.addWidget(self.automatic, 1)
        column.addWidget(self.list)
        column.addLayout(row)
        book.state.events.blocks.connect(self._show_blocks)
        for name in ("counts", "held_out", "held", "blocks"):
            getattr(book.state.events, name).connect(self._find)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for bodies when somebody looks."""
        if event is not None:
            super().showEvent(event)
        self._find()

    def _find(self, event: Any = None) -> None:
        book = self._book
        if not self.isVisible() or book.layer is None:
            return
        values, vertical, n, chosen = book.layer.data, self._context.data.vertical, book.state.held_out, book.state.held
        # As training will choose them.
        blocks, seed = book.state.blocks, book.seed()

        def work() -> tuple[list[Box], list[Box]]:
            found = labels.candidates(values, vertical, blocks)
            held = list(chosen) if chosen is not None else []
            if chosen is None and n:
                held = labels.hold_out(values, n, vertical, seed, found)
            return found, held

        self._asked += 1
        asked = self._asked

        def show(outcome: tuple[list[Box], list[Box]]) -> None:
            # Searches may end in another order than they began.
            if asked == self._asked:
                self._show(outcome)

        self._context.background.run(work, show, lambda error: self._context.messages.say(str(error), note=True))

    def _show(self, outcome: tuple[list[Box], list[Box]]) -> None:
        found, held = outcome
        self.list.blockSignals(True)
        self.list.clear()
        for box in found[:_MOST]:
            item = QListWidgetItem(self._called(box))
            item.setData(Qt.ItemDataRole.UserRole, box)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if box in held else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)

    def _called(self, box: Box) -> str:
        material = self._context.data.material
        names = [name for name, place in self._wells.places().items() if _within(box, place)]
        if names:
            return f"Well {', '.join(names)}"
        middle = [(a + b - 1) / 2 for a, b in zip(box.start, box.stop, strict=True)]
        if material is None:
            return str(middle)
        axes = [axis for axis in Numbers.of(material.first).axes if axis.name != "band"]
        words = [
            f"{axis.called} {axis.values[round(at)]:g}"
            for k, (axis, at) in enumerate(zip(axes, middle, strict=True))
            if k != self._context.data.vertical
        ]
        return f"Patch at {', '.join(words)}"

    def _ticked(self, item: QListWidgetItem) -> None:
        rows = [self.list.item(row) for row in range(self.list.count())]
        ticked = [r for r in rows if r is not None and r.checkState() == Qt.CheckState.Checked]
        self._book.choose_held_out(len(ticked))
        self._book.state.held = tuple(r.data(Qt.ItemDataRole.UserRole) for r in ticked)

    def _blocks_chosen(self, edge: int) -> None:
        self._book.state.held = None
        self._book.state.blocks = edge or None

    def _show_blocks(self, edge: int | None) -> None:
        self.blocks.blockSignals(True)
        self.blocks.setValue(edge or 0)
        self.blocks.blockSignals(False)

    def _let_choose(self) -> None:
        self._book.state.held = None

    def _go(self, item: QListWidgetItem) -> None:
        box: Box = item.data(Qt.ItemDataRole.UserRole)
        middle = [(a + b - 1) // 2 for a, b in zip(box.start, box.stop, strict=True)]
        layer = self._book.layer
        if len(middle) == 3:
            self._book.go(0, middle[0])
        elif layer is not None:
            self._context.show_place(layer, np.asarray(layer.data_to_world(middle), np.float64))


def _within(box: Box, place: tuple[float, ...]) -> bool:
    """Whether a place along the lateral axes, which come first, lies in a box."""
    return all(a <= round(at) < b for a, b, at in zip(box.start, box.stop, place, strict=False))
