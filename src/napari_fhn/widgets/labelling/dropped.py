"""The reader of files that become labels and no layer: dropped on the canvas they go where *Load* would take them.

Tables (.csv, .txt) are not among them: napari reads its own from such files. They are dropped on the dock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import napari

from napari_fhn.widgets.data.reader import files

_SUFFIXES = (".las", ".gpkg", ".shp", ".geojson")


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Return a reader for logs and polygons, None for everything else.

    Parameters
    ----------
    path : str or sequence of str
        What was dropped.
    """
    paths = files(path)
    return read if paths and all(p.suffix.lower() in _SUFFIXES and p.is_file() for p in paths) else None


def read(path: str | Sequence[str]) -> list[tuple[Any, ...]]:
    """Hand files to the desk, which is opened where it is not, and says what became of them.

    Parameters
    ----------
    path : str or sequence of str
        The files.

    Returns
    -------
    list of tuple
        napari's "nothing": they are labels of the survey, and no layer.
    """
    from napari_fhn.widgets.sessions.commands import dock_of  # the whole dock, for those who need it

    viewer = napari.current_viewer()
    if viewer is not None:
        dock_of(viewer).desk.labelling.loader.load(files(path))
    return [(None,)]
