"""Where to label next: a short list, and one click to each place."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QPushButton, QSizePolicy

from napari_fhn.widgets.running.suggestions import Suggestions
from napari_fhn.widgets.section import Fold


class NextPanel(Fold):
    """The places most worth labelling.

    Parameters
    ----------
    suggestions : Suggestions
        Who finds them.

    Attributes
    ----------
    search : QPushButton
        Looks for places.
    places : list of QPushButton
        One for each.
    """

    def __init__(self, suggestions: Suggestions) -> None:
        super().__init__("Where next", "The few places most worth labelling, and why.")
        self.fold()
        self.body.setContentsMargins(14, 0, 0, 0)
        self._suggestions = suggestions
        self.search = QPushButton("Find places worth labelling")
        self.search.setToolTip(
            "Look where the network hesitates, far from labels, in what is predicted so far; Predict fills in all."
        )
        self.search.clicked.connect(lambda: suggestions.search())
        self.body.addWidget(self.search)
        self.places: list[QPushButton] = []
        self._at = -1
        for name in ("places", "searching"):
            getattr(suggestions.state.events, name).connect(self._show)

    def go_on(self) -> None:
        """Go to the place after the one gone to last; look for places where there are none yet."""
        places = self._suggestions.state.places
        if not places:
            self.fold(False)
            self._suggestions.search()
            return
        self._at = (self._at + 1) % len(places)
        self._suggestions.go(places[self._at])

    def _show(self, event: Any = None) -> None:
        state = self._suggestions.state
        self.search.setEnabled(not state.searching)
        self.search.setText("Looking …" if state.searching else "Find places worth labelling")
        for button in self.places:
            self.body.removeWidget(button)
            button.deleteLater()
        self.places = []
        self._at = -1
        for place in state.places:
            where, why = self._suggestions.words_for(place)
            button = QPushButton()
            question, doubt = why.split("? ", 1) if "? " in why else (why, "")
            button.setText("\n".join([where, f"{question}?", doubt] if doubt else [where, why]))
            button.setToolTip(f"Go to {where}. {why}")
            button.setStyleSheet("text-align: left; padding: 2px 4px;")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _, place=place: self._suggestions.go(place))
            self.body.addWidget(button)
            self.places.append(button)
