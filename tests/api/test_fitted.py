"""Networks in Python without a session: fitted to an image, loaded, applied to others."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import napari_fhn as fhn
from napari_fhn.api import FittedNetwork
from napari_fhn.project import ProjectError, Session
from napari_fhn.training import Done
from napari_fhn.training.errors import JobError

from .conftest import SHAPE

HOW = {"recipe": "map", "device": "cpu"}


@pytest.fixture
def network(image, labels) -> FittedNetwork:
    return fhn.fit(image, labels, classes=["sand", "shale"], axes=("y", "x"), **HOW)


def test_numpy_in_numpy_out(network, image):
    assert network.classes == {1: "sand", 2: "shale"}
    assert network.description.steps == 2
    assert repr(network) == "<FittedNetwork of 2 steps: sand, shale>"
    found = network.predict(image, axes=("y", "x"))
    assert type(found) is np.ndarray
    assert (found.shape, found.dtype) == (SHAPE, np.uint8)
    assert set(np.unique(found)) <= {1, 2}
    np.testing.assert_array_equal(network.predict(image), found)
    assert network.notes == ("The survey is scaled as the one that the network was trained on was.",)
    assert list(Path().iterdir()) == []


def test_xarray_in_xarray_out(image, labels):
    survey = xr.DataArray(
        image, dims=("y", "x"), coords={"y": 100.0 - 10 * np.arange(24), "x": 500.0 + 10 * np.arange(20)}
    )
    known = xr.DataArray(labels, dims=("y", "x"), coords=survey.coords)
    found = fhn.fit(survey, known, **HOW).predict(survey, outputs=["entropy"])
    assert list(found) == ["classes", "entropy"]
    assert found["classes"].attrs["classes"] == {1: "class 1", 2: "class 2"}
    np.testing.assert_array_equal(found["classes"].x, survey.x)
    assert found["entropy"].shape == SHAPE


def test_it_is_the_network_that_a_session_trains(image, labels, network):
    with fhn.open(image, axes=("y", "x")) as work:
        work.label(labels)
        work.fit(**HOW).wait()
        np.testing.assert_array_equal(network.predict(image, labels=labels), work.predict())


def test_updates_are_told(image, labels):
    said = []
    network = fhn.fit(image, labels, told=said.append, **HOW)
    assert isinstance(said[-1], Done)
    network.predict(image, told=said.append)
    assert said[-1].task == "predict"


def test_axes_come_out_as_they_came_in(image, labels, network):
    turned = fhn.fit(image.T, labels.T, axes=("x", "y"), **HOW).predict(image.T, axes=("x", "y"))
    np.testing.assert_array_equal(turned.T, network.predict(image, axes=("y", "x")))


def test_what_was_made_on_the_way_goes(image, labels):
    network = fhn.fit(image, labels, **HOW)
    folder = network.folder.parent
    assert [path.name for path in folder.iterdir() if path.name != ".napari-fhn-owner"] == ["network"]
    del network
    gc.collect()
    assert not folder.exists()


def test_saved_and_loaded(network, image):
    assert network.save("kept") == Path("kept")
    found = network.predict(image)
    del network
    loaded = fhn.load("kept")
    np.testing.assert_array_equal(loaded.predict(image), found)
    with pytest.raises(ProjectError, match="something already"):
        loaded.save("kept")
    assert loaded.folder.is_dir()


@pytest.mark.parametrize("which", ["w", "w/runs/run-001", "w/runs/run-001/model"])
def test_loaded_from_a_session_a_run_or_a_network(image, labels, which):
    with fhn.open(image, axes=("y", "x"), session="w") as work:
        work.label(labels)
        work.fit(**HOW).wait()
        expected = np.array(work.predict())
    np.testing.assert_array_equal(fhn.load(which).predict(image, labels=labels), expected)


def test_labels_in_a_file_of_numbers_are_of_the_classes_of_the_network(image, labels):
    network = fhn.fit(image, labels, classes=["sand", "shale"], **HOW)
    np.save("known.npy", labels)
    said = []
    network.predict(image, labels="known.npy", session="n", told=said.append)
    assert not any("of other classes" in note for note in network.notes)
    made = Session.existing("n").runs.trained().provenance()
    assert made.factors[:2] == ("bands", "patches")
    network.predict(image, labels=labels, network_alone=True, session="alone")
    assert Session.existing("alone").runs.trained().provenance().factors == ()
    network.predict(image, smoothing="on", session="smooth")
    assert "smoothing" in Session.existing("smooth").runs.trained().provenance().factors


def test_another_survey_keeps_its_prediction_in_a_session(network, image):
    np.save("next.npy", image[:, ::-1])
    found = network.predict("next.npy", session="next", axes=("y", "x"))
    assert isinstance(found, xr.DataArray)
    with fhn.open(session="next") as work:
        np.testing.assert_array_equal(work.prediction(), found)
        assert work.classes == {1: "sand", 2: "shale"}
        work.save("facies.npy")


def test_a_survey_that_the_network_cannot_be_applied_to(network, image):
    with pytest.raises(JobError, match="cannot be applied"):
        network.predict(np.stack([image, image]), axes=("band", "y", "x"))
    with pytest.raises(JobError, match="cannot be applied"):
        network.predict(np.zeros((8, 9, 10), np.float32))
    assert list(Path().iterdir()) == []


def test_a_network_that_asks_for_labels(labels):
    section = xr.DataArray(
        np.random.default_rng(0).standard_normal((24, 20)).astype(np.float32), dims=("trace", "twt"),
        coords={"twt": ("twt", 4.0 * np.arange(20), {"units": "ms"})},
    )  # fmt: skip
    known = np.zeros((24, 20), np.uint8)
    known[[3, 12, 20], :9], known[[3, 12, 20], 9:] = 1, 2
    network = fhn.fit(section, known, recipe="layers", device="cpu")
    with pytest.raises(JobError, match="none of its classes on this survey"):
        network.predict(section)
    assert network.predict(section, labels=known).shape == (24, 20)


@pytest.mark.parametrize("given", [{"steps": 0}, {"recipe": "nothing"}])
def test_a_fit_that_fails_leaves_nothing(image, labels, given, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ValueError, match=r"step|recipe"):
        fhn.fit(image, labels, **{**HOW, **given})
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_said():
    with pytest.raises(JobError, match="holds no trained network"):
        fhn.load("nowhere")
