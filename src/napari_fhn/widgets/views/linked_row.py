"""The row above the linked views: what the map shows, and the fence."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QLabel, QPushButton, QSizePolicy, QWidget
from superqt import QElidingLabel

from napari_fhn.widgets.section import QUIET, TOGGLE
from napari_fhn.widgets.views.state import ViewState
from napari_fhn.widgets.wrapping import Wrapping

_SHOWS = {
    "all": "data and classes",
    "data": "data",
    "classes": "classes",
    "horizon": "horizon",
    "outline": "outline",
}
_OF_VOLUME = (
    "What is drawn on the map, below wells and the lines of sections; a horizon in colours, shallow yellow and deep "
    "violet."
)
_OF_MAP = "What is drawn of the whole map, around the frame of what is in view."
_WORDS = 200
"""Pixels of a sentence, at least, where it is that long."""


class LinkedRow(QWidget):
    """A choice, three buttons and some words.

    Parameters
    ----------
    state : ViewState
        What is shown.

    Attributes
    ----------
    through, draw, without : QPushButton
        Lay a fence through the wells, begin to draw one on the map, take it away.
    map_shows : QComboBox
        What is drawn on the map.
    words : QLabel
        What there is to do, or nothing to be seen.
    """

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self._state = state
        self.map_shows = QComboBox()
        self.map_shows.setAccessibleName("what the map shows")
        self.map_shows.activated.connect(lambda _: setattr(state, "map_shows", self.map_shows.currentData()))
        self.through = QPushButton("Through wells")
        self.through.setToolTip("Show the section along a line that runs through all wells.")
        self.draw = QPushButton("Draw on map")
        self.draw.setCheckable(True)
        self.draw.setStyleSheet(TOGGLE.replace("QToolButton", "QPushButton"))
        self.draw.setToolTip("Click corners of a line on the map; a double click ends it. Its section is shown.")
        self.without = QPushButton("No fence")
        self.without.setToolTip("Take the fence away.")
        self.without.clicked.connect(lambda: setattr(state, "fence", ()))
        self._fence_words = QLabel("Fence")
        self._map_words = QLabel("Map")
        self.words = QElidingLabel()
        self.words.setStyleSheet(QUIET)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = Wrapping(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self._map_words, self.map_shows, self._fence_words, self.through, self.draw, self.without):
            row.addWidget(widget)
        row.addWidget(self.words)
        self.say("")

    def say(self, words: str) -> None:
        """Say what there is to do, or that there is nothing to be seen.

        Parameters
        ----------
        words : str
            A sentence; empty for none.
        """
        self.words.setText(words)
        self.words.setToolTip(words)
        self.words.setMinimumWidth(min(self.words.fontMetrics().horizontalAdvance(words) + 4, _WORDS))
        self.words.setVisible(bool(words))

    @property
    def shows(self) -> str:
        """What is drawn on the map: what was chosen, where that is there to choose."""
        wanted = self._state.map_shows
        return wanted if self.map_shows.findData(wanted) >= 0 else "all"

    def look(self, *, mapped: bool, fences: bool, fenced: bool, sliced: bool = True) -> None:
        """Show what there is to choose.

        Parameters
        ----------
        mapped, fences, fenced : bool
            Whether something is drawn on the map, whether a fence can be laid, and whether there is one.
        sliced : bool, optional
            Whether the map is of a volume, with horizons and sections; else the survey is a map itself.
        """
        offered = [key for key in _SHOWS if sliced or key in ("all", "data", "classes")]
        if offered != [self.map_shows.itemData(k) for k in range(self.map_shows.count())]:
            self.map_shows.clear()
            for key in offered:
                self.map_shows.addItem(_SHOWS[key], key)
            self.map_shows.setToolTip(_OF_VOLUME if sliced else _OF_MAP)
        shown: list[tuple[QWidget, bool]] = [(one, fences) for one in (self._fence_words, self.through, self.draw)]
        shown += [(self.without, fenced), (self._map_words, mapped), (self.map_shows, mapped)]
        for widget, seen in shown:
            widget.setVisible(seen)
        self.map_shows.setCurrentIndex(max(0, self.map_shows.findData(self.shows)))
