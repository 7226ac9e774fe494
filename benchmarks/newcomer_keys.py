"""The walks by keys alone, once survey and dock are open: a volume, a 2D line, a pair of cubes, a stack of maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from newcomer_hands import Walk, settle

_MOST = 150
"""Keys to come to a control: the window has some hundred."""


class Keyboard:
    """What one does in a window of the desk without a mouse.

    Parameters
    ----------
    desk : Desk
        The window, of `newcomer`, with its dock.
    walk : Walk
        Which counts.
    """

    def __init__(self, desk: Any, walk: Walk) -> None:
        self.desk, self.walk, self._clicks = desk, walk, walk.clicks
        self.begin()

    @property
    def dock(self) -> Any:
        """The dock."""
        return self.desk.dock

    def begin(self) -> None:
        """Let the keys be at the top of the dock."""
        from qtpy.QtWidgets import QApplication

        self.desk.window.activateWindow()  # a display without a window manager does not, when a dialog has gone
        self.desk.window.raise_()
        self.dock.data.list.setFocus()
        settle(lambda: QApplication.focusWidget() is not None, 10)  # a window is active when its system says so

    def press(self, keys: str) -> None:
        """Press a combination of keys where the focus is."""
        from qtpy.QtWidgets import QApplication

        self.walk.key(QApplication.focusWidget() or self.desk.window, keys)

    def type(self, words: str) -> None:
        """Type, a key for each letter."""
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        QTest.keyClicks(QApplication.focusWidget(), words)
        self.walk.keys += len(words)

    def tab_to(self, widget: Any) -> None:
        """Press Tab until a control has the keys, which is in view then."""
        from qtpy.QtWidgets import QApplication

        for _ in range(_MOST):
            if QApplication.focusWidget() is widget:
                if widget.visibleRegion().isEmpty():
                    raise RuntimeError(f"{_called(widget)!r} has the keys and is not in view")
                return
            self.press("Tab")
        raise RuntimeError(f"{_called(widget)!r} is not reached by Tab")

    def load(self) -> None:
        """Load what lies beside the survey."""
        with self.walk.step(f"{self.dock.labels.load.text().lower()}, by Tab and Space"):
            self.tab_to(self.dock.labels.load)
            self.press("Space")
            settle(lambda: bool(self.desk.desk.book.state.counts), 60)

    def paint(self, places: tuple[tuple[str, ...], ...]) -> None:
        """Make a label layer and paint dabs at typed places, class by class."""
        with self.walk.step(f"label {sum(map(len, places))} places, typed"):
            self.tab_to(self.dock.labels.new)
            self.press("Space")
            settle(lambda: self.desk.desk.book.layer is not None, 10)
            for number, some in enumerate(places):
                self.begin()
                self.tab_to(self.dock.labels.table)
                for _ in range(number):
                    self.press("Down")
                for place in some:
                    self.press("Ctrl+Alt+G")
                    self.type(place)
                    self.press("Return")
                    self.press("Ctrl+Alt+M")
            settle(lambda: len(self.desk.desk.book.state.counts) == len(places), 10)
        if len(self.desk.desk.book.state.counts) != len(places):
            raise RuntimeError(f"of {len(places)} classes {len(self.desk.desk.book.state.counts)} are labelled")

    def train_and_predict(self) -> None:
        """Train and predict."""
        self.desk.train(lambda: self.press("Ctrl+Alt+R"))
        self.desk.predict(lambda: self.press("Ctrl+Alt+A"))

    def compare(self) -> None:
        """Compare the prediction with what is labelled."""
        results = self.dock.results
        with self.walk.step("compare with the labels"):
            self.begin()
            self.tab_to(results.heading)
            self.press("Space")
            self.tab_to(results.truth)
            self.type("Labels")
            self.tab_to(results.compare)
            self.press("Space")
            settle(lambda: self.desk.desk.comparison.state.matrix is not None, 60)
        if self.desk.desk.comparison.state.matrix is None:
            raise RuntimeError("nothing was compared")

    def export(self, output: Path) -> None:
        """Save the classes; the name is typed, with Enter, which counts as one key."""
        from qtpy.QtWidgets import QFileDialog

        with self.walk.step(f"export as {output.suffix}"):
            self.tab_to(self.dock.export.button)
            QFileDialog.getSaveFileName = lambda *_, **__: (str(output), "")
            self.press("Space")
            self.walk.keys += 1
            settle(lambda: not self.desk.desk.exports.state.busy and output.is_file(), 120)
        if not output.is_file():
            raise RuntimeError("nothing was exported")

    def end(self) -> None:
        """See that no mouse was needed, and close the window."""
        if self.walk.clicks != self._clicks:
            raise RuntimeError("a mouse was needed")
        self.desk.check()
        self.desk.close()


def volume(desk: Any, walk: Walk) -> None:
    """Train and predict from wells, and look where labels are worth most."""
    keys = Keyboard(desk, walk)
    keys.load()
    keys.train_and_predict()
    with walk.step("outlines, the next place worth a label"):
        keys.press("Ctrl+Alt+D")
        keys.press("Ctrl+Alt+W")
        settle(lambda: not desk.desk.suggestions.state.searching, 60)
        keys.press("Ctrl+Alt+N")
    keys.end()


def line(desk: Any, walk: Walk, output: Path) -> None:
    """Label traces at typed places, train, predict, compare, export."""
    keys = Keyboard(desk, walk)
    keys.paint(tuple(tuple(f"trace {trace} T {time}" for trace in (40, 140)) for time in (100, 300, 540)))
    keys.train_and_predict()
    keys.compare()
    keys.export(output)
    keys.end()


def cubes(desk: Any, walk: Walk, output: Path) -> None:
    """Load points, train, predict, compare, export."""
    keys = Keyboard(desk, walk)
    keys.load()
    keys.train_and_predict()
    keys.compare()
    keys.export(output)
    keys.end()


def maps(desk: Any, walk: Walk, output: Path) -> None:
    """Stack the maps, label pixels at typed places, train, predict, compare, export."""
    keys = Keyboard(desk, walk)
    with walk.step("stack the maps"):
        keys.tab_to(desk.dock.data.stack)
        agree(walk)
        keys.press("Space")
        settle(desk.has_stack, 60)
        if not desk.has_stack():
            raise RuntimeError("the two maps are no stack after a minute")
    keys.begin()
    keys.paint(tuple(tuple(f"row {row} col {column}" for row in (20, 60, 100)) for column in (18, 102)))
    keys.train_and_predict()
    keys.compare()
    keys.export(output)
    keys.end()


def agree(walk: Walk) -> None:
    """Press Enter in the dialog that comes up, once it is there."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None or not dialog.isVisible():
            QTimer.singleShot(200, look)
        else:
            walk.key(dialog.focusWidget() or dialog, "Return")

    QTimer.singleShot(300, look)


def _called(widget: Any) -> str:
    return str(widget.text() if hasattr(widget, "text") else widget.accessibleName())
