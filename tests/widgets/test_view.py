"""Where on a map somebody looks."""

import numpy as np
from napari.components import ViewerModel

from napari_fhn.widgets import view
from napari_fhn.widgets.data.camera import camera_of


def test_the_middle_of_the_canvas_is_a_voxel_of_the_map():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((80, 120), np.uint8), scale=(30, 30), translate=(600, 900))
    camera_of(viewer).center = (600 + 30 * 70, 900 + 30 * 15)
    assert view.place(viewer, layer) == (70, 15)
    camera_of(viewer).center = (-1e6, 1e6)  # beside the map
    assert view.place(viewer, layer) == (0, 119)
    viewer.dims.order = (1, 0)
    camera_of(viewer).center = (900 + 30 * 15, 600 + 30 * 70)
    assert view.place(viewer, layer) == (70, 15)


def test_of_a_volume_a_section_is_in_view():
    viewer = ViewerModel()
    assert view.place(viewer, viewer.add_labels(np.zeros((8, 9, 10), np.uint8))) is None
