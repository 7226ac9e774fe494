"""What a prediction is made of, in a real window: clicked, shown alone, chosen for the next one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_fhn.training.combination.settings import FactorWeight, Foretold, Found
from napari_fhn.training.models import description

SHAPE = (12, 16, 32)
FOUND = Found(
    (
        FactorWeight("network", 0.9, 0.02, Foretold(0.61, -1.0)),
        FactorWeight("reflectors", 0.6, 0.05, Foretold(0.52, -1.2)),
    ),
    reach=(2, 4),
    order=(0, 1),
    penalty=3.0,
    bodies=2,
    step=40,
    together=Foretold(0.74, -0.8),
)


@pytest.fixture
def combined(labelled, add_run):
    """A run of two parts that say different things; returns (viewer, dock, run)."""
    viewer, dock = labelled
    run = add_run(dock.desk, np.full(SHAPE, 1, np.uint8))
    made = description.read(run.model)
    description.write(replace(made, combination=FOUND), run.model)
    np.save(run.factor("network"), np.full(SHAPE, 2, np.uint8))
    dock.desk.project.runs_changed.emit()
    dock.results.fold(False)
    return viewer, dock, dock.desk.project.current


def row(panel, number):
    """Click a row of the table with the mouse."""
    item = panel.list.topLevelItem(number)
    middle = panel.list.visualItemRect(item).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle.x(), middle.y()))


def cells(panel):
    return [
        [panel.list.topLevelItem(k).text(column) for column in range(3)] for k in range(panel.list.topLevelItemCount())
    ]


def test_each_part_is_shown_with_one_click(combined):
    _, dock, run = combined
    panel, prediction = dock.results.made_of, dock.desk.prediction
    assert cells(panel) == [
        ["All together", "", "0.74"],
        ["The network", "60 %", "0.61"],
        ["Carried along the reflectors", "40 %", "0.52"],
    ]
    assert "weighed after step 40 on 2 bodies" in panel.why.text()
    assert "averaged along the structure" in panel.why.text()
    row(panel, 1)
    assert prediction.factor == "network"
    assert (np.asarray(prediction.layer.data) == 2).all()
    assert prediction.layer.name == "Prediction: the network"
    assert dock.run.looks.factor.currentText() == "The network"
    row(panel, 2)  # of which nothing was kept
    assert "comes with the next Train or Predict" in dock.desk.messages.note
    assert prediction.factor == "network"
    row(panel, 0)
    assert (np.asarray(prediction.layer.data) == 1).all()
    assert prediction.layer.name == "Prediction"
    dock.run.looks.factor.setCurrentIndex(1)
    dock.run.looks.factor.activated.emit(1)
    assert prediction.factor == "network"
    assert panel.list.currentItem().text(0) == "The network"
    assert run.factors == ("network",)


def test_tidying_is_of_all_together(combined):
    _, dock, _ = combined
    dock.desk.made_of.show("network")
    dock.results.preview.click()
    assert dock.desk.prediction.factor == ""


def test_another_run_is_shown_whole(combined, add_run):
    _, dock, _ = combined
    dock.desk.made_of.show("network")
    add_run(dock.desk, np.full(SHAPE, 2, np.uint8))
    assert dock.desk.prediction.factor == ""
    assert not dock.results.made_of.list.isVisibleTo(dock.results.made_of)
    assert "The network alone predicts" in dock.results.made_of.why.text()
    assert not dock.run.looks.factor.isVisibleTo(dock.run.looks)
    first = dock.desk.project.runs()[0]
    dock.desk.project.select(first)  # of which it was wanted
    assert dock.desk.prediction.factor == "network"


def test_what_happens_after_is_chosen(labelled):
    _, dock = labelled
    panel, planning = dock.results.made_of, dock.desk.planning
    planning.choose("sections")
    planning.combine(["auto"])
    assert (panel.smoothing.currentText(), panel.order.currentText()) == ("always", "as labels say")
    assert panel.smoothing.count() == 2  # along reflectors labels are not asked
    panel.smoothing.setCurrentIndex(1)
    panel.smoothing.activated.emit(1)
    panel.order.setCurrentIndex(1)
    panel.order.activated.emit(1)
    assert panel.snapping.currentText() == "as labels say"
    panel.snapping.setCurrentIndex(1)
    panel.snapping.activated.emit(1)
    combination = planning.state.settings.combination
    assert (combination.smoothing, combination.order, combination.snapping) == ("off", "on", "off")
    assert dock.network.advanced.heading.text().startswith("Advanced: ")


def test_parts_are_ticked_in_advanced(labelled):
    _, dock = labelled
    planning, fields = dock.desk.planning, dock.network.advanced.factors
    planning.choose("sections")
    planning.combine(["auto"])
    assert list(fields.ticks) == ["reflectors", "pretrained"]
    assert fields.ticks["reflectors"].isChecked()
    fields.ticks["reflectors"].click()
    assert planning.state.settings.combination.factors == ("pretrained",)
    fields.ticks["pretrained"].click()
    assert planning.state.settings.combination is None
    assert not dock.results.made_of.smoothing.isEnabled()
    fields.ticks["pretrained"].click()
    fields.ticks["reflectors"].click()
    assert planning.state.settings.combination.factors is None
