"""Attributes as inputs of a job: derived once, again when a survey has changed, and elsewhere as they were found."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.project import HeldOut, Project, Session, Settings, SurveySet
from napari_fhn.project.data import attributes, dips
from napari_fhn.project.data.facts import bands_of, facts_of
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.outlook import planned
from napari_fhn.structure.attributes import Attribute
from napari_fhn.structure.relative_time import RelativeTime
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.schedule import Schedule

SIX = (485.0, 560.0, 660.0, 830.0, 1650.0, 2200.0)


def scene(seed: int = 0, gain: float = 1.0, size: int = 40) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    values = (gain * rng.uniform(1000, 5000, (6, size, size))).astype(np.float32)
    coords = {"wavelength": ("band", list(SIX)), "y": 30.0 * np.arange(size), "x": 30.0 * np.arange(size)}
    found = xr.DataArray(values, dims=("band", "y", "x"), coords=coords, name="scene")
    found["y"].attrs["units"] = found["x"].attrs["units"] = "m"
    return found


def volume(seed: int = 0) -> xr.DataArray:
    values = np.random.default_rng(seed).standard_normal((6, 7, 40)).astype(np.float32)
    coords = {"inline": 100 + np.arange(6), "crossline": 200 + np.arange(7), "twt": 4.0 * np.arange(40)}
    found = xr.DataArray(values, dims=("inline", "crossline", "twt"), coords=coords, name="cube")
    found["twt"].attrs["units"] = "ms"
    return found


def work(folder: Path, *surveys: tuple[str, xr.DataArray]) -> Project:
    project = Project(Session(folder), SurveySet.of(list(surveys)))
    project.use(project.surveys)
    labels = np.zeros(project.shape, np.uint8)
    for place, value in ((2, 1), (4, 2)) if len(project.shape) == 3 else ((2, 1), (12, 2), (22, 1), (32, 2)):
        labels[place : place + 1, place : place + 2] = value
    project.paint(labels)
    return project


def settings(dimensions: int = 2, **changes) -> Settings:
    name = "map" if dimensions == 2 else "sections"
    return replace(
        Settings.of(name),
        network=levels(2, 8, (2,), 1, context=0 if name == "map" else 1),
        schedule=Schedule(steps=1, block=(8, 8)),
        combination=None,
        **changes,
    )


def test_attributes_are_further_inputs_and_derived_once(tmp_path):
    project = work(tmp_path / "s", ("scene", scene()))
    begun = jobs.begin(project, settings(attributes=("indices:ndvi,nbr", "pca:3")), held_out=HeldOut(0))
    job = begun.job
    assert [item.name for item in job.inputs] == ["scene", "indices:ndvi,nbr", "pca:3"]
    assert job.attributes == ("indices:ndvi,nbr", "pca:3")
    assert Volume(job.inputs).channels == 6 + 2 + 3
    assert len(job.inputs[2].fitted) == 6 + 3 * 6
    bands = scene().values
    ndvi = np.load(job.inputs[1].path)[0]
    np.testing.assert_allclose(ndvi, (bands[3] - bands[2]) / (bands[3] + bands[2]), rtol=1e-4)
    before = {path: path.stat().st_mtime_ns for path in project.session.inputs.glob("*.npy")}
    again = attributes.add(project, project.stage(), ("indices:ndvi,nbr", "pca:3"))
    assert again.inputs == job.inputs
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "channel: ndvi" in Path(job.inputs[1].path).with_suffix(".txt").read_text()


def test_a_saved_job_keeps_them_and_what_was_found(tmp_path):
    project = work(tmp_path / "s", ("scene", scene()))
    begun = jobs.begin(project, settings(attributes=("mnf:2",)), held_out=HeldOut(0))
    assert Job.load(begun.run.folder / "job.json") == begun.job
    assert project.settings.attributes == ("mnf:2",)
    assert Settings.from_dict(project.settings.to_dict()) == project.settings


def test_a_survey_that_has_changed_has_other_attributes(tmp_path):
    project = work(tmp_path / "s", ("scene", scene()))
    wanted = ("gradient", "pca:2")
    first = attributes.add(project, project.stage(), wanted).inputs
    project.use(SurveySet.of([("scene", scene(seed=1))]))
    second = attributes.add(project, project.stage(), wanted).inputs
    assert {item.stamp for item in first}.isdisjoint(item.stamp for item in second)
    assert not np.array_equal(
        np.load(second[1].path)[0], np.load(work(tmp_path / "t", ("scene", scene())).stage()[0].path)[0]
    )
    left = {path.name for path in project.session.inputs.glob("*.npy")}
    assert left == {Path(item.path).name for item in second}  # what nobody refers to is gone


def test_stored_values_count_as_what_they_stand_for(tmp_path):
    """A scale and an offset, as a scene of whole numbers has them, change an index of its bands."""
    plain = scene()
    stored = (
        ((plain - 900) / 2).astype(np.float32).assign_coords(scale=("band", [2.0] * 6), offset=("band", [900.0] * 6))
    )
    found = [
        np.load(attributes.add(project, project.stage(), ("indices:ndvi",)).inputs[1].path)
        for project in (work(tmp_path / "a", ("scene", plain)), work(tmp_path / "b", ("scene", stored)))
    ]
    np.testing.assert_allclose(*found, atol=1e-4)


def test_dates_are_surveys_with_the_same_bands():
    two = SurveySet.of([("2001", scene()), ("2002", scene(1))])
    assert [len(one) for one in facts_of(two).dates] == [6, 6]
    assert facts_of(two).bands[6].date == "2002"
    assert facts_of(SurveySet.of([("a", scene()[0].drop_vars("wavelength"))] * 1)).dates == ()
    maps = [(name, scene(k)[0].drop_vars("wavelength")) for k, name in enumerate(("magnetics", "gravity"))]
    assert facts_of(SurveySet.of(maps)).dates == ()  # fields, as far as anybody knows


def test_bands_on_the_bad_list_stay_behind():
    bad = scene().assign_coords(good=("band", [True, False, True, True, True, False]))
    assert [band.wavelength for band in bands_of("scene", bad)] == [485.0, 660.0, 830.0, 1650.0]


def test_what_the_data_do_not_have_is_said_before_anything_is_made(tmp_path):
    project = work(tmp_path / "s", ("cube", volume()))
    with pytest.raises(JobError, match="'tilt' is of maps"):
        jobs.begin(project, settings(3, attributes=("tilt",)), held_out=HeldOut(0))
    assert project.session.runs.all() == []
    with pytest.raises(JobError, match="there is no attribute 'envelop'"):
        settings(3).with_attributes(["envelop"])
    assert settings(3, attributes=("envelope",)).with_attributes("none").attributes == ()


def test_the_forecast_counts_their_channels():
    surveys = SurveySet.of([("cube", volume())])
    plain, more = (
        planned(settings(3, attributes=one), surveys, 2, 2) for one in ((), ("envelope", "spectral:20,40,60"))
    )
    assert more.input_channels > plain.input_channels
    assert planned(settings(3, attributes=("auto",)), surveys, 2, 2).input_channels == plain.input_channels


def test_those_that_help_are_chosen_and_the_settings_remember_what_was_asked(tmp_path, monkeypatch):
    from napari_fhn.structure.attributes import attribute, choosing

    seen = {}

    def choose(candidates, facts, sources, labels, *, seed):
        seen.update(names={one.name for one in candidates}, labels=sum(map(len, labels.positions)))
        return choosing.Choice((attribute("envelope"),), "On labels left out it helps.")

    monkeypatch.setattr(choosing, "choose", choose)
    project = work(tmp_path / "s", ("cube", volume()))
    begun = jobs.begin(project, settings(3, attributes=("rms", "auto")), held_out=HeldOut(0))
    assert begun.job.attributes == ("rms", "envelope")
    assert "On labels left out it helps." in begun.notes
    assert project.settings.attributes == ("rms", "auto")
    assert "envelope" in seen["names"]
    assert seen["labels"] == np.count_nonzero(project.session.known())


def test_predicting_derives_the_same_again(tmp_path):
    project = work(tmp_path / "s", ("scene", scene()))
    begun = jobs.begin(project, settings(attributes=("pca:2",)), held_out=HeldOut(0))
    (begun.run.model).mkdir(exist_ok=True)
    begun.job.save(begun.run.model / "job.json")
    Path(begun.job.inputs[1].path).unlink()
    job = jobs.prediction_job(project, begun.run)
    assert job.inputs == begun.job.inputs
    assert Path(job.inputs[1].path).is_file()
    project.surveys = None  # only the copies are at hand
    Path(begun.job.inputs[1].path).unlink()
    assert jobs.prediction_job(project, begun.run).inputs == begun.job.inputs


def test_all_attributes_of_a_large_survey_leave_out_what_takes_all_of_it_first_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[Attribute.__module__], "MOST_WHOLE", 100)
    project = work(tmp_path / "s", ("cube", volume()))
    begun = jobs.begin(project, settings(3, attributes=("all",)), held_out=HeldOut(0))
    assert "relative-time" not in [item.attribute for item in begun.job.inputs]
    assert "dip" in [item.attribute for item in begun.job.inputs]
    assert any("Name it (relative-time) to have it all the same" in words for words in begun.notes), begun.notes
    assert len(dips.of_session(tmp_path / "s").missing()) == dips.of_session(tmp_path / "s").bricks


def test_relative_times_take_the_dips_that_the_session_keeps(tmp_path):
    project = work(tmp_path / "s", ("cube", volume()))
    begun = jobs.begin(project, settings(3, attributes=("relative-time",)), held_out=HeldOut(0))
    kept = dips.of_session(tmp_path / "s")
    assert not kept.missing(), "found once, for the attribute and for all that is carried"
    times = np.load(begun.job.inputs[1].path)
    assert times.shape == (1, 6, 7, 40)
    np.testing.assert_allclose(times[0], RelativeTime(kept).read(Box.whole((6, 7, 40))), atol=1e-5)
    with pytest.raises(JobError, match="'relative-time' is of seismic data"):
        jobs.begin(work(tmp_path / "map", ("scene", scene())), settings(attributes=("relative-time",)))
