"""What is known of a block beside the data moves with it; what is ignored or missing counts nowhere."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.training import Done, JobError, Objective, fit
from napari_fhn.training.data.annotations import Annotations
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.boxes import clear, read_padded, within
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.objective import Absence, Order, Share, Smoothness


def blocks(job, **schedule):
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    labels = LabelFile(job.labels, frame.shape, len(job.classes), job.held_out, job.ignored, frame.present_at)
    annotations = Annotations(frame, labels, job.schedule.objective, job.weights, job.ignored)
    return Blocks(frame, labels, replace(job.schedule, **schedule), annotations)


def knowing(job, *knowledge, **change):
    return replace(job, schedule=replace(job.schedule, objective=Objective(knowledge=knowledge)), **change)


def test_boxes_over_the_border():
    array = np.arange(1, 13).reshape(3, 4)
    got = read_padded(array, Box((-1, 2), (2, 6)))
    np.testing.assert_array_equal(got, [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0]])
    clear(got, Box((-1, 2), (2, 6)), [Box((0, 0), (1, 3)), Box((5, 5), (9, 9))])
    np.testing.assert_array_equal(got, [[0, 0, 0, 0], [0, 4, 0, 0], [7, 8, 0, 0]])
    assert read_padded(array, Box((5, 5), (7, 7))).tolist() == [[0, 0], [0, 0]]
    assert within(Box((0, 0), (2, 2)), Box((1, -3), (9, 1))) == (slice(1, 2), slice(0, 1))


def test_a_batch_holds_what_is_asked_for(layered):
    job, _ = layered
    batch = blocks(job).draw()
    assert batch.weights is None
    assert batch.counted is None
    assert batch.absent is None
    batch = blocks(knowing(job, Order(), Absence("top", (Box((0, 0, 20), (12, 20, 32)),)), Smoothness())).draw()
    assert batch.counted.shape == batch.labels.shape
    assert batch.absent.shape == (2, 1, *batch.labels.shape[1:])


@pytest.mark.parametrize("survey", ["layered", "layered_3d"])
def test_weights_and_masks_move_with_the_data(survey, request, tmp_path):
    job, truth = request.getfixturevalue(survey)
    np.save(job.labels, truth)
    np.save(job.inputs[0].path, truth.astype(np.float32))
    np.save(tmp_path / "weights.npy", (10 * truth).astype(np.uint8))
    np.save(tmp_path / "mask.npy", (truth == 2).astype(np.uint8))
    box = Box((0, 0, 0), (6, 20, 32))
    known = (Absence("top", mask=str(tmp_path / "mask.npy")), Absence("base", (box,)))
    job = knowing(job, *known, weights=str(tmp_path / "weights.npy"))
    drawn = blocks(job, shear=0.3, shift=8, noise=0)
    for _ in range(5):
        batch = drawn.draw()
        known = batch.labels > 0
        assert not known.all()  # what is moved in is not known
        torch.testing.assert_close(batch.weights[known], batch.labels[known].float() / 10)
        assert (batch.absent[:, 0][known] == (batch.labels[known] == 2)).all()
        assert (batch.counted == known).all()


def test_a_weights_file_of_zeros_changes_nothing(layered, tmp_path):
    job, _ = layered
    np.save(tmp_path / "weights.npy", np.zeros((12, 20, 32), np.uint8))
    batch = blocks(replace(job, weights=str(tmp_path / "weights.npy"))).draw()
    assert (batch.weights[batch.labels > 0] == 1).all()


def test_ignored_boxes_have_no_labels_and_count_nowhere(layered):
    job, truth = layered
    np.save(job.labels, truth)
    np.save(job.inputs[0].path, np.arange(truth.size, dtype=np.float32).reshape(truth.shape))
    box = Box((0, 0, 0), (12, 20, 15))
    drawn = blocks(knowing(job, Order(), ignored=(box,)), shear=0, shift=0, noise=0)
    assert (drawn.labels.counts == [np.sum(truth[..., 15:] == k) for k in (1, 2, 3)]).all()
    assert all((positions % 32 >= 15).all() for positions in drawn.labels.positions)
    batch = drawn.draw()
    assert not batch.counted[..., :15].any()
    assert not batch.labels[..., :15].any()
    assert batch.counted[..., 15:].all()


def test_voxels_without_data_have_no_labels_and_count_nowhere(layered):
    job, truth = layered
    np.save(job.labels, truth)
    data = np.load(job.inputs[0].path)
    data[:, :7] = np.nan
    np.save(job.inputs[0].path, data)
    drawn = blocks(knowing(job, Order()), shear=0, shift=0)
    assert drawn.labels.counts.sum() == 12 * 13 * 32
    for _ in range(10):
        batch = drawn.draw()
        missing = batch.data[:, 1] == 0
        assert batch.counted.any()
        assert ((batch.labels > 0) == batch.counted).all()
        if batch.labels.shape[1] == 16:  # an inline: some traces of it have no data
            assert 0 < (~batch.counted).sum() <= missing.numel()


def test_a_voxel_has_data_where_one_channel_has(tmp_path):
    from napari_fhn.training import Input

    first, second = np.zeros((2, 4, 5), np.float32)
    first[0], second[0, 1:], first[3] = np.nan, np.nan, np.nan
    for name, array in (("a", first), ("b", second)):
        np.save(tmp_path / f"{name}.npy", array)
    volume = Volume([Input(str(tmp_path / f"{name}.npy")) for name in "ab"])
    expected = np.ones((4, 5), bool)
    expected[0, 1:] = False
    np.testing.assert_array_equal(volume.present(Box.whole((4, 5))), expected)
    np.testing.assert_array_equal(volume.present(Box((-1, 0), (2, 6)))[1:, :5], expected[:2])
    assert not volume.present(Box((-1, 0), (2, 6)))[0].any()
    np.testing.assert_array_equal(volume.present_at(np.unravel_index(np.arange(20), (4, 5))), expected.ravel())


def test_a_map_has_data_where_its_cube_has(cube):
    job, _ = cube
    for item in job.inputs:
        data = np.load(item.path)
        data[3, 4], data[5, 6, :11] = np.nan, np.nan
        np.save(item.path, data)
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    found = frame.present(Box((0, 0), (16, 24)))
    assert found.shape == (16, 24)
    assert np.argwhere(~found).tolist() == [[3, 4]]
    np.testing.assert_array_equal(frame.present_at(np.arange(16 * 24)), found.ravel())
    batch = blocks(knowing(job, Share("changed", 0.2, 0.5))).draw()
    assert batch.counted.shape == batch.labels.shape


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda job, path: replace(job, weights=path), "weights must be whole numbers on the labels' grid"),
        (lambda job, path: knowing(job, Absence("top", mask=path)), "a mask without top must be"),
        (lambda job, path: replace(job, ignored=(Box((0, 0), (1, 1)),)), "needs 3 axes"),
        (lambda job, path: knowing(job, Absence("top", (Box((0,), (1,)),))), "needs 3 axes"),
        (lambda job, path: replace(job, weights=path + "x"), "does not exist"),
    ],
)
def test_what_does_not_fit_is_explained(layered, tmp_path, change, words):
    job, _ = layered
    np.save(tmp_path / "other.npy", np.zeros((2, 3, 4), np.float32))
    with pytest.raises(JobError, match=words):
        list(fit(change(job, str(tmp_path / "other.npy"))))


def test_a_weight_beyond_all_is_named_with_its_place(layered, tmp_path):
    job, _ = layered
    weights = np.zeros((12, 20, 32), np.uint8)
    weights[0, 0, 0] = 200  # not labelled: nobody minds
    weights[2, 3, 4] = 101
    np.save(tmp_path / "weights.npy", weights)
    with pytest.raises(JobError, match=r"weight 101 at voxel \(2, 3, 4\)"):
        list(fit(replace(job, weights=str(tmp_path / "weights.npy"))))


def test_maps_of_cubes_train_with_what_is_known_without_labels(cube):
    job, _ = cube
    known = (Share("changed", 0.1, 0.4), Smoothness(), Absence("changed", (Box((0, 0), (2, 24)),)))
    assert isinstance(list(fit(knowing(job, *known, ignored=(Box((0, 0), (3, 3)),))))[-1], Done)
