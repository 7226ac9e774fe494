"""What carrying along the reflectors would label, seen before it does: on the section in view, and as sliders move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn.project.labelling.carrying import LEAST, CarryPreview
from napari_fhn.sentence import counted
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook

NAME = "Would be carried"
_OPACITY = 0.35


@dataclass
class PreviewState:
    """What is seen; setting a field emits an event of its name.

    Parameters
    ----------
    shown : bool
        Whether it is.
    words : str
        What is on the section in view.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    shown: bool = False
    words: str = ""


class Preview:
    """A transparent layer of what would be set; it changes no label and goes when it is applied or discarded.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels would be added to.

    Attributes
    ----------
    state : PreviewState
        What is seen.
    layer : napari.layers.Labels or None
        The layer.
    """

    def __init__(self, context: DeskContext, book: LabelBook) -> None:
        self.state = PreviewState()
        self.layer: Labels | None = None
        self._context = context
        self._book = book
        self._made: CarryPreview | None = None
        self._asked: tuple[Any, ...] | None = None
        self._busy = False
        self._making: object | None = None
        self._least: float = LEAST
        self._reach: float | None = None
        book.stepped.connect(self._on_change)
        # Held weakly: the events of a state are held by its class, and would keep the window in memory.
        book.state.events.has_labels.connect(self.discard)
        context.viewer.layers.events.removed.connect(self._on_removed)
        for name in ("current_step", "order"):
            getattr(context.viewer.dims.events, name).connect(self._look)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)
        for name in ("current_step", "order"):
            disconnect(getattr(self._context.viewer.dims.events, name), self._look)

    def show(self, least: float, reach: float | None = None) -> None:
        """Show what would be carried, where that is so sure at least and no farther than so many traces.

        Parameters
        ----------
        least : float
            Least confidence, 0 to 1.
        reach : float, optional
            Longest way, in traces.
        """
        self._least, self._reach = least, reach
        project, messages = self._context.project.project, self._context.messages
        if self._made is not None:
            self._look()
            return
        if self._making is not None:
            return
        if project is None or self._book.layer is None or not self._context.project.writable:
            messages.fail("Label something first: a well, a section or a horizon is carried along the reflectors.")
            self.discard()
            return

        mine = self._making = object()

        def done(made: CarryPreview) -> None:
            if self._making is not mine:
                return  # discarded before it came, or another survey is ticked
            self._making = None
            self._made = made
            self.state.shown = True
            messages.say("Shown is what would be carried: Apply sets it, Discard leaves the labels as they are.")
            self._look()

        def ended(error: BaseException | None = None) -> None:
            if self._making is mine:
                self.discard()
                if error is not None:
                    self._book.failed(error)

        messages.say("Looking along the reflectors …")
        operation = Operation("Looking along the reflectors")
        self._context.attempt(operation, lambda _: CarryPreview(project), done, ended, ended)

    def discard(self) -> None:
        """See it no more; the labels are as they were."""
        layer, self.layer, self._made, self._asked, self._making = self.layer, None, None, None, None
        self.state.words = ""
        self.state.shown = False
        self.state.events.shown.emit(False)  # also where it has not come yet: a button is down
        if layer is not None and layer in self._context.viewer.layers:
            self._context.viewer.layers.remove(layer)

    def _failed(self, error: BaseException) -> None:
        self._busy = False
        self._book.failed(error)
        self.discard()

    def _look(self, event: Any = None) -> None:
        """Look at the section in view; while one is looked up the last that is asked for waits."""
        made = self._made
        if made is None:
            return
        place = self._book.place()
        if place is None and self._context.viewer.dims.ndisplay != 2:
            return
        axis, index = (None, 0) if place is None else (place.axis, place.index)  # of a line all is in view
        asked = (made, axis, index, self._least, self._reach)
        if asked == self._asked:
            return
        self._asked = asked
        if self._busy:
            return

        def work() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
            return made.section(axis, index, reach=asked[4], least=asked[3])

        def done(found: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> None:
            self._busy = False
            if self._made is not made:
                self._asked = None  # another was made meanwhile, and waits
                self._look()
                return
            if self._asked == asked:
                self._draw(axis, index, *found)
            else:
                self._asked = None
                self._look()

        self._busy = True
        self._context.background.run(work, done, self._failed)

    def _draw(self, axis: int | None, index: int, found: NDArray[np.uint8], sure: NDArray[np.float32]) -> None:
        book, material = self._book, self._context.data.material
        if book.layer is None or material is None:
            return
        if self.layer is None:
            # The system gives it room where there is something in it.
            empty = np.zeros(book.layer.data.shape, np.uint8)
            place = self._context.place_of(material)
            colors = class_layers.colormap(book.state.classes)
            self.layer = Labels(empty, name=NAME, opacity=_OPACITY, colormap=colors, **place)
            self.layer.metadata["overlay"] = "carried"
            self.layer.editable = False
            with view.keeping_active(self._context.viewer):
                self._context.viewer.add_layer(self.layer)
        self.layer.data[() if axis is None else (slice(None),) * axis + (index,)] = found
        self.layer.refresh(extent=False, thumbnail=False)
        count = int(np.count_nonzero(found))
        mean = float(sure[found > 0].mean()) if count else 0.0
        self.state.words = (
            f"{counted(count, 'voxels')} here, {100 * mean:.0f} % sure on average" if count else "nothing here"
        )

    def _on_change(self, step: Any) -> None:
        """What is carried follows from the labels: after a change of them it would be another."""
        if self._made is not None:
            self.discard()

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer and self.layer is not None:
            self.layer = None
            self.discard()
