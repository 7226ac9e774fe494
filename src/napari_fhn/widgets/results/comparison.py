"""Compares the prediction with labels, a truth, or a prediction kept before: matrix, difference, voxels of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn import mapped
from napari_fhn.labels import ClassTable
from napari_fhn.project import Run
from napari_fhn.project.data.lazy import cell, difference
from napari_fhn.project.predictions import kept_predictions
from napari_fhn.surveys.classes import classes_onto
from napari_fhn.surveys.grid import Placed
from napari_fhn.surveys.grid.axis import TOLERANCE
from napari_fhn.surveys.stored_classes import StoredClasses
from napari_fhn.training.scores.score import confusion
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import unread
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.standing import data_of
from napari_fhn.widgets.state import Activity

_NAME = "Difference"
_KEEPING = "Keeping the prediction"
_CHANGES = (Activity.TRAINING, Activity.PREDICTING, Activity.TIDYING)
"""What makes another prediction."""


@dataclass
class ComparisonState:
    """What was compared; setting a field emits an event of its name.

    Parameters
    ----------
    matrix : ndarray or None
        ``(classes + 1, classes + 1)``: rows are truth, columns prediction, the first of each is "none".
    beside : str
        What was taken for true.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    matrix: NDArray[np.int64] | None = None
    beside: str = ""


class Comparison:
    """Compares.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book, prediction : LabelBook, Prediction
        What is compared.

    Attributes
    ----------
    state : ComparisonState
        The outcome.
    layer : napari.layers.Labels or None
        The difference.
    """

    def __init__(self, context: DeskContext, book: LabelBook, prediction: Prediction) -> None:
        self.state = ComparisonState()
        self.layer: Labels | None = None
        self._context = context
        self._viewer = context.viewer
        self._data = context.data
        self._messages = context.messages
        self._book = book
        self._prediction = prediction
        self._truth: Any = None
        # What was counted, and is drawn, is of the prediction that was there.
        prediction.shown.connect(self.forget)
        context.state.events.activity.connect(self._on_activity)
        book.state.events.has_labels.connect(self._on_labels)

    @property
    def classes(self) -> ClassTable:
        """The classes that are told apart."""
        return self._book.state.classes

    def worded(self, text: str) -> str:
        """Return a text with the words for what is compared."""
        return self._data.worded(text)

    def candidates(self) -> list[Labels]:
        """Return the layers with which the prediction can be compared: classes that lie where it does."""
        mine = self._prediction.layer
        if mine is None:
            return []
        layers = [layer for layer in self._viewer.layers if isinstance(layer, Labels)]
        return [layer for layer in layers if layer not in (mine, self.layer) and on_grid_of(mine, layer) is not None]

    def forget(self) -> None:
        """Show no comparison any more: the prediction is another, or of another survey."""
        layer, self.layer, self._truth = self.layer, None, None
        self.state.beside, self.state.matrix = "", None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def keep(self) -> None:
        """Keep a copy of the prediction as a layer of its own, to compare the next one with."""
        session, run = self._context.project.session, self._context.project.current
        if session is None or run is None:
            self._messages.say("There is no prediction to keep yet.")
            return

        def keep(operation: Operation) -> kept_predictions.Kept:
            operation.check()
            return kept_predictions.keep(session, run)

        def done(kept: kept_predictions.Kept) -> None:
            if self._context.project.session is session:
                self._add(kept.values(), kept.name)
            self._messages.say(f"Kept as the layer '{kept.name}'.")

        def failed(error: BaseException) -> None:
            self._messages.fail(f"The prediction could not be kept: {error}")

        if any(one.title == _KEEPING for one in self._context.background.under_way):
            return  # twice at once they would have one name
        self._context.attempt(Operation(_KEEPING, writes=True), keep, done, failed)

    def show_kept(self) -> None:
        """Show the predictions that were kept in the session, each as a layer that is hidden at first."""
        session, material = self._context.project.session, self._data.material
        if session is None or material is None:
            return
        # By their files: a layer may have been renamed.
        there = {_file_of(layer.data) for layer in self._viewer.layers if isinstance(layer, Labels)}
        for kept in kept_predictions.kept(session):
            values = kept.values()
            if _file_of(values) not in there and values.shape == material.shape:
                self._add(values, kept.name)

    def add_run(self, run: Run) -> Labels | None:
        """Show the prediction of a run as a layer of its own; None where it has none that fits."""
        material = self._data.material
        if material is None or not run.has_prediction:
            return None
        name = f"Prediction of {run.name}"
        values = mapped.open(run.prediction)
        mine = self._prediction.layer
        others = [layer for layer in self._viewer.layers if isinstance(layer, Labels) and layer is not mine]
        there = next((layer for layer in others if _file_of(layer.data) == _file_of(values)), None)
        if there is not None:
            return there
        return self._add(values, name) if values.shape == material.shape else None

    def show_difference(self, other: Labels) -> None:
        """Show where the prediction differs from a layer."""
        mine = self._prediction.layer
        if mine is not None and mine.data.shape == other.data.shape:
            self.state.beside, self.state.matrix = "", None  # its cells would be shown of another pair
            self._truth = other.data
            self._show(difference(mine.data, other.data))

    def _add(self, values: NDArray[np.uint8], name: str) -> Labels:
        assert self._data.material is not None
        place = self._context.place_of(self._data.material)
        layer = class_layers.prediction_layer(values, self._book.state.classes, place)
        layer.name, layer.visible = name, False
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(layer)
        return layer

    def compare(self, truth: Labels) -> None:
        """Count the prediction against a layer, and show where they differ."""
        mine, table = self._prediction.layer, self._book.state.classes
        if mine is None:
            return
        placed = on_grid_of(mine, truth)
        if placed is None:
            self._messages.fail(f"'{truth.name}' does not lie where the prediction does.")
            return
        # A layer of the desk's own holds label values, any other what files have.
        own, by_code = truth.metadata.get("classes"), table.by_code
        stored = StoredClasses(placed, Path(truth.name))
        known: Any = placed.values if own is not None else stored.lazy(by_code)
        predicted, classes = mine.data, max(table.values)
        self._messages.say(f"Comparing with '{truth.name}' …")

        def counted(_: Operation) -> tuple[NDArray[np.int64], list[int], str]:
            strange = [] if own is not None else [code for code in stored.codes(by_code) if code not in by_code]
            lost = stored.words_of_lost(*(by_code, table.names_by_code) if own is None else (own, own))
            return confusion(data_of(mine), known, classes), strange, " ".join((placed.words, *lost)).strip()

        def done(counts: tuple[NDArray[np.int64], list[int], str]) -> None:
            matrix, strange, brought = counts
            shown = self._prediction.layer
            if shown is None or shown is not mine or shown.data is not predicted:
                self._messages.say(f"The prediction is another now: compare it with '{truth.name}' again.")
                return
            self._truth = known
            self.state.beside = truth.name
            self.state.matrix = matrix
            self._show(difference(predicted, known))
            total, right = int(matrix.sum()), int(np.diag(matrix).sum())
            share = f"{100 * right / total:.1f} % of {total:,} voxels agree" if total else "no voxel is known in both"
            more = f" {brought}" if brought else ""
            if strange:
                more += f" It also holds {', '.join(map(str, strange[:8]))}, which are no classes and do not count."
            self._messages.say(f"With '{truth.name}': {share}.{more}{self._context.project.doubts()}")

        def failed(error: BaseException) -> None:
            self._messages.fail(f"'{truth.name}' cannot be compared with: {error}.")

        self._context.attempt(Operation(f"Comparing with '{truth.name}'"), counted, done, failed)

    def select(self, of: int, found: int) -> None:
        """Show the voxels of one cell of the matrix: those of class ``of`` predicted as ``found``."""
        mine, truth = self._prediction.layer, self._truth
        if mine is None or truth is None:
            return
        self._show(cell(mine.data, truth, of, found))

    def _on_labels(self, has_labels: bool) -> None:
        if not has_labels:
            self.forget()

    def _on_activity(self, activity: Activity) -> None:
        if activity in _CHANGES:
            self.forget()

    def _show(self, values: Any) -> None:
        material = self._data.material
        if material is None:
            return
        if self.layer is not None and self.layer in self._viewer.layers:
            self.layer.data = values
            self.layer.editable = False
            return
        self.layer = class_layers.prediction_layer(values, self._book.state.classes, self._context.place_of(material))
        self.layer.name, self.layer.opacity = _NAME, 0.9
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(self.layer)


