"""Runs: every training of a session with what it made. A new one never touches an older one.

A run is a folder ``runs/run-003`` with ``run.json`` (its name, and how it came about), ``job.json`` (all that repeats
it), the model, and the prediction that this model made. One run is the current one: its network predicts, and its
prediction is scored, exported and shown. A training becomes the current run when it has ended with a network; one that
was cut off stays beside it and can go on, or be chosen.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_fhn import record
from napari_fhn.project import layout
from napari_fhn.project.beginning import copy_beginning
from napari_fhn.project.disk import size_of
from napari_fhn.project.errors import ProjectError
from napari_fhn.training import log, provenance
from napari_fhn.training.description import Description
from napari_fhn.training.description import read as read_description
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job, Output
from napari_fhn.training.provenance import Provenance
from napari_fhn.training.transfer import can_resume
from napari_fhn.training.updates import Done, Failed

if TYPE_CHECKING:
    from napari_fhn.project.session import Session

_KIND = "run"
_VERSION = 1
_LONGEST_NAME = 80

State = Literal["begun", "finished", "stopped", "failed", "cut off"]


@dataclass(frozen=True)
class RunRecord:
    """How a run came about, and how it ended.

    Parameters
    ----------
    id : str
        Name of its folder.
    name : str
        As the person calls it.
    created : str
        When it was begun, in UTC, ISO 8601.
    recipe : str
        Where its settings began.
    steps, seed : int
        That were asked for.
    labels : str
        Digest of the labels when it was begun.
    classes : tuple of str
        Their names.
    begun_with : str
        The network whose weights were the first ones, in words; empty for new ones.
    command : str
        As it was typed; empty where it was clicked.
    state : {"begun", "finished", "stopped", "failed", "cut off"}
        How far it came. A run that was cut off was begun by a process that is gone.
    message : str
        The last that training said.
    """

    id: str
    name: str
    created: str = ""
    recipe: str = ""
    steps: int = 0
    seed: int = 0
    labels: str = ""
    classes: tuple[str, ...] = ()
    begun_with: str = ""
    command: str = ""
    state: State = "begun"
    message: str = ""


@dataclass(frozen=True)
class Run:
    """One run on disk.

    Parameters
    ----------
    folder : Path
        Its folder.
    record : RunRecord
        How it came about.
    """

    folder: Path
    record: RunRecord = field(compare=False)

    @property
    def id(self) -> str:
        """Name of its folder, which never changes."""
        return self.folder.name

    @property
    def name(self) -> str:
        """What the person calls it."""
        return self.record.name

    @property
    def model(self) -> Path:
        """Folder of its network."""
        return self.folder / layout.MODEL

    @property
    def prediction(self) -> Path:
        """What its network predicted."""
        return self.folder / layout.PREDICTION

    def output(self, kind: Output) -> Path:
        """Return the file of what was predicted beside the classes, whether it is there or not."""
        return self.prediction.with_name(f"{self.prediction.stem}-{kind}.npy")

    @property
    def untidied(self) -> Path:
        """Its prediction before it was tidied, where it was."""
        return self.folder / layout.UNTIDIED

    @property
    def begun_with(self) -> Path:
        """Copy of the network that it began with, where it began with one."""
        return self.folder / layout.BEGUN_WITH

    @property
    def has_model(self) -> bool:
        """Whether there is a network to predict with."""
        return (self.model / "model.json").is_file()

    @property
    def has_prediction(self) -> bool:
        """Whether its network has predicted anything, as far as what made it can be read."""
        try:
            made = self.provenance()
        except JobError:
            return False
        return made is not None and bool(made.parts)

    @property
    def can_resume(self) -> bool:
        """Whether its training can go on."""
        return can_resume(self.model)

    def job(self) -> Job:
        """Return the job that it does.

        Raises
        ------
        JobError
            When it cannot be read.
        """
        return Job.load(self.folder / layout.JOB)

    def provenance(self) -> Provenance | None:
        """Return what made its prediction; None where nothing was predicted.

        Raises
        ------
        JobError
            When that was written and cannot be read.
        """
        return provenance.read(self.prediction)

    def description(self) -> Description | None:
        """Return what its network is; None where there is none, or none that can be read."""
        if not self.has_model:
            return None
        try:
            return read_description(self.model)
        except JobError:
            return None

    @property
    def step(self) -> int:
        """Steps behind its network; 0 where there is none."""
        found = self.description()
        return 0 if found is None else found.steps

    @property
    def score(self) -> float | None:
        """Mean IoU on the labels held out, as training measured it last; None where nothing was held out."""
        found = self.description()
        held_out = [] if found is None else [one for one in found.scores if one.held_out]
        return held_out[-1].mean if held_out else None

    def log(self) -> tuple[log.Run, ...]:
        """Return what was said while it was trained and used."""
        return log.read(self.model)

    def disk_used(self) -> int:
        """Return the bytes that it takes on the disk."""
        return size_of(self.folder)

    def save(self, record_: RunRecord) -> Run:
        """Write how it came about, and return it so."""
        record.write(self.folder / layout.RUN, _KIND, _VERSION, record.encode(record_))
        return replace(self, record=record_)


class Runs:
    """The runs of a session.

    Parameters
    ----------
    session : Session
        Whose they are.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._session.folder / layout.RUNS

    def all(self) -> list[Run]:
        """Return the runs, the oldest first; one whose record is damaged is there with what is known of it."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _is_run(path)]
        return [_read(path) for path in sorted(found, key=lambda path: _number(path.name))]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.all())

    @property
    def current(self) -> Run | None:
        """The run whose network predicts; None before there is one."""
        name = self._session.manifest.current_run
        # A name and no path: a record that was edited must not lead out of the session.
        path = self.folder / name if name.startswith("run-") and name[4:].isdecimal() else None
        return _read(path) if path is not None and path.is_dir() else None

    def trained(self) -> Run:
        """Return the current run, which has a network.

        Raises
        ------
        ProjectError
            When there is none.
        """
        found = self.current
        if found is None or not found.has_model:
            raise ProjectError("it holds no trained network yet", "Train one first", path=self._session.folder)
        return found

    def get(self, which: str) -> Run:
        """Return a run by the name of its folder, its number, or the name a person gave it.

        Raises
        ------
        ProjectError
            When there is none, or several of that name; the message lists them.
        """
        runs = self.all()
        for match in (
            [run for run in runs if run.id == which],
            [run for run in runs if run.name == which],
            [run for run in runs if which.isdecimal() and run.id == _folder_name(int(which))],
        ):
            if len(match) == 1:
                return match[0]
        there = ", ".join(f"{run.id} ({run.name})" for run in runs) or "none"
        raise ProjectError(f"there is no one run '{which}'", f"The runs are {there}", path=self._session.folder)

    def to_resume(self) -> Run | None:
        """Return the newest run whose training can go on; None where there is none."""
        return next((run for run in reversed(self.all()) if run.can_resume), None)

    def place(self) -> Path:
        """Return the folder of the next run; nothing is made yet, and its number is not given again."""
        number = 1 + max([self._session.manifest.runs_made, *(_number(run.id) for run in self.all())], default=0)
        return self.folder / _folder_name(number)

    def begin(self, job: Job, made: RunRecord, shape: Sequence[int], network: Path | None = None) -> Run:
        """Make the folder of a run whose job is ready, with an empty prediction.

        Parameters
        ----------
        job : Job
            Its files lie in the folder of :meth:`place`.
        made : RunRecord
            How it comes about.
        shape : sequence of int
            Of the prediction.
        network : Path, optional
            Whose weights are the first ones: it is copied into the run.

        Raises
        ------
        ProjectError, JobError
            When the disk has no room for it, or there is no such network; nothing is left of it then.
        """
        self._session.check_writer()
        folder = self.folder / made.id
        try:
            (folder / layout.MODEL).mkdir(parents=True, exist_ok=True)
            if network is not None:
                copy_beginning(network, folder / layout.BEGUN_WITH)
            empty_prediction(folder / layout.PREDICTION, shape)
            job.save(folder / layout.JOB)
            run = Run(folder, made).save(made)
        except (OSError, JobError) as error:
            _discard(folder)
            if isinstance(error, JobError):
                raise
            raise ProjectError(f"a run cannot be begun: {error.strerror or error}", path=folder) from error
        self._session.change(runs_made=max(self._session.manifest.runs_made, _number(made.id)))
        return run

    def resume(self, run: Run, job: Job) -> Run:
        """Let a run go on, with a job that may have more steps."""
        self._session.check_writer()
        job.save(run.folder / layout.JOB)
        return run.save(replace(run.record, state="begun", steps=job.schedule.steps))

    def finish(self, run: Run, end: Done | Failed | None) -> Run | None:
        """Write how a training ended; one that has made no network leaves nothing.

        Parameters
        ----------
        run : Run
            That was begun.
        end : Done, Failed or None
            The last that its process said; None when it was cut off.

        Returns
        -------
        Run or None
            None where nothing was trained; what was the current run before is so still.
        """
        self._session.check_writer()
        if not run.has_model:
            _discard(run.folder)
            return None
        state: State = "cut off"
        message = ""
        if isinstance(end, Done):
            state, message = ("stopped" if end.stopped else "finished"), end.message
        elif isinstance(end, Failed):
            state, message = "failed", end.message
        run = run.save(replace(run.record, state=state, message=message))
        before = self.current
        if isinstance(end, Done) or before is None or not before.has_model:
            self._session.change(current_run=run.id)
        return run

    def discard(self, run: Run) -> None:
        """Remove a run of which nothing has come, with all that is in its folder."""
        grave = run.folder.with_name(f".{run.id}.deleted")
        run.folder.rename(grave)
        shutil.rmtree(grave, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def select(self, run: Run) -> None:
        """Let this run be the one whose network predicts.

        Raises
        ------
        ProjectError
            When it has no network.
        """
        if not run.has_model:
            raise ProjectError(f"the run '{run.name}' has no network", "Choose another", path=run.folder)
        self._session.change(current_run=run.id)

    def rename(self, run: Run, name: str) -> Run:
        """Give a run another name.

        Raises
        ------
        ProjectError
            When it is empty, too long, or that of another run.
        """
        self._session.check_writer()
        name = self.checked_name(name, run)
        return run.save(replace(run.record, name=name))

    def checked_name(self, name: str, run: Run | None = None) -> str:
        """Return a name as a run can have it.

        Parameters
        ----------
        name : str
            As a person wrote it.
        run : Run, optional
            Which may keep its own.

        Raises
        ------
        ProjectError
            When it is empty, too long, or that of another run.
        """
        name = " ".join(name.split())
        if not name or len(name) > _LONGEST_NAME:
            raise ProjectError(f"a run needs a name of 1 to {_LONGEST_NAME} letters", path=self._session.folder)
        if any(other.name == name and other != run for other in self.all()):
            raise ProjectError(f"another run is called '{name}'", "Choose another name", path=self._session.folder)
        return name

    def delete(self, run: Run) -> int:
        """Remove a run with its network and its prediction; returns the bytes that are free now.

        Raises
        ------
        ProjectError
            When it is the current one while there are others with a network, or its training is under way.
        """
        self._session.check_writer()
        current = self._session.manifest.current_run == run.id
        if current and any(other.has_model for other in self.all() if other.id != run.id):
            raise ProjectError(
                f"'{run.name}' is the run whose network predicts", "Choose another run first", path=run.folder
            )
        freed = run.disk_used()
        # Out of sight first: a folder that is half removed must not be taken for a run.
        grave = run.folder.with_name(f".{run.id}.deleted")
        run.folder.rename(grave)
        if current:
            self._session.change(current_run="")
        shutil.rmtree(grave, ignore_errors=True)
        return freed

    def repair(self) -> list[str]:
        """Put right what a killed process left, and say what was done; only the one writer of a session may."""
        said = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name.startswith(".run-") and path.name.endswith(".deleted"):
                    shutil.rmtree(path, ignore_errors=True)
        for run in self.all():
            unwritten = not (run.folder / layout.RUN).exists() and not run.has_model
            if run.record.state != "begun" and not unwritten:
                continue
            ended = self.finish(run, None)
            if ended is not None:
                said.append(
                    f"The training '{ended.name}' was cut off after {ended.step} steps: it can go on, or be chosen "
                    "among the runs."
                )
        current = self._session.manifest.current_run
        if current and self.current is None:
            newest = next((run for run in reversed(self.all()) if run.has_model), None)
            self._session.change(current_run="" if newest is None else newest.id)
            said.append(f"The run {current} is gone." + ("" if newest is None else f" '{newest.name}' predicts now."))
        return said


def ready_prediction(run: Run, shape: Sequence[int]) -> None:
    """Make the file that a run predicts into where it is gone or damaged, and forget what was said to be in it."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        found = np.load(run.prediction, mmap_mode="r", allow_pickle=False)
        if found.shape == tuple(shape) and found.dtype == np.uint8:
            return
    run.prediction.unlink(missing_ok=True)
    for beside in (provenance.path_of(run.prediction), *run.folder.glob("prediction-unfinished.*")):
        beside.unlink(missing_ok=True)
    empty_prediction(run.prediction, shape)


