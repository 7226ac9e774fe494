"""One run on disk: how it came about, where what it made lies, and what can be told of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from napari_fhn import mapped, record
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.disk import size_of
from napari_fhn.training.combination.settings import FACTORS, NETWORK
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import inside, log, removing
from napari_fhn.training.job import Job, Output
from napari_fhn.training.models.description import Description
from napari_fhn.training.models.description import read as read_description
from napari_fhn.training.models.transfer import can_resume
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.provenance import Provenance

_LONGEST_ID = 20
_KIND = "run"
_VERSION = 1

LONGEST_NAME = 80

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
        return layout.array_in(self.folder, layout.PREDICTION)

    def output(self, kind: Output) -> Path:
        """Return the file of what was predicted beside the classes, whether it is there or not."""
        return inside.beside(self.prediction, kind)

    def factor(self, name: str) -> Path:
        """Return the file of what one factor of its prediction says alone, whether it is there or not."""
        return inside.beside(self.prediction, name)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors of which is kept what they say alone, the network first."""
        return tuple(name for name in (NETWORK, *FACTORS) if mapped.is_there(self.factor(name)))

    @property
    def untidied(self) -> Path:
        """Its prediction before it was tidied, where it was."""
        return inside.beside(self.prediction, "untidied")

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
        """Whether its network has predicted anything, as far as it and what made it can be read."""
        return self._predicted and mapped.is_whole(self.prediction)

    @property
    def has_damaged_prediction(self) -> bool:
        """Whether its network has predicted something, and the file of that is cut off, or something else."""
        return self._predicted and self.prediction.exists() and not mapped.is_whole(self.prediction)

    @property
    def _predicted(self) -> bool:
        try:
            made = self.provenance()
        except JobError:
            return False
        return made is not None and bool(made.parts)

    @property
    def checkpoints(self) -> dict[int, Path]:
        """Folders of the networks that it had on the way, by their training step, in rising order."""
        found = (self.model / "checkpoints").glob("step-*")
        steps = {path.name.removeprefix("step-"): path for path in found if (path / "model.json").is_file()}
        return {int(step): steps[step] for step in sorted(steps, key=_as_number) if step.isdecimal()}

    @property
    def can_resume(self) -> bool:
        """Whether its training can go on."""
        return can_resume(self.model)

    def job(self) -> Job:
        """Return the job that it does.

        What it writes lies in the folder of the run, and its labels in the session around it, whatever is in the file.

        Raises
        ------
        JobError
            When it cannot be read.
        """
        return self.own(Job.load(self.folder / layout.JOB, trusted=True))

    def own(self, job: Job) -> Job:
        """Return a job that was read from this run with the files of this run and its session as its own."""
        session = self.folder.parent.parent
        labels, weights = (layout.array_in(session, name) for name in (layout.LABELS, layout.WEIGHTS))
        combination = job.combination
        if combination is not None and combination.folder:
            combination = replace(combination, folder=str(session / layout.STRUCTURE))
        return replace(
            job,
            prediction=str(self.prediction),
            model=str(self.model),
            labels=str(labels) if mapped.is_there(labels) else job.labels,
            weights=str(weights) if job.weights is not None and mapped.is_there(weights) else job.weights,
            combination=combination,
        )

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


def _as_number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def ready_prediction(run: Run, shape: Sequence[int]) -> None:
    """Make the file that a run predicts into where it is gone or damaged, and forget what was said to be in it."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        found = mapped.open(run.prediction)
        if found.shape == tuple(shape) and found.dtype == np.uint8:
            return
    names = ("unfinished.jsonl", "unfinished.npy")
    removing.files([run.prediction, provenance.path_of(run.prediction)])
    removing.files(run.prediction.with_name(f"{run.prediction.stem}-{name}") for name in names)
    empty_prediction(run.prediction, shape)


def empty_prediction(path: Path, shape: Sequence[int]) -> None:
    """Make a prediction in which nothing is predicted yet; one of that shape that is there stays."""
    if path.exists():
        with contextlib.suppress(OSError, ValueError, EOFError):
            found = mapped.open(path)
            if found.shape == tuple(shape) and found.dtype == np.uint8:
                return
    mapped.create(path, tuple(shape), np.uint8)


def is_run(path: Path) -> bool:
    """Whether a folder is that of a run: it is called so, and has the record of one, or a network."""
    if not is_called_run(path.name) or path.is_symlink() or not path.is_dir():
        return False
    return any((path / name).is_file() for name in (layout.RUN, Path(layout.MODEL, "model.json")))


def is_called_run(name: str) -> bool:
    """Whether a folder of this name may be that of a run."""
    return name.startswith("run-") and name[4:].isdecimal() and len(name) <= _LONGEST_ID


def number_of(name: str) -> int:
    """Return the number in the name of a run's folder; 0 where there is none."""
    digits = name.removeprefix("run-")
    return int(digits) if digits.isdecimal() else 0


def folder_name(number: int) -> str:
    """Return the name of the folder of a run."""
    return f"run-{number:03d}"


def default_name(run_id: str) -> str:
    """Return what a run is called before a person calls it something."""
    return f"Run {number_of(run_id)}"


def read_run(folder: Path) -> Run:
    """Return the run in a folder; one whose record is damaged with what is known of it."""
    try:
        found = read_record(folder)
    except (record.RecordError, OSError) as error:
        found = RunRecord(folder.name, default_name(folder.name), state="cut off", message=f"Its record: {error}")
    # A name is shown in lines of its own, wherever it came from.
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in found.name).split())
    return Run(folder, replace(found, id=folder.name, name=name[:LONGEST_NAME] or default_name(folder.name)))


def read_record(folder: Path) -> RunRecord:
    """Read how the run in a folder came about.

    Raises
    ------
    RecordError
        When it is missing or damaged.
    """
    return record.decode(RunRecord, record.read(folder / layout.RUN, _KIND, _VERSION))


def discard_files(folder: Path) -> list[Path]:
    """Remove what this program has put into the folder of a run; what others have put there stays, and is returned."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    for suffix in (".npy", inside.LARGE):
        removing.prediction((folder / layout.PREDICTION).with_suffix(suffix))
    removing.left_out(folder)
    for name in (layout.MODEL, layout.BEGUN_WITH, layout.BEGUN_WITH + ".part", layout.MODEL + ".part"):
        removing.network(folder / name)
    # The record last: without it this is no run, and what is left would stay for ever.
    removing.files(folder / name for name in (layout.REPORT, layout.PICTURE, layout.JOB, layout.RUN))
    if removing.empty_folder(folder):
        removing.empty_folder(folder.parent)
        return []
    return sorted(folder.iterdir())
