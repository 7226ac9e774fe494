"""The label book: what is known about the ticked survey, painted on, each change to be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn.labels import ClassTable
from napari_fhn.labels.volumes.flushing import Flusher
from napari_fhn.project import HeldOut, Session
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import SectionReference, Step
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.door import busy
from napari_fhn.widgets.labelling import class_keys, class_layers
from napari_fhn.widgets.labelling.label_history import LabelHistory
from napari_fhn.widgets.labelling.label_state import LabelState
from napari_fhn.widgets.labelling.strokes import Strokes
from napari_fhn.widgets.labelling.tally import Tally

_PAINTING = ("paint", "fill", "polygon")
"""Tools that paint with the class in use: who has taken one up keeps it when another class is chosen."""


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
    values : ndarray or None
        What it shows: the mapped file of the session.
    history : LabelHistory
        The history, by which changes are taken back.
    tally : Tally
        Counts the labels.
    named : bool
        Whether the classes were named, by a person or a file.
    seed : callable
        Returns the seed by which labels are held out.
    wells_called : callable
        Returns the wells as they are, and as they are with other names of classes; None where there are none.
    stepped : Signal
        Emitted with a step that was done, taken back or made again.
    chosen : Signal
        Emitted with the label value that is painted with from now on, whoever chose it.
    shown : Signal
        Emitted with each label layer that is made.
    counted : Signal
        Emitted with the labelled voxels of each label value when they were counted, also where they are as before.
    """

    stepped = Signal(object)
    chosen = Signal(int)
    shown = Signal(object)
    counted = Signal(object)

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._viewer = context.viewer
        self.state = LabelState()
        self.layer: Labels | None = None
        self.values: NDArray[np.uint8] | None = None
        self.history = LabelHistory(context, self)
        self.named = False
        self.seed: Callable[[], int] = lambda: 0
        self.wells_called: Callable[[ClassTable], tuple[KeptWells, KeptWells] | None] = lambda table: None
        self._flusher = Flusher()
        self._strokes = Strokes(context, self, self._flusher)
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
        self._follow(writable)
        self.values = values
        self.layer = layer = class_layers.labels_layer(values, self.state.classes, place)
        readout.attach(layer)
        self._strokes.attach(layer, self.history.undo, self.history.redo)
        self.shown.emit(layer)
        busy()  # napari takes a moment to add a layer
        self._viewer.add_layer(self.layer)
        class_keys.attach(self._viewer, layer, self.brush_number)
        layer.events.selected_label.connect(self._selected)
        self._viewer.layers.selection.active = self.layer
        if not writable:
            self.protect()
        self.state.has_labels = True
        self.tally.due(0)

    def access(self, values: NDArray[np.uint8] | None) -> None:
        """Let one paint on these labels from now on; without any, only look at those that are shown."""
        if self.layer is None:
            return
        self._follow(values is not None)
        if values is None:
            self.protect()
        else:
            self.values = values
            self.layer.data = values
            self.layer.editable = True

    def adopt(self, layer: Labels) -> None:
        """Paint again on a layer that was taken away and is in the viewer once more."""
        self.layer = layer
        self._follow(self._context.project.writable)
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

    def carry_out(self, step: Step) -> None:
        """Do what takes no more than a moment, such as to rename a class.

        Parameters
        ----------
        step : Step
            What is to be done. Before there is a session its classes are all that is taken.
        """
        session = self._context.project.session
        if session is None:
            if step.classes is not None:
                self.set_classes(step.classes[1])
            return
        if not self.may_write():
            return
        try:
            outcome = session.steps.do(step)
        except (ValueError, OSError) as error:
            self.failed(error)
            self.state.events.classes.emit(self.state.classes)
            return
        self.took(outcome)

    def work(
        self,
        plan: Callable[[Session], Step],
        done: Callable[[Outcome], None] = lambda outcome: None,
        failed: Callable[[BaseException], None] | None = None,
        *,
        title: str = "Changing labels",
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        """Find out beside the GUI what is to be done, and do it there; until it is done it can be stopped.

        Parameters
        ----------
        plan : callable
            Given the session, returns the step; nothing is written by it.
        done, failed, stopped : callable
            Told what came of it, when it is shown; an error, in place of the person; that a person has stopped it.
        title : str
            What the bar says meanwhile.
        """
        session = self._context.project.session
        if session is None or not self.may_write():
            return

        def make(operation: Operation) -> Outcome:
            step = plan(session)
            operation.check()
            return session.steps.do(step)

        def shown(outcome: Outcome) -> None:
            self.took(outcome)
            done(outcome)

        operation = Operation(title, writes=True)
        self._context.attempt(operation, make, shown, failed or self.failed, stopped)

    def took(self, outcome: Outcome) -> None:
        """Show a step that was done, taken back or made again: its voxels, its classes, what else goes with it."""
        session = self._context.project.session
        if session is None:
            return
        table = session.classes
        if outcome.step.classes is not None and table is not None:
            self._take(table)
        self.stepped.emit(outcome.step)
        self.history.changed.emit()
        for words in outcome.words:
            self._context.messages.say(words, note=True)
        self._show_change()

    def may_write(self) -> bool:
        """Whether the desk is the one who writes; if not, a sentence says so."""
        project = self._context.project
        wrote = project.writable
        project.watch()  # which says it, where that has just come to an end
        if wrote and not project.writable:
            return False
        if project.session is not None and not project.writable:
            self._context.messages.fail(f"{project.why}: here it can only be looked at.")
            return False
        return True

    def failed(self, error: BaseException) -> None:
        """Say why a change could not be made; all is as it was."""
        wrote = self._context.project.writable
        self._context.project.watch()
        if self._context.project.writable == wrote:
            self._context.messages.report(error, ValueError, OSError)

    def set_classes(self, table: ClassTable) -> None:
        """Show another class table and keep it in the session; the voxels stay as they are."""
        self._take(table)
        self._context.project.change("The classes", lambda session: session.set_classes(table))

    def recolour(self) -> None:
        """Show the classes in their colours, without those that are hidden."""
        if self.layer is not None:
            class_layers.recolour(self.layer, self.state.classes, self.state.hidden)

    def go(self, axis: int, index: int) -> None:
        """Look at a section of the label volume."""
        if self.layer is not None:
            view.look_at(self._viewer, self.layer, axis, index, self._context.data.vertical)

    def brush(self, value: int) -> None:
        """Paint with this class from now on: the brush is taken up, where one may paint."""
        layer = self.layer
        if layer is None:
            return
        layer.selected_label = value
        self._viewer.layers.selection.active = layer
        if layer.editable and layer.mode not in _PAINTING and self._viewer.dims.ndisplay == 2:
            layer.mode = "paint"

    def brush_number(self, number: int) -> None:
        """Paint with the class of this number, from 1, if there are as many."""
        if number <= len(self.state.classes):
            self.brush(self.state.classes.values[number - 1])

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
        self.values = None
        self.named = False
        self.state.classes = ClassTable.default(3)
        self.tally.chosen = None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def forget_layer(self) -> None:
        """Let go of the layer, which somebody has taken away."""
        self.layer = None
        self.history.follow(None)
        self.state.has_labels = False
        self.state.held = None
        self.state.counts = {}

    def close(self) -> None:
        """Let go of the viewer; strokes on the layer that stays would reach the file past whoever writes there next."""
        self.tally.close()
        if self.layer is not None and self.layer in self._viewer.layers:
            self.protect()

    def _follow(self, writable: bool) -> None:
        """Take up what can be taken back in the session, where the desk writes in it."""
        session = self._context.project.session
        for words in self.history.follow(session.steps if session is not None and writable else None):
            self._context.messages.say(words, note=True)

    def _take(self, table: ClassTable) -> None:
        self.named = True
        self.state.classes = table
        self.recolour()
        layer = self.layer
        if layer is not None and layer.selected_label not in table.values:
            layer.selected_label = table.values[0]

    def _selected(self, event: Any) -> None:
        self.chosen.emit(int(event.source.selected_label))

    def _show_change(self) -> None:
        if self.layer is None:
            return
        self._flusher.due(self.layer.data)
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
        self.counted.emit(counts)
        # A value that was painted by number and has no class yet gets one.
        if counts and max(counts) not in self.state.classes.values:
            self.set_classes(self.state.classes.with_values(counts))
        if suggested is not None:
            self.state.held_out = suggested

    def _miscounted(self, error: BaseException) -> None:
        self._context.messages.say(str(error), note=True)
