"""A copy as a whole: worth it or not, made with its coarser levels, and gone on with."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.bricks import can_open, copy_of, copy_whole, may_copy, offer, whole, with_bricks


@pytest.fixture(scope="module")
def survey():
    return surveys.open(sample_data.SEISMIC.survey)


def test_only_large_volumes_in_files_are_offered_a_copy(survey, monkeypatch):
    assert may_copy(survey)
    assert not may_copy(survey.drop_attrs())
    assert not may_copy(surveys.open(sample_data.HYPERSPECTRAL.dates[0]))
    assert offer(survey) == ""
    monkeypatch.setattr(whole, "LARGE_BYTES", 1000)
    assert "time slices are slow" in offer(survey)


def test_it_is_made_and_says_how_far_it_is(survey, tmp_path):
    told = []
    path = copy_of(survey, tmp_path / "bricks")
    assert copy_whole(survey, path, threading.Event(), lambda share, left: told.append((share, left)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0.8 <= shares[-1] <= 1
    assert can_open(path)
    np.testing.assert_array_equal(with_bricks(survey, path)[:, :, 40], survey[:, :, 40])


def test_stopped_it_is_not_complete(survey, tmp_path):
    stop = threading.Event()
    path = copy_of(survey, tmp_path)
    assert not copy_whole(survey, path, stop, lambda share, left: stop.set())
    assert not can_open(path)
