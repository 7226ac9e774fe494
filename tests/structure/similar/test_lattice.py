"""Cells over a survey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.structure.similar.lattice import Lattice


@given(shape=st.lists(st.integers(1, 60), min_size=2, max_size=3), most=st.integers(1, 2000), data=st.data())
def test_every_voxel_is_in_one_cell(shape, most, data):
    lattice = Lattice.covering(tuple(shape), (2,) * len(shape), most)
    assert math.prod(lattice.shape) <= most
    voxel = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    cell = tuple(lattice.cells_of(np.array([voxel]))[0].tolist())
    box = lattice.box(cell)
    assert all(a <= at < b for a, at, b in zip(box.start, voxel, box.stop, strict=True))
    middle = lattice.middle(cell)
    assert all(a <= at < b for a, at, b in zip(box.start, middle, box.stop, strict=True))
    assert lattice.box((0,) * len(shape), tuple(n - 1 for n in lattice.shape)).shape == tuple(shape)


def test_cells_grow_only_where_they_may():
    lattice = Lattice.covering((512, 600, 400), (2, 2, 4), 10**6, (0, 1))
    assert lattice.cell == (4, 8, 4)
    with pytest.raises(IndexError):
        lattice.middle((999, 0, 0))
