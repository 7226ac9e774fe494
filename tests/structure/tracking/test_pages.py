"""Values at scattered places, read a page at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.tracking.pages import Pages

_VALUES = np.random.default_rng(0).standard_normal((20, 37, 70)).astype(np.float32)


@given(st.integers(1, 12), st.integers(0, 2**16))
@settings(max_examples=15, deadline=None)
def test_pages_give_what_the_volume_holds_however_few_are_kept(most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pages = Pages(lambda box: _VALUES[box.slices][..., np.newaxis], _VALUES.shape, most=most)
    for _ in range(4):
        inline, crossline = rng.integers(0, 20, 6), rng.integers(0, 37, 6)
        sample = rng.integers(-5, 75, (6, 3))
        found = pages.at(inline, crossline, sample)[..., 0]
        wanted = _VALUES[inline[:, None], crossline[:, None], sample.clip(0, 69)]
        assert np.array_equal(found, wanted)


def test_a_page_is_read_once_while_there_is_room() -> None:
    pages = Pages(lambda box: _VALUES[box.slices][..., np.newaxis], _VALUES.shape)
    for _ in range(3):
        pages.at(np.array([0, 19]), np.array([0, 36]), np.array([[0], [69]]))
    assert pages.reads == 2
