"""Horizons tracked from a file of picks: on the command line, in Python, and back in as labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

import napari_fhn as fhn
from napari_fhn import surveys
from napari_fhn.cli.commands import main
from napari_fhn.labels import read_horizon
from napari_fhn.project import ProjectError
from napari_fhn.surveys.geometry import SurveyGeometry

LINES, TRACES, SAMPLES = 10, 14, 80
GEOMETRY = SurveyGeometry((100, 300), (1, 2), (5000.0, 7000.0), (20.0, 15.0), (-7.5, 10.0))


def _surface() -> np.ndarray:
    """Two-way time of a peak: it falls by 2 ms from crossline to crossline."""
    return np.broadcast_to(1160.0 + 2.0 * np.arange(TRACES), (LINES, TRACES))


def _survey() -> xr.DataArray:
    time = 1000.0 + 4.0 * np.arange(SAMPLES)
    values = np.cos(2 * np.pi * (time - _surface()[..., np.newaxis]) / 40) * np.exp(-np.abs(time - 1160) / 300)
    return xr.DataArray(
        values.astype(np.float32),
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": 100 + np.arange(LINES),
            "crossline": 300 + 2 * np.arange(TRACES),
            "twt": ("twt", time, {"units": "ms"}),
        },
        name="beds",
        attrs={"geometry": GEOMETRY, "crs": "EPSG:32633"},
    )


@pytest.fixture
def beds(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    surveys.save("beds.nc", _survey().values, _survey())
    Path("top.csv").write_text("inline,crossline,twt\n103,306,1166\n108,324,1184.1\n")
    return tmp_path


def test_picks_become_a_table(beds, capsys):
    assert main(["horizon", "beds.nc", "top.csv", "--output", "top.out.csv", "--snap", "peak"]) == 0
    assert "the peak followed from 2 picks, quality 0.5 and more" in capsys.readouterr().out
    survey = surveys.open("beds.nc")
    found = read_horizon("top.out.csv", survey)
    assert np.isfinite(found).mean() > 0.95
    np.testing.assert_allclose(found.values, np.where(np.isfinite(found), _surface(), np.nan), atol=1)
    assert float(found.sel(inline=108, crossline=324)) == pytest.approx(1184.1, abs=1e-3)
    assert "quality" in Path("top.out.csv").read_text().splitlines()[0]
    assert main(["horizon", "beds.nc", "top.csv", "--output", "top.xyz", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["event"], said["picks"], said["of"]) == ("Horizon", "peak", 2, LINES * TRACES)
    assert "horizon top: peak tracked from 2 picks" in Path("top.xyz").read_text()


def test_surfaces_and_a_geotiff_have_the_place_of_each_trace(beds):
    survey = _survey()
    with fhn.open(survey) as work:
        found = work.track_horizon("top.csv")
    for name in ("top.irap", "top.zmap"):
        found.save(name, survey)
        again = read_horizon(name, survey, units={"z": "ms"})
        np.testing.assert_allclose(again.values, np.where(np.isfinite(again), _surface(), np.nan), atol=1.5)
    found.save("top.tif", survey, made=["picks in top.csv"])
    with rasterio.open("top.tif") as file:
        assert file.crs.to_epsg() == 32633
        row, column = file.index(*GEOMETRY.to_xy(103, 306))
        assert (row, column) == (3, 3)
        assert file.read(1)[3, 3] == pytest.approx(1166)
        assert file.read(2)[3, 3] == pytest.approx(1)
        assert file.descriptions[1] == "quality"
        assert "picks in top.csv" in file.tags()["history"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["beds.nc"], "name a survey and a file of picks"),
        (["beds.nc", "top.csv", "--quality", "3"], "a least quality of 3 is none"),
        (["beds.nc", "top.csv", "--reach", "0"], "leads nowhere"),
        (["beds.nc", "absent.csv"], "absent.csv"),
        (["beds.nc", "deep.csv"], "none of its 1 pick lies in the survey"),
        (["map.npy", "top.csv"], "horizons are followed in a seismic volume"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_writes_nothing(beds, arguments, sentence, capsys):
    Path("deep.csv").write_text("inline,crossline,twt\n503,306,1160\n")
    np.save("map.npy", np.zeros((5, 6, 7), np.float32))
    assert main(["horizon", *arguments, "--output", "out.csv"]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_in_python_it_is_the_same_horizon_and_becomes_labels(beds):
    assert main(["horizon", "beds.nc", "top.csv", "--output", "out.csv"]) == 0
    with fhn.open("beds.nc", session="s") as work:
        found = work.track_horizon("top.csv")
        assert found.event == "peak"
        assert found.save("python.csv", surveys.open("beds.nc")) > 130
        assert Path("python.csv").read_text() == Path("out.csv").read_text()
        # Picks as an array of a part of the survey, and picks that are a little off.
        part = xr.full_like(found.surface, np.nan).isel(inline=slice(2, 9))
        part.loc[{"inline": 103, "crossline": 306}] = 1170.0
        snapped = work.track_horizon(part, snap="peak", snap_picks=True)
        assert float(snapped.surface.sel(inline=103, crossline=306)) == pytest.approx(1166, abs=0.5)
        with pytest.raises(ProjectError, match="no pick of"):
            work.track_horizon(xr.full_like(found.surface, np.nan))
        work.label(horizon="out.csv", zones="cover,basement")
        assert work.classes[1] == "cover"
    # The session has the survey and its dips.
    assert main(["horizon", "top.csv", "--session", "s", "--output", "session.csv"]) == 0
    assert Path("session.csv").read_text() == Path("out.csv").read_text()
