"""The place of a survey as plain numbers, compared in words, and given back as a survey to save on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import segyio
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys.grid import Along, Grid, GridAxis
from survey_files import rasters as factory


def block(
    first=(1001, 2001, 400.0), step=(1, 2, 4.0), shape=(4, 5, 6), units="ms", last="twt", **attrs
) -> xr.DataArray:
    """A volume with survey numbers and times."""
    dims = ("inline", "crossline", last)
    coords = {
        dim: (dim, a + s * np.arange(n, dtype=np.float64), {"units": units} if dim == last and units else {})
        for dim, a, s, n in zip(dims, first, step, shape, strict=True)
    }
    return xr.DataArray(np.zeros(shape, np.float32), coords, dims, name="volume", attrs=attrs)


def bare(*shape: int) -> xr.DataArray:
    """An array whose axes only count."""
    dims = [f"axis_{k}" for k in range(len(shape))]
    return xr.DataArray(np.zeros(shape), {d: np.arange(n, dtype=float) for d, n in zip(dims, shape, strict=True)}, dims)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (block(), ""),
        (block(first=(1001.004, 2001, 400.0)), ""),
        (block(first=(0.401, 2001, 400.0)), "its inlines run from 0.401 to 3.401 instead of 1001 to 1004"),
        (block(first=(6001, 2001, 400.0)), "its inlines run from 6001 to 6004 instead of 1001 to 1004"),
        (block(step=(1, 2, 2.0)), "its times are 2 ms apart instead of 4 ms"),
        (block(first=(1001, 2001, 500.0)), "its times begin at 500 ms instead of 400 ms"),
        (block(first=(1001, 2001, 0.4), step=(1, 2, 0.004), units="s"), ""),
        (block(units="m"), "its times are in m instead of ms"),
        (block(last="depth", units="m"), "it is in depth instead of time"),
        (block(first=(1004, 2001, 400.0), step=(-1, 2, 4.0)), "its inlines run from 1004 to 1001, the other way round"),
        (block(shape=(3, 5, 6)), "its inlines run from 1001 to 1003 instead of 1001 to 1004"),
        (block().transpose("twt", "inline", "crossline"), "its axes are twt, inline, crossline instead of"),
        (bare(4, 5, 6), ""),
        (bare(4, 5, 7), "it has 7 axis_2 instead of 6"),
        (bare(4, 5), "it has 2 axes (4 x 5) instead of 3 (4 x 5 x 6)"),
    ],
)
def test_in_what_volumes_differ(other, said):
    found = Grid.of(block()).apart(Grid.of(other))
    assert (found == "") == (said == "")
    assert said in found


def test_an_axis_that_only_counts_has_no_milliseconds():
    named = xr.DataArray(np.zeros((4, 5, 6)), {"twt": np.arange(6.0)}, ("inline", "crossline", "twt"))
    grid = Grid.of(named)
    assert [axis.counted for axis in grid.axes] == [True, True, True]
    assert not grid.placed
    assert Grid.of(block()).apart(grid) == ""
    assert "6 times" in grid.words
    samples = block(last="sample", units="", first=(1001, 2001, 0.0), step=(1, 2, 1.0))
    assert Grid.of(samples).axes[-1].counted
    assert Grid.of(block()).apart(Grid.of(samples)) == ""


def test_uneven_numbers_are_kept_one_by_one():
    times = np.array([0.0, 4.0, 9.0, 20.0, 21.0, 22.0])
    uneven = block().assign_coords(twt=("twt", times, {"units": "ms"}))
    grid = Grid.of(uneven)
    assert grid.axes[-1].values == tuple(times)
    np.testing.assert_array_equal(grid.template()["twt"].values, times)
    assert grid.apart(Grid.of(uneven)) == ""
    assert "its times" in Grid.of(block()).apart(grid)


def test_the_same_numbers_at_another_place_of_the_map():
    here = surveys.SurveyGeometry((1001.0, 2001.0), (1.0, 2.0), (0.0, 0.0), (0.0, 25.0), (12.5, 0.0))
    near = replace(here, origin=(3.0, 3.0))
    far = replace(here, origin=(5000.0, 0.0))
    one, two, three = (Grid.of(block(geometry=geometry)) for geometry in (here, near, far))
    assert one.apart(two) == ""
    assert "lies at x 5000, y 0 instead of x 0, y 0" in one.apart(three)
    assert one.apart(Grid.of(block())) == ""


def test_lines_are_compared_trace_by_trace():
    def line(shift: float) -> Grid:
        x = 1000.0 + 25 * np.arange(8) + shift
        coords = {"trace": np.arange(8.0), "x": ("trace", x, {"units": "m"}), "y": ("trace", np.full(8, 7.0))}
        return Grid.of(
            xr.DataArray(np.zeros((8, 3)), {**coords, "twt": ("twt", [0.0, 4, 8], {"units": "ms"})}, ("trace", "twt"))
        )

    assert line(0).along[0] == Along("x", "trace", tuple(1000.0 + 25 * np.arange(8)), "m")
    assert line(0).apart(line(5)) == ""
    assert "its trace 0 lies at x 1500, y 7 instead of x 1000, y 7" in line(0).apart(line(500))


def test_it_is_plain_numbers_and_text():
    grid = Grid.of(block(geometry=surveys.SurveyGeometry((1.0, 2.0), (1.0, 1.0), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0)),
                          read_as={"axes": ("inline", "crossline", "twt")}))  # fmt: skip
    assert json.loads(json.dumps(asdict(grid)))["axes"][0]["first"] == 1001
    assert grid.options == {"axes": ["inline", "crossline", "twt"]}


def test_what_a_job_knows():
    @dataclass(frozen=True)
    class Axis:
        name: str
        unit: str = ""
        first: float = 0.0
        step: float = 1.0

    axes = [Axis("inline", first=1001.0), Axis("crossline", first=2001.0, step=2.0), Axis("twt", "ms", 400.0, 4.0)]
    assert Grid.from_axes(axes, (4, 5, 6)).apart(Grid.of(block())) == ""
    assert "6001" in Grid.from_axes(axes, (4, 5, 6)).apart(Grid.of(block(first=(6001, 2001, 400.0))))
    nothing = Grid.from_axes([], (4, 5, 6))
    assert nothing.shape == (4, 5, 6)
    assert not nothing.placed
    assert GridAxis.like(Axis("twt"), 6).counted


@pytest.mark.parametrize("suffix", [".tif", ".nc", ".zarr", ".npy"])
def test_maps_are_saved_on_the_template_as_on_the_survey(tmp_path, suffix):
    survey = surveys.open(factory.tiff(tmp_path, values=factory.cube()))
    grid = Grid.of(survey)
    values = np.arange(np.prod(grid.shape), dtype=np.uint8).reshape(grid.shape)
    by_survey = surveys.save(tmp_path / f"one{suffix}", values, survey)
    by_template = surveys.save(tmp_path / f"two{suffix}", values, grid.template())
    one, two = surveys.open(by_survey), surveys.open(by_template)
    assert Grid.of(one).apart(Grid.of(two)) == ""
    np.testing.assert_array_equal(one.values, two.values)
    if suffix == ".tif":
        with rasterio.open(by_template) as file:
            assert file.crs.to_epsg() == 32633
            assert file.transform == factory.TRANSFORM


def test_a_rotated_map_keeps_its_place(tmp_path):
    turned = rasterio.Affine(20.0, 5.0, 366000.0, 5.0, -20.0, 5810000.0)
    path = tmp_path / "turned.tif"
    with rasterio.open(path, "w", driver="GTiff", height=5, width=6, count=1, dtype="uint8", crs="EPSG:32633",
                       transform=turned) as file:  # fmt: skip
        file.write(np.ones((5, 6), np.uint8), 1)
    grid = Grid.of(surveys.open(path))
    assert grid.transform == turned[:6]
    assert grid.apart(Grid.of(grid.template())) == ""
    part = Grid.of(surveys.open(path)[:, 1:, 2:])
    assert part.transform[2:6:3] == pytest.approx(turned @ (2, 1))
    assert grid.apart(part) != ""


def test_segy_is_saved_on_the_template_with_the_headers_of_its_file(volume, tmp_path):
    survey = surveys.open(volume)
    grid = Grid.of(survey)
    values = np.arange(np.prod(grid.shape), dtype=np.uint8).reshape(grid.shape) % 5
    written = surveys.save(tmp_path / "out.sgy", values, grid.template())
    with segyio.open(str(written), strict=False) as one, segyio.open(str(volume), strict=False) as two:
        assert dict(one.header[3]) == dict(two.header[3])
    assert Grid.of(surveys.open(written)).apart(grid) == ""


_CASES = Path(__file__).parents[4] / "shared" / "cases" / "places"


@pytest.mark.skipif(not _CASES.is_dir(), reason="without the shared cases")
@pytest.mark.parametrize(
    ("survey", "other", "said"),
    [
        ("img.tif", "lab_ok.tif", ""),
        ("img.tif", "lab_southup.tif", "stored from the bottom up"),
        ("img.tif", "lab_shift.tif", "shifted 30 km east"),
        ("img.tif", "lab_othercrs.tif", "EPSG:4326 instead of EPSG:32633"),
        ("img.tif", "lab_coarse_res.tif", "cells of 10 m instead of 30 m"),
        ("vol.sgy", "lab_ok.sgy", ""),
        ("vol.sgy", "lab_otherrange.sgy", "its inlines run from 108 to 123 instead of 100 to 115"),
        ("vol.sgy", "lab_otherdt.sgy", "its times are 2 ms apart instead of 4 ms"),
    ],
)
def test_cases(survey, other, said):
    found = Grid.of(surveys.open(_CASES / survey)).apart(Grid.of(surveys.open(_CASES / other)))
    assert (found == "") == (said == "")
    assert said in found
