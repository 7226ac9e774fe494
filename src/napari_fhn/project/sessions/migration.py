"""Sessions of earlier versions, brought into the form of this one.

They had no manifest: one model and one prediction lay beside the labels, classes were ``classes.csv``, surveys and
settings stood in ``desk.json``. Each step below can be cut off and made again: a file is moved once, the manifest is
written before what it replaces is renamed, and nothing is deleted.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.runs.run import Run, RunRecord, default_name
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.damage import is_kept_aside
from napari_fhn.project.sessions.manifest import FILE as MANIFEST
from napari_fhn.project.sessions.manifest import Damaged, FileReference, HeldOut, Manifest, SurveyEntry
from napari_fhn.project.sessions.recovery import recovered, told_of
from napari_fhn.surveys.grid import Grid
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import inside
from napari_fhn.training.job import Input, Job
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.provenance import Provenance, Tidied

_CLASSES = "classes.csv"
_DESK = "desk.json"
_KEPT = "kept-*.npy"
_GATHERED = ".run-of-before"
_INPUT = "input-"

_OF_A_RUN = (layout.MODEL, layout.BEGUN_WITH, layout.PREDICTION, layout.UNTIDIED, "leave-one-out.json", "report.html")
_ASIDE = ".earlier"
"""Added to the names of records whose content stands in the manifest now."""


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a session, without changing anything.

    For a session of an earlier version, and for one whose manifest was damaged, it is what else is in the folder tells.

    Raises
    ------
    ProjectError
        When it is of a later version.
    """
    if not (folder / MANIFEST).exists() and layout.is_session(folder):
        return recovered(folder) if is_kept_aside(folder, MANIFEST) else _described(folder)
    try:
        return Manifest.load(folder)
    except Damaged:
        return recovered(folder)


def bring_up_to_date(folder: Path) -> list[str]:
    """Bring a session of an earlier version into the form of this one, and say what was done."""
    if not layout.is_session(folder) or (layout.has_manifest(folder) and not _left_over(folder)):
        return []
    manifest = manifest_of(folder)
    job = _job(folder)
    moved = () if job is None else _move_inputs(folder, job)
    manifest = replace(manifest, copies=(*manifest.copies, *(one for one in moved if one not in manifest.copies)))
    run = None
    if _trained(folder, job):
        run = _move_run(folder, manifest.runs_made, None if job is None else job.with_paths(_moved_input(folder)))
    if run is not None:
        manifest = replace(manifest, runs_made=int(run.id.removeprefix("run-")))
        if run.has_model:
            manifest = replace(manifest, current_run=run.id)
    _move_kept(folder)
    manifest.save(folder)
    unread = _unread(folder)
    for name in (_CLASSES, layout.JOB):
        if (folder / name).is_file() and (name != layout.JOB or job is not None):
            (folder / name).replace(folder / (name + _ASIDE))
    return [
        "The session was made by an earlier version: its training is a run now, and its folder can be moved.",
        *unread,
    ]


def _unread(folder: Path) -> list[str]:
    """Say which records of a session of an earlier version cannot be read, and what their names are from now on."""
    said = []
    for name, read, lost in (
        (_CLASSES, ClassTable.from_csv, "the names and colours of its classes are not known"),
        (layout.JOB, Job.load, "what it says is taken from the copy beside its network, where there is one"),
    ):
        if (folder / name).is_file():
            try:
                read(folder / name)
            except (ValueError, OSError) as error:
                what = str(error).removeprefix(f"{folder / name}: ").split(". ")[0].rstrip(".")
                said.append(f"{name} cannot be read ({what}): {lost}. The file is kept as {name}{_ASIDE}.")
    return said


def _left_over(folder: Path) -> bool:
    """Whether a migration was cut off, or an earlier version has worked here since."""
    return _trained(folder, _job(folder))


def _trained(folder: Path, job: Job | None) -> bool:
    """Whether what lies in a folder as model, prediction and job is of this program: others use such names too."""
    gathered = folder / layout.RUNS / _GATHERED
    if _plain(gathered / layout.RUN).get("format") == "napari-fhn run":
        return True
    if any("normalisation" in _plain(place / layout.MODEL / "model.json") for place in (folder, gathered)):
        return True
    there = (folder / layout.JOB).is_file() or (folder / layout.MODEL).is_dir() or gathered.is_dir()
    return job is not None and there


def _described(folder: Path) -> Manifest:
    """What the records of a session of an earlier version say."""
    desk, job = _plain(folder / _DESK), _job(folder)
    surveys = []
    for item in desk.get("surveys", ()) if isinstance(desk.get("surveys"), list) else ():
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            file = FileReference(str(item["path"]), str(item["absolute"]))
            surveys.append(SurveyEntry(str(item["name"]), file, role="input" if item.get("ticked", True) else "shown"))
    if not surveys and job is not None:
        # On the command line nobody wrote down how the files were read: they are given again, or their copies do.
        surveys = [SurveyEntry(one.name or Path(one.path).stem) for one in job.inputs]
    copies = {} if job is None else {one.name or Path(one.path).stem: one for one in job.inputs}
    surveys = [_with_copy(entry, copies.get(entry.name), folder) for entry in surveys]
    manifest = Manifest(tuple(surveys), settings=_mapping(desk.get("settings")))
    held = desk.get("held_out")
    if isinstance(held, int) and not isinstance(held, bool):
        manifest = replace(manifest, held_out=HeldOut(held))
    elif job is not None and job.held_out:
        manifest = replace(manifest, held_out=HeldOut(len(job.held_out), job.held_out))
    if job is not None:
        manifest = replace(manifest, vertical_axis=job.vertical_axis, grid=_grid(folder, job))
    with contextlib.suppress(LabelError, OSError):
        if (folder / _CLASSES).is_file():
            manifest = manifest.with_table(ClassTable.from_csv(folder / _CLASSES, as_values=True))
    return manifest


