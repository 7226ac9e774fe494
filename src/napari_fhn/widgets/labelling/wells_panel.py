"""The tool for wells: where they are, how far around them they count, and adding, removing and editing them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QListWidget, QListWidgetItem, QPushButton, QSpinBox, QWidget

from napari_fhn.labels.wells.tracks import described
from napari_fhn.sentence import counted
from napari_fhn.widgets.labelling.log_view import LogView
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.labelling.wells_beside import WellsBeside
from napari_fhn.widgets.labelling.wells_layer import WellsLayer

_HEIGHT = 84
_MOST = 50.0
_FARTHEST_M = 5000


class WellsPanel(QWidget):
    """A list of wells, and a log view of the one that is chosen.

    Parameters
    ----------
    wells : WellBook
        The wells.
    layer : WellsLayer
        Which shows them.
    beside : WellsBeside
        Which shows those near the section in view.
    """

    def __init__(self, wells: WellBook, layer: WellsLayer, beside: WellsBeside) -> None:
        super().__init__()
        self._wells = wells
        self.list = QListWidget()
        self.list.setAccessibleName("wells")
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip("Choose a well to see its section and its log. Drag its ring on the canvas to move it.")
        self.list.currentItemChanged.connect(self._chosen)
        self.add = QPushButton("Add by click")
        self.add.setToolTip("Click on the canvas where a well is, then give it intervals in the log below.")
        self.add.clicked.connect(lambda: layer.add_by_click())
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Remove the chosen well and its labels.")
        self.remove.clicked.connect(self._remove)
        self.radius = QDoubleSpinBox()
        self.radius.setAccessibleName("radius")
        self.radius.setRange(0.0, _MOST)
        self.radius.setPrefix("radius ")
        self.radius.setSuffix(" tr")
        self.radius.setDecimals(1)
        self.radius.setKeyboardTracking(False)
        self.radius.setValue(wells.state.radius)
        self.radius.setToolTip("Traces around a well that get its labels.")
        self.radius.valueChanged.connect(wells.set_radius)
        self.fall_off = QDoubleSpinBox()
        self.fall_off.setAccessibleName("fall-off")
        self.fall_off.setRange(0.0, _MOST)
        self.fall_off.setPrefix("fall-off ")
        self.fall_off.setSuffix(" tr")
        self.fall_off.setDecimals(1)
        self.fall_off.setKeyboardTracking(False)
        self.fall_off.setSpecialValueText("no fall-off")
        self.fall_off.setToolTip(
            "Distance in traces at which a label counts 61 % of one at the well itself; at twice that 14 %. None: all "
            "labels count alike."
        )
        self.fall_off.valueChanged.connect(wells.set_fall_off)
        self._beside = beside
        self.within = QSpinBox()
        self.within.setAccessibleName("wells beside the section")
        self.within.setRange(0, _FARTHEST_M)
        self.within.setSingleStep(50)
        self.within.setPrefix("within ")
        self.within.setSuffix(" m of the section")
        self.within.setSpecialValueText("only on the section")
        self.within.setKeyboardTracking(False)
        self.within.setToolTip("Show wells this near to the inline or crossline in view, fainter with the distance.")
        self.within.valueChanged.connect(lambda metres: beside.set_within(float(metres)))
        self.log = LogView(wells)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.list, 0, 0, 1, 2)
        for k, widget in enumerate((self.add, self.remove, self.radius, self.fall_off)):
            grid.addWidget(widget, 1 + k // 2, k % 2)
        grid.addWidget(self.within, 3, 0, 1, 2)
        grid.addWidget(self.log, 4, 0, 1, 2)
        for name in ("wells", "radius", "fall_off"):
            getattr(wells.state.events, name).connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        state, chosen = self._wells.state, self._name()
        self.list.blockSignals(True)
        self.list.clear()
        for well in state.wells:
            item = QListWidgetItem(f"{well.name}   {described(well)}   {counted(len(well.intervals), 'intervals')}")
            item.setData(Qt.ItemDataRole.UserRole, well.name)
            self.list.addItem(item)
            if well.name == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        for spin, value in ((self.radius, state.radius), (self.fall_off, state.fall_off or 0.0)):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.log.show_well(self._name())
        self.within.setVisible(self._beside.fits)

    def _name(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def _chosen(self, item: QListWidgetItem | None, before: QListWidgetItem | None = None) -> None:
        if item is not None:
            self._wells.look_at(self._name())
        self.log.show_well(self._name())

    def _remove(self) -> None:
        if self._name():
            self._wells.remove(self._name())
