"""Maps foretold from where their labels lie."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.patches import Patches
from structure.maps import Known, is_a_share, right


def regions(
    shape: tuple[int, int] = (120, 100), patches: int = 40, size: int = 3, seed: int = 0
) -> tuple[Known, np.ndarray]:
    """Return patches of three large regions, and the regions."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    truth = (1 + (y > 60) + (y > 60) * (x > 50)).astype(np.uint8)
    values = np.zeros_like(truth)
    for _ in range(patches):
        a, b = (int(rng.integers(0, n - size)) for n in shape)
        values[a : a + size, b : b + size] = truth[a : a + size, b : b + size]
    return Known(values, 3), truth


def test_regions_are_foretold_from_their_patches() -> None:
    labels, truth = regions()
    model = Patches(labels)
    said = model.read(Box.whole(truth.shape))
    assert is_a_share(said, truth.shape)
    assert right(said, truth) > 0.85
    assert model.rule.gain > 0.3


def test_points_foretell_as_patches_do() -> None:
    labels, truth = regions(patches=200, size=1)
    assert right(Patches(labels).read(Box.whole(truth.shape)), truth) > 0.85


def test_patches_that_foretell_nothing_are_believed_next_to_them_only() -> None:
    rng = np.random.default_rng(1)
    values = np.zeros((100, 100), np.uint8)
    for place in np.argwhere(np.ones((10, 10))) * 10:
        values[tuple(slice(a, a + 2) for a in place)] = rng.integers(1, 4)
    said = Patches(Known(values, 3)).read(Box.whole(values.shape))
    assert (said[:, ::10, ::10].argmax(axis=0) + 1 == values[::10, ::10]).all()
    assert abs(said[:, 6::10, 6::10] - 1 / 3).mean() < 0.05


def test_a_box_says_what_the_whole_map_says_there() -> None:
    labels, truth = regions((400, 300), size=6)  # cells of three voxels: on a lattice
    model = Patches(labels)
    part = Box((101, 13), (160, 44))
    np.testing.assert_allclose(
        model.read(part), model.read(Box.whole(truth.shape))[(slice(None), *part.slices)], atol=1e-5
    )


def test_without_labels_and_with_one_body() -> None:
    labels = Known(np.zeros((30, 40), np.uint8), 3)
    model = Patches(labels)
    whole = Box.whole(labels.shape)
    np.testing.assert_allclose(model.read(whole), 1 / 3, atol=1e-6)
    labels.paint((slice(4, 8), slice(5, 9)), 2)
    assert model.look()
    np.testing.assert_allclose(model.read(whole), 1 / 3, atol=1e-6)  # nor between classes, from one of them
    labels.paint((slice(8, 12), slice(5, 9)), 3)  # two classes that touch are one body
    assert model.look()
    said = model.read(whole)
    assert is_a_share(said, labels.shape)
    assert [said[:, y, 6].argmax() for y in (5, 10)] == [1, 2]
    np.testing.assert_allclose(said[:, 29, 39], 1 / 3, atol=0.02)  # far away nothing is known


def test_thousands_of_points() -> None:
    rng = np.random.default_rng(0)
    y, _ = np.indices((300, 300))
    truth = (1 + y // 150).astype(np.uint8)
    labels = Known(np.where(rng.random(truth.shape) < 0.06, truth, 0).astype(np.uint8), 2)
    assert right(Patches(labels).read(Box.whole(truth.shape)), truth) > 0.95


def test_it_follows_the_labels_and_leaves_bodies_out() -> None:
    labels, _ = regions()
    model = Patches(labels)
    bodies = Bodies.of(labels, None)
    place = np.argwhere(labels.values == 1)[0]
    body = int(bodies.at(place[np.newaxis])[0])
    rest = model.without({body})
    assert model.without({body}) is rest
    spot = Box(tuple(place.tolist()), tuple((place + 1).tolist()))
    assert rest.read(spot)[0] <= model.read(spot)[0]
    fewer = np.where(bodies.at(np.argwhere(labels.values >= 0)).reshape(labels.values.shape) == body, 0, labels.values)
    assert rest.rule == Patches(Known(fewer, labels.classes)).rule != model.rule  # which has not heard of it
    assert not model.look()
    labels.paint((slice(0, 3), slice(0, 3)), 3)
    assert model.look()
    assert model.without({body}) is not rest


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_the_labels_are(data: st.DataObject) -> None:
    axes = data.draw(st.integers(2, 3))
    shape = tuple(data.draw(st.lists(st.integers(1, 12), min_size=axes, max_size=axes)))
    classes = data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = np.where(
        rng.random(shape) < data.draw(st.sampled_from([0.02, 0.3])), rng.integers(1, classes + 1, shape), 0
    )
    said = Patches(Known(values.astype(np.uint8), classes)).read(Box((-1,) * axes, tuple(n + 1 for n in shape)))
    assert is_a_share(said, [n + 2 for n in shape])
