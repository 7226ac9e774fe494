"""What the command line is tried on: a survey small enough to train on in a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import segyio

from napari_fhn.cli.commands import parser
from napari_fhn.cli.given import Prepared, preparing
from napari_fhn.network.architecture import levels
from napari_fhn.project import Run, Session
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (8, 10, 32)


def prepared(*arguments: str) -> Prepared:
    """Everything that ``napari-fhn train`` makes ready; its run is there, and nothing is trained in it."""
    options = parser().parse_args(["train", *arguments])
    options.typed = ""
    with preparing(options) as found:
        return found


def run_of(folder: str | Path, which: str = "") -> Run:
    """A run of a session; the current one where none is named."""
    runs = Session.existing(folder).runs
    return runs.get(which) if which else runs.trained()


@pytest.fixture
def small(monkeypatch, tmp_path) -> None:
    """Recipes of a few kernels, with the network alone, and a folder of one's own to work in.

    Tests of what a combination says bring one.
    """
    monkeypatch.chdir(tmp_path)
    flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32)), combination=None)
    chart = Recipe("", "", levels(2, 8, (2,), 1), Schedule(steps=2, block=(16, 16)), combination=None)
    for name, made in (("sections", flat), ("map", chart), ("spectra", chart), ("regions", chart)):
        monkeypatch.setitem(RECIPES, name, made)
    monkeypatch.setitem(RECIPES, "layers", replace(flat, neighbours=True))


@pytest.fixture
def survey(tmp_path) -> Path:
    """A SEG-Y volume, inlines from 100, crosslines from 200, 4 ms from 0."""
    path = tmp_path / "small.sgy"
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    segyio.tools.from_array3D(str(path), values, dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    return path


@pytest.fixture
def wells(tmp_path) -> list[str]:
    """Two wells with both classes in each."""
    (tmp_path / "wells.csv").write_text("well,inline,crossline\nA,102,203\nB,105,207\n")
    (tmp_path / "tops.csv").write_text(
        "well,top_twt_ms,base_twt_ms,class\nA,0,60,sand\nA,60,128,shale\nB,0,72,sand\nB,72,128,shale\n"
    )
    return ["--wells", "wells.csv", "--tops", "tops.csv"]
