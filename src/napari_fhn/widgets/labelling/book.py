"""The label book: what is known about the ticked survey, kept in its session and painted on in its label layer."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import SignalGroupDescriptor
from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.labels.changes import Change
from napari_fhn.session import Session
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers, strokes
from napari_fhn.widgets.labelling.ledger import Entry, Ledger, SectionReference, moved
from napari_fhn.widgets.labelling.sidecar_files import is_for_wells, sidecar_files
from napari_fhn.widgets.labelling.tally import Tally
from napari_fhn.widgets.words import Words


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
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_labels: bool = False
    classes: ClassTable = field(default_factory=lambda: ClassTable.default(3))
    hidden: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    counts: dict[int, int] = field(default_factory=dict)
    held_out: int = 0
    held: tuple[Box, ...] | None = None


class LabelBook:
    """Makes the label layer and carries out every change of it, so that each can be taken back.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer is shown.
    data : Data
        The surveys that are labelled.
    words : Words
        Where it says what happened.
    background : Background
        For what takes longer than a moment.
    open_session : callable
        Returns the session of the ticked surveys.

    Attributes
    ----------
    state : LabelState
        What is known.
    session : Session or None
        The folder that the labels are in, once there are labels.
    layer : napari.layers.Labels or None
        The label layer.
    ledger : Ledger
        The history.
    tally : Tally
        Counts the labels.
    named : bool
        Whether the classes were named, by a person or a file.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        data: Data,
        words: Words,
        background: Background,
        open_session: Callable[[Material], Session],
    ) -> None:
        self.viewer = viewer
        self.data = data
        self.words = words
        self.background = background
        self.state = LabelState()
        self.session: Session | None = None
        self.layer: Labels | None = None
        self.ledger = Ledger()
        self.named = False
        self._open_session = open_session
        self.tally = Tally(self, background, words)
        data.state.events.material.connect(self._material_changed)
        viewer.layers.events.removed.connect(self._on_removed)

    def new(self) -> bool:
        """Open the session of the ticked survey and show its labels; False where it cannot."""
        if self.layer is not None:
            return True
        material = self.data.material
        if material is None:
            self.words.fail("Tick a survey first: open a file, or one of the samples.")
            return False
        try:
            session = self._open_session(material)
            values = session.label_volume(material.shape)
            table = session.folder / "classes.csv"
            self.named = table.is_file()
            if self.named:
                self.state.classes = ClassTable.from_csv(table)
        except (labels.LabelError, OSError) as error:
            self.words.fail(str(error), traceback.format_exc())
            return False
        self.session = session
        self.ledger.clear()
        self.layer = class_layers.labels_layer(values, self.state.classes, material.placement())
        readout.attach(self.layer)
        strokes.attach(self.layer, self._painted, self.undo, self.redo)
        self.viewer.add_layer(self.layer)
        for key in range(1, 10):
            # napari's own digits choose a tool; its letters do so too, and stay.
            self.layer.bind_key(str(key), lambda layer, key=key: self._brush_of_key(key), overwrite=True)
        self.viewer.layers.selection.active = self.layer
        self.state.has_labels = True
        self.tally.due(0)
        self.words.say("Pick a class and paint what you know, then press Train.")
        return True

    def place(self) -> SectionReference | None:
        """The section in view; None where everything is."""
        focus = None if self.layer is None else view.focus(self.viewer, self.layer)
        return None if focus is None else SectionReference(focus.axis, focus.index, self.data.title())

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
        self.ledger.record(Entry(title, change, place, classes, also))
        if classes is not None:
            self.set_classes(classes[1])
        self._show_change()

    def undo(self) -> None:
        """Take back the last change on the section in view, or of the whole survey, whichever is newer."""
        place = self.place()
        entry = self.ledger.last(place)
        if entry is None:
            elsewhere = self.ledger.last(None)
            where = (
                "" if elsewhere is None else f" The last change, {elsewhere.title}, was made on another: see History."
            )
            self.words.say(f"There is nothing to undo on this section.{where}")
            return
        self.toggle(entry)

    def redo(self) -> None:
        """Make the change again that was last taken back on the section in view."""
        entry = self.ledger.next(self.place())
        if entry is None:
            self.words.say("There is nothing to redo on this section.")
            return
        self.toggle(entry)

    def toggle(self, entry: Entry) -> None:
        """Take a change of the history back, or make it again."""
        if self.layer is None:
            return
        again = entry.undone
        voxels = (self.ledger.redo if again else self.ledger.undo)(entry, self.layer.data)
        if entry.classes is not None:
            before, after = entry.classes if again else entry.classes[::-1]
            try:
                self.set_classes(moved(self.state.classes, before, after))
            except labels.LabelError as error:
                self.words.fail(str(error))
        if entry.also is not None:
            entry.also(again)
        where = f" on {entry.place.title}" if entry.place is not None and entry.place.title else ""
        size = f" ({voxels:,} voxels)" if voxels else ""
        self.words.say(f"{'Made again' if again else 'Undone'}: {entry.title}{where}{size}.")
        self._show_change()

    def set_classes(self, table: ClassTable) -> None:
        """Show another class table and keep it in the session; the voxels stay as they are."""
        self.named = True
        self.state.classes = table
        if self.session is not None:
            try:
                table.to_csv(self.session.folder / "classes.csv")
            except OSError as error:
                self.words.say(f"The classes could not be kept in the session: {error.strerror}.", note=True)
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
        dims, layer = self.viewer.dims, self.layer
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
            self.viewer.layers.selection.active = self.layer

    def close(self) -> None:
        """Let go of the viewer."""
        self.tally.close()
        disconnect(self.viewer.layers.events.removed, self._on_removed)

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
        self.ledger.record(Entry(title, change, place))
        if locked.patches:
            # napari may write the voxels only after it has told of them.
            QTimer.singleShot(0, lambda: self._restore(locked))
        self.tally.due()

    def _restore(self, locked: Change) -> None:
        if self.layer is not None and locked.undo(self.layer.data):
            self.words.say("Voxels of locked classes stayed as they are.")
            self.layer.refresh(extent=False, thumbnail=False)

    def _show_change(self) -> None:
        if self.layer is None:
            return
        if isinstance(self.layer.data, np.memmap):
            self.layer.data.flush()
        self.layer.refresh(extent=False, thumbnail=False)
        self.tally.due()

    def _material_changed(self, material: Material | None) -> None:
        if material is None:
            return
        if self.layer is not None and self.layer.data.shape != material.shape:
            self._forget()
        if not self.state.has_labels:
            what = "wells" if is_for_wells(material.first) else "points"
            more = f", or load the {what} that lie beside it" if sidecar_files(material.first) else ""
            self.words.say(f"Make a label layer and paint{more}.")

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self._forget()
            self.words.say("The label layer is gone, the labels are not: 'New label layer' brings them back.")

    def _forget(self) -> None:
        self.layer = None
        self.session = None
        self.ledger.clear()
        self.state.has_labels = False
        self.state.held = None
        self.state.counts = {}
