"""What a piece of work gives to other programs: one place that knows what there is, and writes it on its survey."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from napari_fhn import __version__
from napari_fhn.digits import whole
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting import own_files
from napari_fhn.project.exporting.export_checks import check, is_segy, is_su
from napari_fhn.project.exporting.export_offers import DIALOG, OFFERS, Offer, Request, Told, What, Written
from napari_fhn.project.exporting.export_origins import OfFile, OfJob, OfRun, Origin, classes_of, own_survey, today
from napari_fhn.project.exporting.export_writing import Writing
from napari_fhn.surveys import kinds
from napari_fhn.surveys.out.fitting import is_raster, unfit
from napari_fhn.training.job import Job

if TYPE_CHECKING:
    from napari_fhn.project.project import Project
    from napari_fhn.project.runs.run import Run

__all__ = ["OFFERS", "Exporter", "Offer", "Request", "What", "Written"]


class Exporter:
    """Writes what a run, or a prediction in a file, holds.

    Parameters
    ----------
    origin
        Where it comes from; see :meth:`of_run` and :meth:`of_file`.
    survey : xarray.DataArray or None
        On whose grid, and with whose headers, it is written.
    table : ClassTable or None
        The classes; None where nobody named those of a file.
    """

    def __init__(self, origin: Origin, survey: xr.DataArray | None, table: ClassTable | None) -> None:
        self._origin = origin
        self.survey = survey
        self.table = table

    @classmethod
    def of_run(
        cls,
        project: Project,
        run: Run | None = None,
        *,
        like: xr.DataArray | None = None,
        table: ClassTable | None = None,
    ) -> Exporter:
        """Return what exports a run of a session.

        Parameters
        ----------
        project : Project
            The piece of work.
        run : Run, optional
            Whose prediction; the current one when absent. Labels and classes can be exported before there is any.
        like : xarray.DataArray, optional
            A survey whose headers are taken in place of those of the session's own.
        table : ClassTable, optional
            Other names and colours of the classes.

        Raises
        ------
        PlaceError
            When `like` lies elsewhere than what is exported.
        """
        run = project.session.runs.current if run is None else run
        return cls._on(OfRun(project, run), like, own_survey(project), _named(classes_of(project, run), table))

    @classmethod
    def of_job(cls, job: Job, *, like: xr.DataArray | None = None, table: ClassTable | None = None) -> Exporter:
        """Return what exports the prediction of a job that lies in no session.

        Parameters
        ----------
        job : Job
            Predicted.
        like : xarray.DataArray, optional
            The survey that was predicted.
        table : ClassTable, optional
            Other names and colours of the classes.

        Raises
        ------
        PlaceError
            When `like` lies elsewhere.
        """
        own = ClassTable.of_names(job.classes, job.colors, job.codes)
        return cls._on(OfJob(job), like, None, _named(own, table))

    @classmethod
    def of_file(
        cls,
        path: str | Path,
        *,
        like: xr.DataArray | None = None,
        table: ClassTable | None = None,
        **reading: Any,
    ) -> Exporter:
        """Return what exports a prediction that came from elsewhere.

        Parameters
        ----------
        path : path-like
            Of classes, in any kind of file that is read.
        like : xarray.DataArray, optional
            The survey that was predicted; the file itself when absent, where it says where it lies.
        table : ClassTable, optional
            The classes.
        **reading
            Options of `napari_fhn.surveys.open` for the file.

        Raises
        ------
        SurveyError
            When it cannot be read, or does not hold whole numbers.
        PlaceError
            When `like` lies elsewhere.
        """
        origin = OfFile(Path(path), reading, like, table)
        own = None if Path(path).suffix.lower() in (".npy", ".npz") else origin.values
        return cls._on(origin, like, own, origin.table)

    @classmethod
    def _on(
        cls, origin: Origin, like: xr.DataArray | None, own: xr.DataArray | None, table: ClassTable | None
    ) -> Exporter:
        exporter = cls(origin, own if like is None else like, table)
        grid = origin.grid()
        if exporter.survey is not None and grid is not None:
            # Before any time is spent; nothing is read yet.
            Writing(origin, exporter.survey, table).placed(grid.template().variable, classes=True)
        return exporter

    # What there is ---------------------------------------------------------------------------------------------------

    def offers(self) -> tuple[Offer, ...]:
        """Return what there is to export now."""
        return tuple(offer for offer in OFFERS.values() if self._there_is(offer.what))

    def filters(self, what: What) -> str:
        """Return the kinds of file that an export may become, as a file dialog names them, the best first."""
        line = self.survey is not None and len(kinds.spatial_shape(self.survey)) == 2
        if line and f"line {what}" in DIALOG:  # which spans no surface
            return DIALOG[f"line {what}"]
        if what in DIALOG:
            return DIALOG[what]
        if self.survey is None:
            return "NumPy array (*.npy)"
        if is_raster(self.survey):
            return f"{DIALOG['map']};;{DIALOG['any']}"
        if is_segy(self.survey):
            return f"{DIALOG['seismic']};;{DIALOG['any']}"
        if is_su(self.survey):
            return f"{DIALOG['seismic'].partition(';;')[2]};;{DIALOG['any']}"
        return ";;".join(reversed(DIALOG["any"].split(";;")))

    def values(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return the values of classes that were named, or told by number.

        Raises
        ------
        LabelError
            When there is no such class.
        """
        found = []
        for name in names:
            if self.table is not None:
                found.append(self.table.value_of(name))
            elif (number := whole(name)) is not None and number >= 0:
                found.append(number)
            else:
                raise LabelError(
                    f"there is no class '{name}'", "Name the classes with --classes, or give their numbers"
                )
        return tuple(found)

    def check(self, request: Request) -> None:
        """Refuse an export that cannot work, before any time is spent on it.

        Raises
        ------
        SurveyError
            For a suffix that cannot be, a folder that is not there, a survey that is missing or of the wrong kind.
        ProjectError
            For a part of a session, and for a file that labels, a survey or the prediction were read from.
        WouldReplace
            For files that this program has not written, or that were changed since, where nobody asked for that.
        """
        check(request, self.survey, self.table)
        there = os.path.exists(request.path)
        if there and any(os.path.exists(one) and os.path.samefile(one, request.path) for one in self._origin.sources()):
            what = "this is what a survey or labels were read from, and would be written over"
            raise ProjectError(what, "Choose another name", path=request.path)
        names = Writing(self._origin, self.survey, self.table).files(request)
        own_files.check_links(names)
        if not request.overwrite:
            own_files.check(name for name in names if not (request.asked and name == request.path))

    def write(self, request: Request, told: Told | None = None) -> Written:
        """Write a file, or one for each class.

        Parameters
        ----------
        request : Request
            What, and where to.
        told : callable, optional
            Told the share that is done, 0 to 1. What it raises ends the writing and leaves what was there.

        Returns
        -------
        Written

        Raises
        ------
        NeedsConsent
            When the prediction is not whole, or stale, and nobody asked for such a one; `WouldReplace` where a file
            would be replaced that is somebody else's.
        ProjectError, SurveyError, LabelError
            When there is nothing of that kind, or it cannot be written.
        """
        self.check(request)
        told = told or _nobody
        writing = Writing(self._origin, self.survey, self.table)
        made = [f"napari-fhn {__version__}, {today()}", *self._origin.made(request.offer, request.partial)]
        if self.table is not None:
            made.append(f"classes: {', '.join(f'{one.code} {one.name}' for one in self.table)}")
        with own_files.remembering(writing.files(request)):
            return writing.write(request, tuple(made), told)

    # Inside ----------------------------------------------------------------------------------------------------------

    def _there_is(self, what: What) -> bool:
        if what == "table":
            return self.table is not None
        if not self._origin.has(what):
            return False
        if self.survey is None:
            return what not in ("horizon", "thickness", "mesh", "polygons")
        return unfit(what, self.survey) is None


def _named(own: ClassTable | None, said: ClassTable | None) -> ClassTable | None:
    """The classes of a prediction by the names and colours that a person says, which are told by their codes."""
    if own is None or said is None:
        return own or said
    return own.replaced_by(said, own.values)


def _nobody(share: float) -> None:
    """Tell nobody."""
