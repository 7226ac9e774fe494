"""Points: labelled pixels of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_fhn.labels.classes import ClassTable
from napari_fhn.labels.csv_rows import read_rows
from napari_fhn.labels.errors import LabelError


@dataclass(frozen=True)
class Point:
    """One labelled pixel: row, column (from 0) and label value."""

    row: int
    col: int
    value: int


def read_points(path: str | Path, table: ClassTable) -> list[Point]:
    """Read labelled pixels from a CSV file with the columns row, col (from 0) and class (name or value).

    Raises
    ------
    LabelError
        With file, line and column.
    """
    points = []
    for row in read_rows(path, ("row", "col", "class")):
        try:
            value = table.value_of(row.text("class"))
        except LabelError as error:
            raise error if error.path else row.error(error.what, error.way_out) from error
        points.append(Point(row.integer("row"), row.integer("col"), value))
    return points


def burn_points(points: Sequence[Point], out: NDArray[Any], *, overwrite: bool = False) -> int:
    """Write points into a label map.

    Parameters
    ----------
    points : sequence of Point
        The points; of two on one pixel the first is kept, or the last with `overwrite`.
    out : ndarray or memmap of uint8, shape (y, x)
        Written in place.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled pixels are filled.

    Returns
    -------
    int
        Number of pixels written.

    Raises
    ------
    LabelError
        Before anything is written: when a point lies outside the map, or the labels are no map.
    """
    if out.ndim != 2:
        raise LabelError(f"points lie on a map (y, x), not on labels of shape {out.shape}", "Open a map")
    for point in points:
        if not (0 <= point.row < out.shape[0] and 0 <= point.col < out.shape[1]):
            raise LabelError(
                f"the point at row {point.row}, col {point.col} lies outside the map of {out.shape[0]} "
                f"rows and {out.shape[1]} columns",
                "Rows and columns count from 0 at the upper left",
            )
    written = 0
    for point in points:
        if overwrite or out[point.row, point.col] == 0:
            out[point.row, point.col] = point.value
            written += 1
    return written
