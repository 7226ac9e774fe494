"""Which well has the word at a cell, and how far a well reaches."""

from __future__ import annotations

import numpy as np

from napari_fhn.labels import Box, DeviatedWell, Interval, Well, burn
from napari_fhn.labels.wells import Stretch


def test_of_two_wells_in_one_column_each_says_what_it_knows(survey, table):
    above = Well("A", 103, 204, (Interval(40, 60, "shale"),))
    below = Well("B", 103, 204, (Interval(60, 80, "sand"),))
    out = np.zeros(survey.shape, np.uint8)
    burn([above, below], survey, table, out, 0.0)
    column = [table.value_of("shale")] * 5 + [table.value_of("sand")] * 5 + [0] * 10
    assert out[3, 2].tolist() == column
    # Where both know something the first has the word.
    again = np.zeros_like(out)
    burn([above, Well("C", 103, 204, (Interval(40, 80, "sand"),))], survey, table, again, 0.0)
    assert again[3, 2].tolist() == column


def test_the_box_of_a_path_holds_all_that_it_labels(mapped, table):
    # East, which here is along inlines and crosslines both.
    n = 9
    path = DeviatedWell(
        "A",
        102.0,
        204.0,
        np.linspace(0, 160, n),
        np.linspace(0, 90, n),
        np.zeros(n),
        np.linspace(40, 116, n),
        (Stretch(0.0, 160.0, "sand"),),
    )
    out = np.zeros(mapped.shape, np.uint8)
    (box,) = burn([path], mapped, table, out, 0.0)
    found = np.nonzero(out)
    assert all(np.ptp(axis) > 1 for axis in found)
    assert box == Box(tuple(int(axis.min()) for axis in found), tuple(int(axis.max()) + 1 for axis in found))
