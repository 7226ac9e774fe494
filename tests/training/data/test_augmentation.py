"""What is done to a training block: data, place and labels stay together."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Focus, JobError, Schedule
from napari_fhn.training.data.augmentation import Block, Way, flipped, permuted, sheared
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume


@pytest.fixture
def block():
    """Data and place say where each voxel came from."""
    at = np.stack(np.meshgrid(*map(np.arange, (4, 6, 8)), indexing="ij")).astype(np.float32)
    labels = (1 + (at.sum(0) % 3)).astype(np.uint8)
    return Block(at, at[2:], labels[None])


def agrees(block):
    return ((1 + block.data.sum(0) % 3) == block.labels).all() and (block.data[2] == block.place[0]).all()


def test_turning_round_keeps_voxels_whole(block):
    turned = flipped(block, (0, 2))
    assert agrees(turned)
    assert turned.data[:, 0, 0, 0].tolist() == [3, 0, 7]


def test_another_order_of_axes_keeps_voxels_whole(block):
    swapped = permuted(block, (1, 0, 2))
    assert swapped.labels.shape == (6, 4, 8)
    assert agrees(swapped)


def test_columns_move_and_their_place_stays(block):
    moved = sheared(block, 2, 3.0, (0.0, 0.0))
    np.testing.assert_array_equal(moved.data[2, 0, 0], [3, 4, 5, 6, 7, 7, 7, 7])
    np.testing.assert_array_equal(moved.labels[..., :5], block.labels[..., 3:])
    assert (moved.labels[..., 5:] == 0).all()  # what moves in is not known
    np.testing.assert_array_equal(moved.place, block.place)
    dipping = sheared(block, 2, 0.0, (1.0, 0.0))
    np.testing.assert_array_equal(dipping.data[2, :, 0, 4], [2, 3, 4, 5])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)])
def test_what_is_said_of_a_block_comes_back_to_where_it_belongs(block, order):
    way = Way((0,), 2, 1.6, (0.4, -0.3), order)
    shown = permuted(sheared(flipped(block, way.flips), 2, way.shift, way.dips), order)
    back = way.back(shown.labels)
    said = back > 0
    assert said.mean() > 0.6
    # Rounded twice: a column may be one sample off.
    padded = np.pad(block.labels, ((0, 0), (0, 0), (1, 1)), mode="edge")
    near = (back == padded[..., 1:-1]) | (back == padded[..., :-2]) | (back == padded[..., 2:])
    assert near[said].all()
    assert (back == block.labels)[said].mean() > 0.7


def test_without_moving_columns_all_comes_back(block):
    way = Way((1, 2), None, 0.0, (), (1, 0, 2))
    shown = permuted(flipped(block, way.flips), way.order)
    np.testing.assert_array_equal(way.back(shown.labels), block.labels)


@pytest.mark.parametrize("survey", ["layered", "layered_3d", "cube"])
def test_blocks_of_a_batch_are_found_in_the_survey(survey, request):
    job, truth = request.getfixturevalue(survey)
    np.save(job.labels, truth)
    drawn = blocks(job, permute=() if survey == "layered" else (0, 1))
    for _ in range(5):
        labels = drawn.draw().labels.numpy()
        for box, back in drawn.back(labels):
            assert back.shape == box.shape
            assert Box.whole(truth.shape).stop >= box.stop
            np.testing.assert_array_equal(back, truth[box.slices])


def blocks(job, **schedule):
    frame = Frame(Volume(job.inputs), job.network, job.framing)
    labels = LabelFile(job.labels, frame.shape, len(job.classes))
    return Blocks(frame, labels, replace(job.schedule, noise=0.0, shear=0.0, shift=0.0, **schedule))


def test_inlines_and_crosslines_change_places(layered_3d):
    job, _ = layered_3d
    drawn = blocks(job, block=(8, 16, 32), batch=2, permute=(0, 1))
    shapes = {drawn.draw().labels.shape[1:] for _ in range(20)}
    assert shapes == {(8, 16, 32), (16, 8, 32)}


def test_only_the_named_axes_are_turned(layered):
    job, truth = layered
    np.save(job.labels, truth)
    ramp = np.broadcast_to(np.arange(20.0)[:, None], (12, 20, 32))
    np.save(job.inputs[0].path, ramp.astype(np.float32))
    for flips, expected in ((None, {-1.0, 1.0}), ((), {1.0}), ((0,), {-1.0, 1.0})):
        drawn = blocks(job, flips=flips, batch=1)
        signs = set()
        for _ in range(40):
            section = drawn.draw().data[0, 1]
            if section.shape[0] == 16:  # an inline; along a crossline the ramp is flat
                signs.add(1.0 if section[-1, 0] > section[0, 0] else -1.0)
        assert signs == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [({"permute": (0, 1)}, "axis 1 of the network, and that is the vertical one")],
)
def test_an_axis_that_has_to_stay_is_not_moved(layered, change, words):
    job, _ = layered
    with pytest.raises(JobError, match=words):
        blocks(job, **change)


def test_the_axis_that_only_the_data_have_is_not_moved(cube):
    job, _ = cube
    with pytest.raises(JobError, match="flips has axis 2"):
        blocks(job, flips=(2,))


def test_a_share_of_the_labels_is_learnt_from_in_each_step(layered):
    job, truth = layered
    np.save(job.labels, truth)
    labels = blocks(job, labels_share=0.1, batch=1, block=(16, 32)).draw().labels
    assert (labels > 0).sum() == np.ceil(0.1 * labels.numel())


def test_the_last_label_is_not_left_out(layered):
    job, _ = layered
    labels = np.zeros((12, 20, 32), np.uint8)
    labels[3, 4, 5] = 1
    np.save(job.labels, labels)
    drawn = blocks(job, labels_share=0.01)
    assert all((drawn.draw().labels > 0).flatten(1).sum(1).eq(1).all() for _ in range(5))


def test_blocks_are_drawn_from_where_the_person_looks(layered):
    job, truth = layered
    np.save(job.labels, truth)
    # Sections across inlines through what is near inline 1: how often is one within two inlines of it?
    drawn = blocks(job, focus_share=0.8, batch=1)
    focus, rng = Focus(0, 1), np.random.default_rng(0)
    near = np.mean([drawn._labelled_voxel(focus, rng) // (20 * 32) <= 3 for _ in range(200)])
    anywhere = np.mean([drawn._labelled_voxel(None, rng) // (20 * 32) <= 3 for _ in range(200)])
    assert near > 0.7
    assert anywhere < 0.6


def test_a_map_from_a_cube_is_augmented_on_the_map(cube):
    job, _ = cube
    drawn = blocks(job, permute=(0, 1))
    shapes = set()
    for _ in range(10):
        batch = drawn.draw()
        assert batch.data.shape[1:] == (2, *batch.labels.shape[1:], 12)
        shapes.add(batch.labels.shape[1:])
    assert shapes == {(8, 16), (16, 8)}


def test_schedule_axes_are_plain_integers():
    assert Schedule(block=[8, 8], flips=[0], permute=[1, 0]).permute == (1, 0)
