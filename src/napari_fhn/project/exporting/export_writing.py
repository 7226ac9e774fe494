"""Exports as they are written: what each kind of file is made of, on the grid of the survey, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn import mapped, surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting.export_offers import Request, Told, Written
from napari_fhn.project.exporting.export_origins import Origin
from napari_fhn.project.exporting.own_files import with_companions
from napari_fhn.project.knowledge.recoding import InFiles, in_codes
from napari_fhn.surveys import PlaceError, onto
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
from napari_fhn.surveys.out.fitting import without_bands
from napari_fhn.surveys.out.horizons import depths_of, horizon_title
from napari_fhn.surveys.out.saving import GEOTIFF, SEGY, SU, layer_paths
from napari_fhn.surveys.out.stac import stac_path
from napari_fhn.surveys.out.thickness import thickness


class Writing:
    """One export as it is written.

    Parameters
    ----------
    origin : Origin
        Where the values come from.
    survey : xarray.DataArray or None
        On whose grid, and with whose headers, it is written.
    table : ClassTable or None
        The classes; None where nobody named those of a file.
    """

    def __init__(self, origin: Origin, survey: xr.DataArray | None, table: ClassTable | None) -> None:
        self._origin = origin
        self._survey = survey
        self._table = table
        self._notes = list(origin.notes)

    def write(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        """Write a file, or one for each class.

        Parameters
        ----------
        request : Request
            What, and where to; checked before.
        made : tuple of str
            What made it, for the file to say.
        told : callable
            Told the share that is done, 0 to 1. What it raises ends the writing and leaves what was there.

        Raises
        ------
        ProjectError, SurveyError, LabelError
            When there is nothing of that kind, or it cannot be written.
        """
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
            "table": self._class_table,
        }
        return replace(write[request.what](request, made, told), notes=tuple(self._notes))

    def files(self, request: Request) -> tuple[Path, ...]:
        """Return what an export writes, as far as it replaces what lies there."""
        path, suffix = request.path, request.path.suffix.lower()
        if request.what == "probabilities" and not request.of and suffix in SEGY + SU:
            layers = layer_paths(path, self._layer_names(int(self._origin.output("probabilities").shape[0])))
            return tuple(name for one in layers for name in with_companions(one))
        return (*with_companions(path), *([stac_path(path)] if request.stac else []))

    def placed(self, values: ArrayLike, *, classes: bool) -> ArrayLike:
        """Bring values onto the grid of the survey, where they lie elsewhere; read when they are sliced.

        Raises
        ------
        PlaceError
            When the survey is not where they lie.
        """
        grid, survey = self._origin.grid(), self._survey
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

    def _classes(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self._origin.labels() if request.what == "labels" else self._origin.classes()
        values = self.placed(values, classes=True)
        table, like, nothing = self._table, self._like(values), 0
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
        classes, written = InFiles.of(self._table), []
        style = path.with_suffix(".qml")
        if classes and _may_replace(style):
            written.append(save_classes(style, classes, history=made[:1]))
        elif classes:
            self._notes.append(f"{style.name} is a style of somebody's own, and stays as it is")
        if request.stac:
            written.append(save_stac(path, classes, history=made))
        return tuple(written)

    def _output(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self.placed(self._origin.output("entropy" if request.what == "entropy" else "margin"), classes=False)
        path = surveys.save(request.path, values, self._like(values), history=made, progress=told)
        return Written((path,), made=made)

    def _probabilities(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self.placed(self._origin.output("probabilities"), classes=False)
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
        if request.path.suffix.lower() in SEGY + SU:
            paths = save_layers(request.path, values, like, names, history=made, progress=told)
            return Written(tuple(paths), made=made)
        path = surveys.save(request.path, values, like, names=names, history=made, progress=told)
        return Written((path,), made=made)

    def _horizon(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values = self.placed(self._origin.classes(), classes=True)
        like, names = without_bands(self._like(values)), self._names()
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
        values = self.placed(self._origin.classes(), classes=True)
        like, name_of = without_bands(self._like(values)), self._names()
        found = thickness(values, like, request.of, net=request.net, progress=told)
        unit = str(like[like.dims[-1]].attrs.get("units", ""))
        if request.velocity is not None:
            found, unit = found * request.velocity / 2000, "m"
        called = " and ".join(name_of.get(value, f"class {value}") for value in request.of)
        if not np.isfinite(found).any():
            what = f"{called} is seen from its top to its base on no trace: it is not there, or goes on beyond the data"
            raise surveys.SurveyError(request.path, what, "Choose another class")
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
        values, path = self.placed(self._origin.classes(), classes=True), request.path
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
        values = self.placed(self._origin.classes(), classes=True)
        name_of, like = self._names(), self._like(values)
        bodies = [(name_of.get(value, str(value)), value) for value in request.of]
        colors = {} if self._table is None else self._table.colors
        count = save_mesh(request.path, values, like, bodies, colors=colors, history=made, progress=told)
        return Written((request.path,), {"triangles": count}, made)

    def _polygons(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        values, table = self.placed(self._origin.classes(), classes=True), self._table
        like, nothing = self._like(values), 0
        if table is not None and table.coded:
            values, nothing = in_codes(values, table, path=request.path), table.unlabelled
        count = save_polygons(
            request.path, values, like, InFiles.of(table), nodata=nothing, at_least=request.at_least, history=made,
            progress=told,
        )  # fmt: skip
        return Written((request.path,), {"polygons": count}, made)

    def _class_table(self, request: Request, made: tuple[str, ...], told: Told) -> Written:
        assert self._table is not None  # checked before
        path = save_classes(
            request.path, InFiles.of(self._table), history=made[:1] if request.path.suffix == ".qml" else ()
        )
        told(1.0)
        return Written((path,), made=made)

    def _like(self, values: Any) -> xr.DataArray:
        """The survey, or a grid without names or places for an array that is saved without one."""
        if self._survey is not None:
            return self._survey
        return xr.DataArray(np.broadcast_to(np.uint8(0), tuple(values.shape)))

    def _names(self) -> dict[int, str]:
        return {} if self._table is None else dict(zip(self._table.values, self._table.names, strict=True))

    def _layer_names(self, count: int) -> tuple[str, ...]:
        named = self._names()
        return tuple(named.get(value, f"class {value}") for value in range(1, count + 1))


def _may_replace(style: Path) -> bool:
    """Whether there is no style of that name, or one that this program has written."""
    return not style.exists() or b"<!-- napari-fhn " in style.read_bytes()[:2000]
