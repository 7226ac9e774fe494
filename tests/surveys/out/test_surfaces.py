"""Horizons as surfaces, read back by readers that are not ours: surfio for Irap, GDAL for ZMAP+."""

from __future__ import annotations

import os

import numpy as np
import pytest
import rasterio
import surfio
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out.horizons import save_horizon
from napari_fhn.surveys.out.surfaces import resampling

SHAPE = (6, 9, 12)


def survey_of(geometry: SurveyGeometry | None, vertical: str = "twt", reverse: bool = False) -> xr.DataArray:
    units = {"twt": "ms", "depth": "m"}[vertical]
    inline = 100.0 + 2 * np.arange(SHAPE[0])
    return xr.DataArray(
        np.zeros(SHAPE, np.float32),
        dims=("inline", "crossline", vertical),
        coords={
            "inline": inline[::-1] if reverse else inline,
            "crossline": 200.0 + np.arange(SHAPE[1]),
            vertical: (vertical, 1000.0 + 4 * np.arange(SHAPE[2]), {"units": units}),
        },
        attrs={"source": "/data/cube.sgy", "geometry": geometry},
    )


def turned(degrees: float, units: str = "m", handed: int = 1, skew: float = 0.0) -> SurveyGeometry:
    """Bins of 25 by 12.5, inlines in a direction against the clock from east."""
    one, other = np.radians(degrees), np.radians(degrees + handed * 90 + skew)
    inline_step = (25 * float(np.cos(one)), 25 * float(np.sin(one)))
    crossline_step = (12.5 * float(np.cos(other)), 12.5 * float(np.sin(other)))
    return SurveyGeometry((100, 200), (2, 1), (5e5, 6e6), inline_step, crossline_step, units)


