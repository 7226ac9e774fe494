"""The writer contribution: a label layer that lies on a survey, saved on its grid from napari's own menu.

*Export* in the dock knows more: uncertainty, horizons, what made a prediction. This is for whoever presses Ctrl+S.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr
from napari.utils.notifications import show_error

from napari_fhn import __version__, surveys
from napari_fhn.labels import ClassTable
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.exporting import own_files
from napari_fhn.project.exporting.export_checks import check_no_part
from napari_fhn.project.knowledge.recoding import InFiles, in_codes


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
        The file written; none where the layer lies on no survey, or the file cannot be written, which is said: of an
        error napari would tell nobody.
    """
    try:
        return [str(_written(Path(path), data, attributes))]
    except (surveys.SurveyError, ProjectError) as error:
        show_error(str(error))
        return []


def _written(path: Path, data: Any, attributes: dict[str, Any]) -> Path:
    check_no_part(path)
    # napari's dialog has asked about this name, and nobody about what is written beside it: a header, a history.
    beside = [one for one in own_files.with_companions(path) if one != path]
    own_files.check_links([path, *beside])
    theirs = own_files.strangers(beside)
    if theirs:
        what = f"{theirs[0].name} beside it, which another program wrote or somebody changed, would be replaced"
        raise ProjectError(what, "Choose another name", path=path)
    kept, name = attributes.get("metadata", {}), attributes.get("name", "labels")
    grid = kept.get("grid", kept.get("survey"))
    if not isinstance(grid, xr.DataArray):
        what = f"layer '{name}' lies on no survey whose places the file could have"
        raise surveys.SurveyError(path, what, "Make it with New labels in the dock, or save it as .tif or .npz")
    table, nothing, values = _classes(kept.get("session")), 0, data
    if table is not None and table.coded:
        values, nothing = in_codes(data, table, path=path), table.unlabelled
    history = [f"napari-fhn {__version__}", f"layer {name} of napari"]
    with own_files.remembering([path, *beside]):
        return surveys.save(path, values, grid, nodata=nothing, classes=InFiles.of(table), history=history)


def _classes(session: Any) -> ClassTable | None:
    """The classes of the session that a layer belongs to."""
    return Session(session).classes if session and Path(str(session)).is_dir() else None
