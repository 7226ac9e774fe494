"""What stands in for a survey that is gone: where it was, its copy, and what is refused without it."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
import xarray as xr

import napari_fhn
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project import Project, ProjectError, Session, SurveySet
from napari_fhn.project.data import standing_in
from napari_fhn.project.sessions.manifest import FileReference
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.kinds import kind_of

SHAPE = (12, 10)


@pytest.fixture
def scene(tmp_path):
    """Names of bands and wavelengths, and a session of a scene that has them; returns its folder and the file."""
    path = tmp_path / "disk" / "scene.nc"
    path.parent.mkdir()
    values = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
    made = xr.DataArray(
        values,
        dims=("band", "y", "x"),
        coords={
            "band": [1, 2, 3],
            "y": ("y", 100.0 - 10 * np.arange(SHAPE[0]), {"units": "m"}),
            "x": ("x", 500.0 + 10 * np.arange(SHAPE[1]), {"units": "m"}),
            "wavelength": ("band", [480.0, 560.0, 660.0], {"units": "nm"}),
        },
        name="scene",
    )
    made.to_netcdf(path, engine="h5netcdf")
    project = Project(Session(tmp_path / "work"), SurveySet.of({"scene": surveys.open(path)}))
    with project.session.writing("a test"):
        project.use(project.surveys)
        known = np.zeros(SHAPE, np.uint8)
        known[2, 3], known[5, 6] = 1, 2
        project.paint(known)
        project.stage()
    return project.session.folder, path


def test_it_has_the_place_the_values_and_the_bands_of_the_survey(scene):
    folder, path = scene
    survey = surveys.open(path)
    session = Session(folder)
    (entry,) = session.manifest.inputs
    path.unlink()
    found = standing_in.stand_in(session, entry)
    np.testing.assert_array_equal(found.values, survey.values)
    assert not Grid.of(survey).apart(Grid.of(found))
    assert kind_of(found) == kind_of(survey) == "cube"
    np.testing.assert_array_equal(found["wavelength"], survey["wavelength"])
    assert found.attrs["source"] == str(path)
    shutil.rmtree(folder / "inputs")
    found = standing_in.stand_in(session, entry)
    assert found.shape == SHAPE
    assert np.isnan(found.values).all()
    assert not Grid.of(survey).apart(Grid.of(found))
    assert standing_in.without_values(found)


def test_a_project_counts_it_as_no_survey_and_names_its_file_on(scene):
    folder, path = scene
    path.unlink()
    session = Session(folder)
    before = session.manifest.surveys
    found = SurveySet.of({"scene": standing_in.stand_in(session, before[0])})
    project = Project(session, found)
    assert project.surveys is None
    with session.writing("a test"):
        project.use(found)
    assert project.surveys is None
    assert Session(folder).manifest.surveys == before


def test_every_door_says_which_file_is_missing_where_it_was_and_how_to_name_it(scene, capsys):
    folder, path = scene
    path.unlink()
    words = f"scene.nc is not in {path.parent} any more"
    with napari_fhn.open(session=folder) as work:
        said = next(note for note in work.notes if words in note)
        assert said.startswith(f"{words}: its copy in the session is used; ")
        assert "open(file, session=...)" in said
        with pytest.raises(ProjectError, match=re.escape(f"its surveys are not at hand ({words})")):
            work.forecast("map", device="cpu")
    capsys.readouterr()
    assert main(["similar", "--session", str(folder), "--at", "2,3"]) == 2
    assert words in capsys.readouterr().err
    assert main(["info", "--session", str(folder)]) == 0
    assert f"survey scene: {words}" in capsys.readouterr().out
    shutil.rmtree(folder / "inputs")
    with napari_fhn.open(session=folder) as work:
        assert any("there is no copy of it in the session" in note for note in work.notes)
        with pytest.raises(Exception, match=re.escape(words)):
            work.fit("map", steps=1, device="cpu").wait()
    assert main(["train", "--session", str(folder), "--steps", "1", "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert f"neither its surveys nor copies of them are at hand ({words})" in said


def test_named_where_it_is_now_it_is_worked_on_as_before(scene, tmp_path):
    folder, path = scene
    now = tmp_path / "another disk" / "scene.nc"
    now.parent.mkdir()
    path.rename(now)
    with napari_fhn.open(now, session=folder) as work:
        assert list(work.surveys) == ["scene"]
    with napari_fhn.open(session=folder) as work:
        assert not [note for note in work.notes if "any more" in note]
        assert list(work.surveys) == ["scene"]


def test_an_address_is_no_file_that_has_gone():
    assert standing_in.gone([FileReference("https://a.org/b.tif", "https://a.org/b.tif")]) == (
        "https://a.org/b.tif does not answer, or is an address that nobody here has named"
    )
