"""One line to type a place into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari.components import ViewerModel
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from napari_fhn.surveys.kinds import VERTICAL
from napari_fhn.surveys.numbers import Numbers
from napari_fhn.surveys.places import GoToError, parse, resolve, typed
from napari_fhn.widgets.data.go_to import go
from napari_fhn.widgets.data.readout import numbers_of

_ERROR = "color: #e0705a;"
_QUIET = "color: rgba(140, 145, 155, 255);"


class GoToField(QWidget):
    """A field for places such as "inline 120" or "x 431000 y 6350000"; Enter goes there.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view moves.
    preferred : callable
        Gives the layer whose numbers are meant, or None; asked before the layers of the viewer.
    arrived : callable, optional
        Told where one has gone, by axis of the viewer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        preferred: Callable[[], Any],
        arrived: Callable[[Mapping[int, float]], None] | None = None,
    ) -> None:
        super().__init__()
        self._arrived = arrived
        self._viewer = viewer
        self._preferred = preferred
        self.edit = QLineEdit()
        self.edit.setClearButtonEnabled(True)
        for button in self.edit.findChildren(QToolButton):
            button.setToolTip("Empty the field.")
        self.edit.returnPressed.connect(self.go)
        self.edit.textEdited.connect(self._quiet)
        self.answer = QLabel()
        self.answer.setWordWrap(True)
        self.answer.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        label = QLabel("Go to")
        label.setBuddy(self.edit)
        row.addWidget(label)
        row.addWidget(self.edit, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.answer)
        self.show_example()

    def show_example(self, event: Any = None) -> None:
        """Hint at what can be typed for the survey at hand."""
        _, numbers = self._layer()
        self.setEnabled(numbers is not None)
        self._quiet()
        self.edit.setPlaceholderText("" if numbers is None else example(numbers))
        self.edit.setToolTip(f"Where to go, then Enter{'' if numbers is None else f': {ways(numbers)}'}.")

    def begin(self) -> None:
        """Let the person type."""
        self.edit.setFocus()
        self.edit.selectAll()

    def go(self) -> None:
        """Go to what is typed, or say why not."""
        layer, numbers = self._layer()
        if numbers is None:
            self._say("Open a survey first: this layer has no numbers of its own.", _ERROR)
            return
        try:
            words = go(self._viewer, layer, numbers, resolve(parse(self.edit.text()), numbers), self._arrived)
        except GoToError as error:
            self._say(str(error), _ERROR)
            return
        self._say(words, _QUIET)

    def _layer(self) -> tuple[Any, Numbers | None]:
        for layer in (self._preferred(), *reversed(self._viewer.layers)):
            if layer is not None and layer in self._viewer.layers:
                numbers = numbers_of(layer)
                if numbers is not None:
                    return layer, numbers
        return None, None

    def _say(self, words: str, style: str) -> None:
        self.answer.setStyleSheet(style)
        self.answer.setText(words)
        self.answer.setVisible(bool(words))

    def _quiet(self, text: str = "") -> None:
        self._say("", _QUIET)


def ways(numbers: Numbers) -> str:
    """Return the kinds of places that can be typed for a survey."""
    vertical = next((axis for axis in numbers.axes if axis.name in VERTICAL), None)
    alone = "" if vertical is None else f"{vertical.values[vertical.values.size // 2]:g} {vertical.unit}"
    both = "x 431000 y 6350000" if numbers.placed else ""
    spectral = "" if numbers.wavelengths is None else "650 nm"
    return ", ".join(filter(None, (example(numbers), alone, both, spectral)))


def example(numbers: Numbers) -> str:
    """Return a place in the middle of a survey, as one would type it."""
    return typed(numbers, {axis.name: axis.values.size // 2 for axis in numbers.axes if axis.name != "band"})