def _file_of(values: Any) -> str:
    """What a layer shows: a mapped file by its name, anything else by itself."""
    return str(getattr(values, "filename", None) or id(values))


def on_grid_of(mine: Labels, layer: Labels) -> Placed | None:
    """Return the classes of a layer on the grid of another.

    Parameters
    ----------
    mine : napari.layers.Labels
        On whose grid they are wanted.
    layer : napari.layers.Labels
        Whose they are. What it is of is in its metadata; a layer that somebody made says by its scale and translation
        where it lies, and nothing where these are napari's own.

    Returns
    -------
    Placed or None
        Classes, 0 where the layer has none, and what was done to bring them there; None where the layer lies elsewhere.
    """
    grid, own = mine.metadata.get("grid"), _survey_of(layer)
    as_it_is = layer.data.shape == mine.data.shape
    if own is None or not isinstance(grid, xr.DataArray):
        return unmoved(layer) if as_it_is and _lies_like(layer, mine) else None
    if own is grid and as_it_is:
        return unmoved(layer)
    return classes_onto(unread(data_of(layer)), own, grid, name=str(layer.name))


def unmoved(layer: Labels, words: str = "") -> Placed:
    """Return the classes of a layer as they lie.

    Parameters
    ----------
    layer : napari.layers.Labels
        Whose they are.
    words : str, optional
        Why they lie where they are wanted.
    """
    values = unread(data_of(layer))
    return Placed(xr.DataArray(values, dims=[f"axis_{number}" for number in range(values.ndim)]), words)


def _survey_of(layer: Labels) -> xr.DataArray | None:
    """The survey on which a layer lies, or of which it was made."""
    found = (layer.metadata.get(key) for key in ("grid", "survey"))
    return next((survey for survey in found if isinstance(survey, xr.DataArray)), None)


def _lies_like(layer: Labels, mine: Labels) -> bool:
    """Whether two layers of one shape lie at one place of the canvas, or the first says nothing about its place."""
    scale, theirs = np.asarray(mine.scale), np.asarray(layer.scale)
    moved = np.asarray(layer.translate)
    if not moved.any() and bool((theirs == 1).all()):
        return True
    near = TOLERANCE * np.abs(scale)
    there = not moved.any() or bool((np.abs(moved - np.asarray(mine.translate)) <= near).all())
    return there and bool((np.abs(theirs - scale) * np.asarray(mine.data.shape) <= near).all())
