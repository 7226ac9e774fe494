"""What others do to the label layer: they put another array into it, write past the brush, or add it once more.

The layer shows the mapped file of the session, and only what reaches that file counts. A console or another plugin
need not know: what they leave in the layer is brought into the file, or it is said that it does not count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_fhn.labels import LabelError
from napari_fhn.labels.classes.class_table import MAX_VALUE
from napari_fhn.labels.volumes import changes
from napari_fhn.project import Session
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.sentence import counted
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook

_NOT_OURS = "not labels of the session"
_TITLE = "labels of another program"


class LayerGuard:
    """Looks after the label layer.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose layer it is.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self._context = context
        self._book = book
        self._seen: tuple[Any, ...] = ()
        self._told = True
        self._counts: dict[int, int] = {}
        book.shown.connect(self._attach)
        book.history.changed.connect(self._changed)
        book.counted.connect(self._counted)
        context.viewer.layers.events.inserted.connect(self._inserted)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.inserted, self._inserted)

    def _attach(self, layer: Labels) -> None:
        self._told = True
        layer.events.data.connect(self._data_set)
        layer.events.set_data.connect(self._refreshed)

    def _data_set(self, event: Any) -> None:
        """Somebody has put an array into the layer."""
        layer = event.source
        if self._is_shown(layer) and not self._is_ours(layer):
            QTimer.singleShot(0, lambda: self._take_in(layer))  # napari is not done with it

    def _take_in(self, layer: Labels) -> None:
        book, given = self._book, layer.data
        if not self._is_shown(layer) or book.values is None or self._is_ours(layer):
            return
        shape = book.values.shape
        if tuple(given.shape) != shape or not self._context.project.writable:
            self._let_go(layer, tuple(given.shape), shape)
            return
        layer.data = book.values

        def done(outcome: Outcome) -> None:
            count = outcome.step.labels.voxels
            self._context.messages.say(
                f"Another program put labels into the layer: {counted(count, 'voxels')} of the session "
                "changed, which can be "
                "undone."
            )

        book.work(lambda session: taken_in(session, given, shape), done)

    def _let_go(self, layer: Labels, given: tuple[int, ...], shape: tuple[int, ...]) -> None:
        """The layer shows something else from now on."""
        what = f"an array of {given} voxels, and the labels have {shape}" if given != shape else "other labels"
        self._book.forget_layer()
        self._disown(layer)
        self._context.messages.fail(
            f"Another program put {what}, into the label layer: it does not count any more, and the labels of the "
            "session are as they were. 'Show labels' brings them back."
        )

    def _inserted(self, event: Any) -> None:
        """A layer that was taken away, or was left by the desk, is added to the viewer again."""
        layer, book, session = event.value, self._book, self._context.project.session
        if not isinstance(layer, Labels) or layer is book.layer or session is None or book.values is None:
            return
        if layer.metadata.get("session") != str(session.folder) or not self._is_ours(layer):
            return
        if book.layer is None:
            book.adopt(layer)
        else:
            layer.mode = "pan_zoom"
            layer.editable = False
            self._disown(layer)
            self._context.messages.say("The labels are shown twice: they are painted on in the other layer.", note=True)

    def _refreshed(self, event: Any) -> None:
        """Drawn anew though another section was not asked for: it may hold other values, which nobody told of."""
        dims = self._context.viewer.dims
        seen = (tuple(dims.point), tuple(dims.order), dims.ndisplay)
        if event.source is self._book.layer and seen == self._seen:
            self._book.tally.due()
        self._seen = seen

    def _changed(self) -> None:
        """A change that the history knows: the next count may be another."""
        self._told = True

    def _counted(self, counts: dict[int, int]) -> None:
        if not self._told and counts != self._counts:
            self._context.messages.say(
                "Another program has written into the labels: what it wrote counts, and cannot be taken back here.",
                note=True,
            )
        self._counts, self._told = counts, self._book.tally.pending

    def _is_shown(self, layer: Labels) -> bool:
        return self._book.layer is layer

    def _is_ours(self, layer: Labels) -> bool:
        ours = self._book.values
        if ours is None or layer.data is ours:
            return ours is not None
        return isinstance(layer.data, np.ndarray) and np.may_share_memory(layer.data, ours)

    def _disown(self, layer: Labels) -> None:
        layer.metadata.pop("session", None)
        if not layer.name.endswith(f"({_NOT_OURS})"):
            layer.name = f"{layer.name} ({_NOT_OURS})"


def taken_in(session: Session, given: Any, shape: tuple[int, ...]) -> Step:
    """Return the step after which the labels of a session are those of an array.

    Parameters
    ----------
    session : Session
        Whose labels.
    given : array_like
        Of this shape; of any kind that napari shows, read slab by slab.
    shape : tuple of int
        Of the labels.

    Raises
    ------
    LabelError
        When its values are no classes.
    """

    def rule(slab: slice, old: NDArray[np.uint8]) -> NDArray[np.uint8]:
        part = np.asarray(given[slab])
        if part.dtype.kind not in "biu" or part.min(initial=0) < 0 or part.max(initial=0) > MAX_VALUE:
            raise LabelError(
                "another program put values that are no classes into the label layer, and the labels stay as they were",
                f"Labels are whole numbers from 1 to {MAX_VALUE}, and 0 is unlabelled",
            )
        return part.astype(np.uint8)

    return Step(_TITLE, {LABELS: changes.planned(session.volume(LABELS, shape), rule)}, shape)