def dipping(like: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Classes whose contact rises by a sample an inline and is missing at a trace; where it is, and how deep."""
    top = 7 - np.arange(SHAPE[0])[:, np.newaxis] + np.zeros(SHAPE[1], int)
    classes = np.where(np.arange(SHAPE[2]) < top[..., np.newaxis], 1, 2).astype(np.uint8)
    classes[2, 3] = 1
    depths = 1000.0 + 4 * top
    depths[2, 3] = np.nan
    inline, crossline = np.meshgrid(like["inline"], like["crossline"], indexing="ij")
    x, y = like.attrs["geometry"].to_xy(inline, crossline)
    return classes, x, y, depths


def irap_nodes(path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = surfio.IrapSurface.from_ascii_file(path)
    head = found.header
    i, j = np.meshgrid(np.arange(head.ncol), np.arange(head.nrow), indexing="ij")
    angle = np.radians(head.rot)
    x = head.xori + i * head.xinc * np.cos(angle) - j * head.yinc * np.sin(angle)
    y = head.yori + i * head.xinc * np.sin(angle) + j * head.yinc * np.cos(angle)
    return x, y, found.values


def zmap_nodes(path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Unless it is told, GDAL takes the places of the outer nodes for the edges of cells.
    with rasterio.Env(ZMAP_PIXEL_IS_POINT=True), rasterio.open(path) as file:
        column, row = np.meshgrid(np.arange(file.width), np.arange(file.height))
        return *(file.transform @ (column + 0.5, row + 0.5)), file.read(1, masked=True).filled(np.nan)


def in_order(x, y, z) -> np.ndarray:
    table = np.stack([np.ravel(x).round(2), np.ravel(y).round(2), np.ravel(z)], axis=1)
    return table[np.lexsort(table[:, :2].T)]


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0, 200.0, -0.1])
@pytest.mark.parametrize("handed", [1, -1])
def test_an_irap_surface_has_each_trace_where_it_lies(tmp_path, degrees, handed):
    like = survey_of(turned(degrees, handed=handed), reverse=handed < 0 and degrees == 30)
    classes, x, y, depths = dipping(like)
    assert save_horizon(tmp_path / "top.irap", classes, like, 1, 2) == 53
    found = irap_nodes(tmp_path / "top.irap")
    np.testing.assert_allclose(in_order(*found), in_order(x, y, depths), atol=0.011)
    assert np.isnan(found[2]).sum() == 1
    assert resampling(tmp_path / "top.irap", like) == ""


def test_an_irap_surface_says_beside_it_what_it_is(tmp_path):
    like = survey_of(turned(30, "ft"), "depth")
    classes, *_ = dipping(like)
    names = {1: "sand", 2: "shale"}
    save_horizon(tmp_path / "top.irap", classes, like, 1, 2, names=names, history=["Drawn by hand"])
    text = (tmp_path / "top.irap.history.txt").read_text()
    for line in ("horizon: first sample of class shale below class sand; survey cube.sgy",
                 "x, y: map coordinates in ft", "z: depth in m, positive downwards", "undefined nodes: 9999900",
                 "Drawn by hand"):  # fmt: skip
        assert f"{line}\n" in text


@pytest.mark.parametrize("degrees", [0.0, 90.0, 180.0, 270.0])
def test_a_zmap_grid_of_an_upright_survey_is_its_traces(tmp_path, degrees):
    like = survey_of(turned(degrees))
    classes, x, y, depths = dipping(like)
    save_horizon(tmp_path / "top.zmap", classes, like, 1, 2, history=["Drawn by hand"])
    assert resampling(tmp_path / "top.zmap", like) == ""
    found = zmap_nodes(tmp_path / "top.zmap")
    np.testing.assert_allclose(in_order(*found), in_order(x, y, depths), atol=0.011)
    comments = [line for line in (tmp_path / "top.zmap").read_text().splitlines() if line.startswith("!")]
    assert "! z: two-way time in ms, positive downwards" in comments
    assert "! Drawn by hand" in comments
    assert os.listdir(tmp_path) == ["top.zmap"]


@pytest.mark.parametrize("suffix", [".zmap", ".irap"])
def test_what_lies_between_traces_is_interpolated_with_a_word(tmp_path, suffix):
    like = survey_of(turned(30, skew=0.0 if suffix == ".zmap" else 8.0))
    classes, *_ = dipping(like)
    path = tmp_path / f"top{suffix}"
    save_horizon(path, classes, like, 1, 2)
    word = resampling(path, like)
    assert "interpolated" in word
    if suffix == ".zmap":
        assert word in path.read_text()
        x_of, y_of, found = zmap_nodes(path)
    else:
        assert word in path.with_name("top.irap.history.txt").read_text()
        x_of, y_of, found = irap_nodes(path)
    # The contact is a plane, which interpolation leaves as it is.
    inline, crossline = like.attrs["geometry"].to_numbers(x_of, y_of)
    expected = 1000 + 4 * (7 - (inline - 100) / 2)
    known = np.isfinite(found)
    assert 20 < known.sum() < found.size
    np.testing.assert_allclose(found[known], expected[known], atol=0.01)
    # Around the trace without it nothing is made up, and nothing outside of the survey.
    near = (np.abs((inline - 104) / 2) < 0.99) & (np.abs(crossline - 203) < 0.99)
    outside = (inline < 99.9) | (inline > 110.1) | (crossline < 199.9) | (crossline > 208.1)
    assert not known[near | outside].any()


def test_what_has_no_surface_is_refused(tmp_path, volume):
    like = survey_of(None)
    classes = np.ones(SHAPE, np.uint8)
    classes[..., 5:] = 2
    line = xr.DataArray(
        np.zeros(SHAPE[1:], np.float32), dims=("trace", "twt"), coords={"trace": np.arange(9.0), "twt": np.arange(12.0)}
    )
    for survey, values, words in (
        (like, classes, "no map coordinates"),
        (line, classes[0], "span no surface"),
        (surveys.open(volume), np.ones((4, 5, 6), np.uint8), "nowhere lies right above"),
    ):
        for suffix in (".irap", ".zmap"):
            with pytest.raises(surveys.SurveyError, match=words):
                save_horizon(tmp_path / f"top{suffix}", values, survey, 1, 2)
    assert os.listdir(tmp_path) == ["volume.sgy"]
