"""Paths of wells are drawn anew only where another one is on the section: a canvas builds shaders for each drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Shapes

_Shown = tuple[int, frozenset[int]]


def keep_quiet(viewer: ViewerModel, paths: Shapes) -> None:
    """Keep a layer of paths from telling the canvas of a section on which it shows what it showed on the one before.

    napari slices every layer for each section, and has the canvas take over what comes of it. For paths that is a mesh
    with two shaders: with six wells it took half of the time of a page. Anything else that changes is drawn as ever.

    Parameters
    ----------
    viewer : ViewerModel
        Where one pages.
    paths : napari.layers.Shapes
        The layer, once.
    """
    own = getattr(paths, "_slice_dims", None)
    if own is None:
        return  # a napari that does it otherwise draws as often as it likes
    before: list[_Shown | None] = [None]

    def sliced(*args: Any, **how: Any) -> Any:
        now = shown(viewer, paths)
        same, before[0] = now is not None and now == before[0], now
        if not same:
            return own(*args, **how)
        with paths.events.set_data.blocker():
            return own(*args, **how)

    def changed(event: Any = None) -> None:
        before[0] = None

    paths.events.data.connect(changed)
    paths.events.visible.connect(changed)
    paths._slice_dims = sliced


def shown(viewer: ViewerModel, paths: Shapes) -> _Shown | None:
    """Return across which axis one looks, and the numbers of the paths on the section; None where all are shown."""
    dims = viewer.dims
    across = list(dims.not_displayed)
    if dims.ndisplay != 2 or len(across) != 1 or dims.ndim != paths.ndim:
        return None
    axis = across[0]
    place = round(float(paths.world_to_data(dims.point)[axis]))
    found = set()
    for number, path in enumerate(paths.data):
        along = np.asarray(path)[:, axis]
        if round(float(along.min())) <= place <= round(float(along.max())):
            found.add(number)
    return axis, frozenset(found)
