"""Forms generated from dataclasses."""

from __future__ import annotations

import re

import pytest
from qtpy.QtCore import Qt

from napari_fhn.network.architecture import Architecture
from napari_fhn.project.runs.settings import JOB_FIELDS, NETWORK_FIELDS, OBJECTIVE_FIELDS, SCHEDULE_FIELDS
from napari_fhn.training import Job, Schedule
from napari_fhn.training.objective import Objective
from napari_fhn.widgets.network.fields import Form, from_text, to_text
from napari_fhn.widgets.network.setting_words import WORDS, title_and_words


@pytest.mark.parametrize(
    ("of", "names"),
    [
        (Architecture, NETWORK_FIELDS),
        (Schedule, SCHEDULE_FIELDS),
        (Objective, tuple(name for name in OBJECTIVE_FIELDS if name != "knowledge")),
        (Job, JOB_FIELDS),
    ],
)
def test_every_setting_is_told_in_words_for_people(of, names):
    assert set(WORDS[of]) == set(names)
    for name in names:
        title, words = WORDS[of][name]
        assert title_and_words(of, name)[1].startswith(words)
        assert words.endswith(".")
        # Signs of those who program.
        assert not re.search(r"_|\*\*|==|`|\"|\bNone\b|\bsigma\b|\bLOSSES|\bK\b|[a-z]\.[a-z]", title + words), words


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (float, 0.05, "0.05"),
        (tuple[int, ...], (96, 256), "96, 256"),
        (tuple[int, ...], (), ""),
        (tuple[int, ...] | None, None, "auto"),
        (tuple[str, ...], ("dice", "focal"), "dice, focal"),
        (int | None, 8_000_000_000, "8000000000"),
    ],
)
def test_values_survive_being_written(annotation, value, text):
    assert to_text(value) == text
    assert from_text(annotation, text) == value


def test_other_ways_to_write_a_block():
    assert from_text(tuple[int, ...], "(96 × 256)") == (96, 256)
    with pytest.raises(ValueError, match="wide"):
        from_text(tuple[int, ...], "96 wide")


def test_a_control_tells_its_change_once(qtbot):
    form = Form(Schedule, ("steps", "block", "precision"))
    qtbot.addWidget(form)
    form.show()
    heard = []
    form.changed.connect(lambda *change: heard.append(change))
    form.show_values({"steps": 300, "block": (96, 256), "precision": "auto"})
    assert heard == []
    line = form.controls["block"].native
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "64, 64")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    form.controls["steps"].native.setFocus()
    assert heard == [("block", (64, 64))]
    form.controls["precision"].value = "float32"
    assert heard[-1] == ("precision", "float32")
    assert "How long to train" in form.controls["steps"].tooltip
