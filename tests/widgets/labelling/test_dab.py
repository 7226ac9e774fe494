"""A dab of the brush by a key, where one has gone by name or number."""

from __future__ import annotations

import pytest

from napari_fhn.widgets.data.camera import camera_of


@pytest.mark.parametrize("middle", [(-40.0, 20.0), (300.0, 300.0), (3.0, 500.0)])
def test_beside_the_survey_nothing_is_painted_and_that_is_said(middle, labelled):
    viewer, dock = labelled
    layer = dock.desk.book.layer
    before, entries = layer.data.copy(), len(dock.desk.book.history.entries)
    camera_of(viewer).center = (0.0, *middle)
    dock.desk.labelling.dab()
    assert dock.desk.messages.message == "This place is outside the survey: nothing was painted."
    assert (layer.data == before).all()
    assert len(dock.desk.book.history.entries) == entries
    # Back on it there is a dab, and the place that is named is the one that was painted.
    camera_of(viewer).center = (0.0, 3.0, 5.0)
    dock.desk.labelling.dab()
    assert dock.desk.messages.message.startswith("Painted class 1 at ")
    assert (layer.data != before).any()
