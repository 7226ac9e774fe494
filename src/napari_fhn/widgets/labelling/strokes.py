"""Hears what is painted on the label layer, and writes it into the history instead of napari's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_fhn.box import Box
from napari_fhn.labels import changes
from napari_fhn.labels.changes import Change, Patch


def change_of(atoms: Sequence[Any], shape: tuple[int, ...]) -> Change:
    """Return what a stroke changed, from the pieces that napari tells of it.

    Parameters
    ----------
    atoms : sequence
        Each a box with a mask, or ``(indices, old values, new values)``, as napari's label layers keep them.
    shape : tuple of int
        Of the label volume.
    """
    made = Change()
    for atom in atoms:
        made = made + (_of_mask(atom, shape) if hasattr(atom, "slice_key") else changes.of_voxels(*atom))
    return made


def _of_mask(atom: Any, shape: tuple[int, ...]) -> Change:
    ranges = [key.indices(n)[:2] for key, n in zip(atom.slice_key, shape, strict=True)]
    box = Box(tuple(a for a, _ in ranges), tuple(b for _, b in ranges))
    mask = np.ones(box.shape, bool) if atom.mask is None else np.asarray(atom.mask).reshape(box.shape)
    old, new = np.zeros(box.shape, np.uint8), np.zeros(box.shape, np.uint8)
    old[mask] = np.asarray(atom.old_values).reshape(-1)
    new[mask] = atom.new_value
    return Change((Patch.of(box, old, new),))


def attach(
    layer: Labels,
    painted: Callable[[Change], None],
    undo: Callable[[], None],
    redo: Callable[[], None],
    touched: Callable[[], None],
) -> None:
    """Let a label layer tell of its strokes, and hand its Undo and Redo to the history.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer.
    painted : callable
        Told the change of each stroke. The voxels may not be written yet when it is called.
    undo, redo : callable
        In place of napari's, which take back what was painted last on whichever section, seen or unseen.
    touched : callable
        Called when a stroke begins and while it grows: it is told of when it ends, and may be long.
    """
    layer.events.paint.connect(lambda event: painted(change_of(event.value, layer.data.shape)))

    def drag(_: Labels, event: Any) -> Iterator[None]:
        touched()
        yield
        while event.type == "mouse_move":
            touched()
            yield

    layer.mouse_drag_callbacks.append(drag)
    layer.undo = undo
    layer.redo = redo
