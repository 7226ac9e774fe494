"""A factor is not asked again for what it has said, until labels change it."""

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training.combination.remembered import Remembered

from .conftest import Knowing

ROOM = 2**24


def knowing(shape):
    truth = np.random.default_rng(0).integers(1, 4, shape).astype(np.uint8)
    return Knowing("bands", truth, 3, 0.8)


@pytest.mark.parametrize("shape", [(150, 200), (40, 50, 45)])
def test_it_says_what_the_factor_says_and_asks_it_once_for_each_voxel(shape):
    factor = knowing(shape)
    remembered = Remembered(factor, shape, ROOM)
    rng = np.random.default_rng(1)
    for _ in range(12):
        start = tuple(int(rng.integers(0, size - 1)) for size in shape)
        stop = tuple(int(rng.integers(a + 2, size + 1)) for a, size in zip(start, shape, strict=True))
        box = Box(start, stop)
        np.testing.assert_array_equal(remembered.read(box), knowing(shape).read(box))
    whole = Box.whole(shape)
    remembered.read(whole)
    factor.asked.clear()
    np.testing.assert_array_equal(remembered.read(whole), knowing(shape).read(whole))
    assert not factor.asked


def test_a_section_is_asked_for_as_thin_as_it_is():
    factor = knowing((40, 50, 45))
    Remembered(factor, (40, 50, 45), ROOM).read(Box((7, 0, 0), (8, 50, 45)))
    assert factor.asked == [Box((7, 0, 0), (8, 50, 45))]


def test_labels_that_change_it_make_it_forget(monkeypatch):
    factor = knowing((80, 90))
    remembered = Remembered(factor, (80, 90), ROOM)
    box = Box((0, 0), (70, 70))
    remembered.read(box)
    factor.truth = (4 - factor.truth).astype(np.uint8)
    monkeypatch.setattr(factor, "look", lambda: True)
    np.testing.assert_array_equal(remembered.read(box), factor.read(box))


def test_what_was_not_asked_for_longest_goes_when_there_is_no_room():
    factor = knowing((64, 640))
    page = 3 * 64 * 64 * 4
    remembered = Remembered(factor, (64, 640), 2 * page)
    boxes = [Box((0, 64 * k), (64, 64 * k + 64)) for k in range(3)]
    for box in (boxes[0], boxes[1], boxes[0], boxes[2]):
        remembered.read(box)
    factor.asked.clear()
    remembered.read(boxes[0])
    assert not factor.asked
    remembered.read(boxes[1])
    assert factor.asked == [boxes[1]]
    assert remembered._held <= 2 * page


def test_what_has_no_room_at_all_is_said_all_the_same():
    factor = knowing((100, 100))
    remembered = Remembered(factor, (100, 100), 0)
    np.testing.assert_array_equal(remembered.read(Box.whole((100, 100))), factor.read(Box.whole((100, 100))))
