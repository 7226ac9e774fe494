"""Attributes from Python: learnt from, and derived again wherever the network is applied."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import napari_fhn as fhn
from napari_fhn.network.architecture import levels
from napari_fhn.training import JobError, Schedule
from napari_fhn.training.recipes import RECIPES, Recipe


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "map", Recipe("", "", levels(2, 8, (2,), 1), Schedule(steps=2, block=(16, 16))))


def scene(seed: int = 0, size: int = 24) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    coords = {"wavelength": ("band", [660.0, 830.0, 1650.0])}
    values = rng.uniform(0.1, 0.9, (3, size, size)).astype(np.float32)
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords, name="scene")


def known(size: int = 24) -> np.ndarray:
    labels = np.zeros((size, size), int)
    labels[2:4, 2:4], labels[8:10, 2:4], labels[15:17, 10:12], labels[20:22, 14:16] = 1, 1, 2, 2
    return labels


def test_a_network_takes_its_attributes_to_another_survey():
    network = fhn.fit(
        scene(), known(), recipe="map", device="cpu", attributes=["indices:ndvi", "pca:2"], factors="none"
    )
    assert network.description.inputs == ("scene", "indices:ndvi", "pca:2")
    found = network.predict(scene(1, 20))
    assert found.shape == (20, 20)
    assert (np.asarray(found) > 0).all()
    # What was found on the first survey holds on the second.
    fhn.load(network.save("network")).predict(scene(1, 20), session="elsewhere.fhn")
    with fhn.open(session="elsewhere.fhn") as work:
        there = work.run.job().inputs[-1]
    from napari_fhn.training.job import Job

    assert there.fitted == Job.load("network/job.json", trusted=True).inputs[-1].fitted


def test_one_whose_numbers_are_those_of_a_survey_is_told_on_another(monkeypatch):
    schedule = Schedule(steps=2, block=(16, 16))
    monkeypatch.setitem(RECIPES, "sections", Recipe("", "", levels(2, 8, (2,), 1, context=1), schedule))
    labels = np.zeros((12, 14, 16), int)
    labels[3, 3, :8], labels[3, 3, 8:], labels[9, 9, :8], labels[9, 9, 8:] = 1, 2, 1, 2
    learnt, other = (
        xr.DataArray(
            np.random.default_rng(seed).standard_normal((12, 14, 16)).astype(np.float32),
            dims=("inline", "crossline", "twt"),
            coords={"twt": ("twt", 4.0 * np.arange(16), {"units": "ms"})},
        )
        for seed in (0, 1)
    )
    chosen = {"recipe": "sections", "device": "cpu", "factors": "none"}
    network = fhn.fit(learnt, labels, attributes=["relative-time"], **chosen)
    for survey, told in ((learnt, False), (other, True)):
        network.predict(survey)
        assert any("relative geologic time of each survey" in note for note in network.notes) == told


def test_a_survey_without_what_they_need_is_refused_before_anything_is_copied(tmp_path):
    network = fhn.fit(scene(), known(), recipe="map", device="cpu", attributes=["indices:ndvi"])
    with pytest.raises(JobError, match="wavelengths of the bands are not known"):
        network.predict(scene(1).drop_vars("wavelength"), session="new.fhn")
    assert not list(tmp_path.glob("new.fhn/inputs/*"))


def test_those_that_the_data_have_are_listed():
    with fhn.open(scene(), session="s.fhn") as work:
        assert "indices" in work.attributes
        assert "envelope" not in work.attributes
        work.label(known())
        with pytest.raises(JobError, match="time or depth"):
            work.fit("map", attributes=["envelope"]).wait()
        with pytest.raises(JobError, match="there is no attribute 'envy'"):
            work.fit("map", attributes="envy").wait()
        assert not work.runs.all()


def test_the_session_remembers_them_until_others_are_named():
    with fhn.open(scene(), session="s.fhn") as work:
        work.label(known())
        work.fit("map", attributes=["gradient"], device="cpu").wait()
        before = work.predict(device="cpu")
    with fhn.open(session="s.fhn") as work:
        np.testing.assert_array_equal(work.predict(device="cpu"), before)
        work.fit(device="cpu").wait()
        assert work.run.job().attributes == ("gradient",)
        work.fit(device="cpu", attributes="none").wait()
        assert work.run.job().attributes == ()


def test_a_training_goes_on_with_those_it_has():
    with fhn.open(scene(), session="s.fhn") as work:
        work.label(known())
        work.fit("map", attributes=["pca:2"], device="cpu").wait()
        first = work.run.job().inputs
        work.fit(resume=True, steps=4).wait()
        assert work.run.job().inputs == first
        work.fit(start_from=work.run, steps=1, device="cpu").wait()
        assert work.run.job().inputs == first
