"""Where wells run through a survey."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn import sample_data, surveys
from napari_fhn.labels import Well
from napari_fhn.labels.wells.tracks import described, heads, numbers_at, track


@pytest.fixture(scope="module")
def survey():
    return surveys.open(sample_data.SEISMIC.survey)


def test_a_vertical_well_runs_through_all_samples(survey):
    inline, crossline = (float(survey[dim][k]) for dim, k in (("inline", 3), ("crossline", 5)))
    path = track(Well("A", inline, crossline), survey)
    np.testing.assert_array_equal(path, [[3, 5, 0], [3, 5, survey.shape[-1] - 1]])
    assert numbers_at(path[0], survey) == {"inline": inline, "crossline": crossline}


def test_a_well_without_a_place_has_no_path(survey):
    nowhere = Well("B", np.nan, np.nan)
    assert track(nowhere, survey) is None
    first = Well("A", *(float(survey[dim][0]) for dim in ("inline", "crossline")))
    assert heads([nowhere, first], survey) == {"A": (0.0, 0.0)}


def test_a_place_is_said_as_the_file_says_it():
    assert described(Well("A", 12, 30)) == "12, 30"
    assert described(Well("A", np.nan, np.nan, (), (431000.4, 6350000.0))) == "x 431000, y 6350000"
    assert described(Well("A", np.nan, np.nan, (), None, 7)) == "trace 7"
