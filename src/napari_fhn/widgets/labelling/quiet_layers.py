"""Paths and points are drawn anew only where others are on the section: a canvas builds shaders for each drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points, Shapes


def keep_quiet(viewer: ViewerModel, layer: Shapes | Points) -> None:
    """Keep a layer from telling the canvas of a section on which it shows what it showed on the one before.

    napari slices every layer for each section, and has the canvas take over what comes of it, and what is highlighted
    of it. For paths that is a mesh with two shaders and one more, for points the shader of their frame: with six wells
    they took half of the time of a page.
    Anything else that changes is drawn as ever.

    Parameters
    ----------
    viewer : ViewerModel
        Where one pages.
    layer : napari.layers.Shapes or napari.layers.Points
        The layer, once.
    """
    own = getattr(layer, "_slice_dims", None)
    if own is None:
        return  # a napari that does it otherwise draws as often as it likes
    drawn: list[object] = [None]

    def sliced(*args: Any, **how: Any) -> Any:
        with layer.events.set_data.blocker(), layer.events.highlight.blocker():
            done = own(*args, **how)
        seen = _paths(viewer, layer) if isinstance(layer, Shapes) else _points(layer)
        # A section that is turned over shows the same ones elsewhere.
        now = None if seen is None else (tuple(viewer.dims.displayed), seen)
        if now is None or now != drawn[0]:
            layer.events.set_data()
            layer.events.highlight()
            drawn[0] = now
        return done

    def changed(event: Any = None) -> None:
        drawn[0] = None

    layer.events.set_data.connect(changed)  # whoever else has it drawn
    layer.events.visible.connect(changed)
    layer._slice_dims = sliced


def _paths(viewer: ViewerModel, paths: Shapes) -> object:
    """Return the numbers of the paths on the section; None where all are shown."""
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
    return frozenset(found)


def _points(points: Points) -> object:
    """Return which points are seen, where and how large; None where a napari does not say so."""
    seen: list[Any] = [getattr(points, name, None) for name in ("_view_indices", "_view_data", "_view_size")]
    if any(one is None for one in seen):
        return None
    return tuple((array.shape, array.tobytes()) for array in map(np.asarray, seen))
