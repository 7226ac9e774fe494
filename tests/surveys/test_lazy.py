from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Concatenated, LazyArray, Reordered, physical

HERE = Path("a.tif")


def keys(shape):
    def one(n):
        # A start before the beginning is where xarray itself goes astray.
        ends = st.one_of(st.none(), st.integers(-n, n + 1))
        slices = st.builds(slice, ends, ends, st.sampled_from([None, 1, 2, -1, -3]))
        return st.one_of(st.integers(-n, n - 1), slices) if n else slices

    return st.tuples(*[one(n) for n in shape])


@given(data=st.data())
def test_any_key_reads_what_numpy_would(data):
    source = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    order = data.draw(st.permutations([0, 1, 2]))
    lazy = Reordered(HERE, source, order).variable("abc")
    expected = source.transpose(order)
    key = data.draw(keys(expected.shape))
    np.testing.assert_array_equal(lazy[key].values, expected[key])
    again = data.draw(keys(lazy[key].shape))
    np.testing.assert_array_equal(lazy[key][again].values, expected[key][again])


@given(data=st.data())
def test_pieces_read_as_one(data):
    counts = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    pieces = [np.random.default_rng(k).random((n, 3)).astype(np.float32) for k, n in enumerate(counts)]
    lazy = Concatenated(HERE, [Reordered(HERE, one, (0, 1)).variable("ab") for one in pieces]).variable("ab")
    whole = np.concatenate(pieces)
    key = data.draw(keys(whole.shape))
    np.testing.assert_array_equal(lazy[key].values, whole[key])


def test_new_and_single_axes_come_and_go():
    source = np.arange(6).reshape(1, 2, 3)
    lazy = Reordered(HERE, source, (None, 2, 1))
    assert lazy.shape == (1, 3, 2)
    np.testing.assert_array_equal(lazy.variable("abc").values, source.transpose(0, 2, 1))


def test_only_what_is_asked_for_is_read():
    class Spy:
        shape, dtype, seen = (4, 5), np.dtype(float), []

        def __getitem__(self, key):
            self.seen.append(key)
            return np.zeros(self.shape)[key]

    spy = Spy()
    array = xr.DataArray(Reordered(HERE, spy, (1, 0)).variable("xy"))
    part = array.isel(x=slice(1, 4))[1]
    assert spy.seen == []
    assert part.values.shape == (4,)
    assert spy.seen == [(slice(0, 4, 1), slice(2, 3, 1))]
    assert array[2:2].values.shape == (0, 4)
    assert len(spy.seen) == 1


def test_errors_of_libraries_become_sentences():
    class Broken(LazyArray):
        def read(self, box):
            raise RuntimeError("bad \n checksum")

    with pytest.raises(SurveyError, match=r"a\.tif: a part of it cannot be read \(RuntimeError: bad checksum\)"):
        _ = Broken(HERE, (2, 2), float).variable("ab")[0].values


def test_a_deep_copy_reads_nothing():
    array = xr.DataArray(Reordered(HERE, np.zeros((2, 2)), (0, 1)).variable("ab"))
    copied = copy.deepcopy(array)
    assert copied.variable._data is not None
    assert not copied.variable._in_memory


def test_stored_values_become_what_they_stand_for():
    stored = np.array([[[1, 2, -99]], [[3, -99, 5]]], np.int16)
    survey = xr.DataArray(
        stored, dims=("band", "y", "x"), coords={"scale": ("band", [0.5, 2.0]), "offset": ("band", [0.0, 1.0])},
        attrs={"nodata": -99.0, "source": "a.tif"},
    )  # fmt: skip
    real = physical(survey)
    assert real.dtype == np.float32
    np.testing.assert_array_equal(real.values, [[[0.5, 1, np.nan]], [[7, np.nan, 11]]])
    assert real.attrs["nodata"] is None
    assert "scale" not in real.coords


@pytest.mark.parametrize("nodata", [None, np.nan, -3.4028234663852886e38, 1e20])
def test_what_no_measurement_is_becomes_nan(nodata):
    values = np.array([[1.0, np.nan, np.inf, -np.inf, -3.4028235e38, 1e20]], np.float32)
    real = physical(xr.DataArray(values, dims=("y", "x"), attrs={"nodata": nodata})).values[0]
    assert real[0] == 1
    assert np.isnan(real[1:5]).all()
    assert np.isnan(real[5]) == (nodata == 1e20)


def test_a_nodata_value_that_the_numbers_cannot_hold_changes_nothing():
    values = np.array([[0, 127, 255]], np.uint8)
    for nodata in (-1.0, 0.5, 300.0):
        real = physical(xr.DataArray(values, dims=("y", "x"), attrs={"nodata": nodata}))
        np.testing.assert_array_equal(real.values, values)
