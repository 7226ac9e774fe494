"""The label book: what is known about the ticked survey, kept in its session and painted on in its label layer."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import SignalGroupDescriptor

from napari_fhn import labels
from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.session import Session
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling import class_layers, known
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
    counts : dict
        Labelled voxels of each label value.
    held_out : int
        Labelled bodies to keep for the score.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_labels: bool = False
    classes: ClassTable = field(default_factory=lambda: ClassTable.default(3))
    counts: dict[int, int] = field(default_factory=dict)
    held_out: int = 0


class LabelBook:
    """Makes the label layer, burns what files know into it, and keeps its classes.

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
    tally : Tally
        Counts the labels.
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
        self.state = LabelState()
        self.session: Session | None = None
        self.layer: Labels | None = None
        self._words = words
        self._open_session = open_session
        self._named = False
        self.tally = Tally(self, background, words)
        data.state.events.material.connect(self._material_changed)
        viewer.layers.events.removed.connect(self._on_removed)

    def new(self) -> bool:
        """Open the session of the ticked survey and show its labels; False where it cannot."""
        if self.layer is not None:
            return True
        material = self.data.material
        if material is None:
            self._words.fail("Tick a survey first: open a file, or one of the samples.")
            return False
        try:
            session = self._open_session(material)
            values = session.label_volume(material.shape)
            table = session.folder / "classes.csv"
            self._named = table.is_file()
            if self._named:
                self.state.classes = ClassTable.from_csv(table)
        except (labels.LabelError, OSError) as error:
            self._words.fail(str(error), traceback.format_exc())
            return False
        self.session = session
        self.layer = class_layers.labels_layer(values, self.state.classes, material.placement())
        readout.attach(self.layer)
        self.viewer.add_layer(self.layer)
        for name in ("paint", "labels_update", "set_data"):
            # Undo and redo emit set_data and never paint.
            getattr(self.layer.events, name).connect(self._painted)
        self.viewer.layers.selection.active = self.layer
        self.state.has_labels = True
        self.tally.due(0)
        self._words.say("Pick a class and paint what you know, then press Train.")
        return True

    def load_known(self, path: Path | None = None) -> None:
        """Burn wells or points into the labels.

        Parameters
        ----------
        path : Path, optional
            ``wells.csv`` or a CSV of points; by default the one beside the survey.
        """
        if not self.new():
            return
        assert self.data.material is not None
        assert self.layer is not None
        survey = self.data.material.first
        path = path or known.beside(survey)
        if path is None:
            return
        try:
            table, words = known.burn_file(path, survey, self.state.classes, self.layer.data, named=self._named)
        except (labels.LabelError, OSError) as error:
            self._words.fail(str(error), traceback.format_exc())
            return
        self.set_classes(table)
        self.layer.refresh()
        self.tally.due(0)
        self._words.say(f"{words} Press Train, or paint more.")

    def wants_file(self) -> bool:
        """Whether *Load* has to ask for a file: none lies beside the survey."""
        return self.data.material is None or known.beside(self.data.material.first) is None

    def set_classes(self, table: ClassTable) -> None:
        """Change names, colours or number of the classes; kept in the session."""
        self.state.classes = table
        self._named = True
        if self.session is not None:
            with contextlib.suppress(OSError):
                table.to_csv(self.session.folder / "classes.csv")
        if self.layer is not None:
            class_layers.recolour(self.layer, table)
            if self.layer.selected_label not in table.values:
                self.layer.selected_label = table.values[0]

    def add_class(self) -> int:
        """Add a class with the next free value; returns the value."""
        table = self.state.classes
        value = next((v for v in range(1, 256) if v not in table.values), 255)
        fresh = ClassTable.default(value).classes[-1]
        name = fresh.name if fresh.name not in table.names else f"{fresh.name} (new)"
        self.set_classes(ClassTable((*table, LabelClass(value, name, fresh.color))))
        return value

    def rename_class(self, value: int, name: str) -> None:
        """Give a class another name; one that is empty or taken is refused in a sentence."""
        try:
            table = ClassTable(
                tuple(LabelClass(c.value, name.strip(), c.color) if c.value == value else c for c in self.state.classes)
            )
        except labels.LabelError as error:
            self._words.fail(str(error))
            table = self.state.classes
        self.set_classes(table)

    def brush(self, value: int) -> None:
        """Paint with this class from now on."""
        if self.layer is not None:
            self.layer.selected_label = value
            self.viewer.layers.selection.active = self.layer

    def close(self) -> None:
        """Let go of the viewer."""
        self.tally.close()
        disconnect(self.viewer.layers.events.removed, self._on_removed)

    def _painted(self, event: Any = None) -> None:
        self.tally.due()

    def _material_changed(self, material: Material | None) -> None:
        if material is None:
            return
        if self.layer is not None and self.layer.data.shape != material.shape:
            self._forget()
        if not self.state.has_labels:
            what = "wells" if known.is_for_wells(material.first) else "points"
            more = f", or load the {what} that lie beside it" if known.beside(material.first) else ""
            self._words.say(f"Make a label layer and paint{more}.")

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self._forget()
            self._words.say("The label layer is gone, the labels are not: 'New label layer' brings them back.")

    def _forget(self) -> None:
        self.layer = None
        self.session = None
        self.state.has_labels = False
        self.state.counts = {}
