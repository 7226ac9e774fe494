"""Sections between two that are looked at, whatever boxes are asked for in whatever order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import proofs
from napari_fhn.box import Box
from napari_fhn.training.combination.every_second import EverySecond


class Looking:
    """Says of each section a number, and counts how often it was asked."""

    def __init__(self, lines: int) -> None:
        self.values = np.random.default_rng(lines).random((2, lines)).astype(np.float32)
        self.asked = np.zeros(lines, int)

    def look(self, box: Box, across: int, lines: range) -> np.ndarray:
        assert (lines[0], lines[-1] + 1) == (box.start[across], box.stop[across])
        self.asked[list(lines)] += 1
        shape = [2, *box.shape]
        shape[1 + across] = len(lines)
        values = self.values[:, list(lines)].reshape(2, *(len(lines) if axis == across else 1 for axis in range(3)))
        return np.broadcast_to(values, shape).copy()

    def expected(self) -> np.ndarray:
        even = np.arange(len(self.asked)) // 2 * 2
        after = np.minimum(even + 2, (len(self.asked) - 1) // 2 * 2)
        share = (np.arange(len(self.asked)) % 2) / 2
        return (1 - share) * self.values[:, even] + share * self.values[:, after]


@given(st.integers(1, 23), st.integers(0, 1), st.data())
def test_every_box_says_the_same(lines, across, data):
    made = Looking(lines)
    says, expected = EverySecond(made.look), made.expected()
    for _ in range(proofs.examples(3) // 8):
        first = data.draw(st.integers(0, lines - 1))
        last = data.draw(st.integers(first + 1, lines))
        box = Box((3, 3, 0), (5, 5, 4)).slab(across, first, last)
        found = np.moveaxis(says.read(box, across, lines), 1 + across, 1)
        wanted = np.broadcast_to(expected[:, first:last, None, None], found.shape)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert not made.asked[1::2].any()


def test_tiles_side_by_side_look_at_no_section_twice():
    made = Looking(41)
    says = EverySecond(made.look)
    left, right = 20, 20  # from the view to both sides, in turn
    for size in (1, 4, 3, 2, 5, 1, 4):
        says.read(Box((right, 0, 0), (right + size, 6, 4)), 0, 41)
        says.read(Box((max(0, left - size), 0, 0), (left, 6, 4)), 0, 41)
        left, right = left - size, right + size
    assert set(made.asked[::2]) == {1}


def test_of_something_else_it_is_asked_anew():
    made = Looking(9)
    says, box = EverySecond(made.look), Box((2, 0, 0), (3, 6, 4))
    says.read(box, 0, 9, of=1)
    says.read(box, 0, 9, of=1)
    assert made.asked[2] == 1
    says.read(box, 0, 9, of=2)
    says.read(Box((2, 1, 0), (3, 6, 4)), 0, 9, of=2)
    assert made.asked[2] == 3
