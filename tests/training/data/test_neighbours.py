"""What the nearest labelled columns say, as channels of the input."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import JobError, confusion, fit, intersection_over_union, predict
from napari_fhn.training.data import hiding
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.neighbours import Neighbours
from napari_fhn.training.data.volume import Volume

WELLS = [(4, 4), (4, 60), (30, 10), (30, 50)]


def columns(tmp_path, boundary, wells=WELLS, shape=(36, 64, 24), held_out=()):
    """Two classes that part at a depth for each well; columns of 3 x 3 traces."""
    values = np.zeros(shape, np.uint8)
    for number, (i, j) in enumerate(wells):
        values[i - 1 : i + 2, j - 1 : j + 2] = np.where(np.arange(shape[-1]) < boundary(number), 1, 2)
    np.save(tmp_path / "labels.npy", values)
    return LabelFile(str(tmp_path / "labels.npy"), shape, 2, held_out), values


def test_flat_layers_are_foretold_and_chance_is_not(tmp_path):
    labels, _ = columns(tmp_path, lambda _: 10)
    assert Neighbours(labels, 2).agreement() == (1, 4)
    labels, _ = columns(tmp_path, lambda number: (0, 0, 24, 24)[number])
    assert Neighbours(labels, 2).agreement().kappa < 0.2
    labels, _ = columns(tmp_path, lambda _: 10, wells=WELLS[:1])
    assert Neighbours(labels, 2).agreement() is None


def test_shares_sum_up_follow_the_nearest_and_the_distance_grows(tmp_path):
    labels, values = columns(tmp_path, lambda number: 6 + 4 * number)
    known = Neighbours(labels, 2)
    assert known.bodies == 4
    got = known.read(Box.whole(values.shape))
    assert got.shape == (3, *values.shape)
    np.testing.assert_allclose(got[:2].sum(0), 2, atol=1e-5)
    for i, j in WELLS:
        np.testing.assert_array_equal(got[:2, i, j].argmax(0) + 1, values[i, j])
        assert got[2, i, j].max() == 0
    assert got[2, 18, 32].min() > 0.3
    # A box is a part of the whole, also where it reaches outside.
    part = known.read(Box((10, -5, -3), (12, 40, 9)))
    np.testing.assert_allclose(part[:, :, 5:, 3:], got[:, 10:12, :40, :9], atol=1e-6)


@pytest.mark.parametrize("vertical", [0, 1])
def test_columns_may_run_along_any_axis(tmp_path, vertical):
    labels, values = columns(tmp_path, lambda number: 6 + 4 * number)
    expected = Neighbours(labels, 2).read(Box.whole(values.shape))
    np.save(tmp_path / "turned.npy", np.moveaxis(values, 2, vertical))
    turned = LabelFile(str(tmp_path / "turned.npy"), np.moveaxis(values, 2, vertical).shape, 2)
    got = Neighbours(turned, vertical).read(Box.whole(turned.shape))
    np.testing.assert_allclose(np.moveaxis(got, 1 + vertical, 3), expected, atol=1e-6)


def test_pixels_of_a_map_are_columns_of_one_voxel(tmp_path):
    values = np.zeros((40, 50), np.uint8)
    values[3:6, 3:6], values[30:34, 40:45] = 1, 2
    np.save(tmp_path / "labels.npy", values)
    known = Neighbours(LabelFile(str(tmp_path / "labels.npy"), values.shape, 2), None)
    got = known.read(Box.whole(values.shape))
    assert known.bodies == 2
    assert (got[:2, 0, 0].argmax(), got[:2, 39, 49].argmax()) == (0, 1)


def test_a_block_is_asked_for_what_it_is_not_told(tmp_path):
    labels, values = columns(tmp_path, lambda number: 6 + 4 * number)
    known = Neighbours(labels, 2)
    box = Box((4, 0, 0), (5, 64, 24))
    rng = np.random.default_rng(0)
    for _ in range(20):
        lesson, asked = known.lesson(box, (4, 4, 7), rng)
        assert asked.shape == (1, 64, 1)
        assert asked[0, 4, 0]
        told = {tuple(place) for place in known._places[lesson.told].tolist()}
        assert (4, 4) not in told
        assert not any(asked[0, j, 0] for i, j in told if i == 4)
        heard = known.read(box, lesson)
        # The distance to the nearest column that is told is the one that the network hears.
        nearest = min(np.hypot(i - 4, j - 4) for i, j in told)
        assert heard[2, 0, 4, 0] == pytest.approx(nearest / (nearest + known._spacing), abs=1e-5)
    # Wells that are hidden whole are told of by the others, of which well 2 is the nearest.
    far = hiding.Lesson(np.hypot(*(known._places - (4, 4)).T) > 5, np.array([[4, 4]]), np.array([2.5]))
    np.testing.assert_array_equal(known.read(box, far)[:2, 0, 4].argmax(0) + 1, values[30, 10])
    nothing = hiding.Lesson(np.zeros(len(known._places), bool), np.zeros((0, 2), int), np.zeros(0))
    assert not known.read(box, nothing)[:2].any()
    assert (known.read(box, nothing)[2] == 1).all()


def test_a_frame_hides_only_while_learning(layered):
    job, truth = layered
    framing = replace(job.framing, neighbours=True)
    frame = Frame(Volume(job.inputs), job.network, framing)
    rng = np.random.default_rng(0)
    box = Box((0, 3, 0), (12, 4, 32))
    plain = frame.channels
    assert frame.lesson(box, 1, (2, 3, 0), rng)[1] is None
    frame.know(LabelFile(job.labels, frame.shape, 3))
    assert frame.channels == plain + 4
    seen = frame.position(box, 1)[1:4, 2].argmax(0) + 1
    np.testing.assert_array_equal(seen, truth[2, 3])
    told, asked = frame.lesson(box, 1, (2, 3, 0), rng)
    assert told.shape == (plain - 3 + 4, 12, 32)
    assert asked.shape == (12, 1, 1)
    assert asked[2]
    assert (told[-4:-1, 2].argmax(0) + 1 != truth[2, 3]).any()


def test_what_is_held_out_is_never_told(tmp_path):
    held = Box((28, 48, 0), (33, 53, 24))
    labels, _ = columns(tmp_path, lambda number: 6 + 4 * number, held_out=[held])
    known = Neighbours(labels, 2)
    assert known.bodies == 3
    assert known.read(held)[2].min() > 0


def test_new_strokes_and_erased_ones_are_followed(tmp_path):
    labels, _ = columns(tmp_path, lambda _: 10)
    known = Neighbours(labels, 2)
    file = np.load(tmp_path / "labels.npy", mmap_mode="r+")
    file[15:18, 30:33] = 1
    file[:6] = 0
    labels._next_look = 0  # as if some time had passed
    labels.look()
    known.look()
    assert known.bodies == 3
    assert (known.read(Box((16, 31, 0), (17, 32, 24)))[0] > 1.5).all()


def test_many_columns_are_thinned_but_no_body_is_lost(tmp_path):
    values = np.zeros((200, 200, 2), np.uint8)
    values[:100, :100] = 1
    values[199, 199] = 2
    np.save(tmp_path / "labels.npy", values)
    known = Neighbours(LabelFile(str(tmp_path / "labels.npy"), values.shape, 2), 2)
    assert known.bodies == 2
    assert known.read(Box((199, 199, 0), (200, 200, 1)))[1] > 1.9


def test_large_surveys_are_interpolated_on_a_lattice(tmp_path):
    labels, values = columns(tmp_path, lambda number: 6 + 4 * number, shape=(600, 80, 24))
    known = Neighbours(labels, 2)
    whole = known.read(Box.whole(values.shape))
    assert (whole[:, 0] == whole[:, 1]).all()
    # The last bit is that of a product of matrices, whose rounding goes by its size with some processors' kernels.
    part = known.read(Box((3, 5, 2), (8, 70, 20)))
    np.testing.assert_array_max_ulp(part, whole[:, 3:8, 5:70, 2:20], maxulp=2)
    for i, j in WELLS:
        np.testing.assert_array_equal(whole[:2, i, j].argmax(0) + 1, values[i, j])


def test_one_body_cannot_foretell_another(layered, tmp_path):
    job, _ = layered
    labels, _ = columns(tmp_path, lambda _: 10, wells=[(4, 4)], shape=(12, 20, 32))
    with pytest.raises(JobError, match="label another well"):
        next(iter(fit(replace(job, labels=labels.path, classes=("a", "b"), neighbours=True))))


def test_it_helps_where_the_data_say_little(layered):
    """Noise in place of seismic: only the wells know anything, and the model reads them again to predict."""
    job, truth = layered
    np.save(job.inputs[0].path, np.random.default_rng(0).standard_normal(truth.shape).astype(np.float32))

    def score(neighbours):
        made = replace(job, neighbours=neighbours, position="none")
        for _ in fit(made):
            pass
        for _ in predict(made):
            pass
        return np.nanmean(intersection_over_union(confusion(np.load(job.prediction), truth, 3)))

    with_wells, without = score(True), score(False)
    assert with_wells > 0.5
    assert with_wells > without + 0.1
