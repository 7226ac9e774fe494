"""Surveys come to the canvas in units that go together, and are said where they cannot be shown with one another."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from napari.components import LayerList
from rasterio.transform import from_origin

from napari_fhn.widgets.data import placement
from napari_fhn.widgets.data.opening import open_surveys


@pytest.fixture
def a_map(tmp_path):
    """A map in metres."""
    path = tmp_path / "gravity.tif"
    rows, columns, cell = 20, 30, 25
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="float32", crs="EPSG:32633",
        transform=from_origin(366000, 5810000, cell, cell),
    ) as file:  # fmt: skip
        file.write(np.arange(rows * columns, dtype=np.float32).reshape(1, rows, columns))
    return path


@pytest.fixture
def units_met(monkeypatch):
    """Whether the units of each layer that comes go with those that are there: napari draws, and warns, at once."""
    met, insert = [], LayerList.insert

    def watched(layers, index, layer):
        together = zip(layer.units[::-1], (layers.extent.units or layer.units)[::-1], strict=False)
        met.append(all(one.dimensionality == other.dimensionality for one, other in together))
        insert(layers, index, layer)

    monkeypatch.setattr(LayerList, "insert", watched)
    return met


@pytest.fixture
def said(monkeypatch):
    """What is said beside the canvas."""
    words = []
    monkeypatch.setattr(placement, "show_info", words.append)
    return words


@pytest.mark.parametrize("first", ["a volume", "a map"])
def test_units_are_settled_before_a_survey_is_drawn(viewer, a_map, units_met, said, spin, first):
    opened = {
        "a volume": lambda: viewer.open_sample("napari-fhn", "seismic"),
        "a map": lambda: open_surveys(viewer, [a_map]),
    }
    for name in sorted(opened, key=lambda name: name != first):
        opened[name]()
    assert units_met == [True, True]
    assert spin(lambda: len(said) == 1), said
    assert "'gravity' is drawn over 'fold and fault'" in said[0]
    # Where a map is drawn does not change with what its steps are called.
    assert {tuple(layer.scale[-2:]) for layer in viewer.layers if layer.name == "gravity"} == {(25.0, 25.0)}


def test_what_the_desk_hides_is_said_by_the_desk_alone(viewer, dock, a_map, units_met, said, spin):
    viewer.open_sample("napari-fhn", "seismic")
    open_surveys(viewer, [a_map])
    spin(lambda: False, 0.1)
    assert units_met == [True, True]
    assert said == []
    assert "'gravity' lies elsewhere" in dock.desk.messages.note
    dock.labels.new.click()
    dock.desk.data.choose((viewer.layers["gravity"],))
    dock.labels.new.click()
    assert all(units_met)
    assert viewer.layers.extent.units is not None


def test_units_that_go_together_are_kept(viewer, a_map, tmp_path):
    other = tmp_path / "magnetics.tif"
    other.write_bytes(a_map.read_bytes())
    open_surveys(viewer, [a_map, other])
    assert {str(layer.units[-1]) for layer in viewer.layers} == {"meter"}


def test_the_first_survey_is_seen_from_side_to_side(own_viewer, viewer, tmp_path, spin):
    path = tmp_path / "wide.tif"
    rows, columns, cell = 20, 90, 25
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=2, dtype="float32", crs="EPSG:32633",
        transform=from_origin(366000, 5810000, cell, cell),
    ) as file:  # fmt: skip
        file.write(np.zeros((2, rows, columns), np.float32))
    viewer.window.show()
    viewer.window._qt_window.resize(1400, 800)
    spin(lambda: False, 0.3)
    viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    spin(lambda: False, 0.3)
    (layer,) = open_surveys(viewer, [path])
    canvas = viewer.window._qt_viewer.canvas.native

    def share():
        return float(columns * layer.scale[-1] * placement.camera_of(viewer).zoom) / canvas.width()

    assert spin(lambda: 0.8 < share() <= 1), share()
    # What somebody has chosen to look at stays.
    placement.camera_of(viewer).zoom *= 3
    spin(lambda: False, 0.3)
    assert share() > 2
