"""A piece of work: surveys, what is known of them, settings and runs, held together by a session.

Every face of the program works through a :class:`Project`: the dock, the command line and a notebook ask and show, and
what one of them knows all of them know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, LabelError, Source
from napari_fhn.project import knowledge
from napari_fhn.project.data import inputs, standing_in
from napari_fhn.project.data.opening import Ask, nobody, reopen
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.labelling import labelling
from napari_fhn.project.runs.settings import OTHER_VERSION, Settings
from napari_fhn.project.sessions import damage
from napari_fhn.project.sessions.manifest import FileReference, KnowledgeEntry, StackedMap, refer
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.sessions.stamps import stamp
from napari_fhn.sentence import cell, made_of
from napari_fhn.surveys.classes import stored_array
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input
from napari_fhn.training.recipes import fitting

Told = Callable[[float], None]
"""Told the share of some work that is done; what it raises ends the work."""

Stacks = Mapping[str, Sequence[StackedMap]]
"""The maps of surveys that were stacked, by the names of these."""


class Project:
    """A piece of work.

    Parameters
    ----------
    session : Session
        Its folder.
    surveys : SurveySet or None
        What is learnt from; None before anything was opened, and where it is not at hand any more: what was copied into
        the session is enough to train on and to predict. What stands in for a survey that is gone counts as none.

    Attributes
    ----------
    lost : tuple of FileReference
        Files of the session that were not found when it was opened.
    stays : bool or None
        Whether surveys in blocks are read where they lie; None for those that are large, and as before.

    Raises
    ------
    ProjectError
        When the surveys do not lie where the labels of the session do.
    """

    def __init__(self, session: Session, surveys: SurveySet | None = None) -> None:
        self.session = session
        self.surveys = surveys
        self.lost: tuple[FileReference, ...] = ()
        self.stays: bool | None = None
        if surveys is not None:
            self._check_place(surveys)
            self.surveys = surveys if _at_hand(surveys) else None

    @classmethod
    def open(cls, folder: str | Path, ask: Ask = nobody) -> Project:
        """Open a session with its surveys, each read as it was then; what of it was damaged is among its notes.

        Parameters
        ----------
        folder : path-like
            Of the session.
        ask : callable
            Asks a person for a file that is not where it was.

        Raises
        ------
        ProjectError
            When there is no session, or it is of a later version.
        SurveyError
            When a survey cannot be read.
        """
        session = Session.existing(folder)
        session.notes += damage.found(session.folder)
        found = reopen(session.manifest.inputs, session.folder, ask)
        opened = [(entry.name, survey) for entry, survey in found.surveys]
        whole = opened and len(opened) == len(session.manifest.inputs)
        project = cls(session, SurveySet.together(opened)[0] if whole else None)
        project.lost = found.lost
        if project.settings is None and session.manifest.settings.get("recipe"):
            session.notes.append(OTHER_VERSION)
        return project

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the files that were not found when it was opened."""
        return tuple(file.name for file in self.lost)

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
    def bands(self) -> int:
        """Those of the survey that has the most, also where only their copies are at hand."""
        if self.surveys is not None:
            return self.surveys.bands
        return max((entry.channels for entry in self.session.manifest.inputs), default=1)

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

    def needed(self, way_out: str = "Open them first") -> SurveySet:
        """Return the surveys, for what needs their values.

        Parameters
        ----------
        way_out : str
            What is advised where they are not at hand.

        Raises
        ------
        ProjectError
            When they are not, with the file that is missing.
        """
        if self.surveys is None:
            raise ProjectError(standing_in.not_at_hand(self.session), way_out, path=self.session.folder)
        return self.surveys

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
        if not _at_hand(surveys):
            self.surveys = None
            return  # the session goes on naming the files that were its own
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

    def stage(self, *, cube: bool = False, progress: Told | None = None) -> tuple[Input, ...]:
        """Return the surveys as inputs of a job, copied into the session where they are new or have changed.

        What lies in blocks and is large is read where it lies. Where the surveys are not at hand, the copies that are
        there are taken.

        Raises
        ------
        ProjectError
            When neither surveys nor copies are at hand.
        JobError
            When a survey cannot be learnt from.
        """
        if self.surveys is None:
            return inputs.copies(self.session, self.shape, cube=cube)
        return inputs.copied(self.session, self.surveys, cube=cube, stays=self.stays, progress=progress)

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
        surveys = self.needed()
        volume: NDArray[np.uint8] = np.zeros(surveys.shape, np.uint8)
        known = knowledge.Knowledge(tuple(sources), classes or ClassTable(()), fixed=classes is not None)
        weights: NDArray[np.uint8] | None = np.zeros(volume.shape, np.uint8) if known.weighted else None
        burnt = known.burn(surveys.first, volume, weights)
        if not volume.any():
            raise LabelError(
                "nothing of it lies in the survey, so nothing is labelled", "Check places and depths of the files"
            )
        title = f"labels of {', '.join(one.path.name for one in sources)}"
        self.session.change(grid=self.session.manifest.grid or surveys.grid)
        kept = labelling.keep(self.session, volume, weights, over=replace_labels, title=title, classes=burnt.classes)
        self.session.change(knowledge=tuple(self._known_file(one) for one in sources))
        return [*burnt.words, *kept]

    def remember(self, sources: Sequence[Source]) -> None:
        """Write down what labels were made from, with its answers, beside what they were made from earlier.

        Parameters
        ----------
        sources : sequence of Source
            Files that are among the labels now; one that is known already gets its answers of now.
        """
        # A workbook comes several times, once for each sheet.
        entries = [self._known_file(source) for source in sources]
        now = {entry.file.absolute for entry in entries}
        earlier = [one for one in self.session.manifest.knowledge if one.file.absolute not in now]
        self.session.change(knowledge=(*earlier, *entries))

    def _known_file(self, source: Source) -> KnowledgeEntry:
        file = refer(source.path, self.session.folder, stamp(source.path))
        return KnowledgeEntry(file, source.kind, source.to_dict())

    def paint(self, values: Any, classes: ClassTable | None = None, *, replace_labels: bool = False) -> list[str]:
        """Take labels as an array.

        Parameters
        ----------
        values : array_like or xarray.DataArray
            0 unlabelled, codes of classes elsewhere. An array with coordinates is brought to its place by them; any
            other has the spatial shape of the survey.
        classes : ClassTable, optional
            The classes, by whose codes it is read; those of the session, and those that it holds, when absent.
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
        SurveyError
            When it holds other classes than those that were named.
        """
        if isinstance(values, xr.DataArray) and self.surveys is not None:
            stored = stored_array(values, self.surveys.first)
        else:
            stored = labelling.in_memory(values, self.shape)
        table = classes
        if table is None:
            base = self.session.classes or ClassTable(())
            table = base.with_codes(dict.fromkeys(stored.codes(base.by_code), ""))
        placed = stored.values(table.by_code)
        words = [one for one in (placed.words, *stored.words(table.by_code, table.names_by_code)) if one]
        named = table if classes is not None or table.coded else None
        kept = labelling.keep(self.session, np.asarray(placed.values), over=replace_labels, classes=named)
        made = cell(len(self.shape), self.vertical_axis)
        return [made_of(one, made) for one in (*words, *kept)]

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


def _at_hand(surveys: SurveySet) -> bool:
    return not any(standing_in.stands_in(survey) for survey in surveys.surveys)
