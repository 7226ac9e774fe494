"""Boundaries snapped to reflectors: what they look like where they are labelled, and where else it looks so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.structure.reflecting import blurred, known, layered

from napari_fhn.box import Box
from napari_fhn.structure import snapping
from napari_fhn.structure.decoding import decode
from napari_fhn.structure.known import Known
from napari_fhn.structure.snapping import BELIEVED, FAIR, Boundaries


def test_boundaries_go_where_reflectors_look_like_those_at_the_wells() -> None:
    amplitudes, truth, _ = layered()
    boundaries = Boundaries(Known(known(truth, (2, 3), (9, 12), (4, 13)), 3), amplitudes)
    said = blurred(truth, 2)
    before = said.argmax(axis=0) + 1
    after = decode(said, np.array([], int), transitions=boundaries.transitions(Box.whole(truth.shape))) + 1
    wrong = (before != truth).mean()
    assert wrong > 0.05  # two samples of each boundary
    assert (after != truth).mean() < wrong / 10


def test_templates_are_of_pairs_and_worth_what_labels_foretell() -> None:
    amplitudes, truth, at = layered()
    boundaries = Boundaries(Known(known(truth, (2, 3), (9, 12), (4, 13)), 3), amplitudes)
    assert boundaries.pairs == ((0, 1), (1, 2))
    found = boundaries.transitions(Box.whole(truth.shape))
    assert found is not None
    assert found.worth.shape == (2, *truth.shape)
    assert found.other == -FAIR * BELIEVED
    for number in range(2):
        right = found.worth[number].argmax(axis=-1) == at[number]
        assert right.mean() > 0.95


def test_reflectors_that_differ_from_well_to_well_are_worth_little() -> None:
    amplitudes, truth, _ = layered()
    wells = ((2, 3), (9, 12), (4, 13), (7, 7))
    noise = np.random.default_rng(5).normal(size=amplitudes.shape).astype(np.float32)
    same = Boundaries(Known(known(truth, *wells), 3), amplitudes)
    other = Boundaries(Known(known(truth, *wells), 3), noise)
    most = [np.abs(found.worth).max() for one in (same, other) if (found := one.transitions(Box.whole(truth.shape)))]
    assert most[1] < most[0] / 2


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 11), st.integers(1, 12), st.integers(0, 15), st.integers(1, 16))
def test_a_box_says_what_the_whole_does(row: int, rows: int, column: int, columns: int) -> None:
    amplitudes, truth, _ = layered()
    boundaries = Boundaries(Known(known(truth, (2, 3), (9, 12)), 3), amplitudes)
    whole = boundaries.transitions(Box.whole(truth.shape))
    box = Box((row, column, 0), (min(12, row + rows), min(16, column + columns), 64))
    part = boundaries.transitions(box)
    assert whole is not None
    assert part is not None
    np.testing.assert_allclose(part.worth, whole.worth[(slice(None), *box.slices)], atol=1e-5)


def test_it_follows_labels_and_leaves_bodies_out() -> None:
    amplitudes, truth, _ = layered()
    labels = known(truth, (2, 3), (9, 12))
    labels[9, 12, 30:] = 0  # the second well ends in the second layer
    followed = Known(labels, 3)
    boundaries = Boundaries(followed, amplitudes)
    assert boundaries.look()
    assert not boundaries.look()
    assert boundaries.pairs == ((0, 1), (1, 2))
    assert boundaries.without({0}).pairs == ((0, 1),)
    labels[2, 3] = 0
    followed.look()
    assert boundaries.look()
    assert boundaries.pairs == ((0, 1),)
    labels[...] = 0
    followed.look()
    assert boundaries.look()
    assert boundaries.transitions(Box.whole(truth.shape)) is None


def test_a_line_and_units_make_no_difference() -> None:
    amplitudes, truth, at = layered((40, 64))
    labels = known(truth, (3,), (20,), (36,))
    one = Boundaries(Known(labels, 3), amplitudes).transitions(Box.whole(truth.shape))
    other = Boundaries(Known(labels, 3), amplitudes * np.float32(1e-6)).transitions(Box.whole(truth.shape))
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.worth, other.worth, atol=1e-3)
    assert (one.worth[0].argmax(axis=-1) == at[0]).mean() > 0.9


@pytest.mark.parametrize("hole", [np.nan, np.inf, 0.0], ids=["missing", "infinite", "dead"])
def test_traces_without_data_are_like_no_boundary(hole: float) -> None:
    amplitudes, truth, _ = layered()
    amplitudes[5:7] = hole
    found = Boundaries(Known(known(truth, (2, 3), (9, 12)), 3), amplitudes).transitions(Box.whole(truth.shape))
    assert found is not None
    assert np.isfinite(found.worth).all()
    np.testing.assert_allclose(
        found.worth[:, 5:7], found.worth[:, 5:6, :1, :1].repeat(2, 1).repeat(16, 2).repeat(64, 3)
    )
    silent = Boundaries(Known(known(truth, (2, 3)), 3), np.full_like(amplitudes, hole))
    found = silent.transitions(Box.whole(truth.shape))
    assert found is not None
    assert np.isfinite(found.worth).all()


def test_pieces_of_a_labelled_section_foretell_each_other() -> None:
    amplitudes, truth, _ = layered((4, 192, 64))
    labels = np.zeros_like(truth)
    labels[1] = truth[1]
    consistent = Boundaries(Known(labels, 3), amplitudes)
    noise = np.random.default_rng(5).normal(size=amplitudes.shape).astype(np.float32)
    chance = Boundaries(Known(labels, 3), noise)
    found = [one.transitions(Box.whole(truth.shape)) for one in (consistent, chance)]
    assert all(one is not None for one in found)
    most = [np.abs(one.worth).max() for one in found if one is not None]
    assert most[1] < most[0] / 2


def test_of_very_many_columns_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    amplitudes, truth, _ = layered()
    read: list[Box] = []
    labels = Known(truth, 3)
    monkeypatch.setattr(snapping, "_LOOKED_AT", 20)
    original: Callable[[Box], NDArray[np.uint8]] = labels.read
    monkeypatch.setattr(labels, "read", lambda box: read.append(box) or original(box))
    assert Boundaries(labels, amplitudes).pairs == ((0, 1), (1, 2))
    assert 10 <= len(read) <= 20


def test_columns_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    amplitudes, truth, _ = layered()
    labels = known(truth, (2, 3), (9, 12))
    followed = Known(labels, 3)
    boundaries = Boundaries(followed, amplitudes)
    boundaries.look()
    read: list[Box] = []
    original = boundaries._read
    monkeypatch.setattr(boundaries, "_read", lambda box: read.append(box) or original(box))
    labels[5, 6] = truth[5, 6]
    followed.look()
    assert boundaries.look()
    assert len(read) <= 1  # that of the stroke, unless the covariance was found on it
    monkeypatch.setattr(snapping, "_KEPT", 3)
    labels[11] = truth[11]
    followed.look()
    boundaries.look()
    assert len(boundaries._kept) <= 3


def test_labels_of_another_survey_are_refused() -> None:
    amplitudes, truth, _ = layered()
    with pytest.raises(ValueError, match="must be of one survey"):
        Boundaries(Known(truth[:5], 3), amplitudes)
