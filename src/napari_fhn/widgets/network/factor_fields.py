"""What a prediction is made of beside the network: a box to tick for each factor that goes with the data."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_fhn.training.combination.settings import TITLES
from napari_fhn.widgets.network.planning import Planning

_WORDS = {
    "reflectors": "What is labelled is carried along the reflectors, less sure with distance and across faults.",
    "pretrained": "A network that learnt on generated surveys looks at sections; the labels say what it means. "
    "Where labels are carried too, a second one weighs both, place by place.",
    "bands": "A small model of the bands of single pixels, and of the differences of dates, is fitted to the labels.",
    "patches": "What the nearest labels say, as far as near labels foretell each other.",
}


class FactorFields(QWidget):
    """A box for each factor; with none ticked the network alone predicts.

    Parameters
    ----------
    planning : Planning
        Whose settings are shown and changed.

    Attributes
    ----------
    ticks : dict of str to QCheckBox
        By the name of the factor.
    """

    def __init__(self, planning: Planning) -> None:
        super().__init__()
        self._planning = planning
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.ticks: dict[str, QCheckBox] = {}
        planning.state.events.settings.connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        names, settings = self._planning.factors, self._planning.state.settings
        if tuple(self.ticks) != names:
            self._offer(names)
        combination = None if settings is None else settings.combination
        for name, tick in self.ticks.items():
            wanted = combination is not None and (combination.factors is None or name in combination.factors)
            tick.setChecked(wanted)  # tells nobody: only clicks do

    def _offer(self, names: tuple[str, ...]) -> None:
        """Make the boxes anew: other data have other factors."""
        for tick in self.ticks.values():
            self._column.removeWidget(tick)
            tick.deleteLater()
        self.ticks = {}
        for name in names:
            tick = QCheckBox(TITLES[name])
            tick.setToolTip(f"{_WORDS[name]} How much it counts is found on labels left out.")
            tick.clicked.connect(self._ticked)
            self._column.addWidget(tick)
            self.ticks[name] = tick

    def _ticked(self) -> None:
        names = [name for name, tick in self.ticks.items() if tick.isChecked()]
        self._planning.combine(["auto"] if len(names) == len(self.ticks) else names or ["none"])
