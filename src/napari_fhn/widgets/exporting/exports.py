"""Writes results on the grid of the survey, beside the GUI."""

from __future__ import annotations

import traceback
from pathlib import Path

from napari_fhn import surveys
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.state import RunState
from napari_fhn.widgets.words import Words


class Exports:
    """Saves the prediction of the session.

    Parameters
    ----------
    data : Data
        On whose grid it is saved.
    book : LabelBook
        Whose session it is.
    state : RunState
        Where it says that it is at work.
    words : Words
        Where it says what happened.
    background : Background
        On which it writes.
    """

    def __init__(self, data: Data, book: LabelBook, state: RunState, words: Words, background: Background) -> None:
        self.data = data
        self.state = state
        self._book = book
        self._words = words
        self._background = background

    def save(self, path: Path) -> None:
        """Save the prediction.

        Parameters
        ----------
        path : Path
            ``.sgy`` with the survey's headers, ``.tif`` with its map, or ``.npy``.
        """
        material, session = self.data.material, self._book.session
        if material is None or session is None:
            self._words.fail("There is no prediction to export yet.")
            return
        like = material.first
        values = session.prediction_volume(material.shape)
        self.state.task = "export"
        self._words.say(f"Writing {path.name} ...")

        def done(written: Path) -> None:
            self.state.task = None
            self._words.say(f"Exported to {written}.")

        def failed(error: BaseException) -> None:
            self.state.task = None
            self._words.fail(str(error), "".join(traceback.format_exception(error)))

        self._background.run(lambda: surveys.save(path, values, like), done, failed)
