"""What is held out, in the survey's own numbers, and gone to from its list."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.placement import image_layer


def test_patches_of_a_map_are_called_and_gone_to_by_row_and_column(viewer, dock, spin, monkeypatch):
    values, how, _ = image_layer(xr.DataArray(np.zeros((60, 80), np.float32), dims=("y", "x")), "map")
    viewer.add_image(values, **how)
    dock.labels.new.click()
    book, heard = dock.desk.book, []
    rows, columns = np.mgrid[10:14, 20:24]
    book.layer.data_setitem((rows.ravel(), columns.ravel()), 1)
    book.layer.data_setitem((rows.ravel() + 30, columns.ravel() + 40), 2)
    panel = dock.labels.held_out
    monkeypatch.setattr(panel, "isVisible", lambda: True)  # as when its tool is open in a window
    panel.showEvent(None)
    listed = panel.list
    assert spin(lambda: listed.count() == 2)
    assert [listed.item(k).text() for k in range(2)] == ["Patch at row 12, column 22", "Patch at row 42, column 62"]
    dock.desk.context.views.arrived.connect(heard.append)
    camera_of(viewer).zoom *= 50
    listed.itemClicked.emit(listed.item(1))
    assert heard == [{0: 41.0, 1: 61.0}]
    assert tuple(camera_of(viewer).center[-2:]) == (41.0, 61.0)
