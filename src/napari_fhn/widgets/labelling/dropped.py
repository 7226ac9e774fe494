"""The reader of files that become labels and no layer: dropped on the canvas they go where *Load* would take them.

Tables (.csv, .txt) are not among them: napari reads its own from such files. They are dropped on the dock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari

from napari_fhn.first_look import from_the_ground

_SUFFIXES = (".las", ".gpkg", ".shp", ".geojson", ".gdb")


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Return a reader for logs and polygons, None for everything else.

    Parameters
    ----------
    path : str or sequence of str
        What was dropped.
    """
    paths = _files(path)
    return read if paths and all(p.suffix.lower() in _SUFFIXES and from_the_ground(p) for p in paths) else None


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
        dock_of(viewer).desk.labelling.loader.load(_files(path))
    return [(None,)]


def _files(path: str | Sequence[str]) -> list[Path]:
    return [Path(p) for p in ([path] if isinstance(path, str) else path)]
