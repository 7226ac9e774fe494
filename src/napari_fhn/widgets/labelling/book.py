"""The label book: what is known about the ticked survey, painted on, each change to be taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor
from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.labels.changes import Change
from napari_fhn.project import HeldOut
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.labelling import class_layers, strokes
from napari_fhn.widgets.labelling.label_history import Entry, LabelHistory, SectionReference
from napari_fhn.widgets.labelling.tally import Tally


@dataclass
class LabelState:
    """What is known; setting a field emits an event of its name.

    Parameters
    ----------
    has_labels : bool
        Whether there is a label layer to paint on and to train with.
    classes : ClassTable
        The classes.
    hidden, locked : frozenset of int
        Label values that are not shown, and those whose voxels no brush and no file changes.
    counts : dict
        Labelled voxels of each label value.
    held_out : int
        Labelled bodies to keep for the score.
    held : tuple of Box or None
        Those that a person chose; None where the program chooses.
    blocks : int or None
        Edge of the blocks that are held out, in traces or pixels; None where bodies are held out whole.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_labels: bool = False
    classes: ClassTable = field(default_factory=lambda: ClassTable.default(3))
    hidden: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    counts: dict[int, int] = field(default_factory=dict)
    held_out: int = 0
    held: tuple[Box, ...] | None = None
    blocks: int | None = None


