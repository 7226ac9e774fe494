"""A line is one upright section: two axes, one of them vertical."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Input, confusion, fit, intersection_over_union, predict
from napari_fhn.training.choice import choose
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.neighbours import Agreement, Neighbours
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.plan import plan_of
from napari_fhn.training.recipes import fitting, recipe


@pytest.fixture
def line(layered, tmp_path):
    """One inline of the layered survey, three columns of it labelled; returns (job, truth)."""
    job, truth = layered
    data, truth = np.load(job.inputs[0].path)[4], truth[4]
    known = np.zeros_like(truth)
    known[[2, 10, 17]] = truth[[2, 10, 17]]
    for name, array in (("line", data), ("known", known), ("said", np.zeros_like(truth))):
        np.save(tmp_path / f"{name}.npy", array)
    path = str(tmp_path / "{}.npy")
    return replace(
        job,
        inputs=(Input(path.format("line")),),
        labels=path.format("known"),
        prediction=path.format("said"),
        vertical_axis=1,
    ), truth


def test_recipes_of_a_line():
    names = fitting(2, vertical=True)
    assert names == ("sections", "layers")
    assert all(recipe(name).network.dimensions == 2 for name in names)
    assert choose((600, 1500), 1, "cuda", 10**11, vertical_axis=1).name == "sections"
    assert "one section" in choose((600, 1500), 24, "cpu", 10**9, vertical_axis=1).why
    assert choose((600, 1500), 1, "cpu", 10**9, vertical_axis=1, agreement=Agreement(0.9, 4)).name == "layers"
    assert choose((600, 1500), 1, "cpu", 10**9, vertical_axis=None).name == "map"


def test_a_line_has_no_neighbouring_sections_and_a_place_in_time(line):
    job, _ = line
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    assert job.network.context == 1
    assert frame.sections == ()
    assert frame.channels == 2 == plan_of(job).input_channels
    got = frame.read(Box.whole((20, 32)), None)
    np.testing.assert_allclose(got[1], np.broadcast_to(np.linspace(-1, 1, 32), (20, 32)), atol=1e-6)


@pytest.mark.parametrize("vertical", [0, 1])
def test_time_is_never_turned_round(line, tmp_path, vertical):
    job, _ = line
    time = np.broadcast_to(np.arange(32, dtype=np.float32), (20, 32))
    known = np.ones((20, 32), np.uint8)
    turned = (lambda a: a.T.copy()) if vertical == 0 else np.array
    np.save(job.inputs[0].path, turned(time))
    np.save(job.labels, turned(known))
    job = replace(job, vertical_axis=vertical)
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    labels = LabelFile(job.labels, turned(known).shape, 3)
    blocks = Blocks(frame, labels, replace(job.schedule, block=(16, 16), shear=0, shift=0, noise=0))
    for _ in range(20):
        data = blocks.draw().data[:, 0].numpy()
        assert (np.diff(data, axis=1 + vertical) >= 0).all()


def test_neighbours_along_a_line(line):
    job, truth = line
    labels = LabelFile(job.labels, truth.shape, 3)
    known = Neighbours(labels, 1)
    assert known.bodies == 3
    assert known.agreement().bodies == 3
    got = known.read(Box.whole(truth.shape))
    assert got.shape == (4, *truth.shape)
    for column in (2, 10, 17):
        np.testing.assert_array_equal(got[:3, column].argmax(axis=0) + 1, truth[column])
    lesson, asked = known.lesson(Box((9, 0), (12, 32)), (10, 5), np.random.default_rng(0))
    assert asked.shape == (3, 1)
    assert asked[1, 0]
    assert lesson.told.any()
    # Traces side by side are one body.
    both = np.load(job.labels)
    both[3] = both[2]
    np.save(job.labels, both)
    assert Neighbours(LabelFile(job.labels, truth.shape, 3), 1).bodies == 3


@pytest.mark.parametrize("neighbours", [False, True])
def test_learns_a_line_and_predicts_all_of_it(line, neighbours):
    job, truth = line
    job = replace(job, neighbours=neighbours)
    list(fit(job))
    list(predict(job))
    said = np.load(job.prediction)
    assert said.all()
    assert np.mean(intersection_over_union(confusion(said, truth, 3))) > 0.8
