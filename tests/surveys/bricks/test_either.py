from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys import bricks
from napari_fhn.surveys.bricks import either
from napari_fhn.surveys.bricks.plan import Plan
from proofs import examples


def joined(tmp_path, make_segy, shape=(7, 9, 11), sorting=2):
    cube = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    numbers = [np.arange(1, n + 1) for n in shape[:2]]
    survey = surveys.open(make_segy(tmp_path / "v.sgy", *numbers, cube, sorting=sorting))
    for _ in bricks.copy_bricks(survey, tmp_path / "v.zarr", brick=(3, 4, 5)):
        pass
    return survey, either.with_bricks(survey, tmp_path / "v.zarr")


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_any_piece_is_the_same_from_either(data, tmp_path_factory, make_segy):
    survey, both = joined(tmp_path_factory.mktemp("either"), make_segy)
    key = tuple(data.draw(st.one_of(st.integers(0, n - 1), st.slices(n))) for n in survey.shape)
    for jump in (0, 10, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(either, "JUMP_BYTES", jump)
            patch.setattr(either, "PAGE_BYTES", jump)
            xr.testing.assert_identical(both[key].drop_attrs(), survey[key].drop_attrs())
    assert both.attrs["geometry"] == survey.attrs["geometry"]
    assert both.attrs["bricks"]


@pytest.mark.parametrize(("sorting", "lines"), [("inline", 0), ("crossline", 1)])
def test_lines_come_from_the_file_and_slices_and_blocks_from_the_bricks(sorting, lines):
    shape = (1266, 1266, 1500)
    big = xr.DataArray(
        np.broadcast_to(np.float32(0), shape), dims=("inline", "crossline", "twt"), attrs={"sorting": sorting}
    )
    values = either._Either(big, big, Plan.of(big))
    everything = (slice(None),) * 3
    line = [slice(None)] * 3
    line[lines] = 500
    assert not values.in_bricks(tuple(line))
    assert values.in_bricks((*everything[:2], 700))
    assert values.in_bricks((slice(100, 164), slice(100, 164), slice(100, 164)))


def test_a_copy_of_something_else_is_left_alone(tmp_path, make_segy):
    survey, both = joined(tmp_path, make_segy)
    assert both is not survey
    assert either.with_bricks(survey[1:], tmp_path / "v.zarr").shape == (6, 9, 11)
    (tmp_path / "v.sgy").touch()
    assert either.with_bricks(survey, tmp_path / "v.zarr") is survey
    np.save(tmp_path / "a.npy", np.zeros((4, 5), np.float32))
    array = surveys.open(tmp_path / "a.npy")
    for _ in bricks.copy_bricks(array, tmp_path / "a.zarr"):
        pass
    assert either.with_bricks(array, tmp_path / "a.zarr").attrs["bricks"] == str(tmp_path / "a.zarr")
