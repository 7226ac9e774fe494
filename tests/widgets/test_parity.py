"""What is clicked is the same job as what is written in Python, and so as what is typed (`tests/test_parity.py`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import napari_fhn as fhn
from napari_fhn.network.architecture import levels
from napari_fhn.training.recipes import RECIPES
from proofs import LONG

#: What a dock says that nobody asked for elsewhere: a survey is called after its layer, entropy is always looked at.
_OF_THE_DOCK = ("outputs", "prediction", "model", "labels", "run")


def job_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "job.json").read_text())
    for item in content["inputs"]:
        del item["name"], item["path"]
    return {name: value for name, value in content.items() if name not in _OF_THE_DOCK}


@LONG
def test_wells_of_the_sample(viewer, dock, small, spin, tmp_path, monkeypatch):
    for name in ("sections", "layers"):  # of as many channels as there are classes
        wide = replace(RECIPES[name], network=levels(2, 8, (2, 2), 1))
        monkeypatch.setitem(RECIPES, name, wide)
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.load.click()
    desk = dock.desk
    assert spin(lambda: len(desk.labelling.wells.state.wells) == 6)
    desk.planning.change("schedule", "steps", 4)
    desk.planning.change("schedule", "seed", 3)
    held_out = desk.book.held_out()
    dock.run.train.click()
    assert spin(lambda: any((run.folder / "job.json").is_file() for run in desk.project.runs()), 60)
    (run,) = desk.project.runs()
    clicked = job_of(run.folder)
    known = np.array(desk.session.known())
    recipe = desk.planning.state.settings.recipe
    assert spin(lambda: desk.project.runs()[0].record.state != "begun", 120)
    with fhn.open("sample:seismic", session=tmp_path / "python") as work:
        work.label()
        np.testing.assert_array_equal(work.labels, known)
        training = work.fit(recipe, steps=4, seed=3, hold_out=held_out)
        next(training)
        assert job_of(training.run.folder) == clicked
        training.close()
