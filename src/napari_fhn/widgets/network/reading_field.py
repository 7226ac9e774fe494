"""Whether a survey is copied into its session, or read where it lies."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QComboBox

from napari_fhn.widgets.network.planning import Planning

_TIP = (
    "Surveys in blocks (bricks, Zarr, MDIO, OpenVDS) can be read where they lie, on a disk or at an address; others "
    "are copied into the session."
)
_CHOICES: tuple[tuple[str, bool | None], ...] = (
    ("copied, or in place from 4 GB on", None),
    ("in place, where it has blocks", True),
    ("copied", False),
)


class ReadingField(QComboBox):
    """A choice of three, taken when the next training or prediction begins.

    Parameters
    ----------
    planning : Planning
        Whose ``state.stays`` it shows and changes.
    """

    def __init__(self, planning: Planning) -> None:
        super().__init__()
        self._planning = planning
        for words, stays in _CHOICES:
            self.addItem(words, stays)
        self.setToolTip(_TIP)
        self.setAccessibleName("surveys are read")
        self.activated.connect(self._chosen)
        planning.state.events.stays.connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        now = self._planning.state.stays
        self.setCurrentIndex(next(number for number, (_, stays) in enumerate(_CHOICES) if stays is now))

    def _chosen(self, number: int) -> None:
        self._planning.state.stays = _CHOICES[number][1]
