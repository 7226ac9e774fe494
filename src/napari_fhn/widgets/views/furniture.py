"""Scale bar, north and the bar of colours, in the corners of the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from napari_fhn.surveys.gain import Gained
from napari_fhn.surveys.kinds import is_seismic, vertical_axis
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.numbers import Numbers
from napari_fhn.surveys.ticks import round_length
from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.rulers import INK, write
from napari_fhn.widgets.views.state import ViewState

_LONGEST = 130
"""Pixels of a scale bar, at most."""
_EDGE, _BAR = 12, 12
_HIGH = 120
_NORTH = 16
_SHADE = QColor(0, 0, 0, 150)


@dataclass(frozen=True)
class Bar:
    """A scale bar.

    Parameters
    ----------
    pixels : float
        How long it is drawn.
    words : str
        How long it is.
    """

    pixels: float
    words: str


def bar(units: float, unit: str) -> Bar | None:
    """Return a bar of a round length; None where there is no length.

    Parameters
    ----------
    units : float
        How many units one pixel is.
    unit : str
        "m", "ms", "deg" ...

    Examples
    --------
    >>> bar(12.0, "m")
    Bar(pixels=83.33333333333333, words='1 km')
    >>> bar(0.0021, "deg").words
    '0.2°'
    """
    if not np.isfinite(units) or units <= 0:
        return None
    length = round_length(_LONGEST * units)
    if unit == "m" and length >= 1000:
        words = f"{length / 1000:g} km"
    else:
        words = f"{length:g}°" if unit == "deg" else f"{length:g} {unit}".rstrip()
    return Bar(length / units, words)


class Furniture:
    """Draws them.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas it is.
    data : Data
        Which survey is looked at.
    state : ViewState
        Which of them are wanted.
    """

    def __init__(self, viewer: ViewerModel, data: Data, state: ViewState) -> None:
        self._viewer = viewer
        self._data = data
        self._state = state
        self._known: tuple[Any, MapFrame | None] = (None, None)
        self._lengths: dict[int, tuple[float, str]] = {}

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw what is wanted and fits the survey."""
        material = self._data.material
        if material is None or material.layer not in self._viewer.layers:
            return
        if self._state.scale:
            across, down = self.bars(canvas)
            self._draw_bars(painter, canvas, across, down)
            north = self.north(canvas)
            if north is not None:
                self._draw_north(painter, canvas, north)
        seen = self._data.seen
        if self._state.colours and seen is not None:
            self._draw_colours(painter, canvas, seen)

    def bars(self, canvas: CanvasView) -> tuple[Bar | None, Bar | None]:
        """Return the scale bar across the canvas, and on sections that down it.

        Parameters
        ----------
        canvas : CanvasView
            The canvas.
        """
        found: list[Bar | None] = []
        axes, frame = self._axes(), self._frame
        survey = None if self._data.material is None else self._data.material.first
        if survey is None or axes is None:
            return None, None
        vertical = vertical_axis(survey)
        layer, n = self._data.material.layer, len(self._data.material.shape)  # type: ignore[union-attr]
        for axis in axes:
            if axis not in self._lengths:
                self._lengths[axis] = _of_voxel(survey, frame, axis, vertical)
            length, unit = self._lengths[axis]
            pixels = abs(float(layer.scale[layer.ndim - n + axis])) * canvas.zoom  # of one voxel
            found.append(bar(length / pixels, unit))
        down, across = found
        return across, down if vertical in axes else None

    def north(self, canvas: CanvasView) -> tuple[float, float] | None:
        """Return which way north is on the canvas, as a step to the right and down; None on sections, and unplaced."""
        axes, frame, material = self._axes(), self._frame, self._data.material
        if axes is None or frame is None or not frame.placed or frame.track is not None or material is None:
            return None
        vertical = vertical_axis(material.first)
        if vertical in axes:
            return None
        metres = np.array(frame.metres or (1.0, 1.0))
        middle = frame.to_xy((np.array(frame.shape) - 1) / 2)
        step = frame.to_index(middle + np.array([0.0, 1.0 / metres[1]])) - frame.to_index(middle)
        lateral = [axis for axis in range(len(material.shape)) if axis != vertical]
        moved = dict(zip(lateral, step, strict=True))
        lead = material.layer.ndim - len(material.shape)
        down, right = (moved[axis] * float(material.layer.scale[lead + axis]) for axis in axes)
        length = float(np.hypot(right, down))
        return (right / length, down / length) if length else None

    def _axes(self) -> tuple[int, int] | None:
        """Axes of space that run down and to the right on the canvas."""
        material, dims = self._data.material, self._viewer.dims
        if material is None or dims.ndisplay != 2:
            return None
        down, right = (axis - (dims.ndim - len(material.shape)) for axis in dims.order[-2:])
        return (down, right) if min(down, right) >= 0 else None

    @property
    def _frame(self) -> MapFrame | None:
        material = self._data.material
        if material is not self._known[0]:
            self._known = (material, None if material is None else MapFrame.of(material.first))
            self._lengths = {}
        return self._known[1]

    def _draw_bars(self, painter: QPainter, canvas: CanvasView, across: Bar | None, down: Bar | None) -> None:
        metrics = painter.fontMetrics()
        # Numbers of the left edge, beside which a bar that runs up would stand in them.
        beside = metrics.horizontalAdvance("00000") + _EDGE if down is not None and self._state.ticks else 0
        left, base = float(_EDGE + beside), float(canvas.height - _EDGE)
        for pen in (QPen(_SHADE, 4), QPen(INK, 2)):
            painter.setPen(pen)
            if across is not None:
                painter.drawLine(QPointF(left, base), QPointF(left + across.pixels, base))
            if down is not None:
                painter.drawLine(QPointF(left, base), QPointF(left, base - down.pixels))
        painter.setPen(INK)
        high = metrics.height()
        if across is not None:
            wide = metrics.horizontalAdvance(across.words) + 6
            write(painter, QRectF(left + 5, base - high - 4, wide, high), across.words)
        if down is not None:
            wide = metrics.horizontalAdvance(down.words) + 6
            write(painter, QRectF(left + 5, base - down.pixels - 2, wide, high), down.words)

    def _draw_north(self, painter: QPainter, canvas: CanvasView, north: tuple[float, float]) -> None:
        """An arrow in the upper right corner."""
        tip = np.array(north) * _NORTH
        side = np.array([-north[1], north[0]]) * _NORTH * 0.45
        middle = np.array([canvas.width - 2.5 * _NORTH, 3.4 * _NORTH])
        points = [middle + tip, middle - tip + side, middle - 0.5 * tip, middle - tip - side]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_SHADE, 1.5))
        painter.setBrush(INK)
        painter.drawPolygon(QPolygonF([QPointF(*map(float, one)) for one in points]))
        painter.setPen(INK)
        at = middle + 1.65 * tip
        write(painter, QRectF(float(at[0]) - 7, float(at[1]) - 8, 14, 16), "N")

    def _draw_colours(self, painter: QPainter, canvas: CanvasView, layer: Image) -> None:
        """A bar at the right edge, with the ends of the colours and the unit of the values."""
        if layer.rgb or not layer.visible:
            return
        metrics = painter.fontMetrics()
        colors = np.asarray(layer.colormap.map(np.linspace(1.0, 0.0, _HIGH) ** float(layer.gamma)))
        rgba = np.ascontiguousarray(np.rint(255 * colors[:, np.newaxis]).astype(np.uint8))
        kept = rgba.tobytes()
        image = QImage(kept, 1, _HIGH, 4, QImage.Format.Format_RGBA8888)
        room = QRectF(canvas.width - _EDGE - _BAR, (canvas.height - _HIGH) / 2, _BAR, _HIGH)
        painter.fillRect(room.adjusted(-1, -1, 1, 1), _SHADE)
        painter.drawImage(room, image)
        low, high = layer.contrast_limits
        painter.setPen(INK)
        lines = [(room.top() - metrics.height() - 3, f"{high:.4g}"), (room.bottom() + 3, f"{low:.4g}")]
        unit = value_unit(layer, self._viewer)
        if unit:
            lines.append((room.bottom() + metrics.height() + 5, unit))
        for top, words in lines:
            wide = metrics.horizontalAdvance(words) + 6
            write(painter, QRectF(canvas.width - _EDGE / 2 - wide, top, wide, metrics.height()), words)


