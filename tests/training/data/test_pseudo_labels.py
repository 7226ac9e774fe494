"""Pseudo-labels: where they lie, how they are drawn, and that they are the same in other processes and later."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training.data import pseudo_labels
from napari_fhn.training.data.pseudo_labels import PseudoLabels, Tile, filled, traces_of

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(1, 20)) | st.tuples(
    st.integers(1, 60), st.integers(1, 20)
)


def some(pseudo: PseudoLabels, of: int, count: int, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        number = 0 if of != pseudo.of else pseudo.held
        pseudo.put(of, rng.integers(0, 4, pseudo.boxes[number].shape).astype(np.uint8))


def same(one: PseudoLabels, other: PseudoLabels) -> bool:
    tiles = zip(one._held, other._held, strict=True)
    return one.of == other.of and all(a.box == b.box and np.array_equal(a.classes, b.classes) for a, b in tiles)


@given(
    shape=SHAPES,
    vertical=st.integers(0, 2),
    room=st.integers(1, 9000),
    least=st.integers(1, 40),
    seed=st.integers(0, 9),
)
def test_tiles_lie_in_the_survey_are_as_high_as_it_is_and_hold_so_many_voxels(shape, vertical, room, least, seed):
    vertical %= len(shape)
    pseudo = PseudoLabels(shape, vertical, 4, 4 * room, least, seed)
    assert pseudo.boxes == PseudoLabels(shape, vertical, 4, 4 * room, least, seed).boxes
    wide = [min(least, size) for axis, size in enumerate(shape) if axis != vertical]
    for box in pseudo.boxes:
        assert all(0 <= a < b <= size for a, b, size in zip(box.start, box.stop, shape, strict=True))
        assert box.shape[vertical] == shape[vertical]
        lengths = [size for axis, size in enumerate(box.shape) if axis != vertical]
        assert all(length >= min(least, 16) for length, least in zip(lengths, wide, strict=True))
        assert any(length >= least for length, least in zip(lengths, wide, strict=True))
        narrowest = wide[0] if len(wide) == 1 else max(lengths) * min(16, *wide)
        assert np.prod(box.shape) <= max(room, narrowest * shape[vertical])
    assert len(pseudo.boxes) == 1 or sum(np.prod(box.shape) for box in pseudo.boxes) <= room
    if np.prod(shape) <= room:
        assert pseudo.boxes == (Box.whole(shape),)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((128, 192, 160), (128, 192, 160)),
        ((600, 480, 1500), (96, 33, 1500)),  # as many traces as a block has
        ((40, 9000, 300), (40, 399, 300)),
        ((3, 400, 100), (3, 400, 100)),
        ((9000, 2000), (2396, 2000)),
    ],
)
def test_a_small_survey_is_one_tile_and_a_large_one_has_eight_evenly_over_it(shape, expected):
    boxes = PseudoLabels(shape, len(shape) - 1, 7, 10**10, 96, seed=3).boxes
    assert {box.shape for box in boxes} == {expected}
    assert len(boxes) == (8 if np.prod(shape) > 8 * np.prod(expected) else -(-np.prod(shape) // np.prod(expected)))
    for axis in range(len(shape) - 1):
        free = shape[axis] - expected[axis]
        starts = np.sort([box.start[axis] for box in boxes])
        assert np.diff([0, *starts, free]).max() <= max(0, 0.45 * free)


@pytest.mark.parametrize(("steps", "expected"), [(20, (20, 96, 160)), (150, (120, 120, 160)), (300, (128, 192, 160))])
def test_a_short_training_has_a_small_tile(steps, expected):
    seen = steps * 4 * 96 * 160
    (box,) = PseudoLabels((128, 192, 160), 2, 7, seen, 96, seed=3).boxes
    assert box.shape == expected


def test_tiles_of_other_labels_take_the_place_of_those_that_are_there_when_the_first_one_comes(monkeypatch):
    monkeypatch.setattr(pseudo_labels, "PROBABILITIES", 3 * 9 * 9 * 30)
    pseudo = PseudoLabels((40, 50, 30), 2, 3, 10**6, 8, seed=0)
    some(pseudo, 5, 3)
    assert (pseudo.held, pseudo.of) == (3, 5)
    some(pseudo, 6, 1)
    assert (pseudo.held, pseudo.of, pseudo.version) == (1, 6, 4)


@pytest.mark.parametrize("vertical", [0, 1, 2])
def test_every_class_of_a_section_has_its_turn_and_where_nothing_is_said_none(vertical):
    shape = [20, 40]
    shape.insert(vertical, 30)
    pseudo = PseudoLabels(tuple(shape), vertical, 3, 10**6, 8, seed=0)
    rng = np.random.default_rng(0)
    assert pseudo.draw(rng) is None
    pseudo.put(1, np.zeros(shape, np.uint8))
    assert pseudo.draw(rng) is None
    classes = np.zeros((20, 40, 30), np.uint8)
    classes[7, :, :15], classes[7, 3, 20] = 1, 3  # one voxel of the third class, in the only section that is known
    pseudo.put(2, np.moveaxis(classes, -1, vertical))
    met = []
    for _ in range(60):
        tile, voxel = pseudo.draw(rng) or pytest.fail("nothing was drawn")
        assert np.delete(voxel, vertical)[0] == 7
        met.append(int(tile.classes[tuple(voxel)]))
    assert set(met) == {1, 3}
    assert 15 < met.count(3) < 45


@pytest.mark.parametrize("vertical", [0, 1])
def test_every_class_of_a_line_has_its_turn(vertical):
    classes = np.ones((50, 40), np.uint8)
    classes[:, 3] = 2  # one sample thick
    pseudo = PseudoLabels((50, 40) if vertical else (40, 50), vertical, 3, 10**6, 8, seed=0)
    pseudo.put(1, np.moveaxis(classes, -1, vertical))
    rng = np.random.default_rng(0)
    drawn = [pseudo.draw(rng) for _ in range(80)]
    share = np.mean([tile.classes[tuple(voxel)] == 2 for tile, voxel in drawn])
    assert 0.3 < share < 0.7


def test_a_tile_is_written_where_it_overlaps_a_box_and_nowhere_else():
    tile = Tile(Box((2, 0, 0), (3, 4, 3)), np.arange(1, 13, dtype=np.uint8).reshape(1, 4, 3), "")
    row = np.zeros((3, 4, 3), np.uint8)
    filled(tile, Box((1, -2, 1), (4, 2, 4)), row)  # reaches outside of the survey
    expected = np.zeros_like(row)
    expected[1, 2:4, 0:2] = tile.classes[0, 0:2, 1:3]
    np.testing.assert_array_equal(row, expected)
    filled(tile, Box((5, 0, 0), (6, 4, 3)), untouched := np.zeros((1, 4, 3), np.uint8))
    assert not untouched.any()


@given(shape=SHAPES, vertical=st.integers(0, 2), turns=st.lists(st.integers(0, 8), max_size=4))
def test_another_process_has_the_same_and_so_has_whoever_goes_on(shape, vertical, turns):
    vertical %= len(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pseudo_labels, "PROBABILITIES", 4 * 200)
        first, second, later = (PseudoLabels(shape, vertical, 4, 10**9, 4, seed=2) for _ in range(3))
    for of, count in enumerate(turns, 1):
        some(first, of, min(count, len(first.boxes)), of)
        second.take(json.loads(json.dumps(first.news())))
        assert same(first, second)
        assert not second.news()
    later.resume(json.loads(json.dumps(first.state())))
    assert same(first, later)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiles": ["AAAA"]},
        {"tiles": ["no base 64"]},
        {"tiles": ["eJwDAAAAAAE="]},
        {"tiles": [7]},
        {"boxes": [[0, 0, 0, 30, 40, 21]]},
        {"boxes": [[0, 0, 0, 30, 40, 19]]},
        {"boxes": [[0, 0]]},
        {"boxes": []},
        {"of": 0},
    ],
)
def test_a_damaged_state_is_an_error(wrong):
    pseudo, again = (PseudoLabels((30, 40, 20), 2, 3, 10**6, 8, seed=1) for _ in range(2))
    pseudo.put(1, np.full((30, 40, 20), 3, np.uint8))
    again.resume(pseudo.state())
    assert again.held == 1
    with pytest.raises((ValueError, TypeError)):  # whoever reads the file names it
        again.resume(pseudo.state() | wrong)
    pseudo.put(2, np.full((30, 40, 20), 4, np.uint8))
    with pytest.raises(ValueError, match="classes that there are not"):
        again.resume(pseudo.state())


def test_going_on_twice_or_with_more_steps_keeps_the_tiles_as_they_are():
    short, long = (PseudoLabels((128, 192, 60), 2, 7, seen, 8, seed=1) for seen in (10**6, 10**9))
    some(short, 3, 1)
    long.resume(short.state())
    long.resume(long.state())
    assert same(short, long)
    assert long.boxes == short.boxes


@given(block=st.lists(st.integers(1, 99), min_size=2, max_size=3), vertical=st.integers(-1, 1))
def test_traces_of_a_block_are_its_longest_side_but_for_time(block, vertical):
    rest = [size for axis, size in enumerate(block) if axis != vertical % len(block)]
    assert traces_of(block, vertical) == max(rest)


def test_what_it_takes_to_make_a_tile_is_bounded_at_any_size():
    small, large = (pseudo_labels.making_bytes(shape, 2, 7, 96) for shape in ((12, 20, 32), (2000, 2000, 2500)))
    assert small < 12 * 20 * 32 * 7 * 20
    assert large < 2e9
    assert [pseudo_labels.at_once(section, 2**18) for section in (10**9, 128 * 160, 10)] == [4, 12, 24]
