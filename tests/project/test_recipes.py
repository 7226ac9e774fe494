"""The recipe to begin with follows from the data and the labels, at every face alike."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.project import Project, Session, SurveySet
from napari_fhn.project.runs import planning
from napari_fhn.project.runs.assembler import survey_axes
from napari_fhn.training.job import Axis
from napari_fhn.training.recipes import RECIPES


def project(folder, dims, shape, **surveys_):
    rng = np.random.default_rng(0)
    survey = xr.DataArray(rng.standard_normal(shape).astype(np.float32), dims=dims, name="survey")
    made = Project(Session(folder))
    made.use(SurveySet.of({"survey": survey}), **surveys_)
    return made


def test_wells_that_foretell_each_other_are_listened_to(tmp_path):
    work = project(tmp_path, ("inline", "crossline", "twt"), (40, 50, 24))
    volume = work.session.label_volume((40, 50, 24))
    for boundary, (i, j) in zip((8, 20, 2), ((5, 5), (20, 40), (35, 8)), strict=True):
        volume[i, j] = np.where(np.arange(24) < boundary, 1, 2)
    assert planning.choose_recipe(work).name == "sections"
    volume[volume > 0] = 1 + (np.nonzero(volume)[2] >= 8)
    assert planning.choose_recipe(work).name == "layers"


def test_many_patches_that_agree_are_listened_to(tmp_path):
    work = project(tmp_path, ("band", "y", "x"), (3, 60, 60))
    work.session.label_volume((60, 60))[5::10, 5::10] = np.repeat([1, 2], 3)  # west is another region than east
    assert planning.choose_recipe(work).name == "regions"


def test_many_bands_are_spectra(tmp_path):
    work = project(tmp_path, ("y", "x", "band"), (20, 30, 40))
    assert planning.choose_recipe(work).name == "spectra"
    work.session.label_volume((20, 30))[[3, 9], [4, 20]] = 1, 2
    assert planning.plan(work)[0].schedule.steps == 120
    assert planning.plan(work, steps=7)[0].schedule.steps == 7
    assert planning.plan(work, "spectra")[0].schedule.steps == RECIPES["spectra"].schedule.steps


def test_dates_of_few_bands_are_no_spectrum(tmp_path):
    date = xr.DataArray(
        np.random.default_rng(0).standard_normal((20, 20, 30)).astype(np.float32), dims=("band", "y", "x")
    )
    work = Project(Session(tmp_path))
    work.use(SurveySet.of({"before": date, "after": date + 1}))
    assert (work.channels, work.bands) == (40, 20)
    assert planning.choose_recipe(work).name == "map"


@pytest.mark.parametrize(("dims", "name"), [(("trace", "twt"), "sections"), (("y", "x"), "map")])
def test_two_axes_are_a_line_or_a_map_by_what_they_are(tmp_path, dims, name):
    assert planning.choose_recipe(project(tmp_path, dims, (60, 40))).name == name


def test_wells_on_a_line_foretell_each_other(tmp_path):
    work = project(tmp_path, ("trace", "twt"), (60, 40))
    work.session.label_volume((60, 40))[[5, 30, 55]] = np.where(np.arange(40) < 20, 1, 2)
    assert planning.choose_recipe(work).name == "layers"


def test_what_voxels_mean():
    assert survey_axes(surveys.open(sample_data.SEISMIC.survey)) == (
        Axis("inline", "", 1001, 1),
        Axis("crossline", "", 2001, 2),
        Axis("twt", "ms", 400, 4),
    )
    assert survey_axes(surveys.open(sample_data.HYPERSPECTRAL.dates[0]))[0] == Axis("y", "m", 5331255, -30)
    assert survey_axes(xr.DataArray(np.zeros((2, 3)), dims=("a", "b"))) == (Axis("a"), Axis("b"))
