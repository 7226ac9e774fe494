"""The spectrum under the cursor and those of the classes: a fold of the dock, for cubes with wavelengths only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
import xarray as xr
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_fhn.surveys.spectra import Spectrum, has_spectra, spectrum
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.class_curves import ClassCurves
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.small_plot import small_plot
from napari_fhn.widgets.labelling.book import LabelBook

PAUSE_MS = 100
"""At most ten spectra in a second."""

HEIGHT = 115
_MOST_CURVES = 4
_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7")


class SpectrumPanel(QWidget):
    """One curve for each ticked cube, of the pixel under the cursor; the pixel is read beside the GUI.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes are shown.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        super().__init__()
        self._context = context
        self._book = book
        self._background = Background()
        self._pixel: tuple[int, int] | None = None
        self._drawn: tuple[int, int] | None = None
        self._reading = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._read)
        self.fold = QToolButton()
        self.fold.setAccessibleName("spectrum")
        self.fold.setCheckable(True)
        self.fold.setChecked(True)
        self.fold.setArrowType(Qt.ArrowType.DownArrow)
        self.fold.setAutoRaise(True)
        self.fold.setToolTip("Show or hide the spectrum of the pixel under the cursor.")
        self.fold.toggled.connect(self._folded)
        self.caption = QElidingLabel("Spectrum under the cursor")
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.fold)
        row.addWidget(self.caption, 1)
        self.by_class = QCheckBox("classes")
        self.by_class.setToolTip(
            "Show the mean spectrum of the labelled pixels of each class, and the band in which 80 % of them lie. Of "
            "several cubes the last ticked one."
        )
        row.addWidget(self.by_class)
        self.plot = small_plot(self, HEIGHT)
        self.curves = [self.plot.plot(pen=pg.mkPen(c, width=1.5), connect="finite") for c in _COLORS]
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.classes = ClassCurves(context, book, self.plot, self._background, self._classed)
        self.by_class.toggled.connect(self.classes.show)
        self.mark = pg.InfiniteLine(pen=pg.mkPen(QColor(140, 145, 155, 160), style=Qt.PenStyle.DashLine))
        self.mark.hide()
        self.plot.addItem(self.mark, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.plot)
        column.addWidget(self.legend)
        book.state.events.has_labels.connect(self._offer_classes)
        context.data.state.events.chosen.connect(self._chosen)
        context.viewer.cursor.events.position.connect(self._moved)
        context.viewer.dims.events.current_step.connect(self._mark)
        self._offer_classes()
        self._chosen()

    def close_panel(self) -> None:
        """Let go of the viewer."""
        self._timer.stop()
        self.classes.close()
        self._background.close()
        self._context.viewer.cursor.events.position.disconnect(self._moved)
        self._context.viewer.dims.events.current_step.disconnect(self._mark)

    def cubes(self) -> list[tuple[str, xr.DataArray]]:
        """Return names and surveys of the ticked cubes with wavelengths, the first few."""
        surveys = [(str(layer.name), survey_of(layer)) for layer in self._context.data.state.chosen]
        return [(name, survey) for name, survey in surveys if has_spectra(survey)][:_MOST_CURVES]

    def show_pixel(self, row: int, column: int) -> None:
        """Draw the spectrum of a pixel, a moment from now."""
        self._pixel = (row, column)
        # The timer is not started anew, or a cursor that keeps moving would never be answered.
        if not self._timer.isActive() and not self._reading:
            self._timer.start()

    def _chosen(self, event: Any = None) -> None:
        cubes = self.cubes()
        self.setVisible(bool(cubes))
        self._drawn = None
        for curve in self.curves:
            curve.setData([], [])
        self.classes.renew()
        words = [f"<span style='color:{c}'>━</span> {name}" for c, (name, _) in zip(_COLORS, cubes, strict=False)]
        self.legend.setText("&nbsp; ".join(words))
        self.legend.setVisible(len(cubes) > 1 and self.fold.isChecked())
        units = next((str(s.attrs["units"]) for _, s in cubes if s.attrs.get("units")), "")
        self.plot.setToolTip(f"Value{f' ({units})' if units else ''} over wavelength (nm); bad bands are left out.")
        self._mark()

    def _classed(self) -> xr.DataArray | None:
        """Return the cube whose classes are shown."""
        cubes = self.cubes()
        return cubes[-1][1] if cubes else None

    def _moved(self, event: Any = None) -> None:
        if not self.isVisible() or not self.fold.isChecked() or self._context.viewer.dims.ndisplay != 2:
            return
        layer = self._context.data.state.chosen[0]
        survey = survey_of(layer)
        if not {"y", "x"} <= set(map(str, survey.dims)):
            return
        index = np.asarray(layer.world_to_data(self._context.viewer.cursor.position), np.float64)[-layer.ndim :]
        row, column = (round(float(index[survey.dims.index(dim)])) for dim in ("y", "x"))
        if 0 <= row < survey.sizes["y"] and 0 <= column < survey.sizes["x"]:
            self.show_pixel(row, column)

    def _read(self) -> None:
        pixel, cubes = self._pixel, self.cubes()
        if pixel is None or pixel == self._drawn or self._reading or not cubes:
            return
        self._reading = True

        def work() -> list[Spectrum]:
            return [spectrum(survey, *pixel) for _, survey in cubes]

        def done(found: list[Spectrum]) -> None:
            self._reading = False
            self._drawn = pixel
            self._show(pixel, found)
            if self._pixel != pixel:
                self._timer.start()

        def failed(error: BaseException) -> None:
            self._reading = False
            self.caption.setText(f"Row {pixel[0]}, column {pixel[1]} cannot be read: {error}")

        self._background.run(work, done, failed)

    def _show(self, pixel: tuple[int, int], found: list[Spectrum]) -> None:
        self.caption.setText(f"Row {pixel[0]}, column {pixel[1]} (nm)")
        for curve, one in zip(self.curves, found, strict=False):
            curve.setData(one.wavelengths, one.values)

    def _offer_classes(self, event: Any = None) -> None:
        """Offer the curves of classes once there are labels that they are made of."""
        self.by_class.setVisible(self._book.state.has_labels and self.fold.isChecked())

    def _mark(self, event: Any = None) -> None:
        """Mark the band on the canvas."""
        cubes = self.cubes()
        self.mark.setVisible(bool(cubes))
        if not cubes:
            return
        layer = next(one for one in self._context.data.state.chosen if has_spectra(survey_of(one)))
        data = layer.data
        if not hasattr(data, "coords") or "wavelength" not in data.coords:
            self.mark.hide()
            return
        axis = data.dims.index("band")
        index = np.asarray(layer.world_to_data(self._context.viewer.dims.point), np.float64)[-layer.ndim :][axis]
        place = int(np.clip(round(float(index)), 0, data.sizes["band"] - 1))
        self.mark.setValue(float(data["wavelength"][place]))

    def _folded(self, shown: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.plot.setVisible(shown)
        self._offer_classes()
        self.legend.setVisible(shown and len(self.cubes()) > 1)
        if not shown:
            self.caption.setText("Spectrum under the cursor")