def value_unit(layer: Image, viewer: ViewerModel) -> str:
    """Return the unit of a layer's values, as its file says it; "with gain" where it shows none of its own."""
    if isinstance(layer.data, Gained):
        return "with gain"
    survey = survey_of(layer)
    if "band_unit" in survey.coords and "band" in survey.dims and layer.ndim == survey.ndim:
        at = layer.world_to_data(viewer.dims.point)[survey.dims.index("band")]
        units = np.asarray(survey["band_unit"])
        return str(units[min(max(round(float(at)), 0), units.size - 1)])
    return str(survey.attrs.get("units", "") or ("amplitude" if is_seismic(survey) else ""))


def _of_voxel(survey: xr.DataArray, frame: MapFrame | None, axis: int, vertical: int | None) -> tuple[float, str]:
    """How long a voxel is along an axis, and in which unit; 0 where it has no length."""
    if axis == vertical:
        numbered = Numbers.of(survey).axes[axis]
        return abs(numbered.step), numbered.unit or "samples"
    if frame is None:
        return 0.0, ""
    lateral = axis if vertical is None or axis < vertical else axis - 1
    if frame.track is not None:
        metres = np.array(frame.metres or (0.0, 0.0))
        apart = np.hypot(*(np.diff(frame.track, axis=0) * metres).T)
        return float(np.median(apart)) if apart.size else 0.0, "m"
    step = np.array((frame.first, frame.second)[lateral])
    if frame.unit == "deg":
        return float(np.hypot(*step)), "deg"
    if frame.metres is None:
        return 0.0, ""
    return float(np.hypot(*(step * frame.metres))), "m"
