"""A scene in the geometry of its sensor, on the map: by a table that names a line and a pixel for each cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray

#: Cells of a table that are kept in memory.
_MOST = 2**28
NOTE = "It was brought from the geometry of its sensor onto the map; cells of which it saw nothing have no value."


def table_of(path: Path, values: ArrayLike, size: int, offset: int = 0) -> NDArray[np.int32]:
    """Return the lines, or pixels, that cells show, counted from 0; -1 for none.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    values : array_like, shape (y, x)
        As missions have them: counted from 1, 0 (or NaN) for none, negative where a cell shows a neighbour's pixel.
    size : int
        How many lines, or pixels, the scene has.
    offset : int
        Counted from another one: how many come before.

    Raises
    ------
    SurveyError
        When the table names what the scene does not have.
    """
    found = np.asarray(values)
    if found.ndim != 2 or found.size > _MOST:
        raise SurveyError(path, f"its table of places has the shape {found.shape}", "Copy it again")
    whole = np.abs(np.where(np.isfinite(found), found, 0)).astype(np.int64)
    places = np.where(whole == 0, -1, whole - 1 - offset)
    if places.max(initial=-1) >= size or (places[whole > 0] < 0).any():
        what = f"its table of places names number {int(whole.max())}, where the scene has {size + offset}"
        raise SurveyError(path, what, "The files do not belong together: copy them again")
    return places.astype(np.int32)


class OnMap(LazyArray):
    """A scene ``(band, line, pixel)`` as ``(band, y, x)``.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    source : xarray.Variable
        The scene, read when it is looked at.
    lines, pixels : ndarray of int32, shape (y, x)
        From `table_of`.
    nothing : float or None
        The stored value that means "none"; None for floats, which have NaN, and for others, which become floats.
    """

    def __init__(
        self, path: Path, source: xr.Variable, lines: NDArray[np.int32], pixels: NDArray[np.int32],
        nothing: float | None,
    ) -> None:  # fmt: skip
        self.source, self.lines, self.pixels = source, lines, pixels
        floats = source.dtype.kind == "f"
        self.nothing = np.nan if nothing is None or floats else nothing
        wide = np.result_type(source.dtype, np.float32) if nothing is None and not floats else source.dtype
        super().__init__(path, (source.shape[0], *lines.shape), wide)

    def read(self, box: Box) -> NDArray[Any]:
        """Read the part of the scene that a box shows, once, and take its cells out of it."""
        lines, pixels = self.lines[box[1:]], self.pixels[box[1:]]
        known = (lines >= 0) & (pixels >= 0)
        bands = len(range(*box[0].indices(self.shape[0])))
        out = np.full((bands, *lines.shape), self.nothing, self.dtype)
        if known.any():
            line, pixel = lines[known], pixels[known]
            first, left = int(line.min()), int(pixel.min())
            window = (box[0], slice(first, int(line.max()) + 1), slice(left, int(pixel.max()) + 1))
            block = np.asarray(self.source[window].values)
            out[:, known] = block[:, line - first, pixel - left]
        return out