class LabelBook:
    """Makes the label layer and carries out every change of it, so that each can be taken back.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.

    Attributes
    ----------
    state : LabelState
        What is known.
    layer : napari.layers.Labels or None
        The label layer.
    history : LabelHistory
        The history.
    tally : Tally
        Counts the labels.
    named : bool
        Whether the classes were named, by a person or a file.
    seed : callable
        Returns the seed by which labels are held out.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._viewer = context.viewer
        self.state = LabelState()
        self.layer: Labels | None = None
        self.history = LabelHistory()
        self.named = False
        self.seed: Callable[[], int] = lambda: 0
        self.tally = Tally(context.background, self._to_count, self._counted, self._miscounted)

    def show(self, values: NDArray[np.uint8], place: dict[str, Any], *, writable: bool) -> None:
        """Show labels as a layer to paint on.

        Parameters
        ----------
        values : ndarray or memmap of uint8
            The labels; strokes are written into it.
        place : dict
            Where they lie on the canvas.
        writable : bool
            Whether one may paint.
        """
        self.history.clear()
        self.layer = class_layers.labels_layer(values, self.state.classes, place)
        readout.attach(self.layer)
        strokes.attach(self.layer, self._painted, self.undo, self.redo)
        self._viewer.add_layer(self.layer)
        for key in range(1, 10):
            # napari's own digits choose a tool; its letters do so too, and stay.
            self.layer.bind_key(str(key), lambda layer, key=key: self._brush_of_key(key), overwrite=True)
        self._viewer.layers.selection.active = self.layer
        if not writable:
            self.protect()
        self.state.has_labels = True
        self.tally.due(0)

    def protect(self) -> None:
        """Let nobody paint: another program writes there, or the layer is nobody's any more."""
        if self.layer is not None:
            self.layer.mode = "pan_zoom"
            self.layer.editable = False

    @property
    def base(self) -> ClassTable:
        """The classes that files add to: those that were named, or painted already."""
        state = self.state
        return ClassTable(tuple(c for c in state.classes if self.named or state.counts.get(c.value)))

    def take_classes(self) -> None:
        """Show the classes of the session; those that were named before it was there are written into it."""
        session = self._context.project.session
        table = None if session is None else session.classes
        if table is None:
            if self.named:
                self.set_classes(self.state.classes)
        elif table != self.state.classes or not self.named:
            self.named, self.state.classes = True, table
            self.recolour()

    def place(self) -> SectionReference | None:
        """The section in view; None where everything is."""
        focus = None if self.layer is None else view.focus(self._viewer, self.layer)
        return None if focus is None else SectionReference(focus.axis, focus.index, self._context.data.title())

    def apply(
        self,
        title: str,
        change: Change,
        place: SectionReference | None = None,
        classes: tuple[ClassTable, ClassTable] | None = None,
        also: Callable[[bool], None] | None = None,
    ) -> None:
        """Write a change that has been made into the history, and show it.

        Parameters
        ----------
        title : str
            What was done.
        change : Change
            Of the label volume, already made.
        place : SectionReference, optional
            The section it was made on.
        classes : (ClassTable, ClassTable), optional
            The class table before and after.
        also : callable, optional
            Told False when the change is taken back, and True when it is made again.
        """
        self.history.record(Entry(title, change, place, classes, also))
        if classes is not None:
            self.set_classes(classes[1])
        self._show_change()

    def undo(self) -> None:
        """Take back the last change on the section in view, or of the whole survey, whichever is newer."""
        place = self.place()
        entry = self.history.last(place)
        if entry is None:
            elsewhere = self.history.last(None)
            where = (
                "" if elsewhere is None else f" The last change, {elsewhere.title}, was made on another: see History."
            )
            self._context.messages.say(f"There is nothing to undo on this section.{where}")
            return
        self.toggle(entry)

    def redo(self) -> None:
        """Make the change again that was last taken back on the section in view."""
        entry = self.history.next(self.place())
        if entry is None:
            self._context.messages.say("There is nothing to redo on this section.")
            return
        self.toggle(entry)

    def toggle(self, entry: Entry) -> None:
        """Take a change of the history back, or make it again."""
        if self.layer is None:
            return
        again = entry.undone
        voxels = (self.history.redo if again else self.history.undo)(entry, self.layer.data)
        if entry.classes is not None:
            before, after = entry.classes if again else entry.classes[::-1]
            try:
                self.set_classes(self.state.classes.carried(before, after))
            except labels.LabelError as error:
                self._context.messages.fail(str(error))
        if entry.also is not None:
            entry.also(again)
        where = f" on {entry.place.title}" if entry.place is not None and entry.place.title else ""
        size = f" ({voxels:,} voxels)" if voxels else ""
        self._context.messages.say(f"{'Made again' if again else 'Undone'}: {entry.title}{where}{size}.")
        self._show_change()

    def set_classes(self, table: ClassTable) -> None:
        """Show another class table and keep it in the session; the voxels stay as they are."""
        self.named = True
        self.state.classes = table
        self._context.project.change("The classes", lambda session: session.set_classes(table))
        self.recolour()
        if self.layer is not None and self.layer.selected_label not in table.values:
            self.layer.selected_label = table.values[0]

    def recolour(self) -> None:
        """Show the classes in their colours, without those that are hidden."""
        if self.layer is not None:
            class_layers.recolour(self.layer, self.state.classes, self.state.hidden)

    def go(self, axis: int, index: int) -> None:
        """Look at a section of the label volume."""
        if self.layer is None:
            return
        dims, layer = self._viewer.dims, self.layer
        if dims.ndisplay != 2:
            dims.ndisplay = 2
        offset = dims.ndim - layer.ndim
        if axis + offset in dims.displayed:
            order = [a for a in dims.order if a != axis + offset]
            dims.order = (*order[:offset], axis + offset, *order[offset:])
        point = layer.data_to_world([index if a == axis else 0 for a in range(layer.ndim)])
        dims.set_point(axis + offset, float(point[axis]))

    def brush(self, value: int) -> None:
        """Paint with this class from now on."""
        if self.layer is not None:
            self.layer.selected_label = value
            self._viewer.layers.selection.active = self.layer

    def held_out(self) -> HeldOut:
        """What is to be held out of the next training."""
        state = self.state
        return HeldOut(state.held_out, () if state.held is None else state.held, state.blocks)

    def take_held_out(self, kept: HeldOut) -> None:
        """Hold out what the session says."""
        if kept.count is not None:
            self.choose_held_out(kept.count)
        self.state.held = kept.boxes or None
        self.state.blocks = kept.blocks

    def choose_held_out(self, n: int) -> None:
        """Hold out this many bodies, whatever their number: from now on nothing is suggested."""
        self.tally.chosen = n
        self.state.held = None
        self.state.held_out = n

    def forget(self) -> None:
        """Take the layer away and forget the classes: another session, or none, comes."""
        layer = self.layer
        self.forget_layer()
        self.named = False
        self.state.classes = ClassTable.default(3)
        self.tally.chosen = None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def forget_layer(self) -> None:
        """Let go of the layer, which somebody has taken away."""
        self.layer = None
        self.history.clear()
        self.state.has_labels = False
        self.state.held = None
        self.state.counts = {}

    def close(self) -> None:
        """Let go of the viewer; strokes on the layer that stays would reach the file past whoever writes there next."""
        self.tally.close()
        if self.layer is not None and self.layer in self._viewer.layers:
            self.protect()

    def _brush_of_key(self, key: int) -> None:
        if key <= len(self.state.classes):
            self.brush(self.state.classes.values[key - 1])

    def _painted(self, change: Change) -> None:
        if not change.patches:
            return
        place = self.place()
        locked = change.only(tuple(self.state.locked)) if self.state.locked else Change()
        names = class_layers.names(self.state.classes)
        value = int(change.patches[-1].values()[1].max())
        title = f"painted {names.get(value, f'class {value}')}" if value else "erased"
        self.history.record(Entry(title, change, place))
        if locked.patches:
            # napari may write the voxels only after it has told of them.
            QTimer.singleShot(0, lambda: self._restore(locked))
        self.tally.due()

    def _restore(self, locked: Change) -> None:
        if self.layer is not None and locked.undo(self.layer.data):
            self._context.messages.say("Voxels of locked classes stayed as they are.")
            self.layer.refresh(extent=False, thumbnail=False)

    def _show_change(self) -> None:
        if self.layer is None:
            return
        if isinstance(self.layer.data, np.memmap):
            self.layer.data.flush()
        self.layer.refresh(extent=False, thumbnail=False)
        self.tally.due()

    def _to_count(self) -> tuple[NDArray[np.uint8], int | None] | None:
        if self.layer is None or self._context.data.material is None:
            return None
        return self.layer.data, self._context.data.vertical

    def _counted(self, counts: dict[int, int], suggested: int | None) -> None:
        if self.layer is None:
            return
        self.state.counts = counts
        # A value that was painted by number and has no class yet gets one.
        if counts and max(counts) not in self.state.classes.values:
            missing = (str(v) for v in counts if v not in self.state.classes.values)
            self.set_classes(self.state.classes.including(missing))
        if suggested is not None:
            self.state.held_out = suggested

    def _miscounted(self, error: BaseException) -> None:
        self._context.messages.say(str(error), note=True)
