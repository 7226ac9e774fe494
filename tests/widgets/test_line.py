"""A 2D line in the dock: upright, with the recipes of a section, trained, predicted and exported."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from napari.layers import Image

from napari_fhn import labels, surveys
from napari_fhn.project import ProjectError
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.surveys import drawing
from napari_fhn.surveys.kinds import kind_of
from napari_fhn.widgets.data import placement
from napari_fhn.widgets.data.material import Material

sys.path.insert(0, str(Path(__file__).parents[1] / "surveys"))

from survey_files.segy.lines import line


@pytest.fixture
def opened(viewer, dock, small, tmp_path):
    """The dock with a line of 40 traces and 15 samples; returns (viewer, dock, path)."""
    path = tmp_path / "line.sgy"
    line(path)
    viewer.open(str(path), plugin="napari-fhn")
    return viewer, dock, path


def image_of(survey, name="one"):
    data, how, _ = placement.image_layer(survey, name)
    return data, how


def test_a_line_stands_upright_and_says_where_one_is(opened):
    viewer, dock, path = opened
    (layer,) = viewer.layers
    assert viewer.dims.order == (1, 0)
    assert layer.axis_labels == ("trace", "twt")
    shown = np.asarray(layer._slice.image.raw)
    np.testing.assert_array_equal(shown, surveys.open(path).values.T)
    # 26.9 m between traces, drawn as volumes are.
    assert layer.scale[0] == pytest.approx(np.hypot(25, 10) / drawing.VERTICAL_EXAGGERATION)
    assert layer.scale[1] == pytest.approx(2)
    said = layer.get_status(layer.data_to_world((7, 3)), view_direction=None, dims_displayed=[0, 1], world=True)
    assert said["coords"].startswith("trace 7, 6 ms; X 600175.0, Y 6000070.0 m")
    assert dock.desk.data.title() == "Line"
    assert dock.desk.data.material.kind == "seismic line"
    assert dock.desk.planning.recipes == ("sections", "layers")
    # A line has no sections beside it, and nothing between two dimensions and three.
    offered = [dock.network.recipe.native.itemText(k) for k in range(dock.network.recipe.native.count())]
    assert offered == ["Section (2D)", "Layers (2D, told by wells)"]
    dock.desk.planning.choose("sections")
    assert dock.network.aside.text().startswith("A seismic line")
    assert dock.desk.planning.state.settings.recipe == "sections"
    dock.labels.new.click()
    assert dock.desk.exports.files("classes").startswith("SEG-Y")
    # Its vertical axis is known, so nobody is asked.
    assert dock.data.vertical.isHidden()


def test_a_line_is_trained_on_strokes_and_exported(opened, spin, tmp_path):
    _, dock, _ = opened
    desk = dock.desk
    dock.labels.new.click()
    for value, samples in ((1, range(7)), (2, range(7, 15))):
        places = [(trace, t) for trace in (5, 30) for t in samples]
        desk.book.layer.data_setitem(tuple(np.array(v) for v in zip(*places, strict=True)), value)
    assert spin(lambda: len(desk.book.state.counts) == 2)
    for button in (dock.run.train, dock.run.predict):
        button.click()
        assert spin(lambda: desk.state.activity.idle, 90), desk.messages.message
        assert not desk.messages.error, (desk.messages.message, desk.messages.detail)
    assert np.asarray(desk.prediction.layer.data).all()
    assert {offer.what for offer in desk.exports.offered()} >= {"classes", "horizon", "bodies", "labels"}
    assert "mesh" not in {offer.what for offer in desk.exports.offered()}
    out = tmp_path / "classes.sgy"
    desk.exports.save(Request("classes", out))
    assert spin(lambda: desk.state.activity.idle)
    again = surveys.open(out)
    assert kind_of(again) == "seismic line"
    np.testing.assert_array_equal(again.values, np.asarray(desk.prediction.layer.data))


def test_wells_are_drawn_on_a_line_and_moved_along_it(opened, spin):
    _, dock, _ = opened
    desk = dock.desk
    dock.labels.new.click()
    wells = desk.labelling.wells
    well = labels.Well("W", np.nan, np.nan, (labels.Interval(0, 20, "sand"),), (600_250.0, 6_000_100.0))
    wells.replace([well], "one well")
    assert spin(lambda: wells.places() == {"W": (10.0,)})
    layer = dock.desk.viewer.layers["Wells"]
    assert layer.ndim == 2
    assert layer.data.tolist() == [[10, 0]]
    wells.set_radius(0)
    assert spin(lambda: wells.state.radius == 0)
    wells.move("W", trace=21)
    assert spin(lambda: wells.places() == {"W": (21.0,)})
    assert spin(lambda: np.flatnonzero(np.asarray(desk.book.layer.data).any(axis=1)).tolist() == [21])
    assert np.load(desk.session.labels)[21, :10].tolist() == [1] * 10


def test_a_map_after_a_line_lies_flat_and_the_line_stands_again(opened):
    viewer, dock, _ = opened
    chart = xr.DataArray(np.zeros((8, 9), np.float32), dims=("y", "x"), name="map")
    data, how = image_of(chart)
    viewer.add_image(data, **how)
    upright = viewer.layers[0]
    dock.desk.data.choose((viewer.layers["one"],))
    assert viewer.dims.order == (0, 1)
    assert dock.desk.planning.recipes[0] == "map"
    assert dock.desk.planning.state.settings.recipe == "map"
    dock.desk.data.choose((upright,))
    assert viewer.dims.order == (1, 0)
    assert dock.desk.planning.state.settings.recipe == "sections"


def test_an_array_of_two_axes_is_asked_about(viewer, dock):
    viewer.add_image(np.zeros((20, 30), np.float32), name="plain")
    data = dock.desk.data
    assert data.material.kind == "array"
    assert not dock.data.vertical.isHidden()
    assert data.vertical is None
    assert dock.desk.planning.recipes[0] == "map"
    assert "map" in dock.data.vertical.currentText()
    dock.data.vertical.setCurrentIndex(1)
    assert data.vertical == 1
    assert viewer.dims.order == (1, 0)
    assert dock.desk.planning.recipes == ("sections", "layers")
    # A line has no sections beside it, and nothing between two dimensions and three.
    offered = [dock.network.recipe.native.itemText(k) for k in range(dock.network.recipe.native.count())]
    assert offered == ["Section (2D)", "Layers (2D, told by wells)"]
    dock.desk.planning.choose("sections")
    assert dock.network.aside.text().startswith("A seismic line")
    assert dock.desk.planning.state.settings.recipe == "sections"
    dock.data.vertical.setCurrentIndex(0)
    assert data.vertical is None
    assert viewer.dims.order == (0, 1)


def test_two_lines_of_one_shape_elsewhere_are_not_stacked(tmp_path):
    line(tmp_path / "a.sgy")
    line(tmp_path / "b.sgy", crooked=True)
    layers = []
    for name in "ab":
        data, how = image_of(surveys.open(tmp_path / f"{name}.sgy"), name)
        layers.append(Image(data, **how))
    with pytest.raises(ProjectError, match=r"'b' does not lie on the grid of 'a' \(its trace \d+ lies at x"):
        Material.of(layers)
