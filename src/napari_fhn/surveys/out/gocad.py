"""How GOCAD objects begin: what they are, and where and in which units they lie."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out.history import plain


def head(kind: str, name: str, like: xr.DataArray, lines: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    """Return the lines in front of the points of an object.

    Parameters
    ----------
    kind : {"VSet", "TSurf"}
        Of the object.
    name : str
        Of the object, in one line.
    like : xarray.DataArray
        The survey: on the map where it has a place there, else by the numbers of its lines; z grows downwards.
    lines : sequence of str
        What made it, as comments.
    more : sequence of str
        Lines of its header.
    """
    geometry = like.attrs.get("geometry")
    first, second, down = map(str, like.dims)
    x, y, unit = first, second, "none"
    if isinstance(geometry, SurveyGeometry):
        x, y, unit = "X", "Y", geometry.units
    units = str(like[down].attrs.get("units", "")) or "none"
    return [
        f"GOCAD {kind} 1", *(f"# {plain(line)}" for line in lines), "HEADER {", f"name: {name}", *more, "}",
        "GOCAD_ORIGINAL_COORDINATE_SYSTEM", "NAME Default", f'AXIS_NAME "{x}" "{y}" "Z"',
        f'AXIS_UNIT "{unit}" "{unit}" "{units}"', "ZPOSITIVE Depth", "END_ORIGINAL_COORDINATE_SYSTEM",
    ]  # fmt: skip
