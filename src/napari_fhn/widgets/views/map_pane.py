"""The map: where the survey lies, its wells, the sections in view as lines, and a slice below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QTransform

from napari_fhn.surveys.cuts import covered
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.ticks import ticks
from napari_fhn.widgets.labelling.horizon_state import HorizonMap
from napari_fhn.widgets.views.horizons_beside import said
from napari_fhn.widgets.views.names import Names
from napari_fhn.widgets.views.pane import Pane
from napari_fhn.widgets.views.section_pane import COLORS, FENCE

_OUTLINE = pg.mkPen("#8d99a8", width=1)


class MapPane(Pane):
    """The map of a survey, north up.

    Attributes
    ----------
    frame : MapFrame or None
        Where the survey lies.
    """

    def __init__(self) -> None:
        super().__init__(upright=False, square=True)
        self.frame: MapFrame | None = None
        self._called = ""
        self._horizon: HorizonMap | None = None
        self._unit = ""
        self._outline = pg.PlotCurveItem(pen=_OUTLINE)
        self._sections = [pg.PlotCurveItem(pen=pg.mkPen(color, width=2)) for color in COLORS[:2]]
        self._fence = pg.PlotCurveItem(pen=pg.mkPen(FENCE, width=2))
        self._drawn = pg.PlotDataItem(
            pen=pg.mkPen(FENCE, width=2, style=Qt.PenStyle.DashLine), symbol="o", symbolSize=6
        )
        self._view = pg.PlotCurveItem(pen=pg.mkPen("w", width=1))
        self._wells = pg.ScatterPlotItem(size=9, pen=pg.mkPen("k"), brush=pg.mkBrush("w"))
        self.names = Names(self.plot)
        for z, item in enumerate((self._outline, *self._sections, self._fence, self._drawn, self._view, self._wells)):
            item.setZValue(5 + z)
            self.plot.addItem(item)
        self.hovered.connect(self._say)
        self.hovered.connect(self.names.ask)
        self.left.connect(self.names.ask)
        self.number(_plain, _plain)

    def follow(self, frame: MapFrame) -> None:
        """Show another survey."""
        self.frame = frame
        metres = frame.metres
        self.box.setAspectLocked(True, ratio=1.0 if metres is None else metres[0] / metres[1])
        corners = frame.corners()
        self._outline.setData(corners[:, 0], corners[:, 1])
        self._fence.setData([], [])
        self.draw_line(())
        for line in self._sections:
            line.setVisible(frame.track is None)
        self._called = f"Map, {' and '.join(frame.names)}{f' in {frame.unit}' if frame.unit else ''}"
        self.call(self._called)
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        self.look_at(QRectF(float(x0), float(y0), float(x1 - x0) or 1.0, float(y1 - y0) or 1.0))

    def show_wells(self, heads: Mapping[str, Sequence[float]]) -> None:
        """Show wells with their names, as far as these find room.

        Parameters
        ----------
        heads : mapping of str to sequence of float
            Places in voxels along the lateral axes.
        """
        if self.frame is None:
            self.names.show(())
            return
        places = [self.frame.to_xy([*head, 0.0][:2]) for head in heads.values()]
        self._wells.setData([float(p[0]) for p in places], [float(p[1]) for p in places])
        self.names.show([(name, float(x), float(y)) for name, (x, y) in zip(heads, places, strict=True)])

    def at(self, index: Sequence[int], *, sections: bool) -> None:
        """Show where one is.

        Parameters
        ----------
        index : sequence of int
            Along the lateral axes.
        sections : bool
            Whether sections through it are in view, which are drawn as lines.
        """
        frame = self.frame
        if frame is None:
            return
        self.mark(*self.xy(index))
        if sections and frame.track is None:
            first, second = index[:2]
            n, m = frame.shape
            for line, ends in zip(
                self._sections, ([[first, 0], [first, m - 1]], [[0, second], [n - 1, second]]), strict=True
            ):
                points = frame.to_xy(ends)
                line.setData(points[:, 0], points[:, 1])

    def frame_view(self, low: Sequence[float], high: Sequence[float]) -> None:
        """Show which part of a map is on the canvas, from one corner in voxels to the other."""
        if self.frame is not None:
            (a, b), (c, d) = low, high
            points = self.frame.to_xy([[a, b], [a, d], [c, d], [c, b], [a, b]])
            self._view.setData(points[:, 0], points[:, 1])

    def show_fence(self, corners: Sequence[Sequence[float]]) -> None:
        """Draw a fence; without corners none."""
        self._line(self._fence, corners)

    def draw_line(self, corners: Sequence[Sequence[float]]) -> None:
        """Draw a line that is not finished yet."""
        self._line(self._drawn, corners)

    def index(self, x: float, y: float) -> tuple[float, ...]:
        """Return the place of a click in voxels along the lateral axes."""
        return () if self.frame is None else tuple(map(float, self.frame.to_index((x, y))))

    def xy(self, index: Sequence[float]) -> tuple[float | None, float | None]:
        """Return where a place along the lateral axes, in voxels, is on the map."""
        if self.frame is None:
            return None, None
        x, y = map(float, self.frame.to_xy([*index, 0.0][:2]))
        return x, y

    def show_horizon(self, horizon: HorizonMap | None, unit: str) -> None:
        """Say of a horizon whose picture is shown what it is; None for none.

        Parameters
        ----------
        horizon : HorizonMap or None
            The horizon.
        unit : str
            Of its times or depths.
        """
        self._horizon, self._unit = horizon, unit
        self.call(self._called if horizon is None else said(horizon, unit))

    def show_slice(self, rgba: NDArray[np.uint8]) -> None:
        """Show a slice: rows along the first lateral axis, columns along the second."""
        frame = self.frame
        if frame is None or frame.track is not None:
            return
        down, right = (
            np.array(step) * (covered(size, n) / n)
            for step, size, n in zip((frame.first, frame.second), frame.shape, rgba.shape[:2], strict=True)
        )
        corner = frame.to_xy((-0.5, -0.5))
        self.place_picture(rgba, QTransform(*map(float, (*right, *down, *corner))))

    def _line(self, item: Any, corners: Sequence[Sequence[float]]) -> None:
        if self.frame is None or not len(corners):
            item.setData([], [])
            return
        points = self.frame.to_xy(corners)
        item.setData(points[:, 0], points[:, 1])

    def _say(self, x: float, y: float) -> None:
        if self.frame is not None:
            unit = f" {self.frame.unit}" if self.frame.unit else ""
            digits = 4 if self.frame.unit == "deg" else 0
            words = [f"{name} {value:.{digits}f}{unit}" for name, value in zip(self.frame.names, (x, y), strict=True)]
            horizon = self._horizon
            if horizon is not None:
                at = tuple(round(k) for k in self.index(x, y))
                if all(0 <= k < n for k, n in zip(at, horizon.times.shape, strict=True)) and np.isfinite(
                    horizon.times[at]
                ):
                    words.append(f"{horizon.name} {horizon.times[at]:.0f} {self._unit}".rstrip())
            self.say(", ".join(words))


def _plain(low: float, high: float, most: int) -> list[tuple[float, str]]:
    return [(at, f"{at:.10g}") for at in ticks(low, high, max(1, most * 2 // 3))]
