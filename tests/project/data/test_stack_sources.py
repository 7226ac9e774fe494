"""Of which files a stack was made, noted beside it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.project.data import stack_sources
from napari_fhn.project.data.stack_sources import called, file_of
from napari_fhn.surveys.maps import stack


def test_what_is_noted_is_read_again(tmp_path):
    stack = tmp_path / "maps-1.tif"
    assert stack_sources.noted(stack) == ()
    stack_sources.note(stack, ["/a.tif", "/b.tif"])
    assert stack_sources.noted(stack) == ("/a.tif", "/b.tif")


@pytest.mark.parametrize("files", [["", ""], ["/a.tif", ""]])
def test_a_stack_of_maps_without_files_is_not_known_by_some_of_them(files, tmp_path):
    stack_sources.note(tmp_path / "maps-1.tif", files)
    assert stack_sources.noted(tmp_path / "maps-1.tif") == ()


def chart(value, east=500.0):
    coords = {"y": np.arange(6.0, 0, -1), "x": np.arange(8.0) + east}
    values = np.full((6, 8), value, np.float32)
    values[0, 0] = np.nan
    return xr.DataArray(values, coords, ("y", "x"), name="chart")


def keep(folder, survey):
    stacked = stack([survey])
    path, there = file_of(folder, stacked, ["chart"])
    if not there:
        surveys.save(path, stacked, stacked, nodata=float("nan"), names=["chart"])
    return path, there


def test_stacks_of_maps_without_files_that_differ_in_no_name_have_files_of_their_own(tmp_path):
    first, there = keep(tmp_path, chart(1.0))
    assert not there
    written = first.read_bytes()
    other_values, other_place = keep(tmp_path, chart(2.0)), keep(tmp_path, chart(1.0, east=900.0))
    assert not other_values[1]
    assert not other_place[1]
    assert len({first, other_values[0], other_place[0]}) == 3
    assert [one.stem for one in (first, other_values[0], other_place[0])] == [
        "stack of chart", "stack of chart 2", "stack of chart 3"
    ]  # fmt: skip
    assert first.read_bytes() == written
    assert keep(tmp_path, chart(1.0)) == (first, True)  # made again it is found, and with it its session
    assert keep(tmp_path, chart(2.0)) == (other_values[0], True)


def test_a_stack_of_the_same_files_is_found_whatever_it_was_called(tmp_path):
    before, files = tmp_path / "maps-6x8-08fa83a3b3.tif", ["/maps/chart.tif"]
    stacked = stack([chart(1.0)])
    surveys.save(before, stacked, stacked, nodata=float("nan"), names=["chart"])
    stack_sources.note(before, files)
    assert file_of(tmp_path, stacked, ["chart"], files=files) == (before, True)
    assert file_of(tmp_path, stack([chart(2.0)]), ["chart"], files=files) == (tmp_path / "stack of chart.tif", False)
    assert file_of(tmp_path, stacked, ["chart"], files=["/maps/other.tif"])[0] != before
    before.unlink()
    assert not file_of(tmp_path, stacked, ["chart"], files=files)[1]


def test_a_file_that_cannot_be_read_is_not_replaced_either(tmp_path):
    first, _ = file_of(tmp_path, stack([chart(1.0)]), ["chart"])
    first.write_bytes(b"somebody's")
    path, there = keep(tmp_path, chart(1.0))
    assert path != first
    assert not there
    assert first.read_bytes() == b"somebody's"


@pytest.mark.parametrize("letter", ["m", "ж", "磁", "𠀀"])
def test_the_name_of_a_stack_is_short_enough_for_a_file_in_any_writing(letter, tmp_path):
    name = called([letter * 30] * 4)
    assert letter * 12 in name
    path, _ = file_of(tmp_path, stack([chart(1.0)]), [letter * 30] * 4)
    path.with_name(f"{path.stem} 12.tif.aux.xml").touch()


def test_a_stack_is_called_by_the_maps_that_a_person_knows():
    assert called(["gravity", "magnetics", "rocks"]) == "gravity, magnetics and rocks"
    assert called(["a", "b", "c", "d"]) == "a, b, c and d"
    assert called(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert called(["C:\\maps\\a?.tif", "..", "geology (ROCK)"]) == "C maps a .tif, map and geology (ROCK)"
