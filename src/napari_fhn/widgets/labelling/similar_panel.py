"""The tool that finds more places like one: what is meant, the list of what was found, and what becomes of it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from napari_fhn.sentence import counted
from napari_fhn.widgets.labelling.similar import MoreLikeThis

_HEIGHT = 118


class SimilarPanel(QWidget):
    """Buttons that ask, a list of places to tick, and buttons that go there, refuse and label.

    Parameters
    ----------
    similar : MoreLikeThis
        Who carries it out.

    Attributes
    ----------
    pick, draw, of_class : QPushButton
        Ask for a click, an outline, the class in use.
    level : QDoubleSpinBox
        How alike what belongs to a place is.
    by : QComboBox
        Whether the data or the network is asked.
    list : QListWidget
        The places.
    before, after, refuse, label : QPushButton
        Go to the one before, to the next; refuse the one in view; label those that are ticked.
    """

    def __init__(self, similar: MoreLikeThis) -> None:
        super().__init__()
        self._similar = similar
        self.pick = QPushButton("Click a place")
        self.pick.setCheckable(True)
        self.pick.setToolTip(
            "Click on the canvas: the survey is looked through for places that look like it, by texture or by bands. "
            "Ctrl+Alt+L asks for what is under the cursor."
        )
        self.pick.clicked.connect(lambda down: similar.pick(down))
        self.draw = QPushButton("Draw around")
        self.draw.setToolTip("Draw around what is meant, with the mouse button down; it is looked for at once.")
        self.draw.clicked.connect(lambda: similar.draw())
        self.of_class = QPushButton("Like the class")
        self.of_class.setToolTip(
            "Look for what is like the labels of the class in use, and not like those of other classes."
        )
        self.of_class.clicked.connect(lambda: similar.ask_for_class())
        self.level = QDoubleSpinBox()
        self.level.setAccessibleName("how alike")
        self.level.setRange(0.05, 1.0)
        self.level.setSingleStep(0.05)
        self.level.setKeyboardTracking(False)
        self.level.setValue(similar.state.level)
        self.level.setPrefix("alike ≥ ")
        self.level.setToolTip(
            "How alike what belongs to a place is: 1 is the same, 0.5 as alike as near neighbours usually are. "
            "Less makes larger places."
        )
        self.level.valueChanged.connect(similar.set_level)
        self.by = QComboBox()
        self.by.setAccessibleName("compared by")
        self.by.addItems(["compared by the data", "compared by the network"])
        self.by.setToolTip(
            "What makes places alike: the texture or the bands of the data, or what the trained network makes of them; "
            "it looks at the whole survey first."
        )
        self.by.activated.connect(lambda row: similar.set_by("network" if row else "data"))
        self.list = QListWidget()
        self.list.setAccessibleName("similar places")
        self.list.setFixedHeight(_HEIGHT)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip("Click to go to a place; tick those that are right.")
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemChanged.connect(self._ticked)
        self.before = QPushButton("◀ Before")
        self.before.setToolTip("Go to the place before this one.")
        self.before.clicked.connect(lambda: similar.step(-1))
        self.after = QPushButton("Next ▶")
        self.after.setToolTip("Go to the next place (Ctrl+Alt+J).")
        self.after.clicked.connect(lambda: similar.step(1))
        self.refuse = QPushButton("Not this one")
        self.refuse.setToolTip("Look again: the place in view is not meant, and those that are ticked are.")
        self.refuse.clicked.connect(lambda: similar.refuse())
        self.label = QPushButton("Label ticked")
        self.label.setToolTip("Make labels of the class in use of the ticked places. What is labelled there stays.")
        self.label.clicked.connect(lambda: similar.label())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for k, widget in enumerate((self.pick, self.draw, self.of_class, self.level)):
            grid.addWidget(widget, k // 2, k % 2)
        grid.addWidget(self.by, 2, 0, 1, 2)
        grid.addWidget(self.list, 3, 0, 1, 2)
        for k, widget in enumerate((self.before, self.after, self.refuse, self.label)):
            grid.addWidget(widget, 4 + k // 2, k % 2)
        state = similar.state.events
        state.found.connect(self._show)
        state.ticked.connect(self._show_ticks)
        state.at.connect(self._show_row)
        state.picking.connect(self._show_picking)
        state.searching.connect(self._enable)
        self._enable()

    def _show(self, event: Any = None) -> None:
        found = self._similar.state.found
        self.list.blockSignals(True)
        self.list.clear()
        for number, place in enumerate(() if found is None else found.places, 1):
            item = QListWidgetItem(f"{number} · {self._similar.words_for(place, short=True)}")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            size = self._similar.worded(counted(int(place.inside.sum()), "voxels"))
            item.setToolTip(f"{self._similar.words_for(place)}: {size}. Tick it if it is right.")
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._enable()

    def _show_ticks(self, ticked: frozenset[int]) -> None:
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None:
                item.setCheckState(Qt.CheckState.Checked if row in ticked else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self._enable()

    def _show_row(self, at: int) -> None:
        self.list.blockSignals(True)
        self.list.setCurrentRow(at)
        self.list.blockSignals(False)
        self._enable()

    def _show_picking(self, picking: bool) -> None:
        self.pick.setChecked(picking)

    def _chosen(self, row: int) -> None:
        if row >= 0:
            self._similar.go(row)

    def _ticked(self, item: QListWidgetItem) -> None:
        self._similar.tick(self.list.row(item), item.checkState() == Qt.CheckState.Checked)

    def _enable(self, event: Any = None) -> None:
        state = self._similar.state
        there = state.found is not None and bool(state.found.places)
        asking: tuple[QWidget, ...] = (self.pick, self.draw, self.of_class, self.level, self.by)
        for widget in asking:
            widget.setEnabled(not state.searching)
        answers: tuple[QWidget, ...] = (self.list, self.before, self.after)
        for widget in answers:
            widget.setEnabled(there)
        self.refuse.setEnabled(there and state.at >= 0 and not state.searching)
        count = len(state.ticked)
        self.label.setText(f"Label {count} ticked" if count else "Label ticked")
        self.label.setEnabled(bool(count) and not state.searching)
        self.pick.setText("Looking …" if state.searching else "Click a place")