def _with_copy(entry: SurveyEntry, item: Input | None, folder: Path) -> SurveyEntry:
    """The entry of a survey with the copy of it that a job was made with."""
    if item is None:
        return entry
    for path in (Path(_moved_input(folder)(item.path)), Path(item.path)):
        with contextlib.suppress(OSError, ValueError, EOFError):
            shape = mapped.open(path).shape
            where = folder / layout.INPUTS / path.name.removeprefix(_INPUT)
            return replace(
                entry,
                staged=where.relative_to(folder).as_posix(),
                channels=1 if item.channel_axis is None else shape[item.channel_axis],
            )
    return entry


def _grid(folder: Path, job: Job) -> Grid | None:
    """Where the labels lie, as far as the job says it."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        shape = mapped.open(folder / layout.LABELS).shape
        if job.axes and len(job.axes) == len(shape):
            return Grid.from_axes(job.axes, shape)
    return None


def _move_inputs(folder: Path, job: Job) -> list[str]:
    """Move the copies of surveys that a job names to where copies lie, and return what they are called there."""
    names = [Path(item.path).name for item in job.inputs if Path(item.path).name.startswith(_INPUT)]
    for path in (folder / name for copy in names for name in (copy, Path(copy).with_suffix(".txt").name)):
        target = folder / layout.INPUTS / path.name.removeprefix(_INPUT)
        if path.is_file() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    return [name.removeprefix(_INPUT) for name in names]


def _moved_input(folder: Path) -> Callable[[str], str]:
    """Return where the files of a job are now: its copies of surveys may have been moved."""

    def moved(path: str) -> str:
        name = Path(path).name
        there = folder / layout.INPUTS / name.removeprefix(_INPUT)
        return str(there) if name.startswith(_INPUT) and not Path(path).exists() and there.is_file() else path

    return moved


def _move_run(folder: Path, made: int, job: Job | None) -> Run | None:
    """Move model and prediction into a run, and write down what is known of it; None where there is neither.

    They are gathered out of sight and become a run at once: a move that was cut off must not mix two trainings, where
    an earlier version has trained in a session that has runs.
    """
    runs = folder / layout.RUNS
    numbers = [int(path.name[4:]) for path in runs.glob("run-*") if path.name[4:].isdecimal()]
    newest = max(numbers, default=0)
    gathered = runs / _GATHERED
    there = [name for name in (*_OF_A_RUN, *_outputs(folder)) if (folder / name).exists()]
    if not there and not gathered.is_dir():
        # Cut off behind the move: the manifest does not know of the run yet.
        place = runs / f"run-{newest:03d}"
        return Run(place, RunRecord(place.name, default_name(place.name))) if newest > made else None
    gathered.mkdir(parents=True, exist_ok=True)
    for name in there:
        (folder / name).replace(gathered / name)
    place = runs / f"run-{1 + max(made, newest):03d}"
    _record_run(gathered, place.name, job)
    gathered.replace(place)
    return Run(place, RunRecord(place.name, default_name(place.name)))


def _outputs(folder: Path) -> list[str]:
    names = [path.name for path in inside.of_prediction(folder / layout.PREDICTION)]
    return [name for name in names if name not in _OF_A_RUN]


def _record_run(folder: Path, name: str, job: Job | None) -> None:
    """Write down what is known of a run, in the folder that will have this name."""
    run = Run(folder, RunRecord(name, default_name(name), state="finished"))
    if job is None:
        run.save(run.record)
        return
    job = replace(
        job,
        prediction=str(run.prediction),
        model=str(run.model),
        start_from=str(run.begun_with) if run.begun_with.is_dir() else job.start_from,
        run=name,
    )
    job.save(folder / layout.JOB)
    if run.model.is_dir():
        job.save(run.model / layout.JOB)
    told, whole = told_of(run, job)
    _say_what_made_it(run, job, whole)
    run.save(told)


def _say_what_made_it(run: Run, job: Job, whole: bool) -> None:
    """Write down as much of what made a prediction as is known: one network all of it, or nobody knows which what."""
    description = run.description()
    if provenance.path_of(run.prediction).exists() or description is None:
        return
    try:
        values = mapped.open(run.prediction)
    except (OSError, ValueError, EOFError):
        return
    if not values.any():
        return
    box = Box.whole(values.shape)
    part = Part(box, description.steps, description.sha256 if whole else "", scattered=not whole)
    made = Provenance.of(job, values.shape, classes=job.classes, run=job.run, labels="")
    tidied = Tidied() if run.untidied.is_file() else None
    provenance.write(run.prediction, replace(made, parts=(part,), tidied=tidied, program="an earlier napari-fhn"))


def _move_kept(folder: Path) -> None:
    target = folder / layout.KEPT
    for path in sorted(folder.glob(_KEPT)):
        target.mkdir(exist_ok=True)
        name = f"Prediction {path.stem.removeprefix('kept-')}"
        free = (target / f"{one}.npy" for one in (name, *(f"{name} ({k})" for k in range(2, 1000))))
        path.replace(next(one for one in free if not one.exists()))


def _job(folder: Path) -> Job | None:
    models = (folder / layout.RUNS / _GATHERED / layout.MODEL, folder / layout.MODEL)
    for path in (*(model / layout.JOB for model in models), folder / layout.JOB, folder / (layout.JOB + _ASIDE)):
        with contextlib.suppress(JobError, record.RecordError, OSError):
            return Job.load(path, trusted=True)
    return None


def _plain(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
