"""Surveys that are opened together: as they are, cut, or stacked; and the same again from the manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.project import Project, ProjectError, Session
from napari_fhn.project.data.together import open_together
from napari_fhn.surveys import SurveyError


def map_file(folder: Path, name: str, cell: float, shape=(12, 16)) -> Path:
    values = xr.DataArray(
        np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 5,
        dims=("y", "x"),
        coords={
            "y": 5_000_000.0 - cell * (np.arange(shape[0]) + 0.5),
            "x": 400_000.0 + cell * (np.arange(shape[1]) + 0.5),
        },
    )
    return surveys.save(folder / f"{name}.tif", values.values, values.rio.write_crs("EPSG:32633"))


def test_alike_ones_stay_as_they_are(tmp_path):
    files = [map_file(tmp_path, name, 30) for name in ("a", "b")]
    found = open_together(files)
    assert found.surveys.names == ("a", "b")
    assert found.maps == found.words == ()
    assert found.stacks(tmp_path) == {}


def test_unlike_maps_are_stacked_and_stacked_again(tmp_path):
    fine, coarse = map_file(tmp_path, "fine", 30, (24, 32)), map_file(tmp_path, "coarse", 60)
    found = open_together([fine, coarse], categorical=[map_file(tmp_path, "codes", 30, (24, 32))])
    assert found.surveys.names == ("maps",)
    assert found.surveys.channels == 2 + 5
    assert any("coarse" in word for word in found.words)
    session = Session(tmp_path / "work")
    Project(session).use(found.surveys, stacks=found.stacks(session.folder))
    again = Project.open(session.folder)
    xr.testing.assert_equal(again.surveys.first, found.surveys.first)


def test_volumes_are_cut_to_what_they_share_and_so_again(tmp_path):
    survey = surveys.open(sample_data.SEISMIC.survey)
    files = [tmp_path / "west.nc", tmp_path / "east.nc"]
    for file, part in zip(files, (survey[:12, :9], survey[4:, :9]), strict=True):
        surveys.save(file, part[:16], part[:16])
    found = open_together(files)
    assert found.surveys.shape == (8, 9, 160)
    assert len(found.words) == 1
    session = Session(tmp_path / "work")
    Project(session).use(found.surveys)
    again = Project.open(session.folder)
    assert again.surveys.shape == (8, 9, 160)
    assert [entry.file.name for entry in session.manifest.surveys] == ["west.nc", "east.nc"]


def test_arrays_among_files(tmp_path):
    file = map_file(tmp_path, "a", 30)
    found = open_together([file, surveys.open(file).rename("again")])
    assert found.surveys.names == ("a", "a (2)")  # it came from that file
    array = xr.DataArray(np.zeros((4, 5)), dims=("y", "x"), name="own")
    assert open_together([array]).surveys.names == ("own",)
    stacked = open_together([file, map_file(tmp_path, "b", 60), surveys.open(file).assign_attrs(source="")])
    assert stacked.maps == ()  # nobody can stack them again


@pytest.mark.parametrize("items", [[], ()])
def test_nothing_is_no_survey(items):
    with pytest.raises(ProjectError, match="no survey to work on"):
        open_together(items)


def test_what_does_not_go_together_is_said(tmp_path):
    file = map_file(tmp_path, "a", 30)
    with pytest.raises(SurveyError, match=r"fold_and_fault|a\.tif"):
        open_together([sample_data.SEISMIC.survey, file])
    with pytest.raises(SurveyError, match="polygons and categories go with maps"):
        open_together([sample_data.SEISMIC.survey], categorical=[file])


def test_a_map_that_is_named_as_classes_too_counts_once(tmp_path):
    codes = map_file(tmp_path, "codes", 30)
    other = map_file(tmp_path, "other", 30)
    for items in (
        [codes, other],
        [surveys.open(codes), other],
        [Path(f"{tmp_path}/../{tmp_path.name}/codes.tif"), other],
    ):
        found = open_together(items, categorical=[codes])
        alone = open_together([other], categorical=[codes])
        assert found.surveys.surveys[0].sizes == alone.surveys.surveys[0].sizes
        assert "codes.tif is named as a survey and as classes: it counts once, as classes." in found.words
