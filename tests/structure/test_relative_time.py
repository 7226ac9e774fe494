"""Relative geologic time of surveys whose dips are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.relative_time import RelativeTime
from structure.layered import even, from_surface


def relative_time(dips: DipSource, columns: list[tuple[int, ...]] | None = None) -> NDArray[np.float32]:
    return RelativeTime(dips, columns).read(Box.whole(dips.shape))


def test_time_is_the_same_along_a_reflector() -> None:
    x, y = np.mgrid[:20, :30]
    surface = 5 * np.sin(x / 7) + 4 * np.cos(y / 6)
    times = relative_time(from_surface(surface, 70), [(3, 4), (15, 20)])
    error = np.abs(times - (np.arange(70) - surface[..., np.newaxis] + surface[3, 4]))
    assert error[:, :, 25:45].max() < 0.5
    assert error[:, :, 25:45].mean() < 0.1
    assert error.mean() < 0.1  # also where no column reaches


def test_columns_that_nobody_names_lie_evenly_and_the_middle_one_is_measured_against() -> None:
    x, y = np.mgrid[:21, :31]
    surface = 0.4 * x + 4 * np.cos(y / 6)
    times = relative_time(from_surface(surface, 70))
    expected = np.arange(70) - surface[..., np.newaxis] + surface[10, 15]
    assert np.abs(times - expected)[:, :, 25:45].max() < 1.5


def test_the_first_column_says_what_the_numbers_mean() -> None:
    dips = even((12, 64), 0.5)
    for others in ([], [(10,)]):
        times = relative_time(dips, [(4,), *others])
        assert np.abs(times[4] - np.arange(64)).max() < 0.5
    assert np.allclose(times[8, 10:], times[4, 8:-2], atol=0.6)


def test_beyond_what_the_column_knows_times_go_on() -> None:
    times = relative_time(even((40, 20), 1.0), [(0,)])
    assert np.isfinite(times).all()
    assert np.allclose(np.diff(times, axis=1)[20:], 1)


def test_time_rises_down_a_column() -> None:
    rng = np.random.default_rng(0)
    dips = even((10, 12, 40), 0, 0)
    dips.slopes[:] = np.cumsum(rng.normal(0, 0.05, dips.slopes.shape), axis=-1)
    times = relative_time(dips, [(2, 2), (7, 9)])
    assert np.mean(np.diff(times, axis=-1)) > 0.5


@pytest.mark.parametrize("columns", [[], [(3,)], [(3, 12)], [(-1, 2)]])
def test_columns_outside_are_refused(columns: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="column"):
        relative_time(even((10, 12, 40), 0, 0), columns)
