"""The family of generated surveys: each different, the same every time, and its dips are those of its beds."""

from __future__ import annotations

import numpy as np
import pytest

from samples import family
from samples.stories import TESTING, TUNING, story

WELLS = ((19, 50), (36, 30), (59, 36), (25, 23), (48, 42), (47, 28))
SHARES = (0.2806, 0.0647, 0.5273, 0.0525, 0.075)
"""Of the survey with seed 3."""


@pytest.fixture(scope="module")
def surveys():
    """Some with salt, faults, an unconformity and rivers among them."""
    return {seed: family.survey(seed) for seed in (0, 3, 4, 108)}


@pytest.mark.parametrize("seeds", [TUNING, TESTING])
def test_each_of_ten_has_a_mix_of_its_own(seeds):
    told = [story(seed) for seed in seeds]
    mixes = {(one.diapir is None, one.cover is None, not one.rivers, one.fold.height > 5) for one in told}
    assert len(mixes) == len(told) == 10
    assert not set(TUNING) & set(TESTING)
    for one in told:
        assert [unit.value for unit in one.units] == list(range(1, len(one.units) + 1))
        assert len({unit.name for unit in one.units}) == len(one.units)
        assert 4 <= len(one.units) <= 8
        assert 3 <= one.wells <= 8
        assert all(size <= most for size, most in zip(one.shape, (64, 96, 128), strict=True))


def test_a_survey_is_the_same_every_time(surveys):
    made, again = surveys[3], family.survey(3)
    np.testing.assert_array_equal(made.amplitude, again.amplitude)
    np.testing.assert_array_equal(made.truth, again.truth)
    assert made.wells == again.wells
    # Other processors round a little differently, which moves few voxels and no well.
    assert made.wells == WELLS
    np.testing.assert_allclose(np.bincount(made.truth.ravel())[1:] / made.truth.size, SHARES, atol=2e-4)
    assert made.amplitude.astype(float).std() == pytest.approx(127 / 3.5, rel=0.02)


def test_what_wells_know(surveys):
    for made in surveys.values():
        known = made.labels > 0
        # The column of the well itself is right; around it the same is said, which dips make a little wrong.
        for line, trace in made.wells:
            np.testing.assert_array_equal(made.labels[line, trace], made.truth[line, trace])
        assert np.mean(made.labels[known] == made.truth[known]) > 0.85
        assert set(np.unique(made.labels[known])) == set(range(1, len(made.names) + 1))
        columns = known.any(axis=2)
        np.testing.assert_array_equal(columns, known.all(axis=2))
        assert columns.sum() <= len(made.wells) * 29


def test_dips_are_those_of_the_beds():
    model = family.build(story(0))
    dips = model.dips()
    assert dips.shape == (2, *model.level.shape)
    samples = np.arange(model.level.shape[2])
    for axis in (0, 1):
        # One trace on, the same bed lies deeper by its slope: its level is found there.
        level, block, slope = (np.moveaxis(array, axis, 0) for array in (model.level, model.block, dips[axis]))
        off = []
        for trace in range(4, level.shape[1], 9):
            found = np.interp(samples + slope[5, trace], samples, level[6, trace])
            off.append(np.abs(found - level[5, trace])[(block[5, trace] == block[6, trace]) & (samples < 90)])
        # Beside a fault the level is looked for across it.
        assert np.quantile(np.concatenate(off), 0.97) < 0.1


def test_salt_has_no_dip_and_faults_leave_none(surveys):
    made = surveys[3]
    salt = made.truth == len(made.names)
    assert np.isnan(made.dips[:, salt]).all()
    assert np.isnan(made.dips[0, ~salt]).mean() < 0.01
    # A throw of 15 samples from one trace to the next is no dip.
    assert np.nanquantile(np.abs(made.dips), 0.999) < 8


def test_the_table_says_what_is_there():
    lines = family.table((4,)).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| 4 | 64 x 96 x 128 | 6 |")
