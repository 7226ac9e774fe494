"""The histogram of amplitudes and the ends of the colours."""

from __future__ import annotations

import pytest


def test_ends_are_dragged_clipped_and_follow_the_layer(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    panel = dock.data.amplitudes
    image = viewer.layers[0]
    assert panel.folded
    panel.heading.click()
    assert spin(lambda: panel._values.size > 0)
    assert panel.ends.getRegion() == pytest.approx(tuple(image.contrast_limits))
    edges, counts = panel.bars.getData()
    assert counts.sum() == pytest.approx(panel._values.size, rel=0.01)
    assert len(edges) == len(counts) + 1
    panel.ends.setRegion((-0.5, 0.75))
    assert tuple(image.contrast_limits) == pytest.approx((-0.5, 0.75))
    panel.clip.setValue(10.0)
    low, high = image.contrast_limits
    assert low == pytest.approx(-high)
    assert panel.ends.getRegion() == pytest.approx((low, high))
    image.contrast_limits = (-1, 1)
    assert panel.ends.getRegion() == pytest.approx((-1, 1))
    viewer.layers.clear()
    assert panel.isHidden()
