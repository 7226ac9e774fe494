from __future__ import annotations

import itertools
import threading
import warnings

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys import bricks
from napari_fhn.surveys.bricks import pyramid


@pytest.fixture
def short(monkeypatch):
    """Axes are long above 8."""
    monkeypatch.setattr(pyramid, "LONG", 8)


def made(path, values, **attrs):
    dims = ("inline", "crossline", "twt")
    coords = {dim: 100.0 + 4 * np.arange(n) for dim, n in zip(dims, values.shape, strict=True)}
    survey = xr.DataArray(values, dims=dims, coords=coords, name="made", attrs=attrs)
    for _ in bricks.copy_bricks(survey, path, brick=(5, 5, 5)):
        pass
    return survey


def build(path, **options):
    steps = list(pyramid.build_pyramid(path, **options))
    assert steps[-1].done == steps[-1].total
    return pyramid.levels(path)


@settings(max_examples=10, deadline=None)
@given(shape=st.tuples(*[st.integers(1, 40)] * 3), dtype=st.sampled_from(["float32", "uint8", "int32"]))
def test_levels_are_means_of_what_they_cover(shape, dtype, tmp_path_factory):
    path = tmp_path_factory.mktemp("pyramid") / "a.zarr"
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    survey = made(path, values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid, "LONG", 8)
        found = build(path)
        assert max(found[-1].array.shape) <= 8
    np.testing.assert_array_equal(found[0].array.values, values)
    for finer, level in itertools.pairwise(found):
        fine, coarse = finer.array.values.astype(float), level.array.values
        assert coarse.dtype == values.dtype
        for axis, n in enumerate(finer.array.shape):
            if n <= 8:
                assert level.array.shape[axis] == n
                continue
            odd = [(0, n % 2 if k == axis else 0) for k in range(3)]
            fine = np.pad(fine, odd, mode="edge")
            fine = (fine.take(range(0, n + n % 2, 2), axis) + fine.take(range(1, n + n % 2, 2), axis)) / 2
        np.testing.assert_allclose(coarse, np.rint(fine) if dtype != "float32" else fine, rtol=1e-6)
        for axis, dim in enumerate(survey.dims):
            coordinate = level.array[dim].values
            assert coordinate[0] == 100 + 4 * (level.scale[axis] - 1) / 2
            if coordinate.size > 1:
                np.testing.assert_allclose(np.diff(coordinate), 4 * level.scale[axis])


def test_missing_values_are_left_out(tmp_path, short):
    values = np.full((10, 10, 10), 2, np.float32)
    values[:4] = np.nan
    values[4, 0, 0] = np.nan
    made(tmp_path / "a.zarr", values)
    coarse = build(tmp_path / "a.zarr")[1].array.values
    assert np.isnan(coarse[:2]).all()
    assert (coarse[2:] == 2).all()


def test_classes_are_picked_not_averaged(tmp_path, short):
    values = np.random.default_rng(0).choice(np.array([1, 9], np.uint8), (11, 9, 4))
    made(tmp_path / "a.zarr", values)
    np.testing.assert_array_equal(build(tmp_path / "a.zarr", how="nearest")[1].array.values, values[::2, ::2])


def test_ome_readers_find_the_levels(tmp_path, short):
    path = tmp_path / "a.zarr"
    made(path, np.arange(20 * 6 * 9, dtype=np.float32).reshape(20, 6, 9))
    found = build(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = zarr.open_group(path, mode="r")
        assert {name for name, _ in group.members()} == {"values", "levels", "inline", "crossline", "twt"}
    (scales,) = group.attrs["ome"]["multiscales"]
    assert [axis["name"] for axis in scales["axes"]] == ["inline", "crossline", "twt"]
    for level, said in zip(found, scales["datasets"], strict=True):
        np.testing.assert_array_equal(group[said["path"]][:], level.array.values)
        scale, translation = said["coordinateTransformations"]
        assert scale["scale"] == [4 * s for s in level.scale]
        assert translation["translation"] == [float(level.array[dim][0]) for dim in level.array.dims]
    np.testing.assert_array_equal(bricks.open_bricks(path).values, found[0].array.values)
    with xr.open_zarr(path, chunks=None, consolidated=False) as plain:
        assert list(plain.data_vars) == ["values"]


def test_small_surveys_have_one_level_and_stopping_leaves_none(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    made(path, np.zeros((20, 20, 20), np.float32))
    assert len(build(path)) == 1
    monkeypatch.setattr(pyramid, "LONG", 8)
    stop = threading.Event()
    for _ in pyramid.build_pyramid(path, stop=stop):
        stop.set()
    assert len(pyramid.levels(path)) == 1
    assert not list(path.glob(".levels*"))
    build(path)
    assert len(build(path)) == 3, "built a second time it is replaced"
    with pytest.raises(surveys.SurveyError, match="no survey in bricks"):
        pyramid.levels(tmp_path)
