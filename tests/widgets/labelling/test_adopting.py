"""Layers that were made with napari's own tools become labels, where they lie where the labels do."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from napari.layers import Image, Labels, Points, Shapes

from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.labelling.other_layers import part_of

SHAPE = (4, 5, 6)
PLACE = {"scale": (2.0, 3.0, 4.0), "translate": (0.0, 0.0, 100.0)}
TABLE = ClassTable.of_names(("sand", "shale"))


def said(layer, table=TABLE, dims=("inline", "crossline", "twt")):
    """The classes and labels that a layer makes."""
    survey = xr.DataArray(np.zeros(SHAPE, np.float32), dims=dims)
    mine = Labels(np.zeros(SHAPE, np.uint8), **PLACE)
    part = part_of(layer, mine, Material.of([Image(survey, **PLACE)]), table, "shale")
    out = np.zeros(SHAPE, np.uint8)
    part.burn(out)
    return part, out


def test_values_are_codes_and_features_name_them():
    values = np.zeros(SHAPE, np.int32)
    values[1, 2, 3], values[1, 2, 4], values[0, 0, 0] = 2, 65000, -1
    part, out = said(Labels(values, **PLACE))
    assert part.classes.by_code == {1: 1, 2: 2, 65000: 3}
    assert (out[1, 2, 3], out[1, 2, 4], np.count_nonzero(out)) == (2, 3, 2)
    named = Labels(values, features={"index": [2, 65000], "facies": ["sand", "salt"]}, **PLACE)
    part, out = said(named)
    assert part.classes.names == ("sand", "shale", "salt")
    assert (out[1, 2, 3], out[1, 2, 4]) == (1, 3)


def test_the_same_shape_is_not_the_same_place():
    values = np.ones(SHAPE, np.uint8)
    with pytest.raises(LabelError, match="does not lie on the voxels"):
        said(Labels(values, scale=(2.0, 3.0, 2.0), translate=PLACE["translate"]))
    with pytest.raises(LabelError, match="does not lie on the voxels"):
        said(Labels(values, scale=PLACE["scale"], translate=(1.0, 0.0, 100.0)))
    # Two lines further on, and six voxels deeper than there are.
    part, out = said(Labels(values, scale=PLACE["scale"], translate=(4.0, 0.0, 100.0)))
    assert part.words == ("It covers a part of the survey.",)
    assert out[2:].all()
    assert not out[:2].any()
    with pytest.raises(LabelError, match="does not lie"):
        said(Labels(values, scale=PLACE["scale"], translate=(0.0, 0.0, 124.0)))
    assert said(Labels(values))[0].words == ("It says nothing of its place and was taken voxel by voxel.",)
    with pytest.raises(LabelError, match="2 axes"):
        said(Labels(np.ones((5, 6), np.uint8)))
    with pytest.raises(LabelError, match="nothing is painted"):
        said(Labels(np.zeros(SHAPE, np.uint8), **PLACE))


def test_a_class_of_which_nothing_is_left_on_the_voxels_is_named():
    times = 100 + 4.0 * np.arange(SHAPE[2])
    coords = {"inline": np.arange(SHAPE[0]), "crossline": np.arange(SHAPE[1]), "twt": ("twt", times, {"units": "ms"})}
    grid = xr.DataArray(np.zeros(SHAPE, np.uint8), coords, ("inline", "crossline", "twt"))
    finer = {**coords, "twt": ("twt", 100 + 2.0 * np.arange(2 * SHAPE[2]), {"units": "ms"})}
    fine = xr.DataArray(np.zeros((*SHAPE[:2], 2 * SHAPE[2]), np.uint8), finer, grid.dims)
    values = np.zeros(fine.shape, np.uint8)
    values[..., :4], values[1, 2, 5] = 1, 2
    metadata = {"survey": fine, "classes": {1: "sand", 2: "coal"}}
    mine = Labels(np.zeros(SHAPE, np.uint8), metadata={"grid": grid}, **PLACE)
    material = Material.of([Image(grid.astype(np.float32), **PLACE)])

    part = part_of(Labels(values, name="fine", metadata=metadata), mine, material, ClassTable(()), "")
    assert part.words == (
        "fine: its times, 2 ms apart, were taken 4 ms apart.",
        "fine: nothing is left of 2 coal (1 voxel) on the grid of the survey, which is coarser; give what is so small "
        "as points or picks.",
    )
    with pytest.raises(LabelError, match="covers the middle of a cell of the survey"):
        part_of(Labels(values * (values == 2), name="fine", metadata=metadata), mine, material, ClassTable(()), "")


def test_shapes_and_points_have_the_class_of_their_features_or_that_in_use():
    square = np.array([[1, 1, 1], [1, 1, 3], [1, 3, 3], [1, 3, 1]], float)
    shapes = Shapes([square, square + np.array([1, 0, 0])], features={"class": ["salt", "sand"]}, **PLACE)
    part, out = said(shapes)
    assert part.classes.names == ("sand", "shale", "salt")
    assert (out[1, 1:4, 1:4] == 3).all()
    assert (out[2, 1:4, 1:4] == 1).all()
    # Drawn in napari's own coordinates, it is brought to where it is seen.
    points = Points(np.array([[2.0, 3.0, 104.0], [2.0, 3.0, 999.0]]))
    part, out = said(points)
    assert out[1, 1, 1] == 2
    assert np.count_nonzero(out) == 1
    assert part.words == ("1 of them lies outside of the survey, or on no section of it, and was left out.",)
    with pytest.raises(LabelError, match="lies on the survey"):
        said(Points(np.array([[-9.0, 0.0, 0.0]])))


def test_what_is_painted_beside_the_labels_is_said_once_taken_over_and_taken_back(labelled, spin):
    viewer, dock = labelled
    desk, bar = dock.desk, dock.labels.adopt
    assert bar.isHidden()
    viewer.layers.selection.active = viewer.layers["volume"]
    viewer._new_labels()  # napari's button
    other = viewer.layers.selection.active
    assert not bar.isHidden()
    other.paint((2, 3, 4), 3)
    assert f"'{other.name}' does not count" in desk.messages.message
    desk.messages.say("")
    other.paint((2, 3, 6), 3)
    assert not desk.messages.message
    before = np.array(desk.book.layer.data)
    bar.take.click()
    assert spin(lambda: "Taken over" in desk.messages.message), desk.messages.message
    np.testing.assert_array_equal(desk.book.layer.data, np.where(before != 0, before, other.data))
    assert not other.visible
    assert bar.isHidden()
    desk.book.history.toggle(desk.book.history.entries[-1])
    np.testing.assert_array_equal(desk.book.layer.data, before)
