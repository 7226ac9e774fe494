"""What is known without labels is said in the dock as on the command line."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QCompleter, QLineEdit

from napari_fhn.box import Box
from napari_fhn.project import Session
from napari_fhn.training.objective import Absence, Order, Share, Smoothness
from napari_fhn.widgets.network.class_completer import ClassCompleter


@pytest.fixture
def known(labelled):
    """The dock with the classes Shale, Sand and Salt; returns (dock, write), which types into a line."""
    _, dock = labelled
    for value, name in enumerate(("Shale", "Sand", "Salt"), 1):
        dock.desk.labelling.edits.rename(value, name)
    fields = dock.network.advanced.known

    def write(part, text):
        fields.lines[part].setText(text)
        fields.lines[part].editingFinished.emit()
        return dock.desk.planning.state.settings

    return dock, write


def test_every_kind_of_term_is_said_and_shown_as_it_is_read(known):
    dock, write = known
    mask = dock.desk.root / "shelf.npy"
    write("shares", "Salt=0.02:0.1 | Sand=0.3:")
    write("order", "Shale, Sand")
    write("absences", f"Salt={mask} | Sand@0:10,:,4:8")
    write("smoothness", "0.5")
    settings = write("ignored", "0:2,:,:|:,3:5,:")
    assert settings.schedule.objective.knowledge == (
        Share("Salt", 0.02, 0.1),
        Share("Sand", 0.3, 1.0),
        Order(("Shale", "Sand")),
        Absence("Salt", mask=str(mask)),
        Absence("Sand", (Box((0, 0, 4), (10, 16, 8)),)),
        Smoothness(weight=0.5),
    )
    assert settings.ignored == (Box((0, 0, 0), (2, 16, 32)), Box((0, 3, 0), (12, 5, 32)))
    lines = dock.network.advanced.known.lines
    assert lines["shares"].text() == "Salt=0.02:0.1 | Sand=0.3:1"
    assert lines["ignored"].text() == "0:2,0:16,0:32 | 0:12,3:5,0:32"
    assert lines["order"].text() == "Shale, Sand"
    write("order", "all")
    assert lines["order"].text() == "all"
    assert "2 changed" in dock.network.advanced.heading.text()
    # A class that is renamed takes its terms along.
    dock.desk.labelling.edits.rename(3, "Halite")
    assert lines["shares"].text() == "Halite=0.02:0.1 | Sand=0.3:1"
    settings = write("shares", "")
    assert not any(isinstance(term, Share) for term in settings.schedule.objective.knowledge)
    dock.network.advanced.reset.click()
    assert [line.text() for line in lines.values()] == [""] * 5


IMPOSSIBLE = [
    ("shares", "Salt", "write it as in Salt=0.02:0.1"),
    ("shares", "Halite=0:1", "the classes are Shale, Sand, Salt"),
    ("shares", "Salt=0.5:0.1", "cannot be from 0.5 to 0.1"),
    ("order", "Shale", "two or more classes"),
    ("order", "Shale, Sand | Sand, Shale", "one order"),
    ("absences", "Salt@0:99,:,:", "no box inside the survey"),
    ("smoothness", "smooth", "write a number"),
    ("ignored", "0:4", "for each of the 3 axes"),
]


def test_what_cannot_be_is_said_and_changes_nothing(known):
    dock, write = known
    before = dock.desk.planning.state.settings
    for part, text, words in IMPOSSIBLE:
        dock.desk.messages.say("")
        assert write(part, text) == before, text
        assert dock.desk.messages.error, text
        assert words in dock.desk.messages.message


def test_they_reach_the_job_and_the_session(known, spin):
    dock, write = known
    write("shares", "Salt=0:0.5")
    write("ignored", "0:2,:,:")
    dock.desk.planning.change("schedule", "steps", 2)
    dock.desk.store.save()
    kept = Session(dock.desk.session.folder).manifest.settings
    assert kept["ignored"] == [{"start": [0, 0, 0], "stop": [2, 16, 32]}]
    dock.run.train.click()
    assert spin(lambda: dock.desk.state.activity.idle, 60)
    assert not dock.desk.messages.error, dock.desk.messages.message
    job = dock.desk.project.current.job()
    assert job.schedule.objective.knowledge == (Share("Salt", 0.0, 0.5),)
    assert job.ignored == (Box((0, 0, 0), (2, 16, 32)),)


def test_names_of_classes_are_completed_between_the_marks(qtbot):
    line = QLineEdit()
    qtbot.addWidget(line)
    completer = ClassCompleter(line, "=")
    completer.offer(["Shale", "Sand", "Salt"])
    line.setText("Salt=0:1 | sa")
    assert completer.splitPath(line.text()) == ["sa"]
    completer.setCompletionPrefix("sa")
    found = {completer.completionModel().index(k, 0).data() for k in range(completer.completionCount())}
    assert found == {"Sand", "Salt"}
    assert completer.pathFromIndex(completer.completionModel().index(0, 0)).startswith("Salt=0:1 | S")
    assert completer.completionMode() == QCompleter.CompletionMode.PopupCompletion


def test_blocks_are_held_out_and_remembered(labelled, spin):
    _, dock = labelled
    desk = dock.desk
    layer = desk.book.layer
    layer.data[:, :, :16], layer.data[:, :, 16:] = 1, 2
    desk.book.tally.due(0)
    assert spin(lambda: sum(desk.book.state.counts.values()) == 12 * 16 * 32)
    dock.labels.held_out.blocks.setValue(4)
    dock.network.held_out.value = 2
    assert desk.book.held_out().blocks == 4
    desk.planning.change("schedule", "steps", 2)
    dock.run.train.click()
    assert spin(lambda: desk.state.activity.idle, 60)
    assert not desk.messages.error, desk.messages.message
    assert [box.shape[:2] for box in desk.project.current.job().held_out] == [(4, 4), (4, 4)]
    desk.store.save()
    assert Session(desk.session.folder).manifest.held_out.blocks == 4


def test_any_axis_may_be_the_vertical_one(viewer, dock):
    viewer.add_image(np.zeros((8, 10, 12), np.float32))
    offered = [dock.data.vertical.itemText(k) for k in range(dock.data.vertical.count())]
    assert offered == ["the last axis", "axis 1 of 3", "axis 2 of 3", "no axis"]
    dock.labels.new.click()
    dock.data.vertical.setCurrentIndex(1)
    assert dock.desk.data.vertical == 0
    assert Session(dock.desk.session.folder).manifest.vertical_axis == 0
