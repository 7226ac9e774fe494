"""Files given as what they are not: what they are instead, said in place of where a reader stumbled."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.kinds import KINDS, recognise
from napari_fhn.labels.shapes import shape_tables
from napari_fhn.labels.tables.guesses import AmbiguousColumns
from napari_fhn.vector import SUFFIXES, VectorError
from napari_fhn.vector.looking import check
from napari_fhn.vector.rows import AREAS
from napari_fhn.what_it_is import what_it_is

#: What files of each kind may be: the uses that `what_it_is` tells.
_TAKES: dict[str, tuple[str, ...]] = {
    "las": ("las",),
    "polygons": ("shapes", "table"),
    "points": ("shapes", "table"),
    "horizon": ("raster", "table"),
    "labels": ("voxels", "raster"),
    "classes": ("classes", "table", "raster"),
    **dict.fromkeys(("wells", "tops", "deviation", "checkshots"), ("table",)),
}


def mistaken(path: Path, kind: str) -> LabelError | None:
    """Say what a file is that was given as something else.

    Parameters
    ----------
    path : Path
        The file, which could not be read.
    kind : str
        As what it was read; empty for one whose kind is looked for.

    Returns
    -------
    LabelError or None
        None where the file may be what it was given as, or where nothing in it says what it is.
    """
    found = what_it_is(path)
    if found is None or (found.use and (not kind or found.use in _TAKES.get(kind, (found.use,)))):
        return None
    as_table = found.use == "shapes" and "table" in _TAKES.get(kind, ()) and shape_tables.is_shapes(path)
    if as_table and set(shape_tables.layers(path).values()) != {AREAS}:
        return None  # whoever takes places for rows says which shapes are none
    if found.use == "shapes" and path.suffix.lower() in SUFFIXES:
        try:
            # One that nobody can read is no better given as shapes.
            check(path)
        except VectorError as error:
            return LabelError(error.what, error.way_out, path=path)
    return LabelError(f"it is {found.words}", found.way_out, path=path)


def with_kind(cause: AmbiguousColumns | Undeclared, path: Path, kind: str) -> None:
    """Let a question about columns say as well what the table looks like, where that is another kind.

    Parameters
    ----------
    cause : AmbiguousColumns or Undeclared
        Whose words are changed in place.
    path : Path
        The table.
    kind : str
        As what it was read.
    """
    if not isinstance(cause, AmbiguousColumns) or kind not in _TAKES:
        return
    try:
        looks = recognise(path)
    except (LabelError, OSError):
        return
    # A table of intervals and one of points share columns; what is asked of such is answered, and not refused.
    if looks != kind and looks in KINDS:
        cause.what = f"{cause.what.rstrip('.')}; it looks like {KINDS[looks]}, which --{looks} takes"
