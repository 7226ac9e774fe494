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
    waiting.put_together(done, together)
    np.testing.assert_allclose(waiting.get_together(done), together, atol=1e-3)
    # Whoever was killed before the journal knew it comes again: with a box in which some is done.
    second, again = said(3), said(5)
    for name, mean in waiting.averaged(PART, second, lambda: again).items():
        np.testing.assert_allclose(mean, (second[name] + again[name]) / 2, atol=1e-6)
    rest = Box((8, 4), (10, 8))
    mean = waiting.averaged(rest, said(3, rest), lambda: pytest.fail("it is there"))["network"]
    np.testing.assert_allclose(mean, (said(3, rest)["network"] + waiting.get(rest)["network"]) / 2, atol=1e-6)


@pytest.mark.parametrize("torn", [0, 1, 2])
def test_what_was_put_together_in_part_is_not_taken_for_anything(waiting, torn):
    waiting.put(WHOLE, {name: one + 0.1 for name, one in said(0, WHOLE).items()})
    waiting._values[torn, 1:3, 2:4] *= -1  # one class only, when the power went
    again = said(5)
    assert waiting.averaged(PART, again, lambda: again)["network"] == pytest.approx(again["network"])


def test_a_probability_of_0_is_put_together_too(waiting):
    nothing = {name: np.zeros((3, *PART.shape), np.float32) for name in NAMES}
    waiting.put(PART, nothing)
    waiting.put_together(PART, nothing["network"])
    again = said(5)
    assert waiting.averaged(PART, again, lambda: again)["network"] == pytest.approx(again["network"])


def test_a_file_of_another_make_is_begun_anew(tmp_path):
    path = tmp_path / "waits.npy"
    one = Waiting.in_file(path, NAMES, 3, (10, 8))
    one.put(PART, said(0))
    one.sync()
    again = Waiting.in_file(path, NAMES, 3, (10, 8))
    np.testing.assert_allclose(again.get(PART)["pretrained"], said(0)["pretrained"], atol=1e-3)
    fewer = Waiting.in_file(path, ("network",), 3, (10, 8))
    assert not fewer.get(PART)["network"].any()
