"""A hatch over what was not predicted, and grey over what is stale, on the canvas; with a line that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPainter, QTransform

from napari_fhn.surveys.cuts import Plane, covered, cut
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.data.rulers import INK, PAPER
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.views.doubts import Doubts
from napari_fhn.widgets.views.latest import Latest

_HATCH = QColor(190, 190, 190, 190)
_STALE = QColor(125, 125, 125, 120)
_MOST = (800, 800)
_SWATCH = 14

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


class Veil:
    """Draws it.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    prediction : Prediction
        The prediction on the canvas.
    doubts : Doubts
        What is not to be believed of it.
    update : callable
        Has the sheet drawn again.
    """

    def __init__(
        self, context: DeskContext, prediction: Prediction, doubts: Doubts, update: Callable[[], object]
    ) -> None:
        self._context = context
        self._prediction = prediction
        self._doubts = doubts
        self._update = update
        self._latest = Latest(context.background)
        self._wanted: object = None
        self._made: tuple[object, QImage, QImage, bool, bool] | None = None
        doubts.changed.connect(self._forget)
        prediction.shown.connect(self._forget)

    def words(self) -> tuple[str, ...]:
        """What is said of the section in view."""
        made = self._made
        if made is None or made[0] != self._key():
            return ()
        return (
            *(("not predicted",) if made[3] else ()),
            *(("of an earlier network, or of other data",) if made[4] else ()),
        )

    def draw(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw hatch and grey where the prediction is in sight."""
        key = self._key()
        if key is None:
            return
        if self._made is None or self._made[0] != key:
            self._ask(key)
            return
        _, missing, old, any_missing, any_old = self._made
        placed = self._placed(canvas, missing)
        if any_old:
            painter.setTransform(placed)
            painter.drawImage(0, 0, old)
            painter.resetTransform()
        if any_missing:
            # The mask in the pixels of the screen first: so the hatch is as dense however large voxels are drawn.
            sheet = QImage(canvas.width, canvas.height, QImage.Format.Format_ARGB32_Premultiplied)
            sheet.fill(0)
            inner = QPainter(sheet)
            inner.setTransform(placed)
            inner.drawImage(0, 0, missing)
            inner.resetTransform()
            inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            inner.fillRect(sheet.rect(), QBrush(_HATCH, Qt.BrushStyle.BDiagPattern))
            inner.end()
            painter.drawImage(0, 0, sheet)
        self._legend(painter, canvas, any_missing, any_old)

    def _legend(self, painter: QPainter, canvas: CanvasView, missing: bool, old: bool) -> None:
        brushes = [
            *([QBrush(_HATCH, Qt.BrushStyle.BDiagPattern)] if missing else []),
            *([QBrush(_STALE)] if old else []),
        ]
        metrics = painter.fontMetrics()
        left, top = 52.0, 30.0  # below the ticks of the upper edge, beside those of the left one
        for brush, words in zip(brushes, self.words(), strict=True):
            wide = metrics.horizontalAdvance(words) + _SWATCH + 12
            painter.fillRect(QRectF(left, top, wide, metrics.height() + 2), PAPER)
            painter.fillRect(QRectF(left + 3, top + 3, _SWATCH, metrics.height() - 4), brush)
            painter.setPen(INK)
            painter.drawText(
                QRectF(left + _SWATCH + 7, top, wide, metrics.height() + 2), Qt.AlignmentFlag.AlignLeft, words
            )
            left += wide + 6

    def _key(self) -> Any:
        """What is in view, where something of it may have to be veiled."""
        layer, viewer = self._prediction.layer, self._context.viewer
        doubtful = self._doubts.hatched or self._doubts.stale is not None
        if layer is None or layer not in viewer.layers or not layer.visible or not doubtful:
            return None
        focus = view.focus(viewer, layer)
        if focus is None and layer.ndim == 3:
            return None
        where = Plane(None) if focus is None else Plane(focus.axis, focus.index)
        return where, tuple(viewer.dims.order[-2:]), id(layer.data), self._doubts.hatched, self._doubts.stale

    def _ask(self, key: Any) -> None:
        if key == self._wanted:
            return
        self._wanted = key
        layer, (where, order, _, hatched, stale) = self._prediction.layer, key
        assert layer is not None
        values, turned = layer.data, order[0] > order[1]

        def work() -> Masks:
            # Axes in their own order, whichever way they are drawn.
            masks = [
                cut(values, where, None, _MOST) == 0 if hatched else None,
                cut(stale, where, None, _MOST) if stale is not None else None,
            ]
            size = next(one.shape for one in masks if one is not None)
            missing, old = (np.zeros(size, bool) if one is None else one for one in masks)
            old = old & ~missing
            return (missing.T, old.T) if turned else (missing, old)

        def done(masks: Masks) -> None:
            if self._wanted == key:
                missing, old = masks
                self._made = (key, _image(missing, QColor(255, 255, 255, 255)), _image(old, _STALE),
                              bool(missing.any()), bool(old.any()))  # fmt: skip
                self._update()

        self._latest.ask("veil", work, done, lambda error: None)

    def _placed(self, canvas: CanvasView, image: QImage) -> QTransform:
        """From pixels of a mask to those of the canvas; where rows count upwards it is mirrored."""
        layer, dims = self._prediction.layer, self._context.viewer.dims
        assert layer is not None
        ends = []
        for displayed, axis in enumerate(dims.order[-2:]):
            k = axis - (dims.ndim - layer.ndim)
            taken = image.width() if displayed else image.height()
            scale, first = float(layer.scale[k]), float(layer.translate[k])
            last = covered(layer.data.shape[k], taken) - 0.5
            low, high = (canvas.pixel(displayed, first + scale * at) for at in (-0.5, last))
            ends.append((low, (high - low) / taken))
        (top, down), (left, right) = ends
        return QTransform(right, 0.0, 0.0, down, left, top)

    def _forget(self, event: Any = None) -> None:
        self._wanted = self._made = None
        self._update()


def _image(mask: NDArray[np.bool_], color: QColor) -> QImage:
    rgba = np.zeros((*mask.shape, 4), np.uint8)
    rgba[mask] = (color.red(), color.green(), color.blue(), color.alpha())
    kept = rgba.tobytes()
    # Its copy keeps the bytes itself.
    return QImage(kept, mask.shape[1], mask.shape[0], 4 * mask.shape[1], QImage.Format.Format_RGBA8888).copy()
