"""The one who works behind the dock: session, label layer, training process. Knows no widget."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from psygnal import Signal

from napari_fhn import labels, surveys
from napari_fhn.engine import Engine
from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.session import Session
from napari_fhn.training.recipes import fitting
from napari_fhn.widgets import class_layers, known, readout, view
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.folders import session_folder, sessions_folder
from napari_fhn.widgets.material import Material, MaterialError
from napari_fhn.widgets.placement import is_volume, section_title, stand_upright
from napari_fhn.widgets.state import DeskState, History
from napari_fhn.widgets.tally import Tally
from napari_fhn.widgets.work import Work


class Desk:
    """Carries out what the dock's buttons ask for and writes what happens into the state.

    Parameters
    ----------
    viewer : ViewerModel
        The viewer it works in.
    sessions : Path, optional
        Folder of the sessions, instead of :func:`~napari_fhn.widgets.folders.sessions_folder`.

    Attributes
    ----------
    session : Session or None
        The folder of work, once there are labels.
    material : Material or None
        What is ticked.
    labels_layer, prediction_layer : napari.layers.Labels or None
        What is known, and what is predicted.
    painted : Signal
        Emitted with the time (``time.monotonic``) when a change of the prediction in view has been handed to
        the canvas.
    """

    painted = Signal(float)

    def __init__(self, viewer: ViewerModel, sessions: Path | None = None) -> None:
        self.viewer = viewer
        self.state = DeskState()
        self.history = History()
        self.session: Session | None = None
        self.labels_layer: Labels | None = None
        self.prediction_layer: Labels | None = None
        self._root = sessions or sessions_folder()
        self._log = self._root / f"engine-{os.getpid()}-{id(self):x}.log"
        self.engine = Engine(self._log)
        self.background = Background()
        self.material: Material | None = None
        self._named = False
        self.tally = Tally(self)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self.look)
        viewer.dims.events.order.connect(self.look)
        viewer.dims.events.ndisplay.connect(self.look)
        for layer in self.images():
            self._adopt(layer)
        self.engine.start()
        self.work = Work(self, self.engine)

    # --- data ---------------------------------------------------------------------------------------------

    def images(self) -> list[Image]:
        """Image layers that may be ticked."""
        return [layer for layer in self.viewer.layers if isinstance(layer, Image) and not layer.rgb]

    def choose(self, layers: tuple[Any, ...]) -> None:
        """Tick these image layers and no others."""
        chosen = tuple(layer for layer in self.images() if layer in layers)
        self.material = None
        if chosen:
            try:
                self.material = Material.of(chosen)
            except MaterialError as error:
                self.state.chosen = chosen
                self.fail(str(error))
                return
        self.state.chosen = chosen
        if self.material is None:
            return
        names = fitting(len(self.material.shape))
        if self.state.recipe not in names:
            self.state.recipe = names[0]
        if self.labels_layer is not None and self.labels_layer.data.shape != self.material.shape:
            self._forget_labels()
        if not self.state.has_labels:
            what = known.beside(self.material.first)
            more = f", or load the {'wells' if self._for_wells() else 'points'} that lie beside it" if what else ""
            self.say(f"Make a label layer and paint{more}.")

    def _adopt(self, layer: Any) -> None:
        if not isinstance(layer, Image) or layer.rgb or layer in self.state.chosen:
            return
        readout.attach(layer)
        if is_volume(layer):
            stand_upright(self.viewer)
        try:
            Material.of((*self.state.chosen, layer))
        except MaterialError:
            # A layer on another grid is left for the person to tick.
            return
        # A second plain image on the same grid may be anything; one that a reader brought is data.
        if not self.state.chosen or "survey" in layer.metadata:
            self.choose((*self.state.chosen, layer))

    def _on_inserted(self, event: Any) -> None:
        self._adopt(event.value)
        self.look()

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        if layer is self.labels_layer:
            self._forget_labels()
            self.say("The label layer is gone, the labels are not: 'New label layer' brings them back.")
        elif layer is self.prediction_layer:
            self.prediction_layer = None
        elif layer in self.state.chosen:
            self.choose(tuple(other for other in self.state.chosen if other is not layer))

    def look(self, event: Any = None) -> None:
        """Tell the process, and the person, which section is in view."""
        layer = self.prediction_layer or self.labels_layer
        if layer is not None:
            self.engine.focus(view.focus(self.viewer, layer))
        if self.material is not None and self.material.layer in self.viewer.layers:
            self._caption(self.material)

    def _caption(self, material: Material) -> None:
        image, dims = material.layer, self.viewer.dims
        offset = dims.ndim - image.ndim
        data = image.data if hasattr(image.data, "coords") else material.first
        title = section_title(
            data,
            lambda axis: round(float(image.world_to_data(dims.point)[axis])),
            tuple(axis - offset for axis in dims.displayed),
        )
        canvas = getattr(self.viewer, "canvas", None)
        overlay = canvas.overlays.text if canvas is not None else self.viewer.text_overlay
        overlay.text = title
        overlay.visible = bool(title)

    # --- labels -------------------------------------------------------------------------------------------

    def new_labels(self) -> bool:
        """Open the session of the ticked survey and show its labels; False where it cannot."""
        if self.labels_layer is not None:
            return True
        if self.material is None:
            self.fail("Tick a survey first: open a file, or one of the samples.")
            return False
        material = self.material
        try:
            session = Session(session_folder(material.first, self._root))
            values = session.label_volume(material.shape)
            table = session.folder / "classes.csv"
            self._named = table.is_file()
            if self._named:
                self.state.classes = ClassTable.from_csv(table)
        except (labels.LabelError, OSError) as error:
            self.fail(str(error), traceback.format_exc())
            return False
        self.session = session
        self.labels_layer = class_layers.labels_layer(values, self.state.classes, material.placement())
        readout.attach(self.labels_layer)
        self.viewer.add_layer(self.labels_layer)
        for name in ("paint", "labels_update", "set_data"):
            # Undo and redo emit set_data and never paint.
            getattr(self.labels_layer.events, name).connect(self._labels_changed)
        self.viewer.layers.selection.active = self.labels_layer
        self.state.has_labels = True
        self.state.has_model = (session.model / "job.json").is_file()
        self.state.has_prediction = self.state.has_model and session.prediction.is_file()
        # Made now, while nothing trains: napari takes half a second to add a layer.
        self.show_prediction(session.prediction_volume(material.shape))
        self.tally.due(0)
        self.look()
        self.say("Pick a class and paint what you know, then press Train.")
        return True

    def load_known(self, path: Path | None = None) -> None:
        """Burn wells or points into the labels.

        Parameters
        ----------
        path : Path, optional
            ``wells.csv`` or a CSV of points; by default the one beside the survey.
        """
        if not self.new_labels():
            return
        assert self.material is not None
        assert self.labels_layer is not None
        survey = self.material.first
        path = path or known.beside(survey)
        if path is None:
            return
        try:
            table, words = known.burn_file(path, survey, self.state.classes, self.labels_layer.data, named=self._named)
        except (labels.LabelError, OSError) as error:
            self.fail(str(error), traceback.format_exc())
            return
        self.set_classes(table)
        self.labels_layer.refresh()
        self.tally.due(0)
        self.say(f"{words} Press Train, or paint more.")

    def wants_file(self) -> bool:
        """Whether *Load* has to ask for a file: none lies beside the survey."""
        return self.material is None or known.beside(self.material.first) is None

    def _for_wells(self) -> bool:
        return self.material is not None and known.is_for_wells(self.material.first)

    def set_classes(self, table: ClassTable) -> None:
        """Change names, colours or number of the classes; kept in the session."""
        self.state.classes = table
        self._named = True
        if self.session is not None:
            with contextlib.suppress(OSError):
                table.to_csv(self.session.folder / "classes.csv")
        colors = class_layers.colormap(table)
        for layer in (self.labels_layer, self.prediction_layer):
            if layer is not None:
                layer.colormap = colors
                layer.metadata["classes"] = class_layers.names(table)
        if self.labels_layer is not None and self.labels_layer.selected_label not in table.values:
            self.labels_layer.selected_label = table.values[0]

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
            self.fail(str(error))
            table = self.state.classes
        self.set_classes(table)

    def brush(self, value: int) -> None:
        """Paint with this class from now on."""
        if self.labels_layer is not None:
            self.labels_layer.selected_label = value
            self.viewer.layers.selection.active = self.labels_layer

    def _labels_changed(self, event: Any = None) -> None:
        self.tally.due()

    def _forget_labels(self) -> None:
        self.labels_layer = None
        self.session = None
        self.state.has_labels = self.state.has_model = self.state.has_prediction = False
        self.state.counts = {}

    def vertical(self) -> int | None:
        """Return the spatial axis of time or depth, None for maps."""
        return None if self.material is None else self.material.vertical(self.state.vertical_axis)

    # --- training -----------------------------------------------------------------------------------------

    def train(self) -> None:
        """Train a new network on the labels; the prediction so far is cleared."""
        self.work.begin("train")

    def predict(self) -> None:
        """Predict the whole survey with the session's network."""
        self.work.begin("predict")

    def stop(self) -> None:
        """Stop whatever is under way."""
        self.work.stop()

    def show_prediction(self, values: NDArray[np.uint8]) -> None:
        """Show a prediction below the labels; the layer that shows the same file already is kept."""
        if self.prediction_layer is not None:
            if self.prediction_layer.data.shape == values.shape and self._same_file(values):
                self.prediction_layer.refresh(extent=False, thumbnail=False, highlight=False)
                return
            self.viewer.layers.remove(self.prediction_layer)
        assert self.material is not None
        layer = class_layers.prediction_layer(values, self.state.classes, self.material.placement())
        active = self.viewer.layers.selection.active
        self.prediction_layer = layer
        readout.attach(layer)
        self.viewer.add_layer(layer)
        if self.labels_layer is not None and self.labels_layer in self.viewer.layers:
            # The layer just added is on top; what is known belongs above what is guessed.
            self.viewer.layers.move(self.viewer.layers.index(layer), self.viewer.layers.index(self.labels_layer))
        if active is not None:
            self.viewer.layers.selection.active = active

    def _same_file(self, values: NDArray[np.uint8]) -> bool:
        shown = self.prediction_layer.data if self.prediction_layer is not None else None
        return getattr(shown, "filename", None) == getattr(values, "filename", 0)

    # --- results ------------------------------------------------------------------------------------------

    def export(self, path: Path) -> None:
        """Save the prediction on the grid of the survey, beside the GUI.

        Parameters
        ----------
        path : Path
            ``.sgy`` with the survey's headers, ``.tif`` with its map, or ``.npy``.
        """
        if self.material is None or self.session is None:
            self.fail("There is no prediction to export yet.")
            return
        like = self.material.first
        values = self.session.prediction_volume(self.material.shape)
        self.state.task = "export"
        self.say(f"Writing {path.name} ...")

        def done(written: Path) -> None:
            self.state.task = None
            self.say(f"Exported to {written}.")

        def failed(error: BaseException) -> None:
            self.state.task = None
            self.fail(str(error), "".join(traceback.format_exception(error)))

        self.background.run(lambda: surveys.save(path, values, like), done, failed)

    # --- words --------------------------------------------------------------------------------------------

    def say(self, message: str, *, note: bool = False) -> None:
        """Show a sentence."""
        if note:
            self.state.note = message
            return
        self.state.error, self.state.detail = False, ""
        self.state.message = message

    def fail(self, message: str, detail: str = "") -> None:
        """Show a sentence about something that went wrong; the detail is for a report."""
        self.state.detail = detail
        self.state.error = True
        self.state.message = message
        show_error(message)

    def close(self) -> None:
        """End the training process and let go of the viewer; may be called any number of times."""
        self.work.close()
        self.engine.close()
        self._log.unlink(missing_ok=True)
        self.background.close()
        self.tally.close()
        _disconnect(self.viewer.layers.events.inserted, self._on_inserted)
        _disconnect(self.viewer.layers.events.removed, self._on_removed)
        for name in ("current_step", "order", "ndisplay"):
            _disconnect(getattr(self.viewer.dims.events, name), self.look)


def _disconnect(emitter: Any, callback: Callable[..., None]) -> None:
    with contextlib.suppress(ValueError, KeyError):
        emitter.disconnect(callback)
