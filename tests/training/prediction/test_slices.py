"""A time slice of a network that sees sections is filled at once, coarsely, and then row by row with what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.training import Control, Focus, Note, fit
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction.live import Live
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.prediction.slices import time_slice

VIEW = Focus(2, 20)


@pytest.fixture
def predictor(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=2), outputs=("margin",))
    list(fit(job))
    np.load(job.prediction, mmap_mode="r+")[...] = 0
    model = models.load(job.model)
    frame = Frame(Volume(job.inputs, model.normalisation), model.network.architecture, model.framing)
    return Predictor(model.network, frame, job, torch.device("cpu"))


def test_the_first_section_stands_for_all_until_the_others_come(predictor):
    boxes = time_slice(predictor, VIEW)
    first = next(boxes)
    assert first == Box((0, 0, 20), (12, 20, 21))
    classes = predictor.outputs.classes
    assert (classes[:, :, 20] == classes[0, :, 20]).all()
    assert classes[:, :, 20].all()
    assert len(list(boxes)) == 11
    expected = predictor.classes(Box.whole(predictor.shape), 0)[:, :, 20]
    # The receptive field is larger than this survey, and half of it is seen.
    assert (np.asarray(classes[:, :, 20]) == expected).mean() > 0.9
    others = np.delete(np.asarray(classes), 20, axis=2)
    assert not others.any()


def test_it_stops(predictor):
    control = Control()
    boxes = time_slice(predictor, VIEW, control)
    next(boxes)
    control.stop.set()
    assert list(boxes) == []


def test_while_training_it_goes_on_look_by_look_and_begins_again_when_moved(predictor):
    live = Live(predictor, Control(focus=VIEW))
    rows = [[change.box.start[0] for change in live.look(step)] for step in range(3)]
    assert sorted(rows[0] + rows[1] + rows[2]) == list(range(12))
    assert rows[0][0] == 0
    predictor.evaluator.notes.append("memory ran out")
    assert [change for change in live.look(3) if isinstance(change, Note)] == [Note("memory ran out")]
    live.control.focus = Focus(2, 5)
    boxes = [change.box for change in live.look(4)]
    assert boxes[0] == Box((0, 0, 5), (12, 20, 6))
