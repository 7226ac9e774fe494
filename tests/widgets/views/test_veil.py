"""Over what was not predicted lies a hatch, over what is stale a grey, and a line says which is which."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from psygnal import Signal
from qtpy.QtGui import QImage, QPainter

from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.project.predictions.ages import Stale
from napari_fhn.training.prediction.parts import Part
from napari_fhn.widgets.data.camera import CanvasView
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.views.sources import HATCH, STALE, sources
from napari_fhn.widgets.views.veil import Veil


class _Told:
    shown = Signal()
    changed = Signal()


def test_the_hatch_lies_on_what_is_missing_and_grey_on_what_is_stale(parts, volume, qtbot):
    desk = parts(volume)
    viewer, context = desk.viewer, desk.context
    values = np.ones(volume.shape, np.uint8)
    values[:, 8:] = 0  # the right third of an inline
    layer = class_layers.prediction_layer(values, ClassTable.default(3), context.data.material.placement())
    viewer.add_layer(layer)
    stale = Stale(volume.shape, [(Part(Box((0, 0, 0), (10, 4, 20)), 1), True)])
    doubts = SimpleNamespace(hatched=True, stale=stale, changed=_Told().changed)
    told = _Told()
    prediction, updated = SimpleNamespace(layer=layer, shown=told.shown), []
    veil = Veil(context, prediction, doubts, lambda: updated.append(1))
    viewer.scene.camera.zoom = 2
    down, right = viewer.dims.order[-2:]
    canvas = CanvasView(viewer, 400, 300)

    def drawn():
        image = QImage(400, 300, QImage.Format.Format_RGBA8888)
        image.fill(0)
        painter = QPainter(image)
        veil.draw(painter, canvas)
        painter.end()
        found = image.constBits()
        found.setsize(image.sizeInBytes())
        return np.frombuffer(bytes(found), np.uint8).reshape(300, 400, 4)[..., 3]

    drawn()
    qtbot.waitUntil(lambda: bool(updated), timeout=30_000)
    seen = drawn()
    assert veil.words() == ("not predicted", "of an earlier network, or of other data")

    def at(trace, sample):
        row, column = (
            round(canvas.pixel(k, float(layer.translate[axis] + layer.scale[axis] * where)))
            for k, axis, where in ((0, down, sample), (1, right, trace))
        )
        return seen[row - 5 : row + 6, column - 2 : column + 3]

    assert (at(2, 15) > 0).all()  # grey
    assert not at(6, 15).any()
    assert 0.05 < (at(10, 15) > 0).mean() < 0.6  # lines
    layer.metadata.update({HATCH: True, STALE: stale})
    (source,) = (one for one in sources(viewer, context.data.material) if one.classes)
    assert source.hatch
    assert source.stale is stale
    layer.visible = False
    assert not drawn().any()
