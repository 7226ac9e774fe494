"""Three bands as one picture."""

from __future__ import annotations


def test_true_colour_and_chosen_bands_lie_on_the_cube(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "hyperspectral")
    panel = dock.data.composite
    assert not panel.isHidden()
    before = set(viewer.layers)
    panel.button.click()
    assert spin(lambda: len(viewer.layers) == len(before) + 1)
    (picture,) = set(viewer.layers) - before
    assert picture.rgb
    assert picture.name.endswith("nm")
    cube = dock.desk.data.state.chosen[0]
    assert picture.data.shape == (*cube.data.shape[-2:], 3)
    assert tuple(picture.scale) == tuple(cube.scale[-2:])
    # A picture is no data to learn from.
    assert picture not in dock.desk.data.images()
    panel.bands.setText("1 2")
    panel.button.click()
    assert "names no three bands" in dock.desk.messages.message
    panel.bands.setText("1 2 999")
    panel.button.click()
    assert spin(lambda: "no band 999" in dock.desk.messages.message)


def test_a_volume_has_no_composite(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    assert dock.data.composite.isHidden()
