"""The row above the canvas: which way one looks, and at which section, in the survey's own numbers."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.surveys.numbers import NumberedAxis
from napari_fhn.widgets.data.turning import Turning, View
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.section import TOGGLE
from napari_fhn.widgets.shortcuts import Key
from napari_fhn.widgets.views.state import ViewState
from napari_fhn.widgets.wrapping import Wrapping

_DIGITS = 3
_NARROWEST, _BESIDE = 84, 66
"""Of the number, in pixels: at least, and of its two buttons and the edges of what is between them."""
_PLANE = (54, 76)
"""Of the choice of planes: at least and at most."""
_SLIDER = 60
"""Of the slider: a shorter one moves many sections at once, and it has a line of its own instead."""
_KEYS = tuple(f"Ctrl+Alt+{number}" for number in range(1, 6))
"""Of the buttons in their order; the last is that of the linked views, whatever the others are."""
_TITLES = ("Inline", "Crossline", "Time slice, or depth slice", "3D")
_PLACES = ("the first of the ways to look, above the canvas", "the second", "the third", "the fourth")
_OF_VOLUME = "the other sections, the map and a fence, all at the same place,"
_OF_LINE, _OF_MAP = "where the line runs on the map", "the whole map, with a frame around what is in view,"
"""What there is beside the canvas, by what is on it."""
_SHORT = {"Inline": "IL", "Crossline": "XL", "Time slice": "T", "Depth slice": "Z", "Sample slice": "T"}
"""Of planes, as one types places: beside the buttons whole words would be said twice."""


class ViewBar(QWidget):
    """A button for each way to look, a number and a slider, in one line or in as many as a narrow window needs.

    Parameters
    ----------
    turning : Turning
        Who turns the view.
    state : ViewState
        Whether the other sections and the map are shown beside the canvas.
    """

    def __init__(self, turning: Turning, state: ViewState) -> None:
        super().__init__()
        self._turning = turning
        self._state = state
        self._views: tuple[View, ...] = ()
        self._canvas: QWidget | None = None
        self._taken: list[QWidget] = []
        self._axis: NumberedAxis | None = None
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        ways = QWidget(self)  # of their own, so that they come first whenever they are made
        ways.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._ways = QHBoxLayout(ways)
        self._ways.setContentsMargins(0, 0, 0, 0)
        self._ways.setSpacing(2)
        self.number = QDoubleSpinBox()
        self.number.setKeyboardTracking(False)
        self.number.setMinimumWidth(_NARROWEST)
        self.number.setAccessibleName("number of what is in view")  # both say of what as soon as there is something
        self.number.setToolTip("Number of what is in view: type one, then Enter, or step.")
        self.number.valueChanged.connect(self._typed)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("what is in view")
        self.slider.setToolTip("Slide to another place.")
        self.slider.valueChanged.connect(turning.step_to)
        self.called = QLabel()  # of the axis, where no button says it
        self._row = row = Wrapping(self)
        row.setContentsMargins(6, 2, 6, 2)
        row.addWidget(ways)
        self.plane = QComboBox()
        self.plane.setAccessibleName("plane")
        self.plane.setToolTip("Which of the three planes the number moves.")
        self.plane.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.plane.setMinimumContentsLength(3)
        self.plane.setMinimumWidth(_PLANE[0])
        self.plane.setMaximumWidth(_PLANE[1])
        self.plane.activated.connect(self._plane_chosen)
        self.slider.setMinimumWidth(_SLIDER)
        self._rest = QWidget()  # takes the slider's room where there is none
        self._rest.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        for widget in (self.plane, self.called, self.number, self.slider, self._rest):
            row.addWidget(widget)
        self.linked = QToolButton()
        self.linked.setText("Linked")
        self.linked.setCheckable(True)
        self.linked.setStyleSheet(TOGGLE)
        self.linked.clicked.connect(lambda wanted: setattr(state, "linked", wanted))
        row.addWidget(self.linked)
        state.events.linked.connect(self.look)
        turning.changed.connect(self.look)
        self.look()

    def take(self, widget: QWidget) -> None:
        """Show something else in the row, before the button at its end."""
        self._row.insert(-1, widget)
        self._taken += widget.findChildren(QToolButton)

    def close_bar(self) -> None:
        """Follow the view no more."""
        disconnect(self._state.events.linked, self.look)
        disconnect(self._turning.changed, self.look)

    def follow_canvas(self, canvas: QWidget | None) -> None:
        """Let Tab come here from the canvas below, and not from the dock, where the row was made.

        Parameters
        ----------
        canvas : QWidget or None
            What takes the keys there; None where the row stays in the dock.
        """
        self._canvas = canvas
        self._order_tabs()

    def shortcuts(self) -> tuple[Key, ...]:
        """Return the keys of the buttons: by their place from left to right, as surveys differ in what they show.

        Those of buttons that there are not for this survey have no words.
        """
        titles = tuple(self.buttons) if self.buttons or self._turning.there else _TITLES
        words = [f"{title}: {place}" for title, place in zip(titles, _PLACES, strict=False)]
        linked = Key(_KEYS[-1], "Other views of the same place beside the canvas (Linked)", self._press_linked)
        ways = zip(_KEYS, (*words, *[""] * (len(_PLACES) - len(words))), strict=False)
        return (*(Key(keys, said, partial(self._press, place)) for place, (keys, said) in enumerate(ways)), linked)

    def look(self) -> None:
        """Show how one looks now."""
        views = self._turning.views()
        if views != self._views:
            self._views = views
            self._fill()
        self.setVisible(bool(views) or self._turning.mapped)
        others = _OF_VOLUME if len(views) > 1 else _OF_LINE if views else _OF_MAP
        self.linked.setToolTip(f"Show {others} beside the canvas ({_KEYS[-1]}). A click there goes to the place.")
        self.linked.setVisible(len(views) > 1 or self._turning.mapped or self._state.linked)
        self.linked.setChecked(self._state.linked)
        current, axis = self._turning.current, self._turning.axis
        for view in views:
            if view.title in self.buttons:
                self.buttons[view.title].setChecked(view == current)
        in_3d = current is not None and current.axis is None
        self.plane.setVisible(in_3d and axis is not None)
        if in_3d:
            self.plane.setCurrentIndex(self._turning.plane)
        if current is None:
            self._group.setExclusive(False)
            for button in self.buttons.values():
                button.setChecked(False)
            self._group.setExclusive(True)
        if axis is not None and axis.values.size < 2:
            axis = None  # of one band there is none to choose
        self.number.setVisible(axis is not None)
        slides = axis is not None and not in_3d  # beside planes and bodies there is no room for it
        self.slider.setVisible(slides)
        self._rest.setVisible(not slides)
        if axis is not None:
            self._show_number(axis)
        self.called.setVisible(axis is not None and bool(self.called.text()))

    def _fill(self) -> None:
        for button in self.buttons.values():
            self._ways.removeWidget(button)
            self._group.removeButton(button)
            button.deleteLater()
        self.buttons = {}
        self.plane.clear()
        for view in self._views:
            if view.axis is not None:
                self.plane.addItem(_SHORT.get(view.title, view.title), view.title)
                self.plane.setItemData(self.plane.count() - 1, view.title, Qt.ItemDataRole.ToolTipRole)
        if len(self._views) < 2:
            return  # there is nothing to choose
        for view, keys in zip(self._views, _KEYS, strict=False):
            button = QToolButton()
            button.setText(view.title)
            button.setCheckable(True)
            button.setStyleSheet(TOGGLE)
            button.setToolTip(
                f"Look at three planes in 3D, with wells and bodies ({keys})."
                if view.axis is None
                else f"Look at {view.title.lower()}s, upright ({keys})."
            )
            button.clicked.connect(lambda checked=False, view=view: self._turning.show(view))
            self._group.addButton(button)
            self._ways.addWidget(button)
            self.buttons[view.title] = button
        self._order_tabs()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Let Tab go from left to right, now that the row is where it stays."""
        super().showEvent(event)
        self._order_tabs()

    def _order_tabs(self) -> None:
        # The ways to look are made anew for each survey, and would come last.
        ours = (*self.buttons.values(), self.plane, self.number, self.slider, *self._taken, self.linked)
        first = () if self._canvas is None or self._canvas.window() is not self.window() else (self._canvas,)
        for before, after in pairwise((*first, *ours)):
            QWidget.setTabOrder(before, after)

    def _press(self, place: int) -> None:
        buttons = list(self.buttons.values())
        if place < len(buttons):
            buttons[place].click()

    def _press_linked(self) -> None:
        if not self.isHidden() and not self.linked.isHidden():
            self.linked.click()

    def _show_number(self, axis: NumberedAxis) -> None:
        index = self._turning.index
        for widget in (self.number, self.slider):
            widget.blockSignals(True)
        known = self._axis
        if known is None or known.name != axis.name or not np.array_equal(known.values, axis.values):
            self._axis = axis
            whole = bool((axis.values == np.round(axis.values)).all())
            self.number.setDecimals(0 if whole else _DIGITS)
            self.number.setRange(float(axis.values.min()), float(axis.values.max()))
            self.number.setSingleStep(abs(axis.step))
            self.number.setSuffix(f" {axis.unit}" if axis.unit else "")
            longest = max(map(self.number.textFromValue, (self.number.minimum(), self.number.maximum())), key=len)
            words = self.number.fontMetrics().horizontalAdvance(longest + self.number.suffix())
            self.number.setMinimumWidth(max(_NARROWEST, words + _BESIDE))
            what = "section" if len(self._views) > 1 else axis.called
            self.number.setAccessibleName(f"number of the {what}")
            self.number.setToolTip(f"Number of the {what} in view: type one, then Enter, or step.")
            self.slider.setAccessibleName(what)
            self.slider.setToolTip(f"Slide to another {what}.")
            self.called.setText(axis.called if len(self._views) < 2 else "")
            self.slider.setRange(0, axis.values.size - 1)
        self.number.setValue(float(axis.values[index]))
        self.slider.setValue(index)
        for widget in (self.number, self.slider):
            widget.blockSignals(False)

    def _plane_chosen(self, chosen: int) -> None:
        self._turning.plane = chosen
        self.look()

    def _typed(self, value: float) -> None:
        if self._axis is not None:
            self._turning.step_to(int(np.argmin(np.abs(self._axis.values - value))))
            self.look()  # the number that there is, where there is none like the one typed


def put_above(window: QWidget, bar: QWidget) -> QWidget | None:
    """Put the bar above the canvas, in its own column.

    Parameters
    ----------
    window : QWidget
        The viewer's window.
    bar : QWidget
        The bar.

    Returns
    -------
    QWidget or None
        The canvas; None where this window has no such place, and the bar stays where it is.
    """
    # The sliders of the canvas lie below it in its column and are found by Qt: napari has no name for that place.
    for widget in window.findChildren(QWidget):
        meta = widget.metaObject()
        parent = widget.parentWidget()
        column = None if parent is None else parent.layout()
        if meta is None or meta.className() != "QtDims" or not isinstance(column, QVBoxLayout):
            continue
        above = column.itemAt(column.indexOf(widget) - 1)
        column.insertWidget(0, bar)
        return None if above is None else above.widget()
    return None
