"""What is seen while training runs: blocks fill the survey, the section in view is predicted as a whole."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Control, Focus
from napari_fhn.training.prediction import live as live_module
from napari_fhn.training.prediction.live import Live

SHAPE = (6, 8, 10)


@pytest.fixture
def out():
    return np.zeros(SHAPE, np.uint8)


def live(out, focus):
    predictor = SimpleNamespace(
        shape=out.shape,
        put_classes=lambda box, classes: np.copyto(out[box.slices], classes, where=classes > 0),
        section=lambda focus, control: iter([Box.whole(out.shape)]),
        around=(0,) * out.ndim,
        frame=SimpleNamespace(vertical_axis=None),
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


class Map:
    """A map of 400 x 400 cells, and the parts of it that were predicted."""

    shape, around, frame = (400, 400), (0, 0), SimpleNamespace(vertical_axis=None)

    def __init__(self):
        self.seen = []

    def part(self, box):
        self.seen.append(box)
        yield box

    def notes(self):
        return []


def test_a_large_map_is_looked_at_in_parts_and_the_next_look_goes_on(monkeypatch):
    monkeypatch.setattr(live_module, "_GLANCE", 0.0)
    large = Map()
    seen = Live(large, Control(place=(390, 10)))
    parts = {update.box for _ in range(6) for update in seen.look(1)}
    assert len(parts) == len(large.seen) == 6
    assert large.seen[0].start[0] > 200
    assert large.seen[0].start[1] == 0
    assert seen.share == 1 / 6
    covered = np.zeros(large.shape, int)
    for box in large.seen:
        covered[box.slices] += 1
    assert (covered == 1).all()


def test_where_the_person_moves_to_is_next_and_labels_begin_anew(monkeypatch):
    monkeypatch.setattr(live_module, "_GLANCE", 0.0)
    large, control = Map(), Control(place=(390, 10))
    seen = Live(large, control)
    list(seen.look(1))
    first = large.seen[0]
    assert not seen.moved
    control.place = (10, 10)
    assert seen.moved
    list(seen.look(1))
    control.place = (390, 10)  # back again: it was seen before the others, and may have changed
    list(seen.look(1))
    list(seen.look(1))
    assert [box == first for box in large.seen] == [True, False, True, False]
    seen.again()
    list(seen.look(1))
    assert large.seen[-1] == first


def test_a_last_look_is_at_all_of_a_map(monkeypatch):
    monkeypatch.setattr(live_module, "_GLANCE", 0.0)
    large = Map()
    seen = Live(large, Control())
    list(seen.look(1))
    large.seen.clear()
    list(seen.look(1, whole=True))
    assert len(set(large.seen)) == 6
