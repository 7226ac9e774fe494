"""What waits for the other direction, and what was put together already."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training.prediction.waiting import Waiting

WHOLE, PART, NAMES = Box((4, 0), (10, 8)), Box((5, 2), (8, 6)), ("network", "pretrained")


def said(seed: int, box: Box = PART) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.random((3, *box.shape), np.float32).round(2) for name in NAMES}


@pytest.fixture
def waiting():
    return Waiting(np.zeros((6, *WHOLE.shape), np.float16), NAMES, WHOLE)


def test_each_has_a_place_of_its_own(waiting):
    first, second = said(0), said(1)
    waiting.put(PART, first)
    for name, one in waiting.averaged(PART, second).items():
        np.testing.assert_allclose(one, (first[name] + second[name]) / 2, atol=1e-3)
    beside = waiting.get(WHOLE)
    inside = np.zeros(WHOLE.shape, bool)
    inside[PART.within(WHOLE)] = True
    assert not any(one[:, ~inside].any() for one in beside.values())


def test_what_was_put_together_is_not_taken_for_one_direction(waiting):
    waiting.put(WHOLE, said(0, WHOLE))
    done = Box((5, 2), (8, 4))
    together = said(2, done)["network"]
    np.testing.assert_array_equal(waiting.put_together(done, together), together)
    np.testing.assert_allclose(waiting.get_together(done), together, atol=1e-3)
    # Whoever was killed before the journal knew it comes again: with a box in which some is done.
    second = said(3)
    mean = waiting.averaged(PART, second)["network"]
    np.testing.assert_array_equal(mean[:, :, :2], second["network"][:, :, :2])
    assert np.abs(mean[:, :, 2:] - second["network"][:, :, 2:]).max() > 0.1
    found = waiting.put_together(PART, said(4)["network"])
    np.testing.assert_allclose(found[:, :, :2], together, atol=1e-3)
    np.testing.assert_allclose(waiting.get_together(PART), found, atol=1e-3)


def test_a_probability_of_0_is_put_together_too(waiting):
    nothing = np.zeros((3, *PART.shape), np.float32)
    waiting.put_together(PART, nothing)
    assert (waiting.put_together(PART, nothing + 1) == 0).all()


def test_a_file_of_another_make_is_begun_anew(tmp_path):
    path = tmp_path / "waits.npy"
    one = Waiting.in_file(path, NAMES, 3, (10, 8))
    one.put(PART, said(0))
    one.sync()
    again = Waiting.in_file(path, NAMES, 3, (10, 8))
    np.testing.assert_allclose(again.get(PART)["pretrained"], said(0)["pretrained"], atol=1e-3)
    fewer = Waiting.in_file(path, ("network",), 3, (10, 8))
    assert not fewer.get(PART)["network"].any()
