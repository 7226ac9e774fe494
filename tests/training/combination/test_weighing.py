"""How much each factor counts: where it is looked at, which labels have a say, and what follows of what they say."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.pooling import Weight
from napari_fhn.training.combination import weighing
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.learning import taken_over
from napari_fhn.training.combination.settings import BEFORE, Combination, Foretold, Found, believed, prior
from napari_fhn.training.combination.weighing import PENALTY, Weighing, known_order, weighed_at
from napari_fhn.training.data.labelled import LabelFile

from .conftest import Knowing

SHAPE = (12, 20, 16)
ALL, OFF = Combination(), Combination(smoothing="off", order="off")


def layers(*tops: int, shape=SHAPE) -> NDArray[np.uint8]:
    """Return a truth of flat layers that begin at some samples."""
    column = 1 + sum(np.arange(shape[-1]) >= top for top in tops)
    return np.broadcast_to(column, shape).astype(np.uint8)


def says(truth: NDArray[np.uint8], sure: float, classes: int = 3) -> NDArray[np.float32]:
    """Return probabilities of the whole survey that name a truth, so sure of it."""
    each = np.arange(1, classes + 1).reshape(-1, *[1] * truth.ndim) == truth
    return np.where(each, sure, (1 - sure) / (classes - 1)).astype(np.float32)


class Network:
    """In place of a predictor: says the same whoever asks, and remembers where."""

    def __init__(self, said, sections=(0, 1), vertical=2, radius=3, present=None):
        self.said, self.radius = said, radius
        self.shape = said.shape[1:]
        there = np.ones(self.shape, bool) if present is None else present
        self.frame = SimpleNamespace(
            sections=sections, vertical_axis=vertical, present=lambda box: there[box.slices].copy()
        )
        self.asked: list[tuple[Box, int | None]] = []

    def network_probabilities(self, region: Box, across: int | None) -> NDArray[np.float32]:
        self.asked.append((region, across))
        return self.said[(slice(None), *region.slices)].copy()


class Shifting:
    """In place of what averages along the structure: says what it is told to, by how far it reaches."""

    def __init__(self, **by_reach: NDArray[np.float32]) -> None:
        self.said = {tuple(map(int, name.split("_")[1:])): said for name, said in by_reach.items()}
        self.candidates = tuple(self.said)
        self.usual: tuple[int, ...] = ()

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        return (*reach, 0)

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        return self.said[reach][(slice(None), *box.slices)]


@pytest.fixture
def known(tmp_path):
    """Return a function that makes labels of a truth at some columns."""

    def made(truth, columns=((2, 3), (9, 15)), classes=3, **more) -> LabelFile:
        labels = np.zeros_like(truth)
        for column in columns:
            labels[column] = truth[column]
        np.save(tmp_path / "labels.npy", labels)
        return LabelFile(str(tmp_path / "labels.npy"), truth.shape, classes, **more)

    return made


def column(*at: int) -> Box:
    return Box((*at, 0), (*(one + 1 for one in at), SHAPE[2]))


def both(labels: LabelFile) -> Weighing:
    return Weighing(labels, [column(2, 3), column(9, 15)], [0, 1], 24)


def test_what_was_left_out_is_hidden_until_it_is_released_and_after_going_on(known):
    labels = known(layers(5, 10))
    one = both(labels)
    assert not labels.counts.any()
    kept = one.state()
    one.release()
    assert labels.counts.sum() == 2 * SHAPE[2]
    again = Weighing.resume(labels, kept)
    assert (again.left_out, again.body, again.until) == (one.left_out, one.body, 24)
    assert again.state() == kept
    assert not labels.counts.any()


def test_two_fifths_of_the_steps_are_made_without_it_where_that_is_a_step_at_least(known):
    assert [weighed_at(steps) for steps in (1, 2, 10, 60)] == [0, 1, 4, 24]
    truth = layers(5, 10)
    assert Weighing.of(known(truth), 2, 1, 0) is None
    assert Weighing.of(known(truth, ((2, 3),)), 2, 60, 0) is None  # one well foretells no other
    found = Weighing.of(known(truth), 2, 60, 0)
    assert found is not None
    assert (len(found.left_out), found.body, found.until) == (1, found.body[:1], 24)
    many = [(row, trace) for row in (1, 5, 9) for trace in (2, 8, 14)]
    chosen = {tuple(Weighing.of(known(truth, many), 2, 60, seed).body) for seed in range(5)}
    assert len(chosen) > 1
    assert all(len(set(body)) == 3 for body in chosen)


@pytest.mark.parametrize("sections", [(0, 1), (1,), ()])
def test_bodies_are_looked_at_in_a_section_of_each_direction_or_in_boxes_around_them(known, sections):
    truth = layers(5, 10)
    network = Network(says(truth, 0.9), sections=sections, radius=0)
    smoother = Shifting(reach_1_1=says(truth, 0.9), reach_3_4=says(truth, 0.9))
    combiner = Combiner({}, believed(()), SHAPE, 2, smoother)
    both(known(truth)).find(network, combiner, OFF, 24)
    # As wide as the widest average asks for, from top to base, and inside of the survey.
    sides = {0: (Box((2, 0, 0), (3, 8, 16)), Box((9, 11, 0), (10, 20, 16))),
             1: (Box((0, 3, 0), (6, 4, 16)), Box((6, 15, 0), (12, 16, 16))),
             None: (Box((0, 0, 0), (6, 8, 16)), Box((6, 11, 0), (12, 20, 16)))}  # fmt: skip
    expected = [(sides[across][body], across) for body in (0, 1) for across in sections or (None,)]
    assert network.asked == expected
    network.asked.clear()
    both(known(truth)).find(network, Combiner({}, believed(()), SHAPE, 2), OFF, 24)
    assert network.asked == [(column(2, 3), across) for across in sections or (None,)] + [
        (column(9, 15), across) for across in sections or (None,)
    ]


def test_a_wide_body_is_looked_at_through_its_middle(known):
    truth = layers(5, 10)
    labels = known(truth, [(row, trace) for row in (3, 4, 5) for trace in (10, 11, 12, 13, 14)])
    parts = [Box((3, 10, 0), (6, 12, 16)), Box((3, 12, 0), (6, 15, 16))]
    network = Network(says(truth, 0.9))
    Weighing(labels, parts, [7, 7], 24).find(network, Combiner({}, believed(()), SHAPE, 2), OFF, 24)
    assert network.asked == [(Box((4, 10, 0), (5, 15, 16)), 0), (Box((3, 12, 0), (6, 13, 16)), 1)]


def test_where_boxes_around_bodies_are_more_than_all_of_it_all_of_it_is_looked_at(known):
    truth = np.ones((12, 20), np.uint8)
    truth[6:] = 2
    labels = known(truth, ((2, 3), (9, 15)), 2)
    boxes = [Box((2, 3), (3, 4)), Box((9, 15), (10, 16))]
    for radius, asked in ((4, boxes), (5, [Box.whole((12, 20))])):  # 2 x 9 x 9 and 2 x 11 x 11, of 240
        network = Network(says(truth, 0.9, 2), (), None, radius=radius)
        Weighing(labels, boxes, [0, 1], 24).find(network, Combiner({}, believed(()), (12, 20), None), OFF, 24)
        assert network.asked == [(box, None) for box in asked]


def test_regions_are_no_larger_than_there_is_room_for(known, monkeypatch):
    truth = layers(5, 10)
    labels = known(truth)
    smoother = Shifting(reach_9_9=says(truth, 0.9))
    # A longest side is halved until it fits: 13 traces and 12 lines around the first body.
    for traces, widths in ((13, (13, 12)), (12, (7, 12)), (7, (7, 6)), (6, (4, 6)), (2, (2, 2)), (0, (1, 1))):
        # Of three classes in two directions of two bodies.
        monkeypatch.setattr(weighing, "_HELD", 3 * 2 * 2 * traces * 16)
        network = Network(says(truth, 0.9))
        both(labels).find(network, Combiner({}, believed(()), SHAPE, 2, smoother), OFF, 24)
        for region, across in network.asked:
            assert region.shape[2] == 16  # columns are whole
            assert region.shape[across] == 1
            assert all(0 <= a < b <= n for a, b, n in zip(region.start, region.stop, SHAPE, strict=True))
            own = column(2, 3) if region.start[across] in (2, 3) else column(9, 15)
            assert all(a <= b for a, b in zip(region.start, own.start, strict=True))
            assert all(a >= b for a, b in zip(region.stop, own.stop, strict=True))
        assert (network.asked[0][0].shape[1], network.asked[1][0].shape[0]) == widths


def asked_of(monkeypatch, labels, network):
    """Return what weights are found from: opinions, truth, evidence."""
    seen = []

    def weigh(said, truth, evidence, before):
        assert before == prior(said)
        seen.append((said, truth, evidence))
        return {name: Weight(1.0, 0.03) for name in said}

    monkeypatch.setattr(weighing, "weigh", weigh)
    found = both(labels).find(network, Combiner({}, believed(()), SHAPE, 2), OFF, 24)
    return found, *(seen[0] if seen else ())


def test_labels_of_what_was_left_out_have_a_say_and_no_others(known, monkeypatch):
    truth = layers(5, 10)
    present = np.ones(SHAPE, bool)
    present[2, 3, :2] = False  # nothing was recorded there
    labels = known(truth, ((2, 3), (9, 15), (9, 3)), held_out=(Box((9, 15, 4), (10, 16, 6)),),
                   ignored=(Box((9, 15, 14), (10, 16, 16)),))  # fmt: skip
    said = says(truth, 0.9)
    said[:, 2, 3] = np.float32([0.2, 0.3, 0.5])[:, np.newaxis]
    found, opinions, true, evidence = asked_of(monkeypatch, labels, Network(said, sections=(0,), present=present))
    first, second = truth[2, 3, 2:] - 1, np.delete(truth[9, 15], [4, 5, 14, 15]) - 1
    assert true.tolist() == [*first, *second]
    assert list(opinions) == ["network"]
    np.testing.assert_allclose(opinions["network"][:, : len(first)], np.tile([[0.2], [0.3], [0.5]], len(first)))
    np.testing.assert_array_equal(opinions["network"][:, len(first) :].argmax(axis=0), second)
    # Each class of each body counts once.
    counts = [np.bincount(part) for part in (first, second)]
    np.testing.assert_allclose(evidence, [*(1 / counts[0][first]), *(1 / counts[1][second])])
    assert (found.bodies, found.step) == (2, 24)


def test_of_very_many_labels_some_have_a_say_from_top_to_base(known, monkeypatch):
    truth = layers(5, 10)
    for most, every in ((16, 1), (15, 2), (8, 2), (7, 3), (1, 16)):
        monkeypatch.setattr(weighing, "_SAMPLES", most)
        _, _, true, _ = asked_of(monkeypatch, known(truth), Network(says(truth, 0.9), sections=(0,)))
        assert true.tolist() == [*(truth[2, 3, ::every] - 1)] * 2


def test_where_nothing_that_was_left_out_is_labelled_any_more_nothing_is_found(known, monkeypatch):
    labels = known(layers(5, 10), ((5, 5),))
    before = believed(())
    found, *seen = asked_of(monkeypatch, labels, Network(says(layers(5, 10), 0.9)))
    assert found == before
    assert not seen


def test_who_foretells_what_was_left_out_counts_more_and_it_is_said_how_well(known):
    truth = layers(5, 10)
    wrong = (truth % 3 + 1).astype(np.uint8)
    factor = Knowing("reflectors", truth, 3, 0.8)
    found = both(known(truth)).find(
        Network(says(wrong, 0.6)), Combiner({"reflectors": factor}, believed(("reflectors",)), SHAPE, 2), OFF, 31
    )
    network, reflectors = found.factors
    assert (network.name, reflectors.name) == ("network", "reflectors")
    assert network.alone == Foretold(0.0, round(math.log(0.2), 4))
    assert reflectors.alone == Foretold(1.0, round(math.log(0.8), 4))
    assert network.weight < BEFORE["network"] < reflectors.weight
    assert 0 <= network.share < reflectors.share
    assert found.together.mean_iou == 1.0
    assert (found.bodies, found.step, found.reach, found.order, found.penalty) == (2, 31, (), (), None)
    assert factor.looked == 1


def test_one_body_that_nobody_foretells_leaves_what_was_believed_and_two_do_not(known):
    truth = layers(5, 10)
    wrong = Network(says((truth % 3 + 1).astype(np.uint8), 0.96))
    right = Network(says(truth, 0.5))
    for boxes, body, network, kept in (
        ([column(2, 3)], [0], wrong, True),
        ([column(2, 3)], [0], right, False),
        ([column(2, 3), column(9, 15)], [0, 1], wrong, False),
        ([column(2, 3), column(2, 4)], [4, 4], wrong, True),  # two boxes of one body
    ):
        found = Weighing(known(truth, ((2, 3), (2, 4), (9, 15))), boxes, body, 24).find(
            network, Combiner({}, believed(()), SHAPE, 2), OFF, 24
        )
        assert (found.weights == believed(()).weights) == kept
        assert found.bodies == len(set(body))


def test_no_better_than_a_guess_is_still_foretold(known):
    truth = layers(5, 10)
    guess = np.full((3, *SHAPE), 1 / 3, np.float32)
    found = Weighing(known(truth), [column(2, 3)], [0], 24).find(
        Network(guess), Combiner({}, Found(believed(()).factors), SHAPE, 2), OFF, 24
    )
    assert found.factors[0].alone.likelihood == pytest.approx(-math.log(3), abs=1e-4)
    assert found.factors[0].share == 0


def test_factors_speak_as_if_bodies_as_they_are_now_had_not_been_told(known):
    truth = layers(5, 10)
    asked = []
    factor = Knowing("reflectors", truth, 3, 0.8)
    factor.without = lambda bodies: asked.append(sorted(bodies)) or factor
    labels = known(truth, ((2, 3), (5, 9), (9, 15)))
    combiner = Combiner({"reflectors": factor}, believed(("reflectors",)), SHAPE, 2)
    one = Weighing(labels, [column(5, 9)], [1], 24)
    one.find(Network(says(truth, 0.9)), combiner, OFF, 24)
    # A stroke now joins it to the first: both are one body, and the last one is the second.
    painted = np.load(labels.path)
    painted[2, 3:10] = painted[2:6, 9] = truth[0, 0]
    np.save(labels.path, painted)
    joined = LabelFile(labels.path, SHAPE, 3)
    Weighing(joined, [column(5, 9)], [1], 24).find(Network(says(truth, 0.9)), combiner, OFF, 24)
    assert asked == [[1], [0]]


@pytest.mark.parametrize(
    ("chosen", "sure", "reach"),
    [("auto", (0.7, 0.8), (3, 0)), ("auto", (0.8, 0.7), (1, 0)), ("auto", (0.5, 0.5), ()), ("off", (0.9, 0.9), ()),
     ("on", (0.4, 0.5), (3, 0)), ("on", (0.5, 0.4), (1, 0))],
)  # fmt: skip
def test_probabilities_are_averaged_as_far_as_foretells_best(known, chosen, sure, reach):
    truth = layers(5, 10)
    smoother = Shifting(reach_1_0=says(truth, sure[0]), reach_3_0=says(truth, sure[1]))
    wanted = Combination(smoothing=chosen, order="off")
    found = both(known(truth)).find(
        Network(says(truth, 0.6)), Combiner({}, believed(()), SHAPE, 2, smoother), wanted, 24
    )
    assert found.reach == reach
    if reach:  # and it is the average of which is said how well it foretells
        expected = sure[(1, 3).index(reach[0])]
        assert found.together == Foretold(1.0, pytest.approx(math.log(expected), abs=1e-3))
    nothing = both(known(truth)).find(Network(says(truth, 0.6)), Combiner({}, believed(()), SHAPE, 2), wanted, 24)
    assert nothing.reach == ()


@pytest.mark.parametrize("chosen", ["auto", "on", "off"])
def test_where_there_is_a_usual_reach_labels_are_not_asked_how_far(known, chosen):
    truth = layers(5, 10)
    smoother = Shifting(reach_3_0=says(truth, 0.5))  # which foretells the wells worse than no average
    smoother.usual = (3, 0)
    wanted = Combination(smoothing=chosen, order="off")
    found = both(known(truth)).find(
        Network(says(truth, 0.6)), Combiner({}, believed(()), SHAPE, 2, smoother), wanted, 24
    )
    assert found.reach == (() if chosen == "off" else (3, 0))


@pytest.mark.parametrize(("usual", "now"), [((3, 0), (3, 0)), ((), ())])
def test_a_reach_of_another_survey_gives_way_to_the_usual_one(usual, now):
    smoother = Shifting(reach_3_0=says(layers(5, 10), 0.5))
    smoother.usual = usual
    combiner = Combiner({}, believed(()), SHAPE, 2, smoother)
    for then, expected in (((2, 4), now), ((), now), ((3, 0), (3, 0))):
        before = SimpleNamespace(combination=replace(believed(()), reach=then), classes=("a", "b", "c"))
        job = SimpleNamespace(classes=("a", "b", "c"))
        assert taken_over(combiner, job, before).reach == expected


@pytest.mark.parametrize(("chosen", "order"), [("auto", (0, 1, 2)), ("on", (0, 1, 2)), ("off", ())])
def test_columns_are_in_an_order_where_that_foretells_no_worse_or_is_wanted(known, chosen, order):
    truth = layers(5, 10)
    said = truth.copy()
    said[..., 7] = 1  # a sample of the topmost class within the middle one: the order takes it away
    labels = known(truth, ((2, 3), (9, 15), (2, 15), (9, 3)))  # two of which still show the order
    found = both(labels).find(
        Network(says(said, 0.9)), Combiner({}, believed(()), SHAPE, 2), Combination(order=chosen), 24
    )
    assert (found.order, found.penalty) == (order, PENALTY if order else None)
    assert (found.together.mean_iou == 1.0) == bool(order)


def test_an_order_that_foretells_worse_is_taken_only_where_it_is_wanted(known, monkeypatch):
    truth = layers(5, 10)
    monkeypatch.setattr(weighing, "order_of", lambda labels, vertical: (2, 1, 0))  # upside down
    for chosen, order in (("auto", ()), ("on", (2, 1, 0)), ("off", ())):
        found = both(known(truth)).find(
            Network(says(truth, 0.5)), Combiner({}, believed(()), SHAPE, 2), Combination(order=chosen), 24
        )
        assert found.order == order
        assert (found.together.mean_iou < 1.0) == bool(order)


def test_what_has_no_vertical_axis_has_no_order(known):
    labels = known(layers(5, 10), ((2, 3), (9, 15), (5, 9)))
    assert known_order(labels, 2, ALL) == known_order(labels, 2, Combination(order="on")) == (0, 1, 2)
    assert known_order(labels, None, Combination(order="on")) is None
    assert known_order(labels, 2, Combination(order="off")) is None


def test_the_mean_is_over_classes_that_are_there():
    named, truth = np.array([1, 1, 2, 3]), np.array([0, 0, 1, 1])
    assert weighing._mean_iou(named, truth, 3) == 0.75  # 2 of 2, and 1 of 2; of the third none is there
    assert weighing._mean_iou(named, truth, 5) == 0.75
    assert weighing._mean_iou(np.zeros(0), np.zeros(0, np.int64), 3) is None
