"""Labels from files: wells for volumes, points for maps."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels.classes import PALETTE
from napari_fhn.labels.csv_rows import read_rows

WELL_RADIUS = 3.0
"""Radius of a well's labels, in traces."""

_WELLS, _TOPS, _POINTS, _CLASSES = "wells.csv", "tops.csv", "labels.csv", "classes.csv"


def beside(survey: xr.DataArray) -> Path | None:
    """Return the labels beside a survey: ``wells.csv`` with ``tops.csv``, or ``labels.csv``; None without."""
    source = str(survey.attrs.get("source", ""))
    if not source:
        return None
    folder = Path(source).parent
    if is_for_wells(survey):
        return folder / _WELLS if (folder / _WELLS).is_file() and (folder / _TOPS).is_file() else None
    return folder / _POINTS if (folder / _POINTS).is_file() else None


def is_for_wells(survey: xr.DataArray) -> bool:
    """Whether wells are what labels such a survey; else it is points."""
    return {"inline", "crossline"} <= set(map(str, survey.dims))


def burn_file(
    path: Path, survey: xr.DataArray, classes: labels.ClassTable, out: NDArray[Any], *, named: bool
) -> tuple[labels.ClassTable, str]:
    """Burn wells or points into the label volume.

    Parameters
    ----------
    path : Path
        ``wells.csv`` (with ``tops.csv`` in the same folder), or a CSV of row, col, class. A ``classes.csv``
        beside it brings names and colours.
    survey : xarray.DataArray
        Whose grid it is.
    classes : ClassTable
        The classes so far.
    out : ndarray of uint8
        Written where nothing is labelled yet.
    named : bool
        Whether the person has named the classes already; they are then kept, and added to.

    Returns
    -------
    ClassTable
        With what the file brought.
    str
        What was done, in a sentence.

    Raises
    ------
    LabelError
        With file and line.
    """
    table_file = path.with_name(_CLASSES)
    table = labels.ClassTable.from_csv(table_file) if table_file.is_file() and not named else None
    known = table or (classes if named else labels.ClassTable(()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", labels.LabelWarning)
        if is_for_wells(survey):
            wells = labels.read_wells(path, path.with_name(_TOPS))
            known = _with(known, (i.class_name for well in wells for i in well.intervals))
            boxes = labels.burn(wells, survey, known, out, WELL_RADIUS)
            words = f"{len(boxes)} wells are labels now, {WELL_RADIUS:g} traces around each."
        else:
            known = _with(known, (row.text("class") for row in read_rows(path, ("class",))))
            n = labels.burn_points(labels.read_points(path, known), out)
            words = f"{n} pixels are labels now."
    if isinstance(out, np.memmap):
        out.flush()
    return known, " ".join([words, *(str(w.message) for w in caught)])


def _with(table: labels.ClassTable, names: Iterable[str]) -> labels.ClassTable:
    classes = list(table)
    for name in dict.fromkeys(names):
        taken = {c.value for c in classes}
        if name in {c.name for c in classes} or (name.isdecimal() and int(name) in taken):
            continue
        value = next(v for v in range(1, 256) if v not in taken)
        classes.append(labels.LabelClass(value, name, PALETTE[(value - 1) % len(PALETTE)]))
    return labels.ClassTable(tuple(classes))
