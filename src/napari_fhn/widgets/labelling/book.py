"""The label book: what is known about the ticked survey, kept in its session and painted on in its label layer."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
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
from napari_fhn.project import HeldOut, ProjectError, Session
from napari_fhn.project.sidecar_files import is_for_wells, sidecar_files
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers, strokes
from napari_fhn.widgets.labelling.label_history import Entry, LabelHistory, SectionReference, moved
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
    folder_of : callable
        Returns the folder of the session of some surveys.

    Attributes
    ----------
    state : LabelState
        What is known.
    layer : napari.layers.Labels or None
        The label layer.
    ledger : LabelHistory
        The history.
    tally : Tally
        Counts the labels.
    named : bool
        Whether the classes were named, by a person or a file.
    seed : callable
        Returns the seed by which labels are held out.
    """

    def __init__(self, context: DeskContext, folder_of: Callable[[Material], Path]) -> None:
        self.context = context
        self.viewer = context.viewer
        self.state = LabelState()
        self.layer: Labels | None = None
        self.history = LabelHistory()
        self.named = False
        self.seed: Callable[[], int] = lambda: 0
        self._folder_of = folder_of
        self._put_away: Path | None = None
        self._keeping_surveys = False
        self.tally = Tally(context.background, self._to_count, self._counted, self._miscounted)
        context.data.state.events.material.connect(self._material_changed)
        context.data.state.events.vertical_axis.connect(self._vertical_changed)
        context.project.changed.connect(self._project_changed)
        self.viewer.layers.events.removed.connect(self._on_removed)

    @property
    def session(self) -> Session | None:
        """The folder that the labels are in, once there are labels."""
        return self.context.project.session

    def waiting(self) -> bool:
        """Whether the ticked surveys have labels in a session that are not shown."""
        material = self.context.data.material
        if self.layer is not None or material is None:
            return False
        return Session(self._folder(material)).has_labels

    def new(self) -> bool:
        """Show the labels of the ticked surveys, and make them where there are none.

        Returns
        -------
        bool
            Whether they may be changed; if not, a sentence says why.
        """
        context = self.context
        if self.layer is None and not self._show():
            return False
        if not context.project.writable:
            context.messages.fail(
                f"{context.project.writer} is working in this session: here it can only be looked at."
            )
            return False
        return True

    def place_of(self, material: Material) -> dict[str, Any]:
        """Where labels and predictions lie on the canvas, marked as belonging to the session."""
        place = material.placement()
        session = self.session
        if session is not None:
            place["metadata"]["session"] = str(session.folder)
        return place

    @contextlib.contextmanager
    def keeping_surveys(self, keeping: bool) -> Iterator[None]:
        """Leave the surveys of the session as they are while others are ticked."""
        self._keeping_surveys = keeping
        try:
            yield
        finally:
            self._keeping_surveys = False

    def _folder(self, material: Material) -> Path:
        """The session of some surveys: the open one, the one of layers that an earlier dock has left, or by name."""
        session = self.session
        if session is not None:
            return session.folder
        folder = self._folder_of(material)
        if not material.first.attrs.get("source"):
            # An array from no file has no session but the one that its labels in this viewer belong to.
            for layer in self.viewer.layers:
                there = Path(str(layer.metadata.get("session", "")))
                mine = "session" in layer.metadata and there.is_dir()
                if mine and isinstance(layer, Labels) and layer.data.shape == material.shape:
                    return there
        return folder

    def _show(self) -> bool:
        """Show the labels; False where that cannot be done, and a sentence says why."""
        context, material = self.context, self.context.data.material
        if material is None:
            context.messages.fail("Tick a survey first: open a file, or one of the samples.")
            return False
        try:
            if context.project.project is None:
                vertical = material.vertical(context.data.state.vertical_axis)
                context.project.open(self._folder(material), material.surveys, vertical_axis=vertical)
            values = self._values(material.shape)
        except (labels.LabelError, ProjectError, OSError) as error:
            context.messages.fail(str(error), traceback.format_exc())
            return False
        self._put_away = None
        self.take_classes()
        self.history.clear()
        self._remove_leftovers()
        self.layer = class_layers.labels_layer(values, self.state.classes, self.place_of(material))
        readout.attach(self.layer)
        strokes.attach(self.layer, self._painted, self.undo, self.redo)
        self.viewer.add_layer(self.layer)
        for key in range(1, 10):
            # napari's own digits choose a tool; its letters do so too, and stay.
            self.layer.bind_key(str(key), lambda layer, key=key: self._brush_of_key(key), overwrite=True)
        self.viewer.layers.selection.active = self.layer
        self._protect()
        self.state.has_labels = True
        self.tally.due(0)
        if context.project.writable:
            context.messages.say("Pick a class and paint what you know, then press Train.")
        else:
            context.messages.say(f"{context.project.writer} is working in this session: look at it, or take it over.")
        return True

    def _values(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        session = self.session
        assert session is not None
        if self.context.project.writable:
            return session.label_volume(shape)
        return session.known() if session.has_labels else np.broadcast_to(np.zeros((), np.uint8), shape)

    def take_classes(self) -> None:
        """Show the classes of the session; those that were named before it was there are written into it."""
        table = None if self.session is None else self.session.classes
        if table is None:
            if self.named:
                self.set_classes(self.state.classes)
        elif table != self.state.classes or not self.named:
            self.named, self.state.classes = True, table
            self.recolour()

    def _remove_leftovers(self) -> None:
        """Take layers away that an earlier dock of this viewer has left: the same ones come now."""
        mine = str(self.session.folder) if self.session is not None else ""
        for layer in list(self.viewer.layers):
            # One may have gone with another: wells with their paths.
            if layer in self.viewer.layers and layer.metadata.get("session") == mine:
                self.viewer.layers.remove(layer)

    def _protect(self) -> None:
        """Let nobody paint into a session in which another program writes."""
        if self.layer is not None and not self.context.project.writable:
            self.layer.mode = "pan_zoom"
            self.layer.editable = False

    def place(self) -> SectionReference | None:
        """The section in view; None where everything is."""
        focus = None if self.layer is None else view.focus(self.viewer, self.layer)
        return None if focus is None else SectionReference(focus.axis, focus.index, self.context.data.title())

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
            self.context.messages.say(f"There is nothing to undo on this section.{where}")
            return
        self.toggle(entry)

    def redo(self) -> None:
        """Make the change again that was last taken back on the section in view."""
        entry = self.history.next(self.place())
        if entry is None:
            self.context.messages.say("There is nothing to redo on this section.")
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
                self.set_classes(moved(self.state.classes, before, after))
            except labels.LabelError as error:
                self.context.messages.fail(str(error))
        if entry.also is not None:
            entry.also(again)
        where = f" on {entry.place.title}" if entry.place is not None and entry.place.title else ""
        size = f" ({voxels:,} voxels)" if voxels else ""
        self.context.messages.say(f"{'Made again' if again else 'Undone'}: {entry.title}{where}{size}.")
        self._show_change()

    def set_classes(self, table: ClassTable) -> None:
        """Show another class table and keep it in the session; the voxels stay as they are."""
        self.named = True
        self.state.classes = table
        self.context.project.change("The classes", lambda session: session.set_classes(table))
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

    def close(self) -> None:
        """Let go of the viewer; strokes on the layer that stays would reach the file past whoever writes there next."""
        self.tally.close()
        disconnect(self.viewer.layers.events.removed, self._on_removed)
        if self.layer is not None and self.layer in self.viewer.layers:
            self.layer.mode = "pan_zoom"
            self.layer.editable = False

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
            self.context.messages.say("Voxels of locked classes stayed as they are.")
            self.layer.refresh(extent=False, thumbnail=False)

    def _show_change(self) -> None:
        if self.layer is None:
            return
        if isinstance(self.layer.data, np.memmap):
            self.layer.data.flush()
        self.layer.refresh(extent=False, thumbnail=False)
        self.tally.due()

    def _to_count(self) -> tuple[NDArray[np.uint8], int | None] | None:
        if self.layer is None or self.context.data.material is None:
            return None
        return self.layer.data, self.context.data.vertical

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
        self.context.messages.say(str(error), note=True)

    def _vertical_changed(self, axis: int | None) -> None:
        material = self.context.data.material
        if material is not None and self.session is not None:
            vertical = material.vertical(axis)
            self.context.project.change("The axis", lambda session: session.change(vertical_axis=vertical))

    def _project_changed(self) -> None:
        """Follow when the session is gone, or may not be written in any more, or may again."""
        project, material = self.context.project, self.context.data.material
        if project.project is None:
            self._forget()
        elif self.layer is not None and material is not None:
            if project.writable:
                self.layer.data = self._values(material.shape)
                self.layer.editable = True
            self._protect()
            self.state.events.has_labels.emit(True)

    def _material_changed(self, material: Material | None) -> None:
        if material is None:
            self._put_away = None
            return
        project, words = self.context.project, self.context.messages
        if project.project is not None and not self._keeping_surveys:
            try:
                project.use(material.surveys, material.vertical(self.context.data.state.vertical_axis))
            except (ProjectError, labels.LabelError):
                project.close()  # these surveys lie elsewhere: they have a session of their own
            except OSError as error:
                words.say(f"The surveys could not be kept in the session: {error.strerror}.", note=True)
        if self.waiting() and self._folder(material) != self._put_away:
            self._show()
        elif not self.state.has_labels:
            what = "wells" if is_for_wells(material.first) else "points"
            more = f", or load the {what} that lie beside it" if sidecar_files(material.first) else ""
            words.say(f"Make a label layer and paint{more}.")

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            shown = self.context.data.material is not None and self.session is not None
            self._put_away = self.session.folder if shown and self.session is not None else None
            self._forget_layer()
            self.context.messages.say("The label layer is gone, the labels are not: 'Show labels' brings them back.")

    def _forget(self) -> None:
        """Take the layer away and forget the classes: another session, or none, comes."""
        layer = self.layer
        self._forget_layer()
        self.named = False
        self.state.classes = ClassTable.default(3)
        self.tally.chosen = None
        if layer is not None and layer in self.viewer.layers:
            self.viewer.layers.remove(layer)

    def _forget_layer(self) -> None:
        self.layer = None
        self.history.clear()
        self.state.has_labels = False
        self.state.held = None
        self.state.counts = {}
