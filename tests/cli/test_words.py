"""Every command speaks of what its work is made of: voxels, samples of a line, pixels of a map."""

from __future__ import annotations

import argparse
import html
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tests.project.predicted import predicted

from napari_fhn.box import Box
from napari_fhn.cli import main, running, saying, sessions
from napari_fhn.cli.sessions import asked, opened
from napari_fhn.labels import ClassTable
from napari_fhn.project import Session
from napari_fhn.project.predictions.prediction_store import PredictionStore
from napari_fhn.project.sessions.manifest import SurveyEntry
from napari_fhn.report.writing import write
from napari_fhn.surveys import Grid
from napari_fhn.surveys.grid import GridAxis
from napari_fhn.training.data.volume import cell_of
from napari_fhn.training.files.log import kept
from napari_fhn.training.job import Axis, Job
from napari_fhn.training.prediction.sharding import ShardPlan
from napari_fhn.training.updates import Done, Note, Progress

KINDS = [((4, 6, 8), 2, "voxel"), ((12, 16), 1, "sample"), ((12, 16), None, "pixel")]
"""Shape, vertical axis, and what it is made of."""
kinds = pytest.mark.parametrize(("shape", "vertical", "word"), KINDS)


def session(folder: Path, shape: tuple[int, ...], vertical: int | None) -> Path:
    """A session with a run that has predicted, two bodies of whose labels are held out."""
    classes = np.ones(shape, np.uint8)
    classes[shape[0] // 2 :] = 2
    labels = np.zeros(shape, np.uint8)
    boxes = []
    for k in (1, shape[0] - 1):
        labels[k, 1] = classes[k, 1]
        boxes.append(Box((k, 1, 0)[: len(shape)], (k + 1, 2, *shape[2:])))
    labels[:, -1] = classes[:, -1]
    predicted(folder, classes, vertical=vertical, labels=labels, held_out=boxes, outputs=False)
    with (found := Session(folder)).writing("a test"):
        found.change(vertical_axis=vertical)
    return folder


def alone(folder: Path, shape: tuple[int, ...], vertical: int | None) -> Path:
    """The job of such a run, in no session."""
    session(folder / "s", shape, vertical)
    (run,) = (folder / "s" / "runs").glob("run-*")
    there = shutil.move(run, folder / "alone")
    shutil.copy(folder / "s" / "labels.npy", folder / "alone" / "labels.npy")
    job = Job.load(folder / "alone" / "job.json", trusted=True)
    places = {"labels": "labels.npy", "prediction": "prediction.npy", "model": "model"}
    replace(job, **{name: f"{there}/{file}" for name, file in places.items()}).save(folder / "alone" / "job.json")
    return folder / "alone" / "job.json"


@kinds
def test_a_job_of_no_session_is_spoken_of_as_what_it_is(tmp_path, capsys, monkeypatch, shape, vertical, word):
    job = alone(tmp_path, shape, vertical)
    news = (Note("3 voxels"), Done("train", False, 0.0, "Of voxels."))
    monkeypatch.setattr(running, "_here", lambda *_: iter(news))
    for command in ("train", "predict"):
        for form in ((), ("--json",)):
            assert main([command, "--job", str(job), *form]) == 0
            told = capsys.readouterr().out
            assert f"3 {word}s" in told
            assert f"Of {word}s." in told
    assert main(["score", "--job", str(job), "--partial"]) == 0
    told = "".join(capsys.readouterr())
    assert f"{word}s)" in told
    assert word == "voxel" or "voxel" not in told
    assert main(["score", "--job", str(job), "--partial", "--json"]) == 0
    assert word == "voxel" or not [one for one in json.loads(capsys.readouterr().out)["words"] if "voxel" in one]


@kinds
def test_a_run_of_a_session_too(tmp_path, shape, vertical, word):
    folder = session(tmp_path / "s", shape, vertical)
    with saying.speaking("", as_json=False, verbose=False, log_file=None):
        asked(argparse.Namespace(session=folder, job=None, run_name=None, command="score"))
        assert saying.worded("voxel") == word
        saying.speak_of("voxel")
        opened(Session(folder))
        assert saying.worded("voxel") == word
        saying.speak_of("voxel")
        sessions.speak_of_session(Session(folder))
        assert saying.worded("voxel") == word


def test_what_is_read_from_cubes_is_a_map_though_somebody_named_a_vertical_axis(tmp_path):
    folder = session(tmp_path / "s", (12, 16), 1)
    with (found := Session(folder)).writing("a test"):
        found.change(surveys=(SurveyEntry("cube", cube=True),))
    with saying.speaking("", as_json=False, verbose=False, log_file=None):
        for choose in (opened, sessions.speak_of_session):
            saying.speak_of("voxel")
            choose(Session(folder))
            assert saying.worded("voxel") == "pixel"


@kinds
def test_a_report_says_the_same_also_in_what_was_told(tmp_path, shape, vertical, word):
    run = Session(session(tmp_path / "s", shape, vertical)).runs.trained()
    job = run.job()
    Path(job.inputs[0].path).parent.mkdir(exist_ok=True)
    np.save(job.inputs[0].path, np.zeros(shape, np.float32))
    news = (Progress("train", 1, 1, loss=1.0), Note("3 voxels of 'a voxel'"), Done("train", False, 0.0, "Of voxels."))
    list(kept(news, job, "train"))
    page = html.unescape(write(run.folder, doubts=["2 voxels are stale"]).read_text(encoding="utf-8"))
    for said in (f"3 {word}s of 'a voxel'", f"Of {word}s.", f"2 {word}s are stale", f"<th>{word}s</th>"):
        assert said in page
    assert word == "voxel" or "voxel" not in page.replace("'a voxel'", "")


def test_a_job_is_known_by_its_axes_and_else_by_its_files(tmp_path):
    job = Job.load(alone(tmp_path, (12, 16), 1), trusted=True)
    two = (Axis("y"), Axis("x"))
    assert cell_of(job) == "sample"
    assert cell_of(replace(job, vertical_axis=None)) == "pixel"
    assert cell_of(replace(job, axes=two, vertical_axis=None, labels="a.npy", prediction="b.npy")) == "pixel"
    # The bands of a cube may be among the axes or not.
    assert {cell_of(replace(job, axes=axes, map_axis=2)) for axes in ((), two, (*two, Axis("band")))} == {"pixel"}
    Path(job.labels).unlink()
    assert cell_of(job) == "sample", "its prediction tells"
    Path(job.prediction).unlink()
    assert cell_of(job) == "voxel"


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        (("inline", "crossline", "twt"), "voxel"),
        (("trace", "twt"), "sample"),
        (("y", "x"), "pixel"),
        (("axis_0", "axis_1"), "value"),
    ],
)
def test_a_prediction_in_a_store_is_spoken_of_as_what_it_is(tmp_path, capsys, axes, word):
    shape = (6, 8, 10)[: len(axes)]
    grid: xr.DataArray = Grid(tuple(GridAxis(name, n, 0.0, 1.0, "") for name, n in zip(axes, shape, strict=True)),
                              kind="", name="v").template()  # fmt: skip
    classes = np.ones(shape, np.uint8)
    classes[3:] = 2
    for name in ("p.zarr", "t.zarr"):
        values = classes.copy()
        values[:, 0] = 0 if name == "p.zarr" else values[:, 0]
        said = {"run": "", "shape": list(shape), "classes": ["a", "b"], "inputs": [], "labels": "", "parts": []}
        plan = ShardPlan(shape, shape, 2, ("classes",), {"model": "m"}, said, 5)
        store = PredictionStore(tmp_path / name, grid, ClassTable.of_names(("a", "b")))
        store.begin(plan)
        store.put(0, plan.shards.box(0), {"classes": values})
        store.collect()
    where = [str(tmp_path / name) for name in ("p.zarr", "t.zarr", "s")]
    assert main(["score", "--prediction", where[0], "--truth", where[1], "--output", where[2]]) == 0
    told = "".join(capsys.readouterr())
    assert f"Scores on the truth ({np.prod(shape):,} {word}s)" in told
    assert f"within two {word}s of a boundary" in told
    assert f"of the {word}s are not predicted" in told
    assert word == "voxel" or "voxel" not in told
