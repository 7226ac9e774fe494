"""Runs: every training of a session with what it made. A new one never touches an older one.

A run is a folder ``runs/run-003`` with ``run.json`` (its name, and how it came about), ``job.json`` (all that repeats
it), the model, and the prediction that this model made. One run is the current one: its network predicts, and its
prediction is scored, exported and shown. A training becomes the current run when it has ended with a network; one that
was cut off stays beside it and can go on, or be chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from napari_fhn import mapped
from napari_fhn.digits import whole
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.runs import deleting
from napari_fhn.project.runs.beginning import copy_beginning, network_folder
from napari_fhn.project.runs.deleting import Deleted
from napari_fhn.project.runs.run import (
    LONGEST_NAME,
    Run,
    RunRecord,
    State,
    discard_files,
    empty_prediction,
    folder_name,
    is_called_run,
    is_run,
    number_of,
    read_run,
)
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.disk import size_of
from napari_fhn.project.sessions.manifest import Manifest
from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.training.files import removing
from napari_fhn.training.job import Job
from napari_fhn.training.models.transfer import copy_network
from napari_fhn.training.updates import Done, Failed


class Owner(Protocol):
    """What runs need of the session that they belong to."""

    folder: Path

    @property
    def manifest(self) -> Manifest:
        """What it knows about itself."""

    def change(self, **changes: Any) -> Manifest:
        """Write fields of the manifest."""

    def check_writer(self) -> None:
        """Refuse to write where somebody else does."""


class Runs:
    """The runs of a session.

    Parameters
    ----------
    session : Owner
        Whose they are.
    """

    def __init__(self, session: Owner) -> None:
        self._session = session

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._session.folder / layout.RUNS

    def all(self) -> list[Run]:
        """Return the runs, the oldest first; one whose record is damaged is there with what is known of it."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if is_run(path)]
        return [read_run(path) for path in sorted(found, key=lambda path: number_of(path.name))]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.all())

    @property
    def current(self) -> Run | None:
        """The run whose network predicts; None before there is one."""
        name = self._session.manifest.current_run
        # A name and no path: a record that was edited must not lead out of the session.
        path = self.folder / name if is_called_run(name) else None
        return read_run(path) if path is not None and path.is_dir() else None

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
            [run for run in runs if (number := whole(which)) is not None and run.id == folder_name(number)],
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
        # Also of folders that are no runs any more: what others have put there stays.
        there = [number_of(path.name) for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return self.folder / folder_name(1 + max([self._session.manifest.runs_made, *there]))

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
            folder.mkdir(parents=True)
        except OSError as error:
            raise _unbegun(error, folder) from error
        try:
            # First of all: what is cut off from here on is a run that has made nothing.
            run = Run(folder, made).save(made)
            run.model.mkdir()
            if network is not None:
                copy_beginning(network, run.begun_with)
            empty_prediction(Path(job.prediction), shape)
            job.save(folder / layout.JOB)
        except (OSError, JobError) as error:
            discard_files(folder)
            if isinstance(error, JobError):
                raise
            raise _unbegun(error, folder) from error
        self._session.change(runs_made=max(self._session.manifest.runs_made, number_of(made.id)))
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
            if any(run.model.glob("*.damaged*")):  # what was set aside is somebody's network still
                run.save(replace(run.record, state="cut off"))
            else:
                discard_files(run.folder)
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

    def discard(self, run: Run) -> list[Path]:
        """Remove a run of which nothing has come; what others have put into its folder stays, and is returned."""
        return deleting.bury(run.folder)

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

    def at_step(self, run: Run, step: int) -> Run:
        """Let the network predict that a run had at an earlier step: as a run of its own, the other stays as it is.

        Parameters
        ----------
        run : Run
            Whose checkpoint it is.
        step : int
            One of its :attr:`~napari_fhn.project.runs.run.Run.checkpoints`.

        Returns
        -------
        Run
            Which is the current one now, and has predicted nothing yet.

        Raises
        ------
        ProjectError
            When there is no such checkpoint, or no room for it; nothing is left of it then.
        JobError
            When the job of the run cannot be read.
        """
        self._session.check_writer()
        checkpoints = run.checkpoints
        if step not in checkpoints:
            known = ", ".join(map(str, checkpoints)) or "none"
            raise ProjectError(f"'{run.name}' has no checkpoint of step {step}", f"There are {known}", path=run.folder)
        folder, job, shape = self.place(), run.job(), mapped.open(run.prediction).shape
        here = replace(
            job,
            prediction=str(layout.array_in(folder, layout.PREDICTION, shape)),
            model=str(folder / layout.MODEL),
            start_from=None,
            run=folder.name,
        )
        name = self.free_name(f"{run.name} at step {step}")
        record = replace(run.record, id=folder.name, name=name, begun_with=run.name, state="begun", message="")
        made = self.begin(here, record, shape)
        part = folder / f"{layout.MODEL}.part"
        try:
            removing.network(part)
            copy_network(checkpoints[step], part)
            here.save(part / layout.JOB)
            made.model.rmdir()
            part.rename(made.model)
        except OSError as error:
            discard_files(folder)
            raise ProjectError(
                f"the network of step {step} could not be taken: {error.strerror or error}", path=run.folder
            ) from error
        made = made.save(
            replace(record, state="finished", message=f"The network of '{run.name}' after {counted(step, 'steps')}.")
        )
        self._session.change(current_run=made.id)
        return made

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
        if not name or len(name) > LONGEST_NAME:
            raise ProjectError(f"a run needs a name of 1 to {LONGEST_NAME} letters", path=self._session.folder)
        if any(other.name == name and other != run for other in self.all()):
            raise ProjectError(f"another run is called '{name}'", "Choose another name", path=self._session.folder)
        return name

    def free_name(self, name: str) -> str:
        """Return a name that no run has yet: this one, or with a number behind it."""
        taken = {run.name for run in self.all()}
        return next(one for one in (name, *(f"{name} ({k})" for k in range(2, 1000))) if one not in taken)

    def begun_with(self, network: Path) -> str:
        """Return what to call a network: the name of its run here, else that of its session or folder."""
        folder = network_folder(network).resolve()
        for run in self.all():
            if folder == run.model.resolve():
                return run.name
        around = layout.session_around(folder / layout.JOB)
        return folder.name if around is None else f"{around.name}, {folder.parent.name}"

    def delete(self, run: Run) -> Deleted:
        """Remove a run with its network and its prediction.

        Returns
        -------
        Deleted
            The bytes that are free now, and what stays of its folder: files that this program has not put there.

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
        before = run.disk_used()
        if current:
            self._session.change(current_run="")
        left = deleting.bury(run.folder)
        return Deleted(before - sum(map(size_of, left)), left)

    def repair(self) -> list[str]:
        """Put right what a killed process left, and say what was done; only the one writer of a session may."""
        said = []
        deleting.finish(self.folder)
        for run in self.all():
            if run.record.state != "begun":
                continue
            ended = self.finish(run, None)
            if ended is not None:
                said.append(
                    f"The training '{ended.name}' was cut off after {counted(ended.step, 'steps')}: it "
                    "can go on, or be chosen "
                    "among the runs."
                )
        said += [
            f"The prediction of '{run.name}' is damaged and counts as missing: predict again."
            for run in self.all()
            if run.has_damaged_prediction
        ]
        current = self._session.manifest.current_run
        if current and self.current is None:
            newest = next((run for run in reversed(self.all()) if run.has_model), None)
            self._session.change(current_run="" if newest is None else newest.id)
            said.append(f"The run {current} is gone." + ("" if newest is None else f" '{newest.name}' predicts now."))
        return said


def _unbegun(error: OSError, folder: Path) -> ProjectError:
    what = f"a run cannot be begun: {error.strerror or error}"
    return ProjectError(what, "Make room there, or let it be written", path=folder)
