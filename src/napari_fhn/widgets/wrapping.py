"""A row that goes on below where there is no room beside: nothing in it lies over anything else."""

from __future__ import annotations

from qtpy.QtCore import QMargins, QRect, QSize, Qt
from qtpy.QtWidgets import QLayout, QLayoutItem, QWidget


class Wrapping(QLayout):
    """Widgets from left to right, in as many lines as they need.

    A line takes as many as fit at their least width. What it leaves goes to those that would like more, and the rest
    of it to those that expand.

    Parameters
    ----------
    parent : QWidget
        What is laid out.
    gap : int
        Pixels between widgets.
    lines_apart : int
        Pixels between lines.
    """

    def __init__(self, parent: QWidget, gap: int = 6, lines_apart: int = 3) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._lines_apart = lines_apart

    def insert(self, place: int, widget: QWidget) -> None:
        """Put a widget before the one at a place; -1 is before the last."""
        self.addWidget(widget)
        item = self._items.pop()
        self._items.insert(place, item)
        self.invalidate()

    # What Qt asks of a layout.

    def addItem(self, item: QLayoutItem | None) -> None:
        """Put something at the end."""
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return one of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Let go of one of them."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Take no more than its lines need, up and down."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Say that it is the higher the narrower it is."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines."""
        return self._laid_out(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, area: QRect) -> None:
        """Give each its place."""
        super().setGeometry(area)
        self._laid_out(area, move=True)

    def sizeHint(self) -> QSize:
        """Ask for one line."""
        sizes = [_liked(item) for item in self._items if not item.isEmpty()]
        width = sum(size.width() + self._after(size) for size in sizes) - (self._after(sizes[-1]) if sizes else 0)
        return self._with_margins(QSize(width, max((size.height() for size in sizes), default=0)))

    def minimumSize(self) -> QSize:
        """Ask for as much as the widest of them needs."""
        sizes = [_least(item) for item in self._items if not item.isEmpty()]
        width, height = (max((getattr(size, side)() for size in sizes), default=0) for side in ("width", "height"))
        return self._with_margins(QSize(width, height))

    def _with_margins(self, size: QSize) -> QSize:
        around: QMargins = self.contentsMargins()
        return size + QSize(around.left() + around.right(), around.top() + around.bottom())

    def _laid_out(self, area: QRect, *, move: bool) -> int:
        """Return the height that all lines need in a width; `move` gives each its place in them."""
        around = self.contentsMargins()
        inside = area.adjusted(around.left(), around.top(), -around.right(), -around.bottom())
        top = inside.top()
        for line in self._lines(inside.width()):
            height = max(size.height() for _, size in line)
            if move:
                self._place(line, QRect(inside.left(), top, inside.width(), height))
            top += height + self._lines_apart
        if top > inside.top():
            top -= self._lines_apart
        return top - area.top() + around.bottom()

    def _after(self, size: QSize) -> int:
        """The gap after a widget: what is there only to take what is left has none."""
        return self._gap if size.width() else 0

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        left = -1
        for item in self._items:
            if item.isEmpty():
                continue
            size = _least(item)
            if not lines or left < size.width():
                lines.append([])
                left = width
            lines[-1].append((item, size))
            left -= size.width() + self._after(size)
        return lines

    def _place(self, line: list[tuple[QLayoutItem, QSize]], area: QRect) -> None:
        taken = sum(size.width() + self._after(size) for _, size in line) - self._after(line[-1][1])
        left = max(0, area.width() - taken)
        growing = sum(_grows(item) for item, _ in line)
        widths = []
        for item, size in line:
            more = 0 if _grows(item) else min(left, max(0, _liked(item).width() - size.width()))
            widths.append(size.width() + more)
            left -= more
        x = area.left()
        for (item, size), least in zip(line, widths, strict=True):
            # Alone on a line that is too short even for it, it is as wide as the line.
            width = min(least + (left // growing if _grows(item) else 0), area.width())
            item.setGeometry(QRect(x, area.top() + (area.height() - size.height()) // 2, width, size.height()))
            x += width + self._after(size)


def _grows(item: QLayoutItem) -> bool:
    return bool(item.expandingDirections() & Qt.Orientation.Horizontal)


def _liked(item: QLayoutItem) -> QSize:
    return item.sizeHint().expandedTo(item.minimumSize()).boundedTo(item.maximumSize())


def _least(item: QLayoutItem) -> QSize:
    """Return the least width, and the height it would like."""
    return QSize(item.minimumSize().width(), _liked(item).height())
