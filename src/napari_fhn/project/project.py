"""A piece of work: surveys, what is known of them, settings and runs, held together by a session.

Every face of the program works through a :class:`Project`: the dock, the command line and a notebook ask and show, and
what one of them knows all of them know.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelError, Source
from napari_fhn.network.comparison import map_axis
from napari_fhn.project import inputs, knowledge, labelling, layout, masks
from napari_fhn.project.assembler import assemble, check_labels, held_out_boxes, survey_axes
from napari_fhn.project.beginning import NEW, Beginning, network_folder
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.manifest import HeldOut, KnowledgeEntry, StackedMap, refer
from napari_fhn.project.opening import Ask, nobody, reopen
from napari_fhn.project.run import Run, RunRecord, default_name, ready_prediction
from napari_fhn.project.session import Session, now
from napari_fhn.project.settings import Settings
from napari_fhn.project.stamps import stamp
from napari_fhn.project.surveyset import SurveySet
from napari_fhn.surveys.classes import place_classes
from napari_fhn.training import log
from napari_fhn.training.choice import RecipeChoice, choose
from napari_fhn.training.digest import digest
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input, Job, Output
from napari_fhn.training.memory import free_bytes
from napari_fhn.training.neighbours import Agreement, agreement
from napari_fhn.training.recipes import fitting
from napari_fhn.training.updates import Update

Told = Callable[[float], None]
"""Told the share of some work that is done; what it raises ends the work."""

Stacks = Mapping[str, Sequence[StackedMap]]
"""The maps of surveys that were stacked, by the names of these."""


@dataclass(frozen=True)
class Begun:
    """A training that is ready to be handed to `fit`.

    Parameters
    ----------
    run : Run
        Where what it makes will lie.
    job : Job
        What to do.
    resume : bool
        Whether it goes on with what is in the run.
    told : tuple of Update
        What it said before, where it goes on.
    notes : tuple of str
        What a person should know.
    """

    run: Run
    job: Job
    resume: bool = False
    told: tuple[Update, ...] = ()
    notes: tuple[str, ...] = ()


class Project:
    """A piece of work.

    Parameters
    ----------
    session : Session
        Its folder.
    surveys : SurveySet or None
        What is learnt from; None before anything was opened, and where it is not at hand any more: what was copied into
        the session is enough to train on and to predict.

    Attributes
    ----------
    missing : tuple of str
        Files of the session that were not found when it was opened.

    Raises
    ------
    ProjectError
        When the surveys do not lie where the labels of the session do.
    """

    def __init__(self, session: Session, surveys: SurveySet | None = None) -> None:
        self.session = session
        self.surveys = surveys
        self.missing: tuple[str, ...] = ()
        if surveys is not None:
            self._check_place(surveys)

    @classmethod
    def open(cls, folder: str | Path, ask: Ask = nobody) -> Project:
        """Open a session with its surveys, each read as it was then.

        Parameters
        ----------
        folder : path-like
            Of the session.
        ask : callable
            Asks a person for a file that is not where it was.

        Raises
        ------
        ProjectError
            When there is no session, or it is damaged.
        SurveyError
            When a survey cannot be read.
        """
        session = Session.existing(folder)
        found = reopen(session.manifest.inputs, session.folder, ask)
        opened = [(entry.name, survey) for entry, survey in found.surveys]
        whole = opened and len(opened) == len(session.manifest.inputs)
        project = cls(session, SurveySet.together(opened)[0] if whole else None)
        project.missing = found.missing
        return project

    # What is worked on -----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and predictions.

        Raises
        ------
        ProjectError
            When nothing was opened or labelled yet.
        """
        if self.surveys is not None:
            return self.surveys.shape
        grid = self.session.manifest.grid
        return tuple(self.session.known().shape) if grid is None else grid.shape

    @property
    def channels(self) -> int:
        """Channels that the surveys give to a network, also where only their copies are at hand."""
        if self.surveys is not None:
            return self.surveys.channels
        return max(1, sum(entry.channels for entry in self.session.manifest.inputs))

    @property
    def vertical_axis(self) -> int | None:
        """Spatial axis of two-way time or depth: the survey's own, else the one that a person chose."""
        chosen = self.session.manifest.vertical_axis
        return chosen if self.surveys is None else self.surveys.vertical(chosen)

    @property
    def classes(self) -> ClassTable:
        """The classes; those of the labels by number, where nobody named any."""
        table = self.session.classes
        if table is not None:
            return table
        known = self.session.known() if self.session.has_labels else np.zeros(1, np.uint8)
        return ClassTable.default(max(2, int(known.max(initial=0))))

    @property
    def settings(self) -> Settings | None:
        """Settings of the next training; None where those of the recipe that suits the data are to be taken."""
        kept = self.session.manifest.settings
        try:
            return Settings.from_dict(kept) if kept else None
        except JobError:
            return None

    @property
    def recipes(self) -> tuple[str, ...]:
        """Names of the recipes that go with the data."""
        cubes = self.surveys is not None and self.surveys.cube is not None
        return fitting(len(self.shape), vertical=self.vertical_axis is not None, cubes=cubes)

    def use(self, surveys: SurveySet, *, vertical_axis: int | None = None, stacks: Stacks | None = None) -> None:
        """Learn from these surveys from now on.

        Parameters
        ----------
        surveys : SurveySet
            Opened.
        vertical_axis : int, optional
            Which spatial axis is vertical, where the survey names none.
        stacks : mapping of str to sequence of StackedMap, optional
            The maps of those that were stacked, by name.

        Raises
        ------
        ProjectError
            When they do not lie where the labels of the session do.
        """
        self._check_place(surveys)
        self.surveys = surveys
        known = {entry.name: entry for entry in self.session.manifest.surveys}
        entries = [
            inputs.entry_of(self.session, name, survey, known.get(name), (stacks or {}).get(name, ()))
            for name, survey in zip(surveys.names, surveys.surveys, strict=True)
        ]
        shown = [entry for entry in self.session.manifest.surveys if entry.role == "shown"]
        self.session.change(
            surveys=(*entries, *(entry for entry in shown if entry.name not in surveys.names)),
            grid=self.session.manifest.grid or surveys.grid,
            kind=surveys.kind,
            vertical_axis=surveys.vertical(vertical_axis),
        )

    # What is known ---------------------------------------------------------------------------------------------------

    def label(
        self,
        sources: Sequence[Source] = (),
        classes: ClassTable | None = None,
        *,
        replace_labels: bool = False,
    ) -> list[str]:
        """Make labels of files of what is known.

        Parameters
        ----------
        sources : sequence of Source
            Wells, tops, logs, horizons, points, polygons, label volumes; each with its answers.
        classes : ClassTable, optional
            The classes; those that files name where it is absent.
        replace_labels : bool
            Take these labels in place of others that are there.

        Returns
        -------
        list of str
            What a person should know.

        Raises
        ------
        ProjectError
            When no survey is at hand.
        LabelError
            When something is wrong with the files, or other labels are there: those are never replaced unasked.
        """
        if self.surveys is None:
            raise ProjectError("its surveys are not at hand", "Open them first", path=self.session.folder)
        volume: NDArray[np.uint8] = np.zeros(self.surveys.shape, np.uint8)
        known = knowledge.Knowledge(tuple(sources), classes or ClassTable(()), fixed=classes is not None)
        weights: NDArray[np.uint8] | None = np.zeros(volume.shape, np.uint8) if known.weighted else None
        burnt = known.burn(self.surveys.first, volume, weights)
        if not volume.any():
            raise LabelError(
                "nothing of it lies in the survey, so nothing is labelled", "Check places and depths of the files"
            )
        labelling.keep(self.session, volume, weights, over=replace_labels)
        entries = tuple(self._known_file(one) for one in sources)
        self.session.change(
            knowledge=entries,
            classes=self.session.manifest.with_table(burnt.classes).classes,
            grid=self.session.manifest.grid or self.surveys.grid,
        )
        return list(burnt.words)

    def remember(self, sources: Sequence[Source]) -> None:
        """Write down what labels were made from, with its answers, beside what they were made from earlier.

        Parameters
        ----------
        sources : sequence of Source
            Files that are among the labels now; one that is known already gets its answers of now.
        """
        entries = {one.file.absolute: one for one in self.session.manifest.knowledge}
        for source in sources:
            entry = self._known_file(source)
            entries[entry.file.absolute] = entry
        self.session.change(knowledge=tuple(entries.values()))

    def _known_file(self, source: Source) -> KnowledgeEntry:
        file = refer(source.path, self.session.folder, stamp(source.path))
        return KnowledgeEntry(file, source.kind, source.to_dict())

    def paint(self, values: Any, *, replace_labels: bool = False) -> list[str]:
        """Take labels as an array.

        Parameters
        ----------
        values : array_like or xarray.DataArray
            0 unlabelled, class values elsewhere. An array with coordinates is brought to its place by them; any other
            has the spatial shape of the survey.
        replace_labels : bool
            Take these labels in place of others that are there.

        Returns
        -------
        list of str
            What a person should know.

        Raises
        ------
        LabelError
            When it does not fit the survey, holds no classes, or other labels are there.
        PlaceError
            When it lies elsewhere.
        """
        words = []
        if isinstance(values, xr.DataArray) and self.surveys is not None:
            placed = place_classes(values, self.surveys.first)
            values, words = placed.values, [placed.words] if placed.words else []
        labelling.keep(self.session, labelling.as_labels(values, self.shape), over=replace_labels)
        return words

    def agreement(self, held_out: Sequence[Box] = ()) -> Agreement | None:
        """Return how well labelled places foretell each other; None where that means nothing."""
        shape, vertical = self.shape, self.vertical_axis
        if (vertical is None and len(shape) != 2) or not self.session.has_labels:
            return None
        return agreement(str(self.session.labels), shape, max(self.classes.values), vertical, held_out)

    def recipe(self, *, device: str = "cpu", held_out: Sequence[Box] = ()) -> RecipeChoice:
        """Choose the recipe to begin with, by the data, the labels and the device.

        Raises
        ------
        JobError
            When none goes with such data.
        """
        kind = device.split(":")[0] if device.startswith("cuda") else "cpu"
        return choose(
            self.shape,
            self.channels,
            kind,
            free_bytes(device if kind == "cuda" else "cpu"),
            vertical_axis=self.vertical_axis,
            classes=max(self.classes.values),
            agreement=self.agreement(held_out),
        )

    def plan(
        self,
        recipe: str = "",
        *,
        start_from: str | Path | None = None,
        base: Settings | None = None,
        held_out: HeldOut | None = None,
        steps: int | None = None,
        seed: int | None = None,
        device: str | None = None,
        memory: int | None = None,
    ) -> tuple[Settings, str]:
        """Return the settings of a training of which only some are said, and why they are so.

        Parameters
        ----------
        recipe : str
            Name of a recipe; the one that suits data, labels and device when empty.
        start_from : path-like, optional
            A network to begin with: without a recipe its architecture and schedule are taken too.
        base : Settings, optional
            Those that are taken where neither recipe nor network is named, such as the session's own.
        held_out : HeldOut, optional
            Labels that training will not see; those of the manifest when absent.
        steps, seed, device, memory
            Other than those of the recipe.

        Returns
        -------
        Settings
        str
            A sentence about what was chosen; empty where the person chose.

        Raises
        ------
        JobError, ProjectError
            When no recipe goes with such data, or no network is where one is named.
        """
        why = ""
        if recipe:
            line = self.vertical_axis is not None and len(self.shape) == 2
            if line and recipe not in self.recipes:
                # A recipe of maps would swap time and trace, one of blocks has an axis too many.
                raise JobError(
                    f"the recipe {recipe!r} does not go with a line, which is one upright section: choose "
                    f"{' or '.join(self.recipes)}"
                )
            settings = Settings.of(recipe)
        elif start_from is not None:
            settings = Settings.of(self.recipes[0]).like(start_from, self.recipes)
            why = f"Network and schedule are those of {start_from}."
        elif base is not None:
            settings = base
        else:
            if self.vertical_axis is None and len(self.shape) == 3:
                raise ProjectError(
                    "the axes of the volume have no names",
                    "Say which axis is two-way time or depth with --vertical-axis N, or that none is with "
                    "--recipe volume",
                )
            wanted = self.session.manifest.held_out if held_out is None else held_out
            known = self.session.known()
            first_seed = 0 if seed is None else seed
            boxes, _ = held_out_boxes(known, wanted, self.vertical_axis, first_seed)
            choice = self.recipe(device=device or "auto", held_out=boxes)
            settings = Settings.of(choice.name)
            why = f"Recipe {choice.name!r}. {choice.why}"
            if self.surveys is not None and self.surveys.kind == "array" and self.vertical_axis is None:
                why += " Its axes have no names: if it is a line, say so with --axes trace,twt."
        said: dict[str, Any] = {"device": device, "memory": memory}
        settings = replace(settings, **{name: value for name, value in said.items() if value is not None})
        return settings.with_numbers(steps=steps, seed=seed), why

    # Trainings -------------------------------------------------------------------------------------------------------

    def begin(
        self,
        settings: Settings,
        beginning: Beginning = NEW,
        *,
        held_out: HeldOut | None = None,
        command: str = "",
        name: str = "",
        progress: Told | None = None,
    ) -> Begun:
        """Make everything ready for a training: survey copied, job assembled, run made.

        What can fail fails before anything that a person has is touched; the runs there are stay as they are.

        Parameters
        ----------
        settings : Settings
            What a person chose, or the recipe's.
        beginning : Beginning
            Where the first weights come from.
        held_out : HeldOut, optional
            Labels kept for the score; those of the manifest when absent.
        command : str
            As it was typed.
        name : str
            Of the run; ``Run N`` when empty.
        progress : callable, optional
            Told how much of the copying is done; what it raises ends it.

        Returns
        -------
        Begun

        Raises
        ------
        JobError, ProjectError, LabelError
            When something is missing or does not go together; the message says what to change.
        """
        name = self.session.runs.checked_name(name) if name else ""
        known, table, vertical = self.session.known(), self.classes, self.vertical_axis
        check_labels(known, table)
        wanted = self.session.manifest.held_out if held_out is None else held_out
        boxes, few = held_out_boxes(known, wanted, vertical, settings.schedule.seed)
        goes_on = self.to_resume(beginning.run) if beginning.resume else None
        if goes_on is not None and goes_on.step >= settings.schedule.steps:
            raise JobError(
                f"all {settings.schedule.steps} steps of '{goes_on.name}' are done: give it more of them to go on, or "
                "train anew"
            )
        settings, notes = masks.placed(self.session, self.surveys, settings)
        folder = self.session.runs.place() if goes_on is None else goes_on.folder
        staged = self.stage(cube=map_axis(settings.network) is not None, progress=progress)
        copy = folder / layout.BEGUN_WITH

        def job(start_from: Path | None) -> Job:
            return assemble(
                folder,
                staged,
                self.session.labels,
                table,
                settings,
                run=folder.name,
                vertical_axis=vertical,
                held_out=boxes,
                axes=() if self.surveys is None else survey_axes(self.surveys.first),
                weights=self.session.weights,
                start_from=start_from,
            )

        begins_with = copy.is_dir() if goes_on is not None else beginning.network is not None
        ready = job(copy if begins_with else None)  # says what cannot be, before anything is made
        notes = (*notes, few) if few else notes
        if goes_on is not None:
            run = self.session.runs.resume(goes_on, ready)
            return Begun(run, ready, True, log.training(run.log()), notes)
        made = RunRecord(
            folder.name,
            name or self.free_name(default_name(folder.name)),
            now(),
            settings.recipe,
            settings.schedule.steps,
            settings.schedule.seed,
            digest(self.session.labels),
            ready.classes,
            "" if beginning.network is None else self.begun_with(beginning.network),
            command,
        )
        run = self.session.runs.begin(ready, made, self.shape, beginning.network)
        # What was chosen is what the next training begins with, whichever face asks for it.
        self.session.change(settings=settings.to_dict(), held_out=wanted)
        return Begun(run, ready, notes=notes)

    def to_resume(self, which: str = "") -> Run:
        """Return the run whose training can go on: the one that is named, else the newest.

        Raises
        ------
        ProjectError
            When there is none.
        """
        run = self.session.runs.get(which) if which else self.session.runs.to_resume()
        if run is None or not run.can_resume:
            raise ProjectError("there is no training to go on with", "Train anew", path=self.session.folder)
        return run

    def stage(self, *, cube: bool = False, progress: Told | None = None) -> tuple[Input, ...]:
        """Return the surveys as inputs of a job, copied into the session where they are new or have changed.

        Where the surveys are not at hand, the copies that are there are taken.

        Raises
        ------
        ProjectError
            When neither surveys nor copies are at hand.
        JobError
            When a survey cannot be learnt from.
        """
        if self.surveys is None:
            return inputs.copies(self.session, self.shape, cube=cube)
        return inputs.copied(self.session, self.surveys, cube=cube, progress=progress)

    def prediction_job(
        self,
        run: Run,
        *,
        outputs: Sequence[Output] | None = None,
        flips: bool | None = None,
        device: str | None = None,
        memory: int | None = None,
        progress: Told | None = None,
    ) -> Job:
        """Return the job that predicts the whole survey with the network of a run.

        Parameters
        ----------
        run : Run
            With a network.
        outputs, flips, device, memory
            Other than those of its training, as in `Job`.
        progress : callable, optional
            Told how much of the copying is done, where a survey has to be copied again.

        Raises
        ------
        JobError, ProjectError
            When its files are not there, or the data do not go with the network.
        """
        job = Job.load(run.model / layout.JOB) if (run.model / layout.JOB).is_file() else run.job()
        staged = self.stage(cube=job.map_axis is not None, progress=progress)
        ready_prediction(run, self.shape)
        given = {"outputs": outputs, "flips": flips, "device": device, "memory": memory}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if outputs is not None:
            changes["outputs"] = tuple(outputs)
        return replace(
            job,
            inputs=staged,
            labels=str(self.session.labels),
            prediction=str(run.prediction),
            model=str(run.model),
            run=run.id,
            **changes,
        )

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what was written when no run comes of the work inside: manifest, labels, and all of a first try.

        A try that failed leaves nothing that the next one could stumble over.
        """
        session = self.session
        new, before = not session.exists, session.manifest
        runs = [run.record for run in session.runs.all()]
        volumes = (session.labels, session.weights)
        there = {path for path in volumes if path.is_file()}
        empty = {path for path in there if not labelling.holds_any(path)}
        hidden = masks.kept(session)
        try:
            yield
        finally:
            if [run.record for run in session.runs.all()] == runs:
                for path in ({*volumes} - there) | (masks.kept(session) - hidden):
                    path.unlink(missing_ok=True)
                for path in empty:
                    labelling.wipe(path)  # not removed: somebody may look at it
                layout.remove_if_empty(session.folder / layout.MASKS)
                if new:
                    shutil.rmtree(session.inputs, ignore_errors=True)
                    session.clear()
                else:
                    session.change(**{field.name: getattr(before, field.name) for field in fields(before)})

    # Inside ----------------------------------------------------------------------------------------------------------

    def _check_place(self, surveys: SurveySet) -> None:
        grid = self.session.manifest.grid
        if grid is not None:
            apart = grid.apart(surveys.grid)
            if apart:
                raise ProjectError(
                    f"the labels of the session lie elsewhere than '{surveys.names[0]}' ({apart})",
                    "Open the survey that it was made with, or use another session",
                    path=self.session.folder,
                )
        elif self.session.has_labels and self.session.known().shape != surveys.shape:
            raise ProjectError(
                f"its labels are {self.session.known().shape} voxels and '{surveys.names[0]}' is {surveys.shape}",
                "Open the survey that it was made with, or use another session",
                path=self.session.folder,
            )

    def begun_with(self, network: Path) -> str:
        """Return what to call a network: the name of its run here, else that of its session or folder."""
        folder = network_folder(network).resolve()
        for run in self.session.runs.all():
            if folder == run.model.resolve():
                return run.name
        around = layout.session_around(folder / layout.JOB)
        return folder.name if around is None else f"{around.name}, {folder.parent.name}"

    def free_name(self, name: str) -> str:
        """Return a name that no run has yet: this one, or with a number behind it."""
        taken = {run.name for run in self.session.runs.all()}
        return next(one for one in (name, *(f"{name} ({k})" for k in range(2, 1000))) if one not in taken)
