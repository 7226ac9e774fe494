"""Tidies the prediction: the section in view while one tries, everything when one applies; and takes it back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray

from napari_fhn.labels import tidy
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.results.lazy import Lazy
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.words import Words

_NAME = "Tidied (preview)"


@dataclass(frozen=True)
class Broom:
    """How to tidy.

    Parameters
    ----------
    radius : int
        Of the majority vote, in voxels; 0 for none.
    smallest : int
        Voxels that a body must have to stay.
    largest : int
        Voxels of the largest hole that is closed.
    """

    radius: int = 1
    smallest: int = 50
    largest: int = 50

    def sweep(self, classes: NDArray[Any]) -> NDArray[np.uint8]:
        """Return tidied classes of any number of axes."""
        swept = tidy.smooth(classes, self.radius)
        swept = tidy.fill_holes(swept, self.largest) if self.largest else swept
        return np.asarray(tidy.remove_small(swept, self.smallest) if self.smallest > 1 else swept, np.uint8)


class Tidying:
    """Carries it out.

    Parameters
    ----------
    viewer : ViewerModel
        Where the preview is shown.
    data, book, prediction : Data, LabelBook, Prediction
        What is tidied.
    state : RunState
        Where it says that it is at work.
    words : Words
        Where it says what happened.
    background : Background
        On which it works.

    Attributes
    ----------
    layer : napari.layers.Labels or None
        The preview.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        data: Data,
        book: LabelBook,
        prediction: Prediction,
        state: RunState,
        words: Words,
        background: Background,
    ) -> None:
        self.layer: Labels | None = None
        self._viewer = viewer
        self._data = data
        self._book = book
        self._prediction = prediction
        self._state = state
        self._words = words
        self._background = background

    def preview(self, broom: Broom | None) -> None:
        """Show each section as it would be, tidied by itself; None takes the preview away."""
        mine, material = self._prediction.layer, self._data.material
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.layer = None
        if broom is None or mine is None or material is None:
            return
        active = self._viewer.layers.selection.active
        values = Lazy(broom.sweep, mine.data)
        self.layer = class_layers.prediction_layer(values, self._book.state.classes, material.placement())  # type: ignore[arg-type]
        self.layer.name, self.layer.opacity = _NAME, 0.8
        self._viewer.add_layer(self.layer)
        if active is not None:
            self._viewer.layers.selection.active = active

    def apply(self, broom: Broom) -> None:
        """Tidy the whole prediction; what it was is kept for :meth:`take_back`."""
        session, material = self._book.session, self._data.material
        if session is None or material is None or self._state.task is not None:
            return
        values, before = session.prediction_volume(material.shape), session.folder / "prediction-untidied.npy"
        self._state.task = "tidy"
        self._words.say("Tidying the whole prediction ...")

        def work() -> int:
            swept = broom.sweep(np.asarray(values))
            shutil.copyfile(session.prediction, before)
            changed = int(np.count_nonzero(swept != values))
            values[...] = swept
            return changed

        self._background.run(work, self._done, self._failed)

    def take_back(self) -> None:
        """Bring the prediction back as it was before it was tidied."""
        session, material = self._book.session, self._data.material
        before = None if session is None else session.folder / "prediction-untidied.npy"
        if session is None or material is None or before is None or not before.is_file():
            self._words.say("Nothing was tidied that could be taken back.")
            return
        session.prediction_volume(material.shape)[...] = np.load(before, mmap_mode="r")
        before.unlink()
        self._refresh()
        self._words.say("The prediction is as it was before it was tidied.")

    def _done(self, changed: int) -> None:
        self._state.task = None
        self.preview(None)
        self._refresh()
        self._words.say(f"Tidied: {changed:,} voxels have another class now.")

    def _failed(self, error: BaseException) -> None:
        self._state.task = None
        words = "there is not enough memory for all of it at once" if isinstance(error, MemoryError) else str(error)
        self._words.fail(f"The prediction could not be tidied: {words}. It is as it was.")

    def _refresh(self) -> None:
        if self._prediction.layer is not None:
            self._prediction.layer.refresh(extent=False, thumbnail=False)
