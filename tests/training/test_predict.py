"""Tiled prediction equals the prediction in one piece away from tile borders; writes only where it says."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Control, Done, Focus, JobError, fit, predict
from napari_fhn.training import model as models
from napari_fhn.training.frame import Frame
from napari_fhn.training.predictor import Predictor
from napari_fhn.training.volume import Volume


@pytest.fixture
def trained(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=5))
    list(fit(job))
    return job


def predictor(job):
    model = models.load(job.model)
    volume = Volume(job.inputs, model.normalisation)
    frame = Frame(volume, model.network.architecture, model.framing)
    return Predictor(model.network, frame, job.prediction, torch.device("cpu"))


def test_tiles_agree_with_one_piece(trained, monkeypatch):
    import napari_fhn.training.predictor as module

    p = predictor(trained)
    section = Box((4, 0, 0), (5, 20, 32))
    whole = np.concatenate([v for _, v in p._rows(section, 0, None)], axis=2)
    monkeypatch.setattr(module, "_TILE_VOXELS", {2: 16 * 32, 3: 1})
    tiled = np.concatenate([v for _, v in p._rows(section, 0, None)], axis=2)
    assert whole.shape == tiled.shape == (3, 1, 20, 32)
    np.testing.assert_allclose(tiled.sum(0), 1, rtol=1e-5)
    # Borders of tiles are zero-padded, and this network is small: near, not equal.
    assert np.abs(whole - tiled).mean() < 0.05


def test_writes_the_section_and_nothing_else(trained):
    prediction = np.load(trained.prediction, mmap_mode="r+")
    prediction[...] = 0
    boxes = list(predictor(trained).section(Focus(1, 7)))
    written = np.load(trained.prediction) > 0
    assert written[:, 7].all()
    written[:, 7] = False
    assert not written.any()
    assert all(box.start[1] == 7 and box.stop[1] == 8 for box in boxes)


def test_predicts_near_the_view_first_and_stops(trained):
    control = Control(focus=Focus(0, 6))
    updates = []
    for update in predict(trained, control):
        updates.append(update)
        if isinstance(update, BoxChanged):
            control.stop.set()
    assert next(u for u in updates if isinstance(u, BoxChanged)).box.start[0] == 6
    assert isinstance(updates[-1], Done)
    assert updates[-1].stopped


def test_a_survey_that_does_not_go_with_the_model_is_refused(trained, tmp_path):
    bands = tmp_path / "bands.npy"
    np.save(bands, np.zeros((2, 12, 20, 32), np.float32))
    other = replace(trained, inputs=(replace(trained.inputs[0], path=str(bands), channel_axis=0),))
    with pytest.raises(JobError, match="trained on 1 channels"):
        list(predict(other))


def test_a_folder_without_a_model_is_named(layered):
    job, _ = layered
    with pytest.raises(JobError, match="holds no trained network yet"):
        list(predict(job))


def test_a_prediction_file_of_another_shape_is_refused(trained, tmp_path):
    np.save(trained.prediction, np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(JobError, match="the prediction needs uint8"):
        list(predict(trained))
