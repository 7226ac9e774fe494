"""Where to label next: finds the places beside the GUI, and moves the view to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from psygnal import SignalGroupDescriptor

from napari_fhn.labels.volumes.where_next import LabelSuggestion, where_next
from napari_fhn.surveys.numbers import by_axes
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.running.overlays import Overlays
from napari_fhn.widgets.standing import data_of


@dataclass
class SuggestionState:
    """The places found; setting a field emits an event of its name.

    Parameters
    ----------
    places : tuple of LabelSuggestion
        The best first.
    searching : bool
        Whether a search is under way.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    places: tuple[LabelSuggestion, ...] = ()
    searching: bool = False


class Suggestions:
    """Looks for the places most worth labelling.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book, prediction, overlays : LabelBook, Prediction, Overlays
        What the search reads.

    Attributes
    ----------
    state : SuggestionState
        What was found.
    """

    def __init__(self, context: DeskContext, book: LabelBook, prediction: Prediction, overlays: Overlays) -> None:
        self.state = SuggestionState()
        self._data = context.data
        self._messages = context.messages
        self._context = context
        self._book = book
        self._prediction = prediction
        self._overlays = overlays
        book.state.events.has_labels.connect(self._forget)

    def _forget(self, _: bool) -> None:
        self.state.places = ()

    def search(self) -> None:
        """Look for places; what is found appears in the state."""
        doubt, layer = self._overlays.values("entropy"), self._prediction.layer
        if doubt is None or layer is None or self._book.layer is None:
            self._messages.say("Train or predict first: what is worth labelling is told by what the network doubts.")
            return
        if self.state.searching:
            return
        predicted, known = data_of(layer), data_of(self._book.layer)
        self.state.searching = True

        def done(places: list[LabelSuggestion]) -> None:
            self.state.searching = False
            if self._prediction.layer is not layer:
                return  # another survey is ticked meanwhile
            self.state.places = tuple(places)
            if not places:
                self._messages.say("In what is predicted so far the network doubts nothing far from labels.", note=True)

        def failed(error: BaseException) -> None:
            self.state.searching = False
            self._messages.fail(f"The places to label could not be looked for: {error}.")

        def stopped() -> None:
            self.state.searching = False

        title = "Looking for places worth labelling"
        self._context.attempt(Operation(title), lambda _: where_next(doubt, predicted, known), done, failed, stopped)

    def words_for(self, place: LabelSuggestion) -> tuple[str, str]:
        """Return where a place is, in the survey's numbers, and why it is worth labelling."""
        table = self._book.state.classes
        why = self._data.worded(place.reason(dict(zip(table.values, table.names, strict=True))))
        material = self._data.material
        where = ", ".join(map(str, place.voxel)) if material is None else by_axes(material.first, place.voxel)
        return where, why

    def go(self, place: LabelSuggestion) -> None:
        """Show the section through a place, and where on it the place is."""
        layer = self._prediction.layer
        if layer is None:
            return
        self._context.show_place(layer, np.asarray(layer.data_to_world(place.voxel), np.float64))
