"""Mean spectra of the classes with their spread, drawn into the plot of the spectrum under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
import xarray as xr
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtGui import QColor

from napari_fhn.surveys.spectra import ClassSpectrum, class_spectra
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook

PAUSE_MS = 500
"""After a stroke, before spectra are read anew."""

_SPREAD_ALPHA = 45


class ClassCurves:
    """Reads the labelled pixels beside the GUI when the labels have changed, as long as the curves are shown.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes are shown.
    plot : pyqtgraph.PlotWidget
        Where they are drawn.
    background : Background
        On which pixels are read.
    cube : callable
        Returns the cube, None where there is none.
    """

    def __init__(
        self,
        context: DeskContext,
        book: LabelBook,
        plot: pg.PlotWidget,
        background: Background,
        cube: Callable[[], xr.DataArray | None],
    ) -> None:
        self._context = context
        self._book = book
        self._plot = plot
        self._background = background
        self._cube = cube
        self._shown = False
        self._reading = False
        self._again = False
        self.found: dict[int, ClassSpectrum] = {}
        self._items: list[Any] = []
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._read)
        book.state.events.counts.connect(self.renew)
        for name in ("classes", "hidden"):
            getattr(book.state.events, name).connect(self._draw)

    def show(self, shown: bool) -> None:
        """Show the curves, or take them away."""
        self._shown = shown
        self._draw()
        if shown:
            self._read()

    def renew(self, event: Any = None) -> None:
        """Read again, a moment from now."""
        if self._shown:
            self._timer.start()

    def close(self) -> None:
        """Read no more."""
        self._timer.stop()

    def _read(self) -> None:
        cube, layer = self._cube(), self._book.layer
        if cube is None or layer is None or tuple(layer.data.shape) != (cube.sizes["y"], cube.sizes["x"]):
            self.found = {}
            self._draw()
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        values: NDArray[np.uint8] = np.array(layer.data)

        def done(found: dict[int, ClassSpectrum]) -> None:
            self._reading = False
            self.found = found
            self._draw()
            if self._again:
                self._again = False
                self.renew()

        def failed(error: BaseException) -> None:
            self._reading = False
            self._context.messages.say(f"The spectra of the classes cannot be read: {error}", note=True)

        self._background.run(lambda: class_spectra(cube, values), done, failed)

    def _draw(self, event: Any = None) -> None:
        for item in self._items:
            self._plot.removeItem(item)
        self._items = []
        if not self._shown:
            return
        state = self._book.state
        for entry in state.classes:
            one = self.found.get(entry.value)
            if one is None or entry.value in state.hidden:
                continue
            fill = QColor(entry.color)
            fill.setAlpha(_SPREAD_ALPHA)
            for part in one.pieces:
                waves = one.mean.wavelengths[part]
                low, high = (pg.PlotCurveItem(waves, edge.values[part], pen=None) for edge in (one.low, one.high))
                self._add(pg.FillBetweenItem(low, high, brush=fill))
            pen = pg.mkPen(entry.color, width=2)
            self._add(pg.PlotCurveItem(one.mean.wavelengths, one.mean.values, pen=pen, connect="finite"))

    def _add(self, item: Any) -> None:
        item.setZValue(-1)
        self._plot.addItem(item)
        self._items.append(item)
