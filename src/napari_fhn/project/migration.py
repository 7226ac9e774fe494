"""Sessions of earlier versions, brought into the form of this one.

They had no manifest: one model and one prediction lay beside the labels, classes were ``classes.csv``, surveys and
settings stood in ``desk.json``. Each step below can be cut off and made again: a file is moved once, the manifest is
written before what it replaces is renamed, and nothing is deleted.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project import layout
from napari_fhn.project.manifest import FileReference, HeldOut, Manifest, SurveyEntry
from napari_fhn.training import provenance
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.provenance import Part, Provenance
from napari_fhn.training.updates import Done

if TYPE_CHECKING:
    from napari_fhn.project.runs import Run

_CLASSES = "classes.csv"
_DESK = "desk.json"
_KEPT = "kept-*.npy"
_FIRST = "run-001"

_OF_A_RUN = ("model", "begun-with", "prediction.npy", layout.UNTIDIED, "leave-one-out.json", "report.html")
_ASIDE = ".earlier"
"""Added to the names of records whose content stands in the manifest now."""


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a session; for one of an earlier version, what it would be, without changing anything.

    Raises
    ------
    ProjectError
        When it is damaged.
    """
    if layout.has_manifest(folder) or not layout.is_session(folder):
        return Manifest.load(folder)
    return _described(folder)


def bring_up_to_date(folder: Path) -> list[str]:
    """Bring a session of an earlier version into the form of this one, and say what was done."""
    if not layout.is_session(folder) or (layout.has_manifest(folder) and not _left_over(folder)):
        return []
    manifest = Manifest.load(folder) if layout.has_manifest(folder) else _described(folder)
    moved = _move_run(folder)
    if moved:
        manifest = replace(manifest, current_run=_FIRST, runs_made=max(1, manifest.runs_made))
    _move_kept(folder)
    manifest.save(folder)
    for name in (_CLASSES, "job.json"):
        if (folder / name).is_file():
            (folder / name).replace(folder / (name + _ASIDE))
    return ["The session was made by an earlier version: its training is a run now, and its folder can be moved."]


def _left_over(folder: Path) -> bool:
    """Whether a migration was cut off, or an earlier version has worked here since."""
    return (folder / "model").is_dir() or (folder / "job.json").is_file()


def _described(folder: Path) -> Manifest:
    """What the records of a session of an earlier version say."""
    desk = _plain(folder / _DESK)
    surveys = []
    for item in desk.get("surveys", ()) if isinstance(desk.get("surveys"), list) else ():
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            file = FileReference(str(item["path"]), str(item["absolute"]))
            surveys.append(SurveyEntry(str(item["name"]), file, role="input" if item.get("ticked", True) else "shown"))
    job = _job(folder)
    if not surveys and job is not None:
        surveys = [SurveyEntry(one.name or Path(one.path).stem, _source_of(folder, one.path)) for one in job.inputs]
    manifest = Manifest(tuple(surveys), settings=_mapping(desk.get("settings")))
    held = desk.get("held_out")
    if isinstance(held, int) and not isinstance(held, bool):
        manifest = replace(manifest, held_out=HeldOut(held))
    if job is not None:
        manifest = replace(manifest, vertical_axis=job.vertical_axis)
    with contextlib.suppress(LabelError, OSError):
        if (folder / _CLASSES).is_file():
            manifest = manifest.with_table(ClassTable.from_csv(folder / _CLASSES))
    return manifest


def _source_of(folder: Path, staged: str) -> FileReference | None:
    """The file that a copy was made of, as the words beside the copy have it."""
    words = folder / Path(staged).with_suffix(".txt").name
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in words.read_text(encoding="utf-8").splitlines():
            name = line.split(":", 1)[-1].strip()
            if name and Path(name).is_absolute() and Path(name).exists():
                return FileReference(name, name)
    return None


def _move_run(folder: Path) -> bool:
    """Move model and prediction into a run; returns whether there is a network in it."""
    if not _left_over(folder):
        return False
    job, run = _job(folder), folder / layout.RUNS / _FIRST
    if run.is_dir() and (run / "model").is_dir() and (folder / "model").is_dir():
        # An earlier version has trained here since: that is another run.
        number = 2
        while (folder / layout.RUNS / f"run-{number:03d}").exists():
            number += 1
        run = folder / layout.RUNS / f"run-{number:03d}"
    run.mkdir(parents=True, exist_ok=True)
    outputs = [path.name for path in folder.glob("prediction-*.npy")] + ["prediction-unfinished.jsonl"]
    for name in (*_OF_A_RUN, *outputs):
        if (folder / name).exists() and not (run / name).exists():
            (folder / name).replace(run / name)
    if job is not None:
        here = replace(
            job,
            prediction=str(run / layout.PREDICTION),
            model=str(run / layout.MODEL),
            start_from=str(run / layout.BEGUN_WITH) if (run / layout.BEGUN_WITH).is_dir() else None,
            run=run.name,
        )
        here.save(run / layout.JOB)
        if (run / layout.MODEL).is_dir():
            here.save(run / layout.MODEL / layout.JOB)
    from napari_fhn.project.runs import Run, RunRecord, State, default_name

    made = Run(run, RunRecord(run.name, default_name(run.name), state="finished"))
    if job is not None:
        schedule = job.schedule
        told = RunRecord(
            run.name,
            default_name(run.name),
            recipe="",
            steps=schedule.steps,
            seed=schedule.seed,
            classes=job.classes,
            state="finished",
        )
        made = Run(run, told)
    for entry in made.log():
        ends = [update for update in entry.updates if isinstance(update, Done)]
        if entry.task == "train":
            state: State = "stopped" if not ends or ends[-1].stopped else "finished"
            made = Run(run, replace(made.record, created=entry.began, command=entry.command, state=state))
    made.save(made.record)
    _say_what_made_it(made)
    return made.has_model


def _say_what_made_it(made: Run) -> None:
    """Write what made a prediction, where the log says that all of it comes from the network that is there.

    Otherwise nobody knows: it counts as not predicted, and predicting again is soon done.
    """
    description, entries = made.description(), made.log()
    if description is None or made.provenance() is not None or not entries or not made.prediction.is_file():
        return
    ends = [update for update in entries[-1].updates if isinstance(update, Done)]
    if entries[-1].task != "predict" or not ends or ends[-1].stopped:
        return
    with contextlib.suppress(OSError, ValueError, EOFError):
        shape = tuple(np.load(made.prediction, mmap_mode="r", allow_pickle=False).shape)
        parts = (Part(Box.whole(shape), description.steps, description.sha256),)
        provenance.write(made.prediction, Provenance(made.id, shape, description.classes, parts=parts))


def _move_kept(folder: Path) -> None:
    target = folder / layout.KEPT
    for path in sorted(folder.glob(_KEPT)):
        target.mkdir(exist_ok=True)
        path.replace(target / f"Prediction {path.stem.removeprefix('kept-')}.npy")


def _job(folder: Path) -> Job | None:
    for path in (folder / "model" / "job.json", folder / "job.json", folder / ("job.json" + _ASIDE)):
        with contextlib.suppress(JobError, record.RecordError, OSError):
            return Job.load(path)
    return None


def _plain(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
