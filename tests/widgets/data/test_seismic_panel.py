"""Seismic is looked at in the colours, with the gain and in the proportions one likes; what is learnt from stays."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.utils.colormaps import AVAILABLE_COLORMAPS
from qtpy.QtGui import QPainter, QPixmap

from napari_fhn.surveys.gain import gained
from napari_fhn.surveys.ticks import ticks
from napari_fhn.widgets.data import rulers, seismic_colors
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.rulers import Rulers
from napari_fhn.widgets.views.furniture import Furniture, value_unit


def test_colours_gain_proportions_and_ticks(viewer, dock):
    viewer.window._qt_window.show()
    viewer.open_sample("napari-fhn", "seismic")
    panel, (layer,) = dock.data.seismic, viewer.layers
    assert not panel.isHidden()
    before, survey, limits = np.asarray(layer.data[63]), survey_of(layer), list(layer.contrast_limits)
    assert (panel.colors.currentText(), panel.reverse.isChecked()) == ("Grey", False)
    panel.colors.setCurrentIndex(2)
    panel.reverse.click()
    assert layer.colormap.name == "seismic red-white-blue, reversed"
    assert layer.colormap.name in AVAILABLE_COLORMAPS  # so a session finds it again
    np.testing.assert_allclose(layer.colormap.map([0.0])[0], seismic_colors.colormap("red-white-blue").map([1.0])[0])

    panel.gain.click()
    shown = np.asarray(layer.data[63])
    # 250 ms are 62 samples of 4 ms, 31 on either side.
    np.testing.assert_allclose(shown, gained(before, 31) * max(map(abs, limits)) / 2.5, rtol=1e-4, atol=1e-3)
    assert list(layer.contrast_limits) == pytest.approx(limits)
    assert survey_of(layer) is survey
    np.testing.assert_array_equal(np.asarray(dock.desk.data.material.first[63]), before)
    panel.gain.click()
    np.testing.assert_array_equal(np.asarray(layer.data[63]), before)

    dock.labels.new.click()
    labels = dock.desk.book.layer
    scale = np.array(layer.scale)
    dock.desk.book.go(0, 63)
    panel.fit.click()
    np.testing.assert_allclose(labels.scale, layer.scale)
    assert layer.scale[2] == scale[2]
    assert layer.scale[1] / scale[1] == pytest.approx(layer.scale[0] / scale[0])
    height, width = viewer.canvas.size
    size = np.ptp(layer.extent.world, axis=0)
    assert size[1] / size[2] == pytest.approx(width / height, rel=0.02)
    assert dock.desk.data.title() == "Inline 1064"
    panel.usual.click()
    np.testing.assert_allclose(layer.scale, scale)
    assert panel.vertical.value() == 4
    panel.vertical.setValue(2)
    np.testing.assert_allclose(layer.scale, scale * (2, 2, 1))  # traces are twice as wide
    panel.vertical.setValue(4)

    sheet, drawn = dock.sheet, Rulers(viewer, dock.desk.data, dock.desk.context.views)
    sheet.resize(600, 700)
    numbers, camera = {words: at for at, words in drawn.marks(1, sheet.canvas)}, viewer.scene.camera
    crossline = float(survey.crossline[50])
    world = float(layer.data_to_world((0, 50, 0))[1])
    at = 300 + (world - camera.center[-1]) * camera.zoom
    low, high = sorted(numbers.items(), key=lambda one: one[1])[:: len(numbers) - 1]
    assert float(low[0]) < float(high[0])
    expected = np.interp(crossline, [float(low[0]), float(high[0])], [low[1], high[1]])
    assert at == pytest.approx(expected, abs=1)
    down = [float(words) for _, words in drawn.marks(0, sheet.canvas)]
    assert down == sorted(down)
    furniture = Furniture(viewer, dock.desk.data, dock.desk.context.views)
    across, deep = furniture.bars(sheet.canvas)
    # An inline runs along its crosslines, 12.5 m apart; a voxel is as many pixels wide as its scale says.
    metres = float(across.words.split()[0]) * (1000 if across.words.endswith("km") else 1)
    bins = survey.attrs["geometry"].bin_size[1]
    assert across.pixels == pytest.approx(metres / bins * layer.scale[1] * camera.zoom)
    assert deep.pixels == pytest.approx(float(deep.words.split()[0]) * camera.zoom)
    assert furniture.north(sheet.canvas) is None
    assert value_unit(layer, viewer) == "amplitude"
    dock.data.seismic.furniture.ticks.click()
    assert not dock.desk.context.views.ticks
    assert {Rulers, Furniture} <= {type(one) for one in sheet.drawings}
    assert not {Rulers, Furniture} & {type(one) for one in sheet.in_3d}  # which are for two axes


def test_ticks_are_round_and_few():
    assert ticks(0.1, 0.9, 5) == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert ticks(5, 5, 4) == []
    for most in range(1, 12):
        assert len(ticks(397.3, 1041.9, most)) <= most
    assert ticks(10, 12, 20, least_step=1.0) == [10, 11, 12]


def test_napari_needs_no_more_room_for_the_names_of_our_colours_than_for_its_own():
    seismic_colors.register()
    shown = {name: one._display_name for name, one in AVAILABLE_COLORMAPS.items()}
    ours = [shown.pop(name) for name in list(shown) if name.startswith("seismic ")]
    assert len(ours) == 2 * len(seismic_colors.NAMES)
    assert max(map(len, ours)) <= max(map(len, shown.values()))
    assert len({*ours, *shown.values()}) == len(ours) + len(shown)


def test_a_number_at_a_corner_of_the_canvas_is_not_cut_off(qapp, monkeypatch):
    written = []
    monkeypatch.setattr(rulers, "write", lambda painter, room, words: written.append((words, room)))
    across = [(1.0, "420000"), (150.0, "425000"), (299.0, "430000")]
    monkeypatch.setattr(Rulers, "marks", lambda self, displayed, canvas: across if displayed else [])
    pixmap = QPixmap(300, 200)
    painter = QPainter(pixmap)
    drawn = Rulers(None, SimpleNamespace(material=None), SimpleNamespace(ticks=True))
    drawn.draw(painter, SimpleNamespace(width=300, height=200))
    painter.end()
    assert [words for words, _ in written] == ["420000", "425000", "430000"]
    assert all(room.left() >= 0 and room.right() <= 300 for _, room in written)
    assert written[1][1].center().x() == pytest.approx(150)
