"""Maps lie with north up and square pixels, whichever way their files run, and labels lie on them."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from napari_fhn import surveys
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.data.placement import image_layer


def geotiff(path, transform, crs, shape=(40, 30)):
    """A map whose values grow towards the north, ten times as fast as they grow towards the east."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    x, y = transform * (columns + 0.5, rows + 0.5)
    values = (10 * (y - y.min()) / abs(transform.e) + (x - x.min()) / abs(transform.a)).astype(np.float32)
    with rasterio.open(path, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="float32", crs=crs,
                       transform=transform) as file:  # fmt: skip
        file.write(values[None])
    return path


NORTH_DOWN = Affine(10, 0, 500000, 0, -10, 6000400)
SOUTH_DOWN = Affine(10, 0, 500000, 0, 10, 6000000)
WEST_RIGHT = Affine(-10, 0, 500300, 0, -10, 6000400)


@pytest.mark.parametrize("transform", [NORTH_DOWN, SOUTH_DOWN, WEST_RIGHT])
def test_north_is_up_and_east_is_right(viewer, tmp_path, transform):
    open_surveys(viewer, [geotiff(tmp_path / "map.tif", transform, 32632)])
    (layer,) = viewer.layers
    assert np.abs(layer.scale[1:]) == pytest.approx([10, 10])
    assert [str(unit) for unit in layer.units[1:]] == ["meter", "meter"]
    np.testing.assert_allclose(layer.extent.world[:, 1:], [[0, 0], [390, 290]])
    # The world's first axis runs down the screen, its second to the right.
    north_west, south_east = (layer.get_value((0, *place), world=True) for place in ((5, 5), (385, 285)))
    assert north_west == pytest.approx(10 * 38.5 + 0.5, abs=11)
    assert south_east == pytest.approx(10 * 1 + 28.5, abs=11)


def test_labels_lie_on_a_map_that_is_turned(viewer, dock, tmp_path):
    open_surveys(viewer, [geotiff(tmp_path / "map.tif", SOUTH_DOWN, 32632)])
    dock.labels.new.click()
    image = next(layer for layer in viewer.layers if layer.name == "map")
    for layer in (dock.desk.book.layer, dock.desk.prediction.layer):
        np.testing.assert_allclose(layer.scale, image.scale[1:])
        np.testing.assert_allclose(layer.translate, image.translate[1:])
        for row, column in ((0, 0), (39, 29), (7, 20)):
            np.testing.assert_allclose(layer.data_to_world((row, column)), image.data_to_world((0, row, column))[1:])
    layer = dock.desk.book.layer
    layer.brush_size = 3
    world = image.data_to_world((0, 7, 20))
    layer.paint(layer.world_to_data(world[1:]), 1)
    painted = np.argwhere(np.asarray(layer.data))
    np.testing.assert_allclose(painted.mean(axis=0), (7, 20))
    # A map has no sections that something could be copied to, or found between.
    dock.labels.tools.open("Sections")
    sections = dock.labels.sections
    assert dock.labels.tools.buttons["Sections"].text() == "Shapes"
    assert all(one.isHidden() for one in (sections.copy, sections.reach, sections.interpolate, sections.carry))
    assert not sections.draw.isHidden()


def test_degrees_are_as_square_as_the_ground(tmp_path):
    path = geotiff(tmp_path / "map.tif", Affine(0.01, 0, 10, 0, -0.01, 60.2), 4326)
    scale = image_layer(surveys.open(path))[1]["scale"]
    assert scale[1] == pytest.approx(1112)
    assert scale[2] == pytest.approx(1112 * np.cos(np.radians(60)))


def test_feet_become_metres_and_pixels_stay_pixels(tmp_path):
    feet = image_layer(surveys.open(geotiff(tmp_path / "feet.tif", NORTH_DOWN, 2264)))[1]
    assert feet["scale"][1] == pytest.approx(3.048, rel=1e-4)
    assert feet["units"][1] == "m"
    np.save(tmp_path / "plain.npy", np.zeros((3, 4, 5), np.float32))
    plain = image_layer(surveys.open(tmp_path / "plain.npy", axes=("band", "y", "x")))[1]
    assert plain["scale"] == [1, 1, 1]
    assert set(plain["units"]) == {"pixel"}


def test_maps_of_one_crs_lie_beside_each_other(viewer, dock, tmp_path):
    one = geotiff(tmp_path / "one.tif", NORTH_DOWN, 32632)
    other = geotiff(tmp_path / "other.tif", Affine(10, 0, 500100, 0, 10, 5999800), 32632)
    open_surveys(viewer, [one])
    open_surveys(viewer, [other])
    first, second = viewer.layers
    x, y = 500155, 5999985
    column, row = ~Affine(10, 0, 500100, 0, 10, 5999800) * (x, y)
    np.testing.assert_allclose(
        second.data_to_world((0, row - 0.5, column - 0.5)), (0, 6000395 - y, x - 500005), atol=1e-6
    )
    np.testing.assert_allclose(first.translate, 0)
    # Equal shapes elsewhere are not stacked.
    assert [layer.name for layer in dock.desk.data.state.chosen] == ["one"]
    dock.data.list.item(0).setCheckState(dock.data.list.item(1).checkState())
    assert "does not lie on the grid of 'one'" in dock.run.message.text()
