"""What a session holds as arrays with the axes of the survey: mapped from its files, and saying what made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import xarray as xr

from napari_fhn import mapped
from napari_fhn.labels import ClassTable
from napari_fhn.large import is_large
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting.export_origins import classes_of
from napari_fhn.project.knowledge.recoding import in_codes
from napari_fhn.project.predictions import predictions
from napari_fhn.project.project import Project
from napari_fhn.project.runs.run import Run
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.lazy import Reordered

Kind = Literal["classes", "probabilities", "entropy", "margin"]

_BAND = "band"


def prediction(project: Project, run: Run, kind: Kind = "classes") -> xr.DataArray:
    """Return what a run has predicted.

    Parameters
    ----------
    project : Project
        Whose run it is.
    run : Run
        Predicted.
    kind : {"classes", "probabilities", "entropy", "margin"}
        Which of its files.

    Returns
    -------
    xarray.DataArray
        Mapped from the file: nothing is read before it is used, and predicting again changes it. Classes are the codes
        that files have, with 0 where nothing is predicted (or the number that is no class, where 0 is one);
        probabilities have an axis ``band`` of classes. ``attrs`` hold ``classes`` and ``colors`` (by code), ``made``
        (lines that say what made it) and ``complete``.

    Raises
    ------
    ProjectError
        When there is none of that kind.
    """
    standing = predictions.standing(project.session, run)
    path = run.prediction if kind == "classes" else run.output(kind)
    if standing.made is None or not standing.made.parts or not mapped.is_there(path):
        raise ProjectError(
            f"there are no {kind} of '{run.name}'" if kind != "classes" else f"'{run.name}' has predicted nothing yet",
            "Predict first" if kind == "classes" else f"Predict with outputs={kind}",
            path=project.session.folder,
        )
    names = standing.made.classes
    table = classes_of(project, run)
    if table is None or table.names != names:  # made of another network than that of the run
        table = ClassTable.of_names(names)
    attrs = {**_legend(table), "made": tuple(standing.words()), "complete": standing.whole}
    found = _mapped(project, path, kind, attrs, table if kind == "classes" else None)
    if kind == "probabilities":
        found = found.assign_coords({"class_name": (_BAND, list(names))})
    return found


def known(project: Project) -> xr.DataArray:
    """Return the labels of a session by their codes, mapped from the file, 0 where nothing is labelled.

    Raises
    ------
    ProjectError
        When nothing is labelled yet.
    """
    project.session.known()  # says what is wrong with it
    table = project.classes
    return _mapped(project, project.session.labels, "labels", _legend(table), table)


def _legend(table: ClassTable) -> dict[str, Any]:
    return {"classes": {one.code: one.name for one in table}, "colors": {one.code: one.color for one in table}}


def _mapped(
    project: Project, path: Path, name: str, attrs: dict[str, Any], table: ClassTable | None = None
) -> xr.DataArray:
    values = mapped.open(path)
    grid = _grid(project, values.shape if values.ndim == len(project.shape) else values.shape[1:])
    dims = [_BAND] * (values.ndim - len(grid.shape)) + list(grid.dims)
    variable = (
        Reordered(path, values, range(values.ndim)).variable(dims) if is_large(path) else xr.Variable(dims, values)
    )
    if table is not None and table.coded:
        variable = in_codes(values, table, dims, path)
    found = grid.put(xr.DataArray(variable, name=name))
    found.attrs.update(attrs)
    return found


def _grid(project: Project, shape: tuple[int, ...]) -> Grid:
    if project.surveys is not None:
        return project.surveys.grid
    return project.session.manifest.grid or Grid.from_axes((), shape)
