"""Labels carried along reflectors whose dips are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.carrying import Carried, CarrySettings, carry
from napari_fhn.structure.factor import Factor
from napari_fhn.structure.known import Known
from structure.layered import KnownDips, even, from_surface, layers


def _fold(lines: int = 20, traces: int = 24) -> np.ndarray:
    x, y = np.mgrid[:lines, :traces]
    return 6 * np.sin(x / 9) + 0.3 * y


def _clear_of_edges(truth: np.ndarray, surface: np.ndarray, thick: int = 8) -> np.ndarray:
    age = (np.arange(truth.shape[-1]) - surface[..., np.newaxis]) % thick
    return (age > 1) & (age < thick - 1)


def test_wells_are_carried_along_a_fold() -> None:
    surface = _fold()
    truth = layers(surface, 60)
    labels = np.zeros_like(truth)
    for place in ((3, 4), (15, 18)):
        labels[place] = truth[place]
    found, confidence = carry(labels, from_surface(surface, 60))
    inside = _clear_of_edges(truth, surface) & (found > 0)
    assert np.mean(found > 0) > 0.85
    assert (found == truth)[inside].mean() > 0.995
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    assert (confidence[labels > 0] == 1).all()


def test_flat_reflectors_copy_the_nearest_well_sideways() -> None:
    labels = np.zeros((5, 9, 70), np.uint8)
    labels[2, 1], labels[2, 7] = 1, 2
    found, _ = carry(labels, even(labels.shape, 0, 0))
    assert (found[:, :4] == 1).all()
    assert (found[:, 5:] == 2).all()


@given(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.integers(0, 9), st.integers(0, 11), st.sampled_from([50, 97]))
@settings(max_examples=25, deadline=None)
def test_even_dips_are_followed_exactly(first: float, second: float, inline: int, crossline: int, depth: int) -> None:
    shape = (10, 12, depth)
    x, y = np.mgrid[:10, :12]
    surface = first * (x - inline) + second * (y - crossline)
    truth = layers(surface, depth)
    labels = np.zeros(shape, np.uint8)
    labels[inline, crossline] = truth[inline, crossline]
    found, _ = carry(labels, even(shape, first, second))
    at = np.arange(depth) - surface[..., np.newaxis]
    meets = (at > 1) & (at < depth - 2)
    sure = _clear_of_edges(truth, surface) & meets
    # A reflector that leaves the survey on every way cannot be followed; what is followed is right.
    assert (found == truth)[sure & (found > 0)].all()
    assert (found[sure & (np.abs(at - depth / 2) < depth / 8)] > 0).all() or max(abs(first), abs(second)) > 1


def test_a_line_is_carried_along() -> None:
    surface = 5 * np.sin(np.arange(40) / 8)
    truth = layers(surface, 70)
    labels = np.zeros_like(truth)
    labels[20] = truth[20]
    found, _ = carry(labels, from_surface(surface, 70))
    inside = _clear_of_edges(truth, surface) & (found > 0)
    assert (found == truth)[inside].mean() > 0.99


def test_the_way_leads_round_the_tip_of_a_fault() -> None:
    # Beyond trace 12 all lies 8 samples deeper, but for inlines from 14 on, where a ramp leads down.
    shape = (24, 30, 60)
    x, y = np.mgrid[:24, :30]
    throw = 8 * np.clip((18 - x) / 8, 0, 1)
    ramp = np.clip((y - 6) / 12, 0, 1)
    surface = np.where(x < 10, np.where(y < 12, 0.0, 8.0), throw * ramp)
    truth = layers(surface, 60)
    dips = from_surface(np.where(x < 10, 8.0 * (y >= 12), surface), 60)
    # Across the fault the picture is torn: no dip is seen, and none that can be believed.
    torn = (slice(None, 10), slice(10, 14))
    dips.coherence[torn] = 0
    dips.slopes[(slice(None), *torn)] = 0
    labels = np.zeros(shape, np.uint8)
    labels[4, 4] = truth[4, 4]
    beyond = (slice(0, 8), slice(20, 28), slice(16, 44))
    right = {}
    for shyness in (0.0, 40.0):
        found, _ = carry(labels, dips, settings=CarrySettings(shyness=shyness))
        right[shyness] = (found == truth)[beyond].mean()
    assert right[0.0] < 0.4
    assert right[40.0] > 0.8


def test_a_well_says_nothing_above_and_below_its_labels() -> None:
    labels = np.zeros((4, 10, 64), np.uint8)
    labels[2, 2, 20:40] = 1
    carried = Carried(Known(labels, 3), even(labels.shape, 0, 0))
    said = carried.say(Box.whole(labels.shape))
    assert np.allclose(said.probabilities.sum(axis=0), 1)
    assert np.allclose(said.probabilities[:, :, :, :19], 1 / 3)
    assert (said.confidence[:, :, :19] == 0).all()
    assert np.isinf(said.distance[:, :, 41:]).all()
    labels[2, 8] = 2
    said = Carried(Known(labels, 3), even(labels.shape, 0, 0)).say(Box.whole(labels.shape))
    assert (said.probabilities[:, 1, 3, :19].argmax(axis=0) == 1).all()
    assert (said.probabilities[:, 1, 3, 21:39].argmax(axis=0) == 0).all()


def test_a_moved_well_alone_is_carried_again() -> None:
    labels = np.zeros((20, 20, 64), np.uint8)
    for k, place in enumerate(((3, 3), (3, 16), (16, 3))):
        labels[place] = k + 1
    known = Known(labels, 3)
    carried = Carried(known, even(labels.shape, 0.2, 0))
    assert carried.look()
    assert not carried.look()
    carried.read(Box((0, 0, 0), (1, 20, 64)))
    assert carried.marches.made == 3
    labels[3, 3] = 2
    known.look()
    assert carried.look(), "what it says has changed"
    carried.read(Box((0, 0, 0), (1, 20, 64)))
    assert carried.marches.made == 3, "where it stands has not"
    labels[16, 16], labels[16, 3] = labels[16, 3], 0
    known.look()
    assert carried.look()
    carried.read(Box((0, 0, 0), (1, 20, 64)))
    assert carried.marches.made == 4
    known.look()
    assert not carried.look(), "a look that finds the same labels changes nothing"


def test_leaving_bodies_out_shares_what_was_carried() -> None:
    labels = np.zeros((12, 20, 64), np.uint8)
    labels[3, 3], labels[3, 16] = 1, 2
    known = Known(labels, 2)
    carried = Carried(known, even(labels.shape, 0, 0))
    box = Box((0, 0, 0), (12, 20, 64))
    carried.read(box)
    asked = len(carried._dips.asked)  # type: ignore[attr-defined]
    first = int(Bodies.of(known, 2).at(np.array([[3, 3]]))[0])
    fewer = carried.without({first})
    assert (fewer.read(box).argmax(axis=0) == 1).all()
    assert carried.marches.made == 2
    assert len(carried._dips.asked) == asked  # type: ignore[attr-defined]
    assert np.allclose(carried.without({0, 1}).read(box), 0.5)


def test_a_section_is_carried_from_each_of_its_columns() -> None:
    surface = _fold(16, 40) + 3 * np.cos(np.arange(40) / 5)
    truth = layers(surface, 60)
    labels = np.zeros_like(truth)
    labels[8] = truth[8]
    found, _ = carry(labels, from_surface(surface, 60))
    inside = _clear_of_edges(truth, surface) & (found > 0)
    assert (found == truth)[inside].mean() > 0.99


def test_a_horizon_of_one_sample_is_carried_beyond_its_picks() -> None:
    surface = np.rint(30 + _fold(16, 30))
    labels = np.zeros((16, 30, 66), np.uint8)
    x, y = np.mgrid[:16, :30]
    # Picked on the first half of the traces, from where it goes on.
    at = surface.astype(int)
    labels[x[:, :15], y[:, :15], at[:, :15]] = 2
    found, _ = carry(labels, from_surface(30 + _fold(16, 30), 66))
    beyond = found[:, 15:]
    picks = np.array(
        [[np.flatnonzero(column == 2).mean() if (column == 2).any() else np.nan for column in row] for row in beyond]
    )
    assert np.isfinite(picks).mean() > 0.9
    assert np.nanmax(np.abs(picks - surface[:, 15:])) <= 2
    assert (beyond == 2).sum(axis=2).max() <= 3


def test_a_stroke_that_lacks_a_part_takes_it_from_its_other_columns() -> None:
    labels = np.zeros((6, 40, 64), np.uint8)
    labels[2, :20, :32] = 1
    labels[2, 20:, 32:] = 2
    found, _ = carry(labels, even(labels.shape, 0, 0))
    assert (found[:, :, :28] == 1).all()
    assert (found[:, :, 36:] == 2).all()


def test_many_bodies_march_in_few_groups() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((40, 40, 16), np.uint8)
    for inline in range(1, 40, 4):
        for crossline in range(1, 40, 4):
            labels[inline, crossline] = rng.integers(1, 4)
    carried = Carried(Known(labels, 3), even(labels.shape, 0, 0))
    probabilities = carried.read(Box.whole(labels.shape))
    assert carried.marches.made <= 16
    said = probabilities.argmax(axis=0) + 1
    assert (said == labels)[labels > 0].mean() > 0.95


def test_of_many_bodies_only_those_march_again_that_marched_with_one_left_out() -> None:
    labels = np.zeros((40, 40, 16), np.uint8)
    labels[2::6, 2::6, :8], labels[2::6, 2::6, 8:] = 1, 2
    known = Known(labels, 2)
    carried = Carried(known, even(labels.shape, 0, 0))
    carried.read(Box.whole(labels.shape))
    marches = carried.marches.made
    number = int(Bodies.of(known, 2).at(np.array([[14, 20]]))[0])
    said = carried.without({number}).read(Box.whole(labels.shape))
    assert carried.marches.made <= marches + 1
    assert (said.argmax(axis=0)[:, :, :8] == 0).all()
    assert (said.argmax(axis=0)[:, :, 8:] == 1).all()
    # One after the other, as both together: the rest has other numbers then.
    twice = carried.without({3}).without({number - 1}).read(Box.whole(labels.shape))
    np.testing.assert_allclose(twice, carried.without({3, number}).read(Box.whole(labels.shape)), atol=1e-6)
    everyone = range(Bodies.of(known, 2).count)
    np.testing.assert_allclose(carried.without(everyone).read(Box.whole(labels.shape)), 0.5)


def test_of_many_bodies_of_a_line_one_is_left_out_too() -> None:
    labels = np.zeros((120, 20), np.uint8)
    labels[::5] = 1
    labels[60] = 2
    known = Known(labels, 2)
    carried = Carried(known, even(labels.shape, 0))
    box = Box((60, 0), (61, 20))
    assert (carried.read(box).argmax(axis=0) == 1).all()
    said = carried.without({12}).read(box)
    labels[60] = 0
    np.testing.assert_allclose(said[1], Carried(Known(labels, 2), even(labels.shape, 0)).read(box)[1], atol=1e-6)


def test_dead_traces_are_passed() -> None:
    surface = _fold()
    truth = layers(surface, 60)
    dips = from_surface(surface, 60)
    dips.slopes[:, :, 10:12] = np.nan
    dips.coherence[:, :, 10:12] = np.nan
    labels = np.zeros_like(truth)
    labels[3, 4] = truth[3, 4]
    found, confidence = carry(labels, dips)
    assert np.isfinite(confidence).all()
    assert (found[:, 14:, 25:45] == truth[:, 14:, 25:45]).mean() > 0.75


def test_reach_and_least_confidence_leave_what_is_far_unlabelled() -> None:
    labels = np.zeros((4, 40, 64), np.uint8)
    labels[2, 0] = 1
    found, confidence = carry(labels, even(labels.shape, 0, 0), reach=10)
    assert (found[2, :11] == 1).all()
    assert (found[2, 12:] == 0).all()
    found, _ = carry(labels, even(labels.shape, 0, 0), least=0.5)
    assert (found[2, :32] == 1).all()
    assert (found[2, 34:] == 0).all()
    assert np.all(np.diff(confidence[2, :, 30]) <= 0)


def test_nothing_is_carried_from_nothing() -> None:
    labels = np.zeros((4, 6, 16), np.uint8)
    dips = even(labels.shape, 0, 0)
    assert not carry(labels, dips)[0].any()
    carried = Carried(Known(labels, 2), dips)
    assert not carried.look()
    assert np.allclose(carried.read(Box((0, 0, 0), (1, 6, 16))), 0.5)


def test_labels_of_another_survey_are_refused() -> None:
    with pytest.raises(ValueError, match="one survey"):
        Carried(Known(np.zeros((4, 6, 16), np.uint8), 1), even((4, 6, 15), 0, 0))


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_a_part_is_what_the_whole_says_there(data: st.DataObject) -> None:
    surface = _fold(11, 13)
    truth = layers(surface, 33)
    labels = np.zeros_like(truth)
    labels[2, 3], labels[9, 8, 5:20] = truth[2, 3], truth[9, 8, 5:20]
    carried = Carried(Known(labels, 4), from_surface(surface, 33))
    sides = [sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))) for n in labels.shape]
    box = Box(tuple(a for a, _ in sides), tuple(b for _, b in sides))
    assert np.array_equal(carried.read(box), carried.read(Box.whole(labels.shape))[(slice(None), *box.slices)])


def test_it_is_a_factor() -> None:
    labels = np.zeros((4, 6, 16), np.uint8)
    factor: Factor = Carried(Known(labels, 2), KnownDips(np.zeros((2, 4, 6, 16), np.float32), np.ones((4, 6, 16))))
    assert (factor.name, factor.title) == ("reflectors", "carried along the reflectors")
