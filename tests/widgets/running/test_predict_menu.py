"""A trained network on another survey, from the menu beside Predict."""

from __future__ import annotations

import numpy as np
from qtpy.QtWidgets import QFileDialog


def test_another_survey_is_predicted_without_labels(labelled, spin, monkeypatch):
    viewer, dock = labelled
    desk = dock.desk
    dock.run.train.click()
    assert spin(lambda: desk.state.activity.idle, 90), desk.messages.message
    trained = desk.session.folder
    viewer.layers.clear()
    rng = np.random.default_rng(1)
    viewer.add_image(rng.standard_normal((10, 16, 32)).astype(np.float32), name="next")
    assert desk.session is None
    assert dock.run.predictions.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(trained))
    said, say = [], desk.messages.say
    monkeypatch.setattr(desk.messages, "say", lambda message, **how: (said.append(message), say(message, **how)))
    desk.planning.state.stays = True  # which an array in memory cannot
    dock.run.predictions.other.trigger()
    assert spin(lambda: desk.state.activity.idle, 90), desk.messages.message
    assert not desk.messages.error, desk.messages.message
    assert any("copied: only surveys in blocks" in message for message in said)
    assert desk.session.folder != trained
    assert not desk.session.known().any()
    assert np.asarray(desk.prediction.layer.data).shape == (10, 16, 32)
    assert np.asarray(desk.prediction.layer.data).all()
    current = desk.project.current
    assert current.record.begun_with
    assert current.provenance().complete
    assert dock.export.button.isEnabled()


def test_a_network_that_does_not_fit_is_said_and_changes_nothing(labelled, spin, monkeypatch, tmp_path):
    viewer, dock = labelled
    desk = dock.desk
    dock.run.train.click()
    assert spin(lambda: desk.state.activity.idle, 90), desk.messages.message
    trained = desk.session.folder
    viewer.layers.clear()
    viewer.add_image(np.zeros((20, 30), np.float32), name="map")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(trained))
    dock.run.predictions.other.trigger()
    assert spin(lambda: desk.messages.error and desk.state.activity.idle), desk.messages.message
    assert desk.project.runs() == []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    dock.run.predictions.other.trigger()
    assert spin(lambda: "network" in desk.messages.message), desk.messages.message
    assert desk.project.runs() == []
