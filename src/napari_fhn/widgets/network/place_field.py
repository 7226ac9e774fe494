"""On which machine training and prediction are done: this one, or one whose address is written here."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLineEdit

from napari_fhn.widgets.network.planning import Planning

_TIP = (
    "Empty for this computer. ssh://user@host/folder trains on that one, where napari-fhn is installed: what it lacks "
    "is sent once, labels as they change, and what is in view comes back. tcp://127.0.0.1:port for a tunnel to "
    "'napari-fhn worker'."
)


class PlaceField(QLineEdit):
    """A line for an address, taken when it is one.

    Parameters
    ----------
    planning : Planning
        Whose ``state.on`` it shows and changes.
    """

    def __init__(self, planning: Planning) -> None:
        super().__init__()
        self._planning = planning
        self.setPlaceholderText("this computer")
        self.setToolTip(_TIP)
        self.setAccessibleName("train on")
        self.editingFinished.connect(self._written)
        planning.state.events.on.connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        self.setText(self._planning.state.on)

    def _written(self) -> None:
        self._planning.train_on(self.text())
        self._show()
