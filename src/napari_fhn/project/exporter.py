"""What a piece of work gives to other programs: one place that knows what there is, and writes it on its survey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from napari_fhn import __version__, mapped, surveys
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.export_checks import check, is_raster, is_segy
from napari_fhn.project.export_offers import DIALOG, OFFERS, SIZES, Offer, Request, Told, What, Written
from napari_fhn.project.export_origins import OfFile, OfJob, OfRun, Origin, classes_of, own_survey, today
from napari_fhn.project.recoding import InFiles, in_codes
from napari_fhn.surveys import PlaceError, kinds, onto
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.moving import scratch
from napari_fhn.surveys.out import (
    save_bodies,
    save_classes,
    save_horizon,
    save_layers,
    save_mesh,
    save_polygons,
    save_stac,
    save_trace_map,
    surfaces,
    trace_maps,
)
from napari_fhn.surveys.out.horizons import depths_of, horizon_title
from napari_fhn.surveys.out.saving import GEOTIFF, SEGY
from napari_fhn.surveys.out.thickness import thickness
from napari_fhn.training.job import Job

if TYPE_CHECKING:
    from napari_fhn.project.project import Project
    from napari_fhn.project.run import Run

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
        self._notes: list[str] = []

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
            exporter._placed(grid.template().variable, classes=True)
        return exporter

    # What there is ---------------------------------------------------------------------------------------------------

    def offers(self) -> tuple[Offer, ...]:
        """Return what there is to export now."""
        return tuple(offer for offer in OFFERS.values() if self._there_is(offer.what))

    def filters(self, what: What) -> str:
        """Return the kinds of file that an export may become, as a file dialog names them, the best first."""
        if what in DIALOG:
            return DIALOG[what]
        if self.survey is None:
            return "NumPy array (*.npy)"
        if is_raster(self.survey):
            return f"{DIALOG['map']};;{DIALOG['any']}"
        if is_segy(self.survey):
            return f"{DIALOG['seismic']};;{DIALOG['any']}"
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
            elif name.isdecimal():
                found.append(int(name))
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
        """
        check(request, self.survey, self.table)

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
            When the prediction is not whole, or stale, and nobody asked for such a one.
        ProjectError, SurveyError, LabelError
            When there is nothing of that kind, or it cannot be written.
        """
        self.check(request)
        self._notes = list(self._origin.notes)
        told = told or _nobody
        made = [f"napari-fhn {__version__}, {today()}", *self._origin.made(request.offer, request.partial)]
        if self.table is not None:
            made.append(f"classes: {', '.join(f'{one.code} {one.name}' for one in self.table)}")
        write: dict[str, Callable[[Request, tuple[str, ...], Told], Written]] = {
            "classes": self._classes,
            "labels": self._classes,
            "probabilities": self._probabilities,
            "entropy": self._output,
            "margin": self._output,
            "horizon": self._horizon,
            "thickness": self._thickness,
            "bodies": self._bodies,
            "mesh": self._mesh,
            "polygons": self._polygons,
            "table": self._table,
        }
        written = write[request.what](request, tuple(made), told)
        return replace(written, notes=tuple(self._notes))

    # Inside ----------------------------------------------------------------------------------------------------------

    def _there_is(self, what: What) -> bool:
        if what == "table":
            return self.table is not None
        if not self._origin.has(what):
            return False
        if what == "polygons":
            return self.survey is not None and is_raster(self.survey)
        if what not in ("horizon", "thickness", "mesh"):
            return True
        if self.survey is None or kinds.vertical_axis(self.survey) is None:
            return False
        return what != "mesh" or len(kinds.spatial_shape(self.survey)) == SIZES

    def _classes(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._origin.labels() if request.what == "labels" else self._origin.classes()
        values = self._placed(values, classes=True)
        table, like, nothing = self.table, self._like(values), 0
        if table is not None and table.coded:
            values, nothing = in_codes(values, table, path=request.path), table.unlabelled
        path = surveys.save(
            request.path, values, like, nodata=nothing, classes=InFiles.of(table), history=made, progress=told
        )
        return Written((path, *self._beside(path, request, made)), made=made)

    def _beside(self, path: Path, request: Request, made: tuple[str, ...]) -> tuple[Path, ...]:
        """Write what a GIS looks for beside a map: a style for QGIS, and a STAC item where it was asked for."""
        if path.suffix.lower() not in GEOTIFF:
            return ()
        classes, written = InFiles.of(self.table), []
        style = path.with_suffix(".qml")
        if classes and _may_replace(style):
            written.append(save_classes(style, classes, history=made[:1]))
        elif classes:
            self._notes.append(f"{style.name} is a style of somebody's own, and stays as it is")
        if request.stac:
            written.append(save_stac(path, classes, history=made))
        return tuple(written)

    def _output(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._placed(self._origin.output("entropy" if request.what == "entropy" else "margin"), classes=False)
        path = surveys.save(request.path, values, self._like(values), history=made, progress=told)
        return Written((path,), made=made)

    def _probabilities(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._placed(self._origin.output("probabilities"), classes=False)
        names = self._layer_names(int(values.shape[0]))
        if len(request.of) > 1:
            raise ProjectError("the probability of one class is one file", "Name one class, or none for all of them")
        if request.of:
            layer = request.of[0] - 1
            if not 0 <= layer < values.shape[0]:
                raise ProjectError(f"there is no probability of class {request.of[0]}", "Predict again with it")
            told_so = (*made, f"probability of {names[layer]}")
            one = values[layer]
            path = surveys.save(request.path, one, self._like(one), history=told_so, progress=told)
            return Written((path,), made=told_so)
        like = self._like(values[0])
        if request.path.suffix.lower() in SEGY:
            paths = save_layers(request.path, values, like, names, history=made, progress=told)
            return Written(tuple(paths), made=made)
        path = surveys.save(request.path, values, like, names=names, history=made, progress=told)
        return Written((path,), made=made)

    def _horizon(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._placed(self._origin.classes(), classes=True)
        like, names = self._like(values), self._names()
        if request.path.suffix.lower() in (*trace_maps.TIFF, ".csv"):
            title = horizon_title(like, request.above, request.below, names)
            depths = depths_of(values, like, request.above, request.below, told)
            count = save_trace_map(request.path, depths, like, title, history=made)
        else:
            count = save_horizon(
                request.path, values, like, request.above, request.below, names=names, history=made, progress=told
            )
        self._notes += [word] if (word := surfaces.resampling(request.path, like)) else []
        return Written((request.path,), {"traces": count}, made)

    def _thickness(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._placed(self._origin.classes(), classes=True)
        like, name_of = self._like(values), self._names()
        found = thickness(values, like, request.of, net=request.net, progress=told)
        unit = str(like[like.dims[-1]].attrs.get("units", ""))
        if request.velocity is not None:
            found, unit = found * request.velocity / 2000, "m"
        called = " and ".join(name_of.get(value, f"class {value}") for value in request.of)
        what = "net thickness" if request.net else "thickness"
        by = f", at {request.velocity:g} m/s" if request.velocity is not None else ""
        words = f"{what} in {unit or 'samples'}{by}"
        column = f"{what.replace(' ', '_')}{f' [{unit}]' if unit else ''}"
        count = save_trace_map(
            request.path, found, like, f"{what} of {called}{by}", z=words, column=column, history=made
        )
        self._notes += [word] if (word := surfaces.resampling(request.path, like)) else []
        return Written((request.path,), {"traces": count}, made)

    def _bodies(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values, path = self._placed(self._origin.classes(), classes=True), request.path
        how: dict[str, Any] = {
            "at_least": request.at_least,
            "connectivity": values.ndim if request.corners else 1,
        }
        if path.suffix.lower() == ".npy":
            sizes = save_bodies(path, values, request.of, **how, history=made, progress=told)
            return Written((path,), {"bodies": len(sizes)}, made)
        with scratch(path.absolute()) as folder:
            numbered = folder / "bodies.npy"
            sizes = save_bodies(numbered, values, request.of, **how, progress=lambda share: told(share / 2))
            volume = mapped.open(numbered)
            like = self._like(volume)
            surveys.save(path, volume, like, nodata=0, history=made, progress=lambda share: told(0.5 + share / 2))
            del volume
        return Written((path,), {"bodies": len(sizes)}, made)

    def _mesh(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._placed(self._origin.classes(), classes=True)
        name_of, like = self._names(), self._like(values)
        bodies = [(name_of.get(value, str(value)), value) for value in request.of]
        colors = {} if self.table is None else self.table.colors
        count = save_mesh(request.path, values, like, bodies, colors=colors, history=made, progress=told)
        return Written((request.path,), {"triangles": count}, made)

    def _polygons(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values, table = self._placed(self._origin.classes(), classes=True), self.table
        like, nothing = self._like(values), 0
        if table is not None and table.coded:
            values, nothing = in_codes(values, table, path=request.path), table.unlabelled
        count = save_polygons(
            request.path, values, like, InFiles.of(table), nodata=nothing, at_least=request.at_least, history=made,
            progress=told,
        )  # fmt: skip
        return Written((request.path,), {"polygons": count}, made)

    def _table(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        assert self.table is not None  # checked before
        path = save_classes(
            request.path, InFiles.of(self.table), history=made[:1] if request.path.suffix == ".qml" else ()
        )
        told(1.0)
        return Written((path,), made=made)

    def _placed(self, values: ArrayLike, *, classes: bool) -> ArrayLike:
        """Bring values onto the grid of the survey, where they lie elsewhere; read when they are sliced."""
        grid, survey = self._origin.grid(), self.survey
        if survey is None or grid is None:
            return values
        if not Grid.of(survey).apart(grid):
            return values
        dims = ["band"] * (values.ndim - len(grid.shape)) + list(grid.dims)
        try:
            named = grid.put(xr.DataArray(xr.Variable(dims, values)))
            found = onto(named, survey, classes=classes, name=self._origin.name)
        except PlaceError as error:
            source = Path(str(survey.attrs.get("source") or survey.name or "survey"))
            what = f"it is not where the prediction lies ({error.what})"
            raise PlaceError(source, what, "Name the survey that was predicted, or none") from error
        if found.words and found.words not in self._notes:
            self._notes.append(found.words)
        placed: ArrayLike = found.values.variable
        return placed

    def _like(self, values: Any) -> xr.DataArray:
        """The survey, or a grid without names or places for an array that is saved without one."""
        if self.survey is not None:
            return self.survey
        return xr.DataArray(np.broadcast_to(np.uint8(0), tuple(values.shape)))

    def _names(self) -> dict[int, str]:
        return {} if self.table is None else dict(zip(self.table.values, self.table.names, strict=True))

    def _layer_names(self, count: int) -> tuple[str, ...]:
        named = self._names()
        return tuple(named.get(value, f"class {value}") for value in range(1, count + 1))


def _named(own: ClassTable | None, said: ClassTable | None) -> ClassTable | None:
    """The classes of a prediction by the names and colours that a person says, which are told by their codes."""
    if own is None or said is None:
        return own or said
    return own.replaced_by(said, own.values)


def _may_replace(style: Path) -> bool:
    """Whether there is no style of that name, or one that this program has written."""
    return not style.exists() or b"<!-- napari-fhn " in style.read_bytes()[:2000]


def _nobody(share: float) -> None:
    """Tell nobody."""
