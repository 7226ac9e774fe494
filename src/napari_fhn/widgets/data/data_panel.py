"""Step 1: which image layers are the data, and where one looks in them."""

from __future__ import annotations

import weakref
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QMenu, QPushButton

from napari_fhn.project import ProjectError
from napari_fhn.surveys.kinds import is_map, is_seismic
from napari_fhn.widgets.data.amplitude_panel import AmplitudePanel
from napari_fhn.widgets.data.bricks_panel import BricksPanel
from napari_fhn.widgets.data.by_address import ask_address, open_address
from napari_fhn.widgets.data.composite_panel import CompositePanel
from napari_fhn.widgets.data.go_to_field import GoToField
from napari_fhn.widgets.data.grid_dialog import ask_grid
from napari_fhn.widgets.data.map_panel import MapPanel
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.data.opening import address_in, choose_files, choose_folder, local_files, open_surveys
from napari_fhn.widgets.data.seismic_panel import SeismicPanel
from napari_fhn.widgets.data.spectrum_panel import SpectrumPanel
from napari_fhn.widgets.data.stack_dialog import ask_stack
from napari_fhn.widgets.data.stacking import wants_stacking
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.section import Fold, Section

_ROWS = 3
_LAST, _NONE = "the last axis", "no axis"


class DataPanel(Section):
    """A list of image layers to tick, and a field to go to a place in the first of them.

    Parameters
    ----------
    desk : Desk
        Whose layers are shown.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(1, "Data")
        self._desk = desk
        self._named: weakref.WeakSet[Any] = weakref.WeakSet()
        self.list = QListWidget()
        self.list.setAccessibleName("image layers")
        self.list.setToolTip(
            "Tick the image layers to learn from. Layers on one grid (attributes, dates) are stacked as channels."
        )
        self.list.itemChanged.connect(self._ticked)
        self.body.addWidget(self.list)
        self._vertical_label = QLabel("Time or depth along")
        self.vertical = QComboBox()
        self.vertical.setToolTip("This array does not name its axes: say which one is two-way time or depth.")
        self.vertical.currentIndexChanged.connect(self._vertical_chosen)
        self._vertical_label.setBuddy(self.vertical)
        row = QHBoxLayout()
        row.addWidget(self._vertical_label)
        row.addWidget(self.vertical, 1)
        self.body.addLayout(row)
        self.open = QPushButton("Open …")
        self.open.setToolTip("Open files, or a store, as surveys, whatever they are called; or drop them here.")
        self.open.setMenu(self._ways_in())
        self.setAcceptDrops(True)
        self.body.addWidget(self.open)
        self.stack = QPushButton("Stack maps …")
        self.stack.setToolTip(
            "Bring maps of unlike resolution or CRS, classes and polygons onto one grid, as channels of one layer."
        )
        self.stack.clicked.connect(self._stack)
        self.body.addWidget(self.stack)
        self.bricks = BricksPanel(desk.bricks)
        self.body.addWidget(self.bricks)
        self.go_to = GoToField(
            desk.viewer, lambda: next(iter(desk.data.state.chosen), None), desk.context.views.arrived.emit
        )
        self.headers = QPushButton()
        self.headers.setText("Headers …")
        self.headers.setToolTip(
            "Say how this SEG-Y file is read: bytes of numbers and coordinates, scalar, sample interval, delay, format."
        )
        self.headers.clicked.connect(self._ask_headers)
        self.body.addWidget(self.go_to)
        self.seismic = SeismicPanel(desk.context, self.headers)
        self.body.addWidget(self.seismic)
        self.map = MapPanel(desk.context)
        self.body.addWidget(self.map)
        self.composite = CompositePanel(desk.context)
        self.map.body.addWidget(self.composite)
        self.amplitudes = AmplitudePanel(desk.context)
        self.body.addWidget(self.amplitudes)
        self.spectrum = SpectrumPanel(desk.context, desk.book)
        self.body.addWidget(self.spectrum)
        desk.data.state.events.chosen.connect(self._show)
        desk.data.state.events.material.connect(self._house_amplitudes)
        for name in ("inserted", "removed", "reordered"):
            getattr(desk.viewer.layers.events, name).connect(self._show)
        self._house_amplitudes()
        self._show()

    def close_panel(self) -> None:
        """Let go of the viewer."""
        self.spectrum.close_panel()
        self.amplitudes.close_panel()
        self.seismic.close_panel()
        for layer in self._named:
            layer.events.name.disconnect(self._show)
        for name in ("inserted", "removed", "reordered"):
            getattr(self._desk.viewer.layers.events, name).disconnect(self._show)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files that lie on the disk, and an address."""
        if event is not None and (local_files(event) or address_in(event)):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped as surveys."""
        if event is not None and (url := address_in(event)):
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self._open_address(url))
        elif event is not None and (paths := local_files(event)):
            event.acceptProposedAction()
            # The program that is dropped from waits until the drop is answered.
            QTimer.singleShot(0, lambda: open_surveys(self._desk.viewer, paths))

    def _ways_in(self) -> QMenu:
        menu = QMenu(self)
        for title, act in (("Files …", choose_files), ("Zarr or MDIO store …", choose_folder)):
            action = menu.addAction(title)
            assert action is not None
            action.triggered.connect(lambda checked=False, act=act: act(self._desk.viewer))
        action = menu.addAction("An address …")
        assert action is not None
        action.triggered.connect(lambda checked=False: self._open_address(ask_address("Open", self.window())))
        return menu

    def _open_address(self, url: str | None) -> None:
        if url is not None:
            open_address(self._desk.context, url)

    def _show(self, event: Any = None) -> None:
        chosen = self._desk.data.state.chosen
        images = list(reversed(self._desk.data.images()))
        self.list.blockSignals(True)
        self.list.clear()
        for layer in images:
            item = QListWidgetItem(layer.name)
            item.setData(Qt.ItemDataRole.UserRole, layer)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if layer in chosen else Qt.CheckState.Unchecked)
            self.list.addItem(item)
            self._follow_name(layer)
        self.list.blockSignals(False)
        if not images:
            empty = QListWidgetItem("No image layers yet")
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(empty)
        self.list.setStyleSheet("QListWidget { min-height: 0; }")
        self.list.setFixedHeight(min(max(len(images), 1), _ROWS) * self.list.sizeHintForRow(0) + 6)
        try:
            material = Material.of(chosen)
        except ProjectError:
            self.aside.setText("")
            named = True
        else:
            self.aside.setText(material.surveys.sentence)
            dims = [str(d) for d in material.first.dims if d != "band"]
            self.aside.setToolTip(f"{material.surveys.sentence}: size along {', '.join(dims)}.")
            named = material.named
        self.stack.setVisible(wants_stacking(images))
        if not named:
            self._offer_vertical(material)
        self.vertical.setVisible(not named)
        self._vertical_label.setVisible(not named)
        self.headers.setVisible(self._desk.rereading.path() is not None)
        self.go_to.show_example()

    def _follow_name(self, layer: Any) -> None:
        """Show the layers anew when this one is called something else."""
        if layer not in self._named:
            self._named.add(layer)
            layer.events.name.connect(self._show)

    def _house_amplitudes(self, event: Any = None) -> None:
        """Put the amplitudes among the looks of the survey: seismic, map, or else on their own."""
        material = self._desk.data.material
        seismic = material is not None and is_seismic(material.first)
        mapped = material is not None and is_map(material.first)
        self.amplitudes.heading.setText("Amplitudes" if seismic else "Values")
        home: Fold = self.seismic if seismic else self.map if mapped else self
        if home.body.indexOf(self.amplitudes) < 0:
            home.body.addWidget(self.amplitudes)

    def _ask_headers(self) -> None:
        rereading = self._desk.rereading
        path = rereading.path()
        if path is not None:
            rereading.look(path, lambda found: ask_grid(path, found, rereading.why(), self.window(), rereading.now()))

    def _ticked(self, item: QListWidgetItem) -> None:
        rows = [self.list.item(row) for row in range(self.list.count())]
        checked = Qt.CheckState.Checked
        ticked = [r.data(Qt.ItemDataRole.UserRole) for r in rows if r is not None and r.checkState() == checked]
        self._desk.data.choose(tuple(ticked))

    def _stack(self) -> None:
        told = ask_stack(self._desk.stacking.entries(), self.window())
        if told is not None:
            self._desk.stacking.make(*told)

    def _offer_vertical(self, material: Material) -> None:
        """List the axes that may be vertical, the likeliest first; of two the likelier is that it is a map."""
        last = len(material.shape) - 1
        others = [(f"axis {axis + 1} of {last + 1}", axis) for axis in range(last)]
        offers: list[tuple[str, int | None]] = [(_LAST, last), *others]
        offers = [*offers, (_NONE, None)] if last == 2 else [(_NONE + ": it is a map", None), *offers]
        self.vertical.blockSignals(True)
        self.vertical.clear()
        for words, axis in offers:
            self.vertical.addItem(words, axis)
        self.vertical.setCurrentIndex(self.vertical.findData(self._desk.data.vertical))
        self.vertical.blockSignals(False)

    def _vertical_chosen(self, index: int) -> None:
        self._desk.data.state.vertical_axis = self.vertical.itemData(index)
