"""What was carried along the dips is kept, and found again by whoever carries the same along the same dips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.structure import marches
from napari_fhn.structure.carrying import Carried
from napari_fhn.structure.dips import DipField
from napari_fhn.structure.known import Known
from napari_fhn.structure.marches import Marches
from structure.layered import even

SHAPE = (10, 12, 64)
FIRST = Box((0, 0, 0), (1, 12, 64))


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marches, "_LAST", {})


def dips(key: str) -> Any:
    found: Any = even(SHAPE, 0.2, 0)
    found.key = key
    return found


def wells(*places: tuple[int, int]) -> Known:
    labels = np.zeros(SHAPE, np.uint8)
    for number, place in enumerate(places):
        labels[place] = number + 1
    return Known(labels, len(places))


def test_a_prediction_after_a_training_carries_nothing_anew() -> None:
    trained = Carried(wells((2, 2), (7, 9)), dips("survey"))
    said = trained.read(FIRST)
    predicted = Carried(wells((2, 2), (7, 9)), dips("survey"))
    np.testing.assert_array_equal(predicted.read(FIRST), said)
    assert predicted.marches.made == 2


def test_a_well_that_moved_meanwhile_is_carried_and_no_other() -> None:
    Carried(wells((2, 2), (7, 9)), dips("survey")).read(FIRST)
    moved = Carried(wells((2, 2), (7, 4)), dips("survey"))
    moved.read(FIRST)
    assert moved.marches.made == 3
    again = Carried(wells((2, 2), (7, 4)), even(SHAPE, 0.2, 0))
    np.testing.assert_array_equal(moved.read(FIRST), again.read(FIRST))


@pytest.mark.parametrize("key", ["another survey", ""])
def test_other_dips_and_those_that_nothing_tells_from_others_begin_anew(key: str) -> None:
    Carried(wells((2, 2), (7, 9)), dips("survey" if key else "")).read(FIRST)
    other = Carried(wells((2, 2), (7, 9)), dips(key))
    other.read(FIRST)
    assert other.marches.made == 2
    assert len(marches._LAST) <= 1, "of one survey at most"


def test_one_that_was_let_go_of_is_carried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    known, other = wells((2, 2), (7, 9)), wells((3, 3), (8, 1))
    shared = Marches.of(dips("survey"))
    said = Carried(known, dips("survey")).read(FIRST)
    monkeypatch.setattr(marches, "_KEPT", 1)
    Carried(other, dips("survey")).read(FIRST)
    np.testing.assert_array_equal(Carried(known, dips("survey")).read(FIRST), said)
    assert shared.made == 6


def test_the_key_of_dips_holds_all_that_they_depend_on() -> None:
    data = np.zeros(SHAPE, np.float32)
    assert DipField.open(data).key == ""
    one, same = (DipField.open(data, stamp="digest").key for _ in range(2))
    others = [DipField.open(data, stamp="another").key, DipField.open(data[:, :6], stamp="digest").key]
    assert one == same
    assert one not in others
