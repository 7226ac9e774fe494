"""Maps foretold pixel by pixel, whatever their bands, dates, gaps and labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.pixels import PixelModel
from structure.maps import Channels, Known, fields, is_a_share, points, right


def test_bands_tell_the_classes_from_a_few_points() -> None:
    data, truth = fields()
    said = PixelModel(points(truth, 12), data).read(Box.whole(truth.shape))
    assert is_a_share(said, truth.shape)
    assert right(said, truth) > 0.9


def test_a_box_says_what_the_whole_map_says_there() -> None:
    data, truth = fields()
    model = PixelModel(points(truth, 10), data)
    part = Box((13, 40), (31, 58))
    np.testing.assert_allclose(
        model.read(part), model.read(Box.whole(truth.shape))[(slice(None), *part.slices)], atol=1e-4
    )


def test_twice_it_is_the_same() -> None:
    data, truth = fields()
    whole = Box.whole(truth.shape)
    one, other = (PixelModel(points(truth, 10), data).read(whole) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_bands_that_say_nothing_leave_all_classes_alike() -> None:
    _, truth = fields(classes=2)
    labels, sure = points(truth, 30), []
    for seed in range(6):  # of so many features some foretell sixty points a little, by chance
        noise = Channels(np.random.default_rng(seed).normal(size=(3, *truth.shape)))
        sure.append(abs(PixelModel(labels, noise).read(Box.whole(truth.shape)) - 0.5).mean())
    assert np.mean(sure) < 0.15


def test_a_change_is_seen_in_the_difference_of_dates() -> None:
    """Each date is a field of its own colours; what has changed is told by neither alone."""
    rng = np.random.default_rng(0)
    ground = rng.normal(size=(2, 60, 60)).repeat(1, axis=1) * 2
    changed = np.zeros((60, 60), bool)
    changed[20:40, 25:45] = True
    after = 1.4 * ground + 0.5 + 0.1 * rng.normal(size=ground.shape) + 2.0 * changed
    truth = np.where(changed, 2, 1).astype(np.uint8)
    data, labels = Channels(np.concatenate([ground, after])), points(truth, 15)
    dated = PixelModel(labels, data, dates=(slice(0, 2), slice(2, 4)))
    assert any(voice.features.differences for voice in dated.chosen.voices)
    assert right(dated.read(Box.whole(truth.shape)), truth) > 0.95


def test_three_dates_and_one_band_that_is_constant() -> None:
    data, truth = fields(bands=6)
    data.values[4] = 3.0
    model = PixelModel(points(truth, 10), data, dates=(slice(0, 2), slice(2, 4), slice(4, 6)))
    said = model.read(Box.whole(truth.shape))
    assert is_a_share(said, truth.shape)
    assert right(said, truth) > 0.85


def test_dates_of_unlike_bands_are_refused() -> None:
    data, truth = fields(bands=5)
    model = PixelModel(points(truth, 10), data, dates=(slice(0, 2), slice(2, 5)))
    with pytest.raises(ValueError, match="2, 3 channels"):
        model.read(Box.whole(truth.shape))


def test_in_gaps_all_classes_are_alike_and_labels_there_do_no_harm() -> None:
    data, truth = fields()
    data.values[:, 20:40, 30:60] = np.nan
    data.values[1, :10] = np.nan  # one band only: no gap
    labels = points(truth, 20)
    said = PixelModel(labels, data).read(Box.whole(truth.shape))
    assert is_a_share(said, truth.shape)
    np.testing.assert_allclose(said[:, 20:40, 30:60], 1 / 3, atol=1e-6)
    assert np.ptp(said[:, :10], axis=0).max() > 0.1
    beyond = PixelModel(labels, data).read(Box((-5, -5), (5, 5)))
    np.testing.assert_allclose(beyond[:, :5, :5], 1 / 3, atol=1e-6)


def test_nothing_but_gaps() -> None:
    data, truth = fields()
    data.values[:] = np.nan
    said = PixelModel(points(truth, 10), data).read(Box.whole(truth.shape))
    np.testing.assert_allclose(said, 1 / 3, atol=1e-6)


def test_hundreds_of_bands() -> None:
    rng = np.random.default_rng(1)
    few, truth = fields((40, 40), bands=5)
    many = np.einsum("cb,byx->cyx", rng.normal(size=(150, 5)), few.values) + rng.normal(size=(150, 40, 40))
    said = PixelModel(points(truth, 12), Channels(many)).read(Box.whole(truth.shape))
    assert right(said, truth) > 0.9


def test_a_volume_without_a_vertical_axis() -> None:
    data, truth = fields((20, 20, 20), classes=2, bands=2)
    said = PixelModel(points(truth, 25), data).read(Box((0, 0, 5), (20, 20, 15)))
    assert is_a_share(said, (20, 20, 10))
    assert right(said, truth[:, :, 5:15]) > 0.85


def test_without_labels_and_with_one_class_it_knows_nothing() -> None:
    data, truth = fields()
    whole = Box.whole(truth.shape)
    empty = Known(np.zeros_like(truth), 3)
    np.testing.assert_allclose(PixelModel(empty, data).read(whole), 1 / 3, atol=1e-6)
    empty.paint((slice(5, 9), slice(5, 9)), 2)
    np.testing.assert_allclose(PixelModel(empty, data).read(whole), 1 / 3, atol=1e-6)


def test_one_stroke_of_each_class_is_enough() -> None:
    """Each class in one body: none can be foretold from another, so bodies are cut."""
    data, truth = fields(classes=2)
    labels = Known(np.zeros_like(truth), 2)
    for value in (1, 2):
        y, x = np.argwhere(truth[::10, ::10] == value)[0] * 10
        labels.values[y + 2 : y + 8, x + 2 : x + 8] = value
    assert right(PixelModel(labels, data).read(Box.whole(truth.shape)), truth) > 0.85


def test_one_pixel_of_each_class_says_something() -> None:
    data, truth = fields(classes=2)
    model = PixelModel(points(truth, 1), data)
    said = model.read(Box.whole(truth.shape))
    assert model.chosen.gain == 0
    assert is_a_share(said, truth.shape)
    assert right(said, truth) > 0.6


def test_a_class_that_has_no_labels_is_neither_told_nor_ruled_out() -> None:
    data, truth = fields(classes=2)
    labels = Known(points(truth, 10).values, 3)
    said = PixelModel(labels, data).read(Box.whole(truth.shape))
    assert is_a_share(said, truth.shape)
    assert right(said, truth) > 0.85
    assert said[2].max() <= 1 / 3 + 0.01


def test_it_follows_the_labels() -> None:
    data, truth = fields()
    labels = points(truth, 10)
    model = PixelModel(labels, data)
    whole = Box.whole(truth.shape)
    before = model.read(whole)
    assert not model.look()
    labels.version += 1  # looked at again, and the same
    assert not model.look()
    y, x = np.argwhere(truth == 1)[-1]
    labels.paint((int(y), int(x)), 2)
    assert model.look()
    assert not np.array_equal(model.read(whole), before)


def test_voxels_are_read_once() -> None:
    data, truth = fields()
    labels = points(truth, 10)
    model = PixelModel(labels, data)
    spot = Box((0, 0), (1, 1))
    model.read(spot)
    before = data.reads
    labels.paint((30, 30), 1)
    model.look()
    model.read(spot)
    assert data.reads - before <= 2  # the new voxel, and the spot


def test_without_bodies_it_says_what_it_would_without_their_labels() -> None:
    data, truth = fields()
    labels = points(truth, 10)
    model = PixelModel(labels, data)
    bodies = Bodies.of(labels, None)
    left_out = {0, 3}
    rest = model.without(left_out)
    assert model.without(frozenset(left_out)) is rest
    fewer = labels.values.copy()
    fewer[np.isin(bodies.at(np.argwhere(np.ones_like(fewer))), list(left_out)).reshape(fewer.shape)] = 0
    own = PixelModel(Known(fewer, 3), data)
    assert rest.chosen == own.chosen  # neither features nor settings have heard of them
    whole = Box.whole(truth.shape)
    np.testing.assert_allclose(rest.read(whole), own.read(whole), atol=1e-5)
    assert not np.array_equal(rest.read(whole), model.read(whole))


def test_all_bodies_left_out() -> None:
    data, truth = fields()
    labels = points(truth, 5)
    rest = PixelModel(labels, data).without(range(Bodies.of(labels, None).count))
    np.testing.assert_allclose(rest.read(Box.whole(truth.shape)), 1 / 3, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_the_map_and_the_labels_are(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 25), min_size=2, max_size=2)))
    classes, bands = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.normal(size=(bands, *shape))
    values[:, rng.random(shape) < data.draw(st.sampled_from([0.0, 0.3]))] = np.nan
    labels = np.where(
        rng.random(shape) < data.draw(st.sampled_from([0.02, 0.5])), rng.integers(1, classes + 1, shape), 0
    )
    said = PixelModel(Known(labels.astype(np.uint8), classes), Channels(values)).read(Box.whole(shape))
    assert is_a_share(said, shape)
    assert said.shape[0] == classes
