"""A section across one axis, or along a fence, beside the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QRectF

from napari_fhn.surveys.cuts import Plane, axes_of, covered
from napari_fhn.surveys.drawing import section_title
from napari_fhn.surveys.fences import Fence
from napari_fhn.surveys.numbers import NumberedAxis, Numbers, describe
from napari_fhn.surveys.ticks import numbered, ticks
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.views.names import ROWS, Names
from napari_fhn.widgets.views.pane import Pane

COLORS = ("#56b4e9", "#e69f00", "#009e73")
"""Of the section across each axis, on its own title and as a line on the map."""

FENCE = "#cc79a7"


class SectionPane(Pane):
    """The section across an axis.

    Parameters
    ----------
    axis : int
        Of the survey's axes of space.
    """

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self._material: Material | None = None
        self._numbers: Numbers | None = None
        self.down = self.right = 0
        self.hovered.connect(self._say)

    def follow(self, material: Material, vertical: int | None) -> None:
        """Show sections of another survey."""
        self._material, self._numbers = material, _numbers_of(material)
        self.down, self.right = axes_of(Plane(self.axis), len(material.shape), vertical)
        self.number(_by_number(self._numbers.axes[self.right]), _by_number(self._numbers.axes[self.down]))
        self.look_at(self.room)

    @property
    def room(self) -> QRectF:
        """What a whole section covers, in voxels."""
        shape = (1, 1, 1) if self._material is None else self._material.shape
        return QRectF(-0.5, -0.5, shape[self.right], shape[self.down])

    def at(self, index: Sequence[int]) -> None:
        """Say and show where one is."""
        self.mark(float(index[self.right]), float(index[self.down]))
        if self._material is not None:
            first = self._material.first
            words = section_title(first, lambda axis: index[axis], (self.down, self.right))
            self.call(words, COLORS[self.axis])

    def index(self, x: float, y: float) -> dict[int, float]:
        """Return the place of a click, by axis."""
        return {self.right: x, self.down: y}

    def place_of(self, index: Sequence[float]) -> tuple[float | None, float | None]:
        """Return where a place of the survey is seen, whether it lies on this section or beside it."""
        return index[self.right], index[self.down]

    def show_section(self, rgba: NDArray[np.uint8]) -> None:
        """Show the picture of the section."""
        shape = (1, 1, 1) if self._material is None else self._material.shape
        rows, columns = (
            covered(shape[axis], n) for axis, n in zip((self.down, self.right), rgba.shape[:2], strict=True)
        )
        self.show_picture(rgba, QRectF(-0.5, -0.5, columns, rows))

    def _say(self, x: float, y: float) -> None:
        if self._numbers is not None and self._material is not None:
            axes, index = self._numbers.axes, self.index(x, y)
            self.say(", ".join(_said(axes[axis], index[axis]) for axis in sorted(index)))


class FencePane(Pane):
    """The section along a fence, with wells near it.

    Attributes
    ----------
    fence : Fence or None
        What is shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fence: Fence | None = None
        self._numbers: Numbers | None = None
        self._marks: list[Any] = []
        self.names = Names(self.plot, ROWS, dot=0.0)
        self.hovered.connect(self._say)
        self.hovered.connect(self._ask)
        self.left.connect(self.names.ask)

    def follow(self, material: Material, found: Fence, wells: Sequence[tuple[str, float, float]]) -> None:
        """Show another fence.

        Parameters
        ----------
        material : Material
            Whose it is.
        found : Fence
            The fence.
        wells : sequence of (str, float, float)
            Names of those near it, where along it they are, and how far off.
        """
        self.fence, self._numbers = found, _numbers_of(material)
        self.number(_by_length, _by_number(self._numbers.axes[-1]))
        length = float(found.distances[-1])
        unit = " m" if found.unit == "m" else " traces"
        self.call(f"Fence, {length:,.0f}{unit}", FENCE)
        for item in self._marks:
            self.plot.removeItem(item)
        dashed = pg.mkPen(FENCE, width=1, style=pg.QtCore.Qt.PenStyle.DashLine)
        self._marks = [pg.InfiniteLine(float(at), pen=dashed) for at in found.corners[1:-1]]
        self._marks += [pg.InfiniteLine(along, pen=pg.mkPen("w", width=1)) for _, along, _ in wells]
        named = [(name if off < 1 else f"{name} ({off:.0f}{unit} off)", along) for name, along, off in wells]
        for item in self._marks:
            item.setZValue(10)
            self.plot.addItem(item, ignoreBounds=True)
        self.names.show([(words, along, -0.5) for words, along in named])
        self.look_at(self.room)

    @property
    def room(self) -> QRectF:
        """What the fence covers: its length, and voxels downwards."""
        if self.fence is None or self._numbers is None:
            return QRectF(0, 0, 1, 1)
        step = float(self.fence.distances[1] - self.fence.distances[0])
        length = float(self.fence.distances[-1])
        return QRectF(-step / 2, -0.5, length + step, self._numbers.axes[-1].values.size)

    def at(self, index: Sequence[int]) -> None:
        """Show where one is."""
        self.mark(*self.place_of(index))

    def place_of(self, index: Sequence[float]) -> tuple[float | None, float | None]:
        """Return where a place is seen: along the fence where it comes by, and how deep."""
        if self.fence is None:
            return None, None
        apart = np.abs(self.fence.traces - np.rint(index[:2])).max(axis=1)
        nearest = int(np.argmin(apart))
        return float(self.fence.distances[nearest]) if apart[nearest] == 0 else None, float(index[-1])

    def show_section(self, rgba: NDArray[np.uint8]) -> None:
        """Show the picture of the section: a column for each trace, rows as many as there is room for."""
        room = self.room
        if self._numbers is not None:
            room.setHeight(covered(self._numbers.axes[-1].values.size, len(rgba)))
        self.show_picture(rgba, room)

    def index(self, x: float, y: float) -> dict[int, float]:
        """Return the place of a click, by axis."""
        if self.fence is None:
            return {}
        first, second = self.fence.traces[self._column(x)]
        return {0: float(first), 1: float(second), 2: y}

    def _ask(self, x: float, y: float) -> None:
        self.names.ask(x, -0.5)  # along all of a well, whose name stands at its top

    def _column(self, x: float) -> int:
        assert self.fence is not None
        return int(np.argmin(np.abs(self.fence.distances - x)))

    def _say(self, x: float, y: float) -> None:
        if self.fence is not None and self._numbers is not None:
            words = describe(self._numbers, [*map(float, self.fence.traces[self._column(x)]), y])
            self.say(f"{x:,.0f} {self.fence.unit}; {words}" if words else "")


def _numbers_of(material: Material) -> Numbers:
    return Numbers.of(material.first)


def _by_number(axis: NumberedAxis) -> Any:
    return lambda low, high, most: [(at, f"{number:g}") for at, number in numbered(axis.values, low, high, most)]


def _by_length(low: float, high: float, most: int) -> list[tuple[float, str]]:
    return [(at, f"{at:g}") for at in ticks(low, high, most)]


def _said(axis: NumberedAxis, index: float) -> str:
    k = min(max(round(index), 0), axis.values.size - 1)
    return f"{axis.called} {axis.values[k]:g}{f' {axis.unit}' if axis.unit else ''}"
