"""Labels left out choose what helps, and nothing where nothing does."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.structure import attributes
from napari_fhn.structure.attributes import Attribute, Band, Facts, Step
from napari_fhn.structure.attributes.choosing import choose
from napari_fhn.structure.attributes.deriving import Sources
from napari_fhn.structure.dips import DipField


class Known:
    """Labels in memory."""

    version = 1

    def __init__(self, values: np.ndarray) -> None:
        self.values = values.astype(np.uint8)
        self.shape = values.shape
        self.classes = int(values.max())
        flat = values.ravel()
        self.positions = [np.flatnonzero(flat == k + 1) for k in range(self.classes)]

    def read(self, box: Box) -> np.ndarray:
        return self.values[box.slices].copy()


def changed(seed: int = 0):
    """Two dates of which only the change says what is what, at thirty small patches."""
    rng = np.random.default_rng(seed)
    truth = np.kron(rng.integers(0, 2, (12, 12)), np.ones((8, 8), int))
    before = rng.uniform(0, 1, (3, *truth.shape)).astype(np.float32)
    after = before * 2 + 0.5 + 0.1 * truth + 0.02 * rng.standard_normal(before.shape).astype(np.float32)
    labels = np.zeros(truth.shape, int)
    for _ in range(40):
        y, x = rng.integers(0, 12, 2) * 8 + 2
        labels[y : y + 3, x : x + 3] = truth[y : y + 3, x : x + 3] + 1
    bands = tuple(Band(f"b{k}", None, date) for date in ("before", "after") for k in range(3))
    return (
        Facts(truth.shape, (Step(), Step()), bands),
        np.concatenate([before, after]).astype(np.float32),
        Known(labels),
    )


def test_what_says_it_is_chosen_and_the_words_tell_why():
    facts, values, known = changed()
    candidates = [attributes.attribute(name) for name in ("pca", "ratio", "difference")]
    found = choose(candidates, facts, Sources([values]), known)
    assert found.attributes[0].name in ("difference", "ratio")
    assert "labels left out" in found.why
    assert "of the dates" in found.why
    assert choose(candidates, facts, Sources([values]), known).why == found.why


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_chosen_where_nothing_helps(seed):
    facts, values, known = changed(seed)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(values.shape).astype(np.float32)
    found = choose([attributes.attribute("pca"), attributes.attribute("difference")], facts, Sources([noise]), known)
    assert found.attributes == ()
    assert found.why.startswith("No attribute was chosen")


def test_wells_in_a_volume():
    """The reflections of one layer are strong and of the other weak: nothing in them but their strength tells."""
    rng = np.random.default_rng(0)
    shape = (16, 18, 120)
    depth = 60 + 10 * np.sin(np.arange(16) / 4)[:, None, None] + np.zeros(shape)
    truth = (np.arange(120) > depth).astype(int)
    wave = np.cos(2 * np.pi * np.arange(120) / 11 + rng.uniform(0, 6, (16, 18, 1)))
    values = ((1 + 2 * truth) * wave).astype(np.float32)
    labels = np.zeros(shape, int)
    for i, j in ((2, 2), (2, 14), (8, 8), (13, 3), (13, 14)):
        labels[i : i + 2, j] = truth[i : i + 2, j] + 1
    facts = Facts(shape, (Step(), Step(), Step(4.0, "ms")), (Band("seismic"),), 2)
    found = choose(
        [attributes.attribute(name) for name in ("phase", "envelope")], facts, Sources([values[None]]), Known(labels)
    )
    assert [one.name for one in found.attributes] in (["envelope"], [])


def test_what_takes_the_whole_of_a_large_survey_is_not_asked_for(monkeypatch):
    shape = (12, 12, 64)
    values = np.random.default_rng(0).standard_normal((1, *shape)).astype(np.float32)
    labels = np.zeros(shape, int)
    for i, j in ((2, 2), (9, 3), (5, 9)):
        labels[i, j, :30], labels[i, j, 30:] = 1, 2
    facts = Facts(shape, (Step(), Step(), Step(4.0, "ms")), (Band("seismic"),), 2)
    asked = []
    sources = Sources([values], dips=lambda vertical: asked.append(vertical) or DipField.open(values[0]))
    choose([attributes.attribute("relative-time")], facts, sources, Known(labels))
    assert asked
    asked.clear()
    monkeypatch.setattr(sys.modules[Attribute.__module__], "MOST_WHOLE", values.size - 1)
    choose([attributes.attribute("relative-time")], facts, sources, Known(labels))
    assert not asked


def test_one_place_foretells_nothing():
    facts, values, _ = changed()
    labels = np.zeros(facts.shape, int)
    labels[4:8, 4:6], labels[4:8, 6:8] = 1, 2
    found = choose([attributes.attribute("pca")], facts, Sources([values]), Known(labels))
    assert found.attributes == ()
    assert "two labelled places" in found.why
