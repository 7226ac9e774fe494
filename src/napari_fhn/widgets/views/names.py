"""Names at places of a view, laid out so that none lies over another; the one under the mouse is always read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QPointF, QRectF

_INK, _GROUND = "w", (0, 0, 0, 140)
_DOT = 5.0
"""Half of the side of what marks a place, in pixels."""
_NEAR = 12.0
"""Pixels from a place within which the mouse asks for its name."""
BESIDE = ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0))
"""Which corner of a name is at its place: it stands above to the right, to the left, or below."""
ROWS = tuple((left, -down) for down in (0.0, 1.0, 2.0) for left in (0.0, 1.0))
"""For places in a row along the upper edge: the name hangs from it to the right or left, or a line or two lower."""
_EDGE = 1.0
"""Pixels by which a name may reach beyond the edge on which it hangs."""

Anchor = tuple[float, float]


def apart(
    places: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    room: tuple[float, float],
    anchors: Sequence[Anchor] = BESIDE,
    dot: float = _DOT,
) -> list[Anchor | None]:
    """Choose where names stand, the first ones first.

    Parameters
    ----------
    places : sequence of (float, float)
        To the right and down, in pixels.
    sizes : sequence of (float, float)
        Width and height of each name.
    room : tuple of float
        Width and height of the view.
    anchors : sequence of (float, float), optional
        Where a name may stand, best first: which share of its width and height lies before its place.
    dot : float, optional
        Half of the side of what marks a place, which a name leaves free where it can.

    Returns
    -------
    list of (float, float) or None
        None for a name that finds no place.

    Examples
    --------
    >>> apart([(10, 50), (12, 50), (14, 50)], [(30, 10)] * 3, (100, 100))
    [(0.0, 1.0), (0.0, 0.0), None]
    """
    taken: list[QRectF] = []
    dots = [QRectF(x - dot, y - dot, 2 * dot, 2 * dot) for x, y in places]
    inside = QRectF(0, 0, *room).adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)
    chosen: list[Anchor | None] = []
    for own, ((x, y), (width, height)) in enumerate(zip(places, sizes, strict=True)):
        tried = [(anchor, QRectF(x - anchor[0] * width, y - anchor[1] * height, width, height)) for anchor in anchors]
        free = [
            (anchor, where)
            for anchor, where in tried
            if inside.contains(where) and not any(where.intersects(one) for one in taken)
        ]
        others = [one for number, one in enumerate(dots) if number != own]
        found = next((one for one in free if not any(one[1].intersects(dot) for dot in others)), None)
        found = found or next(iter(free), None)
        chosen.append(None if found is None else found[0])
        if found is not None:
            taken.append(found[1])
    return chosen


class Names:
    """The names on a plot.

    Parameters
    ----------
    plot : pyqtgraph.PlotWidget
        Which.
    anchors : sequence of (float, float), optional
        Where a name may stand.
    dot : float, optional
        As for `apart`.

    Attributes
    ----------
    items : list of pyqtgraph.TextItem
        Those that are there; what finds no place is not visible.
    """

    def __init__(self, plot: Any, anchors: Sequence[Anchor] = BESIDE, dot: float = _DOT) -> None:
        self._plot = plot
        self._box = plot.getPlotItem().getViewBox()
        self._anchors = anchors
        self._dot = dot
        self._asked: int | None = None
        self._chosen: list[Anchor | None] = []
        self.items: list[Any] = []
        self._box.sigRangeChanged.connect(self.lay_out)
        self._box.sigResized.connect(self.lay_out)

    def show(self, named: Sequence[tuple[str, float, float]]) -> None:
        """Show names in place of those that are there.

        Parameters
        ----------
        named : sequence of (str, float, float)
            What stands at which x and y of the plot.
        """
        for item in self.items:
            self._plot.removeItem(item)
        self.items, self._asked = [], None
        for name, x, y in named:
            item = pg.TextItem(name, color=_INK, fill=pg.mkBrush(*_GROUND))
            item.setPos(x, y)
            item.setZValue(15)
            self._plot.addItem(item, ignoreBounds=True)
            self.items.append(item)
        self.lay_out()

    def lay_out(self, *_: Any) -> None:
        """Find a place for each name, now that the plot shows more or less."""
        if not self.items:
            return
        sizes = [(one.width(), one.height()) for one in (item.boundingRect() for item in self.items)]
        self._chosen = apart(self._pixels(), sizes, (self._box.width(), self._box.height()), self._anchors, self._dot)
        self._draw()

    def ask(self, x: float | None = None, y: float | None = None) -> None:
        """Show the name of the place under the mouse, whatever it lies over; None where the mouse is nowhere."""
        asked = None
        if self.items and x is not None and y is not None:
            mouse = self._box.mapFromView(QPointF(x, y))
            away = np.hypot(*(np.array(self._pixels()) - (mouse.x(), mouse.y())).T)
            nearest = int(np.argmin(away))
            asked = nearest if away[nearest] <= _NEAR else None
        if asked != self._asked:
            self._asked = asked
            self._draw()

    def _pixels(self) -> list[tuple[float, float]]:
        found = (self._box.mapFromView(item.pos()) for item in self.items)
        return [(float(one.x()), float(one.y())) for one in found]

    def _draw(self) -> None:
        for number, (item, anchor) in enumerate(zip(self.items, self._chosen, strict=True)):
            asked = number == self._asked
            item.setVisible(anchor is not None or asked)
            item.setAnchor(anchor or self._anchors[0])
            item.setZValue(16 if asked else 15)
