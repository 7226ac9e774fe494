"""What is known, said in Python: labels of files and arrays, and labels carried along reflectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr
from numpy.typing import ArrayLike

from napari_fhn.api.results import Results, Told
from napari_fhn.api.saying import Classes, class_table, is_array, said_by_keywords
from napari_fhn.api.wording import in_python
from napari_fhn.labels import ClassTable, LabelError, collect_warnings, read_horizon
from napari_fhn.project import Project, ProjectError
from napari_fhn.project.data import samples
from napari_fhn.project.knowledge import POINT_RADIUS, WELL_RADIUS
from napari_fhn.project.knowledge.naming import Files, Said, sources
from napari_fhn.project.labelling import tracking
from napari_fhn.project.labelling.carrying import LEAST, carry_labels, erase_carried
from napari_fhn.project.labelling.tracking import TrackedHorizon
from napari_fhn.project.undo.history import make_again, take_back
from napari_fhn.structure.tracking.events import Event
from napari_fhn.surveys.remote.opening import at_hand


class Labelled(Results):
    """What a session holds, with ways to label it; `Work` adds training.

    Attributes
    ----------
    project : napari_fhn.project.Project
        What all faces of the program share.
    notes : list of str
        What a person should know.
    """

    def __init__(self, project: Project, sample: str = "") -> None:
        super().__init__(project)
        self._sample = sample
        self._read_only = False

    @property
    def _closed(self) -> bool:
        return False

    def label(
        self,
        labels: Files | ArrayLike | xr.DataArray = None,
        *,
        wells: Files = None,
        tops: Files = None,
        las: Files = (),
        deviation: Files = (),
        checkshots: Files = (),
        horizon: Files = (),
        points: Files = None,
        polygons: Files = None,
        known: Files = (),
        classes: Classes | None = None,
        radius: float = WELL_RADIUS,
        point_radius: float = POINT_RADIUS,
        columns: Sequence[str] = (),
        replace_labels: bool = False,
        **answers: Any,
    ) -> tuple[str, ...]:
        """Say what is known, once for all files together.

        Parameters
        ----------
        labels : array or path-like, optional
            Classes on the grid of the survey, 0 where nothing is labelled: an array, or a file of any kind that is
            read. Whole numbers of any size are codes of classes, which predictions and files carry too.
        wells, tops, las, deviation, checkshots, horizon, points, polygons : path-like or sequence of these, optional
            Files, by what they hold; those of wells are read together.
        known : path-like or sequence of these, optional
            Files of which is found out what they hold.
        classes : mapping, sequence of str, ClassTable or path-like, optional
            Names by code, names of the codes from 1, or a table ``value,name,color``. Files that name others are
            refused then; without it classes are those that the files name.
        radius : float
            How far labels of a well reach, in traces.
        point_radius : float
            How far those of a point reach, in pixels.
        columns : sequence of str
            What columns of tables are, as in ``"tops:well=1,marker=2,md=3:m"``.
        replace_labels : bool
            Take these labels in place of others that are there.
        **answers
            What files leave open, as on the command line: `las_curve`, `las_unit`, `zones`, `band`, `way`, `z`,
            `class_field`, `layer`, `crs`, `survey_crs`, `slices`, `decimal`, `kb`, `datum`, `fall_off`, `off_line`.

        Returns
        -------
        tuple of str
            What was left out or taken for granted, in sentences; they are added to `notes`.

        Raises
        ------
        LabelError
            With what is wrong and the way out; where a person must say something, with the keyword that says it.

        Examples
        --------
        >>> import napari_fhn as fhn
        >>> with fhn.open("sample:seismic", session="fold.fhn") as work:
        ...     _ = work.label()  # a sample knows its wells, tops and classes
        ...     len(work.classes)
        7
        """
        with in_python():
            self._check_writer()
            table, left_out = (None, []) if classes is None else collect_warnings(lambda: class_table(classes))
            array = labels if is_array(labels) else None
            said = said_by_keywords(
                labels=None if array is not None else labels, wells=wells, tops=tops, las=las, deviation=deviation,
                checkshots=checkshots, horizon=horizon, points=points, polygons=polygons, known=known, radius=radius,
                point_radius=point_radius, columns=columns, **answers,
            )  # fmt: skip
            if array is not None:
                if said.any:
                    raise LabelError("labels as an array are taken alone", "Save them to a file to add others")
                if said.answers:
                    what = f"{said.answers[0]} is about files of what is known, and labels are an array"
                    raise LabelError(what, "Leave it out")
                words = (*left_out, *self.project.paint(self._in_order(array), table, replace_labels=replace_labels))
            else:
                said, table = self._of_the_sample(said, table)
                if not said.any:
                    raise LabelError("nothing is known", "Give labels, wells with tops, las, horizon, points, polygons")
                survey = None if self.project.surveys is None else self.project.surveys.first
                found, rest = collect_warnings(lambda: sources(said, survey))
                words = (*left_out, *rest, *self.project.label(found, table, replace_labels=replace_labels))
            self.notes += words
            return words

    def carry(self, *, reach: float | None = None, least: float = LEAST, told: Told | None = None) -> int:
        """Carry what is labelled along the reflectors, as labels that count by their confidence.

        Labels that are there stay; what was carried before makes room.

        Parameters
        ----------
        reach : float, optional
            Longest way, in traces (default: any).
        least : float
            Least confidence, 0 to 1: it falls with distance, where reflectors break off, and where bodies disagree.
        told : callable, optional
            Told the share that is done.

        Returns
        -------
        int
            How many voxels are labelled so.

        Raises
        ------
        ProjectError
            When the survey has no axis of time or depth, or nothing is labelled.
        """
        with in_python():
            self._check_writer()
            return carry_labels(self.project, reach=reach, least=least, progress=told).voxels

    def track_horizon(
        self,
        picks: str | Path | xr.DataArray,
        *,
        name: str | None = None,
        snap: Event | None = None,
        snap_picks: bool = False,
        reach: float | None = None,
        told: Told | None = None,
        **answers: Any,
    ) -> TrackedHorizon:
        """Track a horizon from a few picks along the reflectors.

        Parameters
        ----------
        picks : path-like or xarray.DataArray
            A file of picks, as `label` reads horizons; or an array ``(inline, crossline)`` or ``(trace,)`` in the unit
            of the survey's vertical axis, NaN where there is no pick.
        name : str, optional
            Of the horizon, where the file holds several.
        snap : {"peak", "trough", "rising", "falling", "waveform"}, optional
            What it follows; told by where most picks lie.
        snap_picks : bool
            Move the picks to the nearest such event; else they stay where they are, exactly.
        reach : float, optional
            Longest way, in traces (default: any).
        told : callable, optional
            Told the share of the survey that it has come to.
        **answers
            What the file leaves open: `z`, `crs`, `columns`, `units`, `gap_traces`, `survey_crs`.

        Returns
        -------
        TrackedHorizon
            With `surface`, `quality` and `save`; ``better(0.5)`` is what can be believed.

        Raises
        ------
        LabelError
            When the picks cannot be read.
        ProjectError
            When they lie outside the survey, or this has no reflectors.
        """
        with in_python():
            survey = self.project.needed("Open it again with the file").first
            tracking.check_survey(survey)
            if isinstance(picks, xr.DataArray):
                surface = picks.reindex({dim: survey[dim] for dim in survey.dims[:-1]})
                surface = surface.transpose(*survey.dims[:-1]).rename(name or picks.name or "horizon")
            else:
                surface, words = collect_warnings(
                    lambda: read_horizon(at_hand(picks, whole=True), survey, name, **answers)
                )
                self.notes += words
            data, dips = tracking.amplitudes(self.project)
            return tracking.track_horizon(
                survey, data, surface, dips, event=snap, reach=reach, snap_picks=snap_picks, progress=told
            )

    def erase_carried(self) -> int:
        """Take away what was carried and stands as it was; return how many voxels that were."""
        with in_python():
            self._check_writer()
            return erase_carried(self.project).labels.voxels

    @property
    def history(self) -> tuple[str, ...]:
        """What was done to labels, classes and wells and stands, in words, the oldest first."""
        return tuple(one.title for one in self.project.session.steps.entries if not one.undone)

    def undo(self, steps: int = 1) -> tuple[str, ...]:
        """Take back what was done last to labels, classes and wells, by whichever program.

        Parameters
        ----------
        steps : int
            How much of `history`, from its end.

        Returns
        -------
        tuple of str
            What was taken back, the newest first. Voxels that were changed since by something else stay as they are.

        Raises
        ------
        ProjectError
            When there is not as much; nothing is taken back then.

        Examples
        --------
        >>> import napari_fhn as fhn
        >>> with fhn.open("sample:seismic", session="fold.fhn") as work:
        ...     _ = work.label()
        ...     _ = work.undo()
        ...     len(work.history)
        0
        """
        with in_python():
            self._check_writer()
            taken = take_back(self.project.session, steps)
            self.notes += taken.words
            return taken.titles

    def redo(self, steps: int = 1) -> tuple[str, ...]:
        """Make again what was taken back last; as `undo`."""
        with in_python():
            self._check_writer()
            taken = make_again(self.project.session, steps)
            self.notes += taken.words
            return taken.titles

    @property
    def _labelled(self) -> bool:
        return self.project.session.has_labels and bool(self.project.session.known().any())

    def _check_writer(self) -> None:
        if self._read_only or self._closed:
            how = "it was opened to look at only" if self._read_only else "it was closed"
            raise ProjectError(how, "Open it again to change it", path=self.session)
        self.project.session.check_writer()

    def _of_the_sample(self, said: Said, table: ClassTable | None) -> tuple[Said, ClassTable | None]:
        """Fill in what belongs to a bundled sample and was not said."""
        if not self._sample:
            return said, table
        sample = samples.sample(self._sample)
        if said.helps_only:
            said = replace(said, wells=sample.wells, tops=sample.tops, points=sample.points)
        return said, table or ClassTable.from_csv(sample.classes)
