"""Layers that were made with napari's own tools, taken over as labels: Labels, Shapes and Points.

Only the label layer of the session counts. What is painted or drawn beside it is noticed, and said once; a layer is
taken over where it lies on the voxels of the labels, in one step that can be taken back.
"""

from __future__ import annotations

from typing import Any

from napari.layers import Labels, Layer, Points, Shapes
from psygnal import Signal

from napari_fhn.labels import LabelError
from napari_fhn.project import Session
from napari_fhn.project.knowledge.arrivals import plan_part
from napari_fhn.project.knowledge.burning import labelled
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import Step
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.other_layers import part_of

_OURS = frozenset({"session", "overlay", "desk"})


class Adopting:
    """Notices layers beside the label layer, and makes labels of them.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels they become.
    opening : LabelOpening
        Which shows the labels.

    Attributes
    ----------
    changed : Signal
        Emitted when other layers may be taken over than before.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening) -> None:
        self._context = context
        self._book = book
        self._opening = opening
        self._told: set[int] = set()
        self._taken: set[int] = set()
        events = context.viewer.layers.events
        events.inserted.connect(self._inserted)
        events.removed.connect(self._look)
        context.data.state.events.material.connect(self._look)
        book.state.events.has_labels.connect(self._look)
        for layer in context.viewer.layers:
            self._follow(layer)

    def close(self) -> None:
        """Let go of the viewer."""
        events = self._context.viewer.layers.events
        disconnect(events.inserted, self._inserted)
        disconnect(events.removed, self._look)

    def candidates(self) -> list[Layer]:
        """Layers that are no part of the session and hold something that may become labels, the latest first."""
        if self._context.data.material is None:
            return []
        return [layer for layer in reversed(self._context.viewer.layers) if self._may_be(layer)]

    def adopt(self, layer: Layer) -> None:
        """Make labels of a layer, where nothing is labelled yet."""
        book = self._book
        if not self._opening.new() or book.layer is None or book.values is None:
            return
        mine, material = book.layer, self._context.data.material
        assert material is not None
        before, shape, locked = book.state.classes, mine.data.shape, tuple(book.state.locked)
        here = book.state.classes.called([int(mine.selected_label)]) or before.names[0]
        said: list[str] = []

        def plan(session: Session) -> Step:
            part = part_of(layer, mine, material, book.base, here)
            step, words, there = plan_part(part, session, shape, locked, (before, part.classes))
            said.extend((f"{labelled(step.labels.voxels, there)}.", *part.words, *words))
            return step

        def done(outcome: Outcome) -> None:
            layer.visible = False
            self._taken.add(id(layer))
            self.changed.emit()
            self._context.messages.say(" ".join([f"Taken over from '{layer.name}', which is hidden:", *said]))

        book.work(plan, done, lambda error: self._context.messages.report(error, LabelError))

    def _may_be(self, layer: Layer) -> bool:
        if layer is self._book.layer or _OURS & set(layer.metadata) or id(layer) in self._taken:
            return False
        return isinstance(layer, Labels) or (isinstance(layer, Shapes | Points) and len(layer.data) > 0)

    def _look(self, event: Any = None) -> None:
        self.changed.emit()

    def _inserted(self, event: Any) -> None:
        self._follow(event.value)
        self.changed.emit()

    def _follow(self, layer: Layer) -> None:
        """Hear when somebody paints or draws on a layer that does not count."""
        if isinstance(layer, Labels):
            layer.events.paint.connect(self._painted)
        elif isinstance(layer, Shapes | Points):
            layer.events.data.connect(self._painted)

    def _painted(self, event: Any) -> None:
        layer = event.source
        if not isinstance(layer, Layer) or self._context.data.material is None:
            return
        if layer is self._book.layer or _OURS & set(layer.metadata):
            return
        self._taken.discard(id(layer))
        self.changed.emit()
        if id(layer) not in self._told and self._may_be(layer):
            self._told.add(id(layer))
            there = f"Paint on '{self._book.layer.name}', or take" if self._book.layer is not None else "Take"
            self._context.messages.say(
                f"'{layer.name}' does not count as labels. {there} it over with the button above the classes."
            )
