"""The writer contribution: a label layer that lies on a survey, saved on its grid from napari's own menu.

*Export* in the dock knows more: uncertainty, horizons, what made a prediction. This is for whoever presses Ctrl+S.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn import __version__, surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project import Session
from napari_fhn.project.recoding import InFiles, in_codes


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a label layer.

    Parameters
    ----------
    path : str
        Where to; the suffix decides the kind of file, as in `napari_fhn.surveys.save`.
    data : array of int
        The labels; 0 is unlabelled.
    attributes : dict
        Of the layer. Its ``metadata`` say which survey it lies on, and the session that knows its classes.

    Returns
    -------
    list of str
        The file written.

    Raises
    ------
    SurveyError
        When the layer lies on no survey, or the file cannot be written.
    """
    kept = attributes.get("metadata", {})
    grid = kept.get("grid", kept.get("survey"))
    if not isinstance(grid, xr.DataArray):
        what = f"layer {attributes.get('name', 'labels')!r} lies on no survey whose places the file could have"
        raise surveys.SurveyError(path, what, "Make it with New labels in the dock, or save it as .tif or .npz")
    table, nothing, values = _classes(kept.get("session")), 0, data
    if table is not None and table.coded:
        values, nothing = in_codes(data, table, path=Path(path)), table.unlabelled
    history = [f"napari-fhn {__version__}", f"layer {attributes.get('name', 'labels')} of napari"]
    written = surveys.save(path, values, grid, nodata=nothing, classes=InFiles.of(table), history=history)
    return [str(written)]


def _classes(session: Any) -> ClassTable | None:
    """The classes of the session that a layer belongs to."""
    return Session(session).classes if session and Path(str(session)).is_dir() else None
