"""What is seen while training runs: blocks fill the survey, the section in view is predicted as a whole."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Control, Focus
from napari_fhn.training.live import Live

SHAPE = (6, 8, 10)


@pytest.fixture
def out():
    return np.zeros(SHAPE, np.uint8)


def live(out, focus):
    predictor = SimpleNamespace(
        shape=out.shape,
        put_classes=lambda box, classes: np.copyto(out[box.slices], classes, where=classes > 0),
        section=lambda focus, control: iter([Box.whole(out.shape)]),
        notes=list,
    )
    return Live(predictor, Control(focus=focus))


def test_blocks_are_written_where_something_was_said(out):
    classes = np.full((2, 3, 10), 2, np.uint8)
    classes[0, 0, 0] = 0
    box = Box((1, 2, 0), (3, 5, 10))
    assert [u.box for u in live(out, None).take([(box, classes)], 7)] == [box]
    assert out[1, 2, 0] == 0
    assert out.sum() == 2 * (classes.size - 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_in_view_is_left_to_itself(out, axis):
    box = Box((1, 2, 0), (3, 5, 10))
    list(live(out, Focus(axis, 2)).take([(box, np.ones(box.shape, np.uint8))], 7))
    written = np.moveaxis(out, axis, 0)
    assert written.any()
    assert not written[2].any()


def test_a_map_is_filled_until_it_is_predicted_as_a_whole():
    out = np.zeros((6, 8), np.uint8)
    seen = live(out, None)
    box = Box((0, 0), (2, 2))
    list(seen.take([(box, np.ones((2, 2), np.uint8))], 1))
    assert out[:2, :2].all()
    list(seen.look(2))
    assert list(seen.take([(box, np.full((2, 2), 2, np.uint8))], 3)) == []