def empty_prediction(path: Path, shape: Sequence[int]) -> None:
    """Make a prediction in which nothing is predicted yet; one of that shape that is there stays."""
    if path.exists():
        with contextlib.suppress(OSError, ValueError, EOFError):
            found = np.load(path, mmap_mode="r", allow_pickle=False)
            if found.shape == tuple(shape) and found.dtype == np.uint8:
                return
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=tuple(shape)).flush()


def _is_run(path: Path) -> bool:
    return path.is_dir() and path.name.startswith("run-") and path.name[4:].isdecimal()


def _number(name: str) -> int:
    digits = name.removeprefix("run-")
    return int(digits) if digits.isdecimal() else 0


def _folder_name(number: int) -> str:
    return f"run-{number:03d}"


def default_name(run_id: str) -> str:
    """Return what a run is called before a person calls it something."""
    return f"Run {_number(run_id)}"


def _read(folder: Path) -> Run:
    try:
        found = record.decode(RunRecord, record.read(folder / layout.RUN, _KIND, _VERSION))
    except (record.RecordError, OSError) as error:
        found = RunRecord(folder.name, default_name(folder.name), state="cut off", message=f"Its record: {error}")
    return Run(folder, replace(found, id=folder.name))


def _discard(folder: Path) -> None:
    """Remove the folder of a run that has made nothing; what others may have put there stays."""
    written = (layout.RUN, layout.JOB, layout.PREDICTION, "prediction.json")
    for name in (*written, *(f"prediction-{kind}.npy" for kind in ("probabilities", "entropy", "margin"))):
        (folder / name).unlink(missing_ok=True)
    for name in (layout.BEGUN_WITH, layout.BEGUN_WITH + ".part"):
        shutil.rmtree(folder / name, ignore_errors=True)
    if not any((folder / layout.MODEL).glob("*.json")):
        shutil.rmtree(folder / layout.MODEL, ignore_errors=True)
    for place in (folder, folder.parent):
        with contextlib.suppress(OSError):
            place.rmdir()
