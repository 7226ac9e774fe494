"""Step 2: what is known, class by class, and everything that brings it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton

from napari_fhn.project.knowledge.sidecar_files import is_for_wells, sidecar_files
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.choosing import ask_folder, ask_open, ask_open_several, folder_of
from napari_fhn.widgets.consent import ask_replace
from napari_fhn.widgets.data.by_address import ask_address, fetch_known
from napari_fhn.widgets.data.opening import address_in
from napari_fhn.widgets.door import busy
from napari_fhn.widgets.labelling import load_dialog, questions, zones_dialog
from napari_fhn.widgets.labelling.accept_panel import AcceptPanel
from napari_fhn.widgets.labelling.adopt_bar import AdoptBar
from napari_fhn.widgets.labelling.class_table import ClassTableView
from napari_fhn.widgets.labelling.held_out_panel import HeldOutPanel
from napari_fhn.widgets.labelling.history_panel import HistoryPanel
from napari_fhn.widgets.labelling.horizons_panel import HorizonsPanel
from napari_fhn.widgets.labelling.labelling import Labelling
from napari_fhn.widgets.labelling.looking_bar import LookingBar
from napari_fhn.widgets.labelling.sections_panel import SectionsPanel
from napari_fhn.widgets.labelling.similar_panel import SimilarPanel
from napari_fhn.widgets.labelling.wells_panel import WellsPanel
from napari_fhn.widgets.running.training_history import TrainingHistory
from napari_fhn.widgets.saving import ask_file, beside
from napari_fhn.widgets.section import Section
from napari_fhn.widgets.tool_fold import ToolFold

_FILES = (
    "What is known (*.csv *.txt *.dat *.xyz *.las *.tops *.dev *.xlsx *.xlsm *.xls *.ods *.irap *.gri *.zmap *.cps3 "
    "*.asc *.grd *.vs *.pl *.ts *.gpkg *.shp *.geojson *.json *.fgb *.mif *.tab *.gmt *.kml *.kmz "
    "*.gml *.gpx *.sqlite *.db *.zip *.qml *.clr);;"
    "Label volumes (*.npy *.npz *.tif *.tiff *.png *.img *.bil *.sdat *.rst *.jp2 *.sgy *.segy *.su *.nc *.h5 *.mat);;"
    "All files (*)"
)
_CSV = "Class table (*.csv)"
_LEGENDS = "Legends (*.csv *.txt *.xlsx *.ods *.qml *.sld *.clr *.json *.aux.xml);;All files (*)"


_NEW = (
    "New label layer",
    "Make a layer to paint on. Strokes go straight into a file of the session, so nothing is lost by a crash.",
)
_SECTIONS = ("Sections", "Labels from section to section, along reflectors, and from shapes.")
_LOADED = (
    "Load files: wells, tops, deviations, checkshots, LAS logs, horizons, points, polygons, label volumes, class "
    "tables. They may also be dropped here."
)
_LOADED_ON_MAPS = "Load files: points, polygons, label rasters, class tables. They may also be dropped here."
_SHAPES = ("Shapes", "Labels from shapes that are drawn.")
_SHOW = ("Show labels", "Show the labels, the prediction and the runs that this survey's session holds.")


class LabelPanel(Section):
    """Buttons that bring labels in, the table of classes, and the tools.

    Parameters
    ----------
    labelling : Labelling
        Who carries it out.
    history : TrainingHistory
        Whose IoU of each class is shown.
    prediction, entropy : callable
        Return what is predicted and how undecided the network is, None where there is nothing yet.
    """

    def __init__(
        self,
        labelling: Labelling,
        history: TrainingHistory,
        prediction: Callable[[], NDArray[Any] | None],
        entropy: Callable[[], NDArray[Any] | None],
    ) -> None:
        super().__init__(2, "Labels")
        self._labelling = labelling
        self._context = labelling.context
        self._book = labelling.book
        self._opening = labelling.opening
        loader = labelling.loader
        loader.ask = lambda question: questions.ask_person(question, self.window(), self._survey)
        loader.ask_files = lambda found, loaded: load_dialog.ask_files(found, loaded, self.window(), self._survey)
        loader.ask_replace = lambda words: ask_replace(words, self.window())
        loader.ask_zones = lambda surfaces, table: zones_dialog.ask_zones(surfaces, table, self.window())
        self.new = QPushButton(_NEW[0])
        self.new.setToolTip(_NEW[1])
        self.new.clicked.connect(lambda: self._opening.new())
        self.looking = LookingBar(self._context.project)
        self.body.addWidget(self.looking)
        self.adopt = AdoptBar(labelling.adopting)
        self.body.addWidget(self.adopt)
        self.load = QPushButton("Load …")
        self.load.clicked.connect(self._load)
        self.other = QToolButton()
        self.other.setText("…")
        self.other.clicked.connect(lambda: self._load(ask=True))
        self.other.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.other.setMenu(self._elsewhere())
        # No frame of its own around the arrow: it would be white in the light theme, and take the room of the dots.
        self.other.setStyleSheet("QToolButton::menu-button { border: none; background: transparent; width: 14px; }")
        self.other.setMinimumWidth(36)  # for the dots beside the arrow
        self.add = QToolButton()
        self.add.setText("+")
        self.add.setToolTip("Add a class.")
        self.add.clicked.connect(lambda: labelling.edits.add())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.new, 1)
        row.addWidget(self.load, 1)
        row.addWidget(self.other)
        row.addWidget(self.add)
        self.body.addLayout(row)
        self.table = ClassTableView(self._book, labelling.edits, history)
        self.body.addWidget(self.table)
        self.tools = ToolFold()
        self.tools.add_menu(
            "Classes", "Colour, merge or delete the selected classes; read or save the table as CSV.", self._menu()
        )
        self.history = HistoryPanel(self._book)
        self.tools.add("History", "What was changed, and taking it back.", self.history)
        self.sections = SectionsPanel(labelling.sections, labelling.carrying)
        self.tools.add(*_SECTIONS, self.sections)
        self.accept = AcceptPanel(labelling.sections, prediction, entropy)
        self.tools.add("Accept", "Take over parts of the prediction as labels.", self.accept)
        self.wells = WellsPanel(labelling.wells, labelling.wells_layer, labelling.wells_beside)
        self.tools.add("Wells", "Wells: where they are, their radius, their intervals.", self.wells)
        self.horizons = HorizonsPanel(labelling.horizons, labelling.horizon_results)
        self.tools.add("Horizons", "Pick a horizon at a few places, track it, make labels of it.", self.horizons)
        self.held_out = HeldOutPanel(self._context, self._book, labelling.wells)
        self.tools.add("Held out", "Which wells and patches are kept for the score.", self.held_out)
        self.similar = SimilarPanel(labelling.similar)
        self.tools.add("Similar", "More like this: places that look like one, to go to and to label.", self.similar)
        self.body.addWidget(self.tools)
        self.setAcceptDrops(True)
        self._context.data.state.events.material.connect(self._enable)
        self._context.data.state.events.vertical_axis.connect(self._enable)
        self._book.state.events.has_labels.connect(self._enable)
        self._context.project.changed.connect(self._enable)
        self._enable()

    @property
    def _survey(self) -> xr.DataArray | None:
        material = self._context.data.material
        return None if material is None else material.first

    def more_like_this(self) -> None:
        """Look for places like the one under the cursor, and show the tool for them."""
        if self.tools.isEnabled():
            self.tools.open("Similar")
            self._labelling.similar.under_cursor()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files that lie on the disk, and an address."""
        data = None if event is None else event.mimeData()
        if (
            event is not None
            and data is not None
            and (any(url.isLocalFile() for url in data.urls()) or address_in(event))
        ):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Load what was dropped."""
        data = None if event is None else event.mimeData()
        if event is None or data is None:
            return
        event.acceptProposedAction()
        url = address_in(event)
        if url is not None:
            QTimer.singleShot(0, lambda: self._load_address(url))
            return
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        # The program that is dropped from waits until the drop is answered: the dialog comes after.
        QTimer.singleShot(0, lambda: self._labelling.loader.load(paths, confirm=True))

    def _elsewhere(self) -> QMenu:
        menu = QMenu(self)
        for title, act in (
            ("A file geodatabase …", self._load_folder),
            ("An address …", lambda: self._load_address(ask_address("Load", self.window()))),
        ):
            action = menu.addAction(title)
            assert action is not None
            action.triggered.connect(lambda checked=False, act=act: act())
        return menu

    def _load_folder(self) -> None:
        # A dialog for files goes into a folder, and does not take it.
        title = "Load what is known: the folder of a file geodatabase (.gdb)"
        path = ask_folder(self, "known", title, folder_of(self._survey))
        if path is not None:
            busy()
            self._labelling.loader.load([path], confirm=True)

    def _load_address(self, url: str | None) -> None:
        if url is not None:
            loader = self._labelling.loader
            fetch_known(self._context, url, lambda path: loader.load([path], confirm=True))

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        edits = self._labelling.edits
        for title, words, act in (
            ("Colour …", "Choose another colour for the current class.", self.table.choose_color),
            ("Merge selected", "Make one class of the selected ones: the one clicked last.", self._merge),
            ("Delete selected", "Delete the selected classes; their voxels become unlabelled.", self._delete),
            (
                "Read table …",
                "Take names and colours from a legend: a table, a style of QGIS, a colour map, JSON.",
                self._read,
            ),
            ("Save table …", "Save value, name and colour of each class as CSV.", lambda: self._save(edits)),
        ):
            action = menu.addAction(title)
            assert action is not None
            action.setToolTip(words)
            action.triggered.connect(lambda checked=False, act=act: act())
        return menu

    def _merge(self) -> None:
        chosen = self.table.chosen
        if len(chosen) < 2:
            self._context.messages.fail("Select the classes to merge first, the one that stays last (Ctrl+click).")
            return
        self._labelling.edits.merge(chosen, chosen[-1])

    def _delete(self) -> None:
        if self.table.chosen:
            self._labelling.edits.delete(self.table.chosen)

    def _read(self) -> None:
        path = ask_open(self, "classes", "Read class table", _LEGENDS, folder_of(self._survey))
        if path is not None:
            self._labelling.edits.read(path)

    def _save(self, edits: Any) -> None:
        path = ask_file(self, "Save class table", str(beside(self._survey, "classes.csv")), _CSV)
        if path is not None:
            edits.write(path)

    def _enable(self, event: Any = None) -> None:
        state, survey = self._book.state, self._survey
        near = () if survey is None else sidecar_files(survey)
        welled = survey is not None and is_for_wells(survey)
        what = "wells" if welled else "points"
        self.other.setToolTip(_LOADED if survey is None or welled else _LOADED_ON_MAPS)
        self.load.setText(f"Load {what}" if near else "Load …")
        where = " and ".join(path.name for path in near if path.name != "classes.csv")
        self.load.setToolTip(
            f"Make labels of {where} beside the survey. Labels that are there stay as they are."
            if near
            else self.other.toolTip()
        )
        title, words = _SHOW if self._opening.waiting() else _NEW
        self.new.setText(title)
        self.new.setToolTip(words)
        self.new.setEnabled(survey is not None and not state.has_labels)
        may = self._context.project.writable or self._context.project.project is None
        for widget in (self.load, self.other, self.add, self.tools):
            widget.setEnabled(survey is not None and may)
        # What there is nothing for yet takes no room.
        self.tools.setVisible(state.has_labels)
        self.tools.offer("Wells", survey is not None and is_seismic(survey))
        sectioned = self._labelling.sections.are_there or self._labelling.carrying.fits
        self.tools.call("Sections", *(_SECTIONS if sectioned else _SHAPES))
        self.tools.offer("Horizons", self._labelling.horizons.fits)
        self.table.setEnabled(may)
        self.adopt.setEnabled(may)
        self.sections.look()
        if state.has_labels:
            self.aside.setText("" if may else "to look at only")
        else:
            self.aside.setText("not shown" if title == _SHOW[0] else "none yet")

    def _load(self, checked: bool = False, *, ask: bool = False) -> None:
        survey = self._survey
        if not ask and survey is not None and sidecar_files(survey):
            busy()
            self._labelling.loader.load()
            return
        paths = ask_open_several(self, "known", "Load what is known", _FILES, folder_of(survey))
        if paths:
            busy()
            self._labelling.loader.load(paths, confirm=True)
