"""Compares the prediction with labels, a truth, or a prediction kept before: matrix, difference, voxels of a cell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn.labels import ClassTable
from napari_fhn.training.score import confusion
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.results.lazy import cell, difference
from napari_fhn.widgets.words import Words

_NAME = "Difference"


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
    viewer : ViewerModel
        Where differences are shown.
    data, book, prediction : Data, LabelBook, Prediction
        What is compared.
    words : Words
        Where it says why not.
    background : Background
        On which it counts.

    Attributes
    ----------
    state : ComparisonState
        The outcome.
    layer : napari.layers.Labels or None
        The difference.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        data: Data,
        book: LabelBook,
        prediction: Prediction,
        words: Words,
        background: Background,
    ) -> None:
        self.state = ComparisonState()
        self.layer: Labels | None = None
        self._viewer = viewer
        self._data = data
        self._book = book
        self._prediction = prediction
        self._words = words
        self._background = background
        self._truth: Labels | None = None

    @property
    def classes(self) -> ClassTable:
        """The classes that are told apart."""
        return self._book.state.classes

    def candidates(self) -> list[Labels]:
        """Return the layers with which the prediction can be compared: classes on the same grid."""
        mine = self._prediction.layer
        if mine is None:
            return []
        return [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Labels) and layer not in (mine, self.layer) and layer.data.shape == mine.data.shape
        ]

    def keep(self) -> None:
        """Keep a copy of the prediction as a layer of its own, to compare the next one with."""
        session, material = self._book.session, self._data.material
        if session is None or material is None or not session.prediction.is_file():
            self._words.say("There is no prediction to keep yet.")
            return
        number = 1 + len(list(session.folder.glob("kept-*.npy")))
        path = session.folder / f"kept-{number}.npy"
        try:
            shutil.copyfile(session.prediction, path)
        except OSError as error:
            self._words.fail(f"The prediction could not be kept: {error}.")
            return
        layer = class_layers.prediction_layer(
            np.load(path, mmap_mode="r"), self._book.state.classes, material.placement()
        )
        layer.name, layer.visible = f"Prediction {number}", False
        self._viewer.add_layer(layer)
        self._words.say(f"Kept as the layer '{layer.name}'.")

    def compare(self, truth: Labels) -> None:
        """Count the prediction against a layer, and show where they differ."""
        mine, table = self._prediction.layer, self._book.state.classes
        if mine is None:
            return
        predicted, known, classes = mine.data, truth.data, max(table.values)
        self._words.say(f"Comparing with '{truth.name}' ...")

        def done(matrix: NDArray[np.int64]) -> None:
            self._truth = truth
            self.state.beside = truth.name
            self.state.matrix = matrix
            self._show(difference(predicted, known))
            total, right = int(matrix.sum()), int(np.diag(matrix).sum())
            share = f"{100 * right / total:.1f} % of {total:,} voxels agree" if total else "no voxel is known in both"
            self._words.say(f"With '{truth.name}': {share}.")

        def failed(error: BaseException) -> None:
            self._words.fail(f"'{truth.name}' cannot be compared with: {error}.")

        self._background.run(lambda: confusion(predicted, known, classes), done, failed)

    def select(self, of: int, found: int) -> None:
        """Show the voxels of one cell of the matrix: those of class ``of`` predicted as ``found``."""
        mine, truth = self._prediction.layer, self._truth
        if mine is None or truth is None:
            return
        self._show(cell(mine.data, truth.data, of, found))

    def _show(self, values: Any) -> None:
        material = self._data.material
        if material is None:
            return
        if self.layer is not None and self.layer in self._viewer.layers:
            self.layer.data = values
            self.layer.editable = False
            return
        active = self._viewer.layers.selection.active
        self.layer = class_layers.prediction_layer(values, self._book.state.classes, material.placement())
        self.layer.name, self.layer.opacity = _NAME, 0.9
        self._viewer.add_layer(self.layer)
        if active is not None:
            self._viewer.layers.selection.active = active
