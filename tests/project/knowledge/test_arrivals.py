"""Which files are read together as they come, and what they do to labels and weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_fhn.labels import ClassTable, Source
from napari_fhn.project import Session
from napari_fhn.project.knowledge import Part
from napari_fhn.project.knowledge.arrivals import Arrivals, plan_part

HEADS, TOPS = Source(Path("heads.csv"), "wells"), Source(Path("tops.csv"), "tops")


def test_heads_wait_for_their_tops():
    arrivals = Arrivals()
    arrivals.take(HEADS)
    assert arrivals.missing() == "their tops"
    assert arrivals.next() == ()
    arrivals.take(TOPS)
    assert arrivals.missing() == ""
    assert arrivals.next() == (HEADS, TOPS)
    assert arrivals.next() == ()


def test_checkshots_alone_wait_for_wells():
    arrivals = Arrivals()
    arrivals.take(Source(Path("cs.txt"), "checkshots"))
    assert arrivals.missing() == "a log, or wells with their tops,"


def test_other_heads_take_the_place_of_those_before():
    arrivals, others = Arrivals(), Source(Path("others.csv"), "wells")
    for source in (HEADS, TOPS, others):
        arrivals.take(source)
    assert arrivals.wells == [TOPS, others]


def test_horizons_that_come_together_are_read_together():
    arrivals = Arrivals()
    for name in ("a.csv", "b.csv"):
        arrivals.take(Source(Path(name), "horizon"))
    assert [source.path.name for source in arrivals.next()] == ["a.csv", "b.csv"]
    assert arrivals.next() == ()


def test_what_is_left_out_is_not_read_again():
    arrivals = Arrivals()
    for source in (HEADS, TOPS):
        arrivals.take(source)
    group = arrivals.next()
    arrivals.leave_out(TOPS, group)
    assert arrivals.wells == [HEADS]
    assert arrivals.next() == ()


def test_a_file_that_comes_again_is_remembered_once():
    arrivals, points = Arrivals(), Source(Path("points.csv"), "points")
    arrivals.note([points, HEADS])
    arrivals.note([points.answered(radius=2.0)])
    assert arrivals.burnt == [points.answered(radius=2.0)]


def test_labels_that_are_there_keep_value_and_weight(tmp_path):
    def write(classes, out, weights):
        out[:] = 2
        if weights is not None:
            weights[:] = 40

    part = Part((), "points", ClassTable.default(2), (), (), True, write)
    session, shape = Session(tmp_path), (2, 2)
    session.label_volume(shape)[0, 0] = 1
    session.weight_volume(shape)[0, 0] = 70
    step, _, _ = plan_part(part, session, shape)
    assert not np.any(session.known()[1])  # nothing is written yet
    session.steps.do(step)
    assert session.known().tolist() == [[1, 2], [2, 2]]
    assert session.volume("weights", shape).tolist() == [[70, 40], [40, 40]]
    session.steps.toggle(session.steps.entries[-1])
    assert session.known().tolist() == [[1, 0], [0, 0]]
    assert session.volume("weights", shape).tolist() == [[70, 0], [0, 0]]
