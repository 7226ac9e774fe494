"""Hears what is painted on the label layer, and writes it into the history instead of napari's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QTimer

from napari_fhn.box import Box
from napari_fhn.labels.volumes import changes
from napari_fhn.labels.volumes.changes import Change, Patch
from napari_fhn.labels.volumes.flushing import Flusher
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import weakly
from napari_fhn.widgets.labelling import class_layers

if TYPE_CHECKING:
    from napari_fhn.widgets.labelling.book import LabelBook


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


class Strokes:
    """Writes strokes into the history of a label book.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels are painted.
    flusher : Flusher
        Brings them to the disk.
    """

    def __init__(self, context: DeskContext, book: LabelBook, flusher: Flusher) -> None:
        self._context = context
        self._book = book
        self._flusher = flusher

    def attach(self, layer: Labels, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        """Let a label layer tell of its strokes, and hand its Undo and Redo to the history.

        Parameters
        ----------
        layer : napari.layers.Labels
            The layer.
        undo, redo : callable
            Methods, in place of napari's, which take back what was painted last on whichever section, seen or unseen.
        """
        layer.events.paint.connect(self._told)
        layer.mouse_drag_callbacks.append(weakly(self._dragged))
        layer.undo = weakly(undo)
        layer.redo = weakly(redo)

    def _told(self, event: Any) -> None:
        layer = event.source
        self._painted(layer, change_of(event.value, layer.data.shape))

    def _dragged(self, layer: Labels, event: Any) -> Iterator[None]:
        """Bring to the disk what a stroke has written: it is told of when it ends, and may be long."""
        self._flusher.due(layer.data)
        yield
        while event.type == "mouse_move":
            self._flusher.due(layer.data)
            yield

    def _painted(self, layer: Labels, change: Change) -> None:
        """Remember a stroke; its voxels may not be written yet."""
        book, values = self._book, layer.data
        if not change.patches or book.layer is not layer:
            return
        steps = book.history.steps
        if steps is None or not book.may_write():
            QTimer.singleShot(0, lambda: self._restore(change, ""))  # who has taken the session over has its labels
            return
        place, locked = book.place(), tuple(book.state.locked)
        barred = change.only(locked) if locked else Change()
        names = class_layers.names(book.state.classes)
        value = int(change.patches[-1].values()[1].max())
        title = f"painted {names.get(value, f'class {value}')}" if value else "erased"
        steps.append(Step(title, {LABELS: change}, values.shape, place=place))
        book.history.changed.emit()
        self._flusher.due(values)
        if (refusal := self._flusher.refusal()) is not None:
            self._context.messages.fail(f"What was painted does not reach the disk: {refusal}.")
        if barred.patches:
            # napari may write the voxels only after it has told of them.
            QTimer.singleShot(0, lambda: self._restore(barred, "Voxels of locked classes stayed as they are."))
        book.tally.due()

    def _restore(self, change: Change, words: str) -> None:
        layer = self._book.layer
        if layer is not None and change.undo(layer.data):
            if words:
                self._context.messages.say(words)
            layer.refresh(extent=False, thumbnail=False)
