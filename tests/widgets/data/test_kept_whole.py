"""What filled the canvas fills it when that gets smaller or larger, and what somebody looks at is left alone."""

from __future__ import annotations

import numpy as np
import rasterio
from rasterio.transform import from_origin

from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.opening import open_surveys


def test_a_survey_opened_before_the_dock_is_seen_from_side_to_side_beside_it(own_viewer, viewer, tmp_path, spin):
    path = tmp_path / "wide.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=20, width=60, count=2, dtype="float32", crs="EPSG:32633",
        transform=from_origin(366000, 5810000, 25, 25),
    ) as file:  # fmt: skip
        file.write(np.zeros((2, 20, 60), np.float32))
    window = viewer.window._qt_window
    viewer.window.show()
    window.resize(1280, 800)
    spin(lambda: False, 0.3)
    (layer,) = open_surveys(viewer, [path])
    canvas = viewer.window._qt_viewer.canvas.native

    def share():
        return float(60 * layer.scale[-1] * camera_of(viewer).zoom) / canvas.width()

    assert spin(lambda: 0.8 < share() <= 1), share()
    spin(lambda: False, 0.3)
    width = canvas.width()
    viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    assert spin(lambda: canvas.width() < width)
    assert spin(lambda: 0.8 < share() <= 1), share()
    # The same where the window gets smaller.
    width = canvas.width()
    window.resize(1100, 800)
    assert spin(lambda: canvas.width() < width)
    assert spin(lambda: 0.8 < share() <= 1), share()
    # And where it gets larger again.
    width = canvas.width()
    window.resize(1380, 800)
    assert spin(lambda: canvas.width() > width, 5)
    assert spin(lambda: 0.93 < share() <= 1, 5), share()
    # What somebody has chosen to look at stays: a part of it, or all of it from afar.
    for zoom, seen in ((3, lambda: share() > 2), (0.2, lambda: share() < 0.7)):
        camera_of(viewer).zoom *= zoom
        for size in (1280, 1100, 1380):
            spin(lambda: False, 0.3)
            window.resize(size, 800)
        spin(lambda: False, 0.4)
        assert seen(), share()
