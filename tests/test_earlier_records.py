"""Records as every version wrote them that ever landed are read by this one.

Each text below is what the program wrote at that time, made again by hand. Networks of versions 1 and 2 are in
``training/models/test_model.py``, sessions without a manifest in ``project/sessions/test_migration.py``.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from napari_fhn.labels import ClassTable, Interval, Well
from napari_fhn.project.labelling import wells
from napari_fhn.project.runs.speeds import Measured, Speed
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.project.sessions.manifest import Manifest
from napari_fhn.project.sessions.view_record import ViewRecord
from napari_fhn.report import left_out
from napari_fhn.surveys.segy import remembered
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import log
from napari_fhn.training.job import Job

NETWORK = {"dimensions": 2, "channels": 8, "layers": [{"resample": "keep", "rank": 2}], "h": 1.0, "context": 0}
SCHEDULE = {
    "steps": 3, "batch": 2, "block": [8, 8], "learning_rate": 0.01, "weight_decay": 0.001, "shear": 0.0, "shift": 0.0,
    "noise": 0.0, "smoothness": 0.0, "seed": 0,
}  # fmt: skip
JOB = {
    "inputs": [{"path": "HERE/a.npy", "channel_axis": None, "name": "a"}],
    "labels": "HERE/labels.npy",
    "classes": ["sand", "shale"],
    "network": NETWORK,
    "schedule": SCHEDULE,
    "prediction": "HERE/prediction.npy",
    "model": "HERE/model",
    "vertical_axis": 1,
    "held_out": [{"start": [0, 0], "stop": [2, 2]}],
    "device": "auto",
}
WELL = {"name": "A", "inline": 1.0, "crossline": 2.0, "xy": None, "intervals": [[0.0, 10.0, "sand"]]}
LOOKS = {"visible": True, "opacity": 1.0, "colormap": "gray", "contrast": [0, 1]}
DESK = {
    "surveys": [{"name": "a", "path": "../a.sgy", "absolute": "/a.sgy", "ticked": True, "looks": LOOKS}],
    "looks": {"labels": LOOKS},
    "settings": None,
    "held_out": None,
    "order": [0, 1],
    "point": [1, 2],
    "ndisplay": 2,
    "center": [0, 0, 0],
    "angles": [0, 0, 0],
    "zoom": 3.0,
}

LEFT_OUT = {"folds": [], "mean": 0.5, "deviation": 0.1, "worst": 0.4}


@dataclass(frozen=True)
class Earlier:
    """What an earlier version wrote, and what it says today."""

    file: str
    text: Any
    read: Callable[[Path], object]
    says: object


def of_job(folder: Path) -> object:
    job = Job.load(folder / "job.json")
    same = Path(job.labels) == folder / "labels.npy" and Path(job.model) == folder / "model"
    return same, job.schedule.steps, job.network.layers[0].rank, job.vertical_axis, job.held_out[0].stop


def recalled(folder: Path) -> object:
    survey = folder / "a.sgy"
    survey.write_bytes(bytes(4000))
    path = folder / "readings.json"
    path.write_text(path.read_text().replace("FINGERPRINT", remembered.fingerprint(survey)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(remembered.VARIABLE, str(path))
        return remembered.recall(survey, {"inline_byte": int})


RECORDS = {
    "a job before versions": Earlier("job.json", JOB, of_job, (True, 3, 2, 1, (2, 2))),
    "a job of version 1": Earlier(
        "job.json",
        {
            "format": "napari-fhn job",
            "version": 1,
            **{name: value.replace("HERE/", "") if isinstance(value, str) else value for name, value in JOB.items()},
            "inputs": [{"path": "a.npy"}],
            "schedule": {name: value for name, value in SCHEDULE.items() if name != "smoothness"},
        },
        of_job,
        (True, 3, 2, 1, (2, 2)),
    ),
    "wells of version 1": Earlier(
        "wells.json",
        {"format": "napari-fhn wells 1", "radius": 1.0, "fall_off": None, "wells": [WELL]},
        wells.read,
        wells.KeptWells((Well("A", 1.0, 2.0, (Interval(0.0, 10.0, "sand"),)),), 1.0),
    ),
    "a desk of version 1": Earlier(
        "desk.json",
        {"format": "napari-fhn desk 1", **DESK},
        lambda folder: (ViewRecord.load(folder).zoom, list(ViewRecord.load(folder).surveys)),
        (3.0, ["a"]),
    ),
    "a manifest of version 2, the first": Earlier(
        "session.json",
        {
            "format": "napari-fhn session",
            "version": 2,
            "classes": [{"value": 1, "name": "sand", "color": "#aa0000"}],
            "runs_made": 3,
        },
        lambda folder: (Manifest.load(folder).runs_made, Manifest.load(folder).table.names),
        (3, ("sand",)),
    ),
    "speeds before versions": Earlier(
        "measured.json",
        {"kind": {"step_seconds": 1, "first_seconds": 2.5}},
        lambda folder: Measured(folder / "measured.json").of("kind"),
        Speed(1.0, 2.5),
    ),
    "answers before versions": Earlier(
        "answers.json",
        {"/data/tops.csv": {"kind": "points"}},
        lambda folder: Answers(folder / "answers.json").of(Path("/data/tops.csv")).kind,
        "points",
    ),
    "readings before they were a record": Earlier(
        "readings.json",
        {"version": 1, "surveys": {"FINGERPRINT": {"name": "a.sgy", "when": 5, "options": {"inline_byte": 9}}}},
        recalled,
        {"inline_byte": 9},
    ),
    "labels left out, before versions": Earlier(left_out.FILE, LEFT_OUT, left_out.kept, {"words": (), **LEFT_OUT}),
    "labels left out, of version 1": Earlier(
        left_out.FILE,
        {"format": "napari-fhn leave-one-out", "version": 1, **LEFT_OUT},
        left_out.kept,
        {"words": (), **LEFT_OUT},
    ),
    "a table of classes without apostrophes": Earlier(
        "classes.csv",
        "value,name,color\n1,sand,#aa0000\n2,'clay',#00aa00\n3,-5 m,#0000aa\n",
        lambda folder: ClassTable.from_csv(folder / "classes.csv").names,
        ("sand", "'clay'", "-5 m"),
    ),
    "a log that was cut off": Earlier(
        "log.jsonl",
        '{"kind": "Run", "task": "train", "began": "b", "command": "", "device": "cpu", "versions": {}}\n{"kind": "Do',
        lambda folder: [run.task for run in log.read(folder)],
        ["train"],
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_it_is_read(tmp_path, name):
    earlier = RECORDS[name]
    text = earlier.text if isinstance(earlier.text, str) else json.dumps(earlier.text)
    (tmp_path / earlier.file).write_text(text.replace("HERE", tmp_path.as_posix()), encoding="utf-8")
    assert earlier.read(tmp_path) == earlier.says
    assert not list(tmp_path.glob("*.damaged*"))


def test_a_job_with_a_term_that_is_no_more_says_so(tmp_path):
    (tmp_path / "job.json").write_text(json.dumps({**JOB, "schedule": {**SCHEDULE, "smoothness": 0.5}}))
    with pytest.raises(JobError, match=r"schedule\.smoothness is not known to this version"):
        Job.load(tmp_path / "job.json")
