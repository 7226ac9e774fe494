"""The dock: six steps, top to bottom, the way the work goes."""

from __future__ import annotations

import atexit
import contextlib
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from napari.utils.notifications import show_info
from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.widgets import shortcuts, tooltips, wording
from napari_fhn.widgets.consent import ask_close, ask_consent
from napari_fhn.widgets.context import refuse
from napari_fhn.widgets.data.data_panel import DataPanel
from napari_fhn.widgets.data.kept_whole import KeptWhole
from napari_fhn.widgets.data.opening import CanvasDrops
from napari_fhn.widgets.data.view_bar import ViewBar, put_above
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.exporting.export_panel import ExportPanel
from napari_fhn.widgets.focus_seen import FocusSeen
from napari_fhn.widgets.labelling.label_panel import LabelPanel
from napari_fhn.widgets.network.network_panel import NetworkPanel
from napari_fhn.widgets.results.results_panel import ResultsPanel
from napari_fhn.widgets.running.run_panel import RunPanel
from napari_fhn.widgets.section import hairline
from napari_fhn.widgets.sessions.start_panel import StartPanel
from napari_fhn.widgets.state import Activity
from napari_fhn.widgets.tabbing import PastSliders
from napari_fhn.widgets.views.furnishing import furnished
from napari_fhn.widgets.views.scene_bar import SceneBar
from napari_fhn.widgets.views.sheet import Sheet

WIDTH = 320


_DOCKS: weakref.WeakSet[Dock] = weakref.WeakSet()
_WAITING: set[Dock] = set()
"""Docks that are closed while something is under way: napari forgets them, and they are wanted again."""


def _unwrapped(viewer: Any) -> Any:
    """Return the viewer behind the proxy that napari hands to plugins."""
    return getattr(viewer, "__wrapped__", viewer)


class Dock(QWidget):
    """Plugins > Interpretation desk (FHN).

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Handed over by napari.
    sessions : Path, optional
        Folder of the sessions, instead of the platform's.

    Attributes
    ----------
    desk : Desk
        Who carries out what is clicked.
    """

    def __new__(cls, napari_viewer: napari.Viewer, sessions: Path | None = None) -> Dock:
        """Return the dock that the viewer has, where it has one: there is one desk to a viewer."""
        viewer = _unwrapped(napari_viewer)
        there = next((one for one in _DOCKS if not one._closed and _unwrapped(one.desk.viewer) is viewer), None)
        return super().__new__(cls) if there is None else there

    def __init__(self, napari_viewer: napari.Viewer, sessions: Path | None = None) -> None:
        if "desk" in self.__dict__:
            return  # it is there already, with its desk
        super().__init__()
        self._closed = False
        self.desk = Desk(napari_viewer, sessions)
        self.data = DataPanel(self.desk)
        self.labels = LabelPanel(
            self.desk.labelling,
            self.desk.history,
            self.desk.prediction.values,
            lambda: self.desk.overlays.values("entropy"),
        )
        self.network = NetworkPanel(self.desk)
        self.run = RunPanel(self.desk)
        self.results = ResultsPanel(self.desk)
        self.export = ExportPanel(self.desk.exports)
        self.desk.context.consent = lambda needs: ask_consent(needs, self.window(), self.desk.messages.worded)
        # While it trains the settings cannot be changed, and the curves want the room.
        self.desk.state.events.activity.connect(self._make_room)
        self.desk.book.state.events.has_labels.connect(self._offer_results)
        for part in (self.run, self.results, self.export):
            part.setVisible(self.desk.book.state.has_labels)
        self.sheet: Sheet | None = None
        self.drops = CanvasDrops(self.desk.viewer, self)
        self.past_sliders = PastSliders(self.desk.viewer, self)
        self.kept_whole = KeptWhole(self.desk.viewer, self)
        self.view = ViewBar(self.desk.turning, self.desk.context.views)
        self.view.take(SceneBar(self.desk.context, self.desk.book, self.desk.scene, self.desk.bodies))
        self.data.body.insertWidget(0, self.view)
        self.focus_seen = FocusSeen(self, self.view)
        self.keys = shortcuts.bind(self.shortcuts(), self)
        help_button = QToolButton()
        help_button.setText("?")
        help_button.setAutoRaise(True)
        help_button.setToolTip("List the keys of the desk (Ctrl+Alt+K).")
        help_button.clicked.connect(self.list_shortcuts)
        self.data.row.addWidget(help_button)
        QWidget.setTabOrder(self.data.heading, help_button)  # it is made last, and is seen first
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(6)
        self.start = StartPanel(self.desk)
        for panel in (self.start, self.data, self.labels, self.network):
            column.addWidget(panel)
        column.addWidget(self.run, 100)
        column.addWidget(self.results)
        column.addWidget(self.export)
        column.addStretch(1)  # takes the room while there are no curves that want it
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(hairline())
        outer.addWidget(self.run.pinned)
        for button in self.findChildren(QAbstractButton):
            # A click leaves the keys where they were, on the canvas: what it disables would hand them to its neighbour.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.desk.messages.events.cell.connect(self._word)
        self._word()
        self.setMinimumWidth(WIDTH)
        self._window: QWidget | None = None
        self.ask_close: Callable[[str], bool] = lambda words: ask_close(words, self.window())
        # The training process must not outlive the viewer, whichever way that ends.
        self._close = close_desk = self.desk.close
        self.destroyed.connect(lambda: close_desk())
        atexit.register(close_desk)
        _DOCKS.add(self)
        self.desk.state.events.activity.connect(self._close_if_waited_for)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(close_desk)

    def sizeHint(self) -> QSize:
        """Ask for no more width than the controls need: the rest is the canvas's."""
        return QSize(WIDTH, 700)

    def enterEvent(self, event: Any) -> None:
        """Let what the controls say be read: in lines, and not in one across the screen."""
        self._word()
        tooltips.wrap(self)
        super().enterEvent(event)

    def shortcuts(self) -> tuple[shortcuts.Key, ...]:
        """Return all keys of the desk. They press buttons: what cannot be clicked has no key that does it either."""
        run, looks = self.run, self.run.looks
        return (
            shortcuts.Key("Ctrl+Alt+R", "Train", run.train.click),
            shortcuts.Key("Ctrl+Alt+H", "Pause, and resume", run.pause.click),
            shortcuts.Key("Ctrl+Alt+X", "Stop", run.stop.click),
            shortcuts.Key("Ctrl+Alt+A", "Predict all", run.predict.click),
            shortcuts.Key("Ctrl+Alt+V", "Show or hide the prediction", self.desk.prediction.toggle),
            shortcuts.Key("Ctrl+Alt+D", "Outlines of the prediction", looks.outlines.click),
            shortcuts.Key("Ctrl+Alt+E", "Entropy of the prediction", looks.buttons["entropy"].click),
            shortcuts.Key("Ctrl+Alt+W", "Where next: find the places most worth labelling", run.next.search.click),
            shortcuts.Key("Ctrl+Alt+N", "Go to the next of them", run.next.go_on),
            shortcuts.Key("Ctrl+Alt+L", "More places like the one under the cursor", self.labels.more_like_this),
            shortcuts.Key("Ctrl+Alt+J", "Go to the next of these", self.labels.similar.after.click),
            shortcuts.Key("Ctrl+Alt+B", "Draw the training block", self.network.block.click),
            *self.view.shortcuts(),
            shortcuts.Key("Ctrl+Alt+G", "Type a place to go to", self.data.go_to.begin),
            shortcuts.Key("Ctrl+Alt+M", "Paint a dab of the brush at the place gone to", self.desk.labelling.dab),
            shortcuts.Key("Ctrl+Alt+K", "This list", self.list_shortcuts),
            shortcuts.Key("1 … 9", "Brush of class 1 to 9, on the label layer"),
            shortcuts.Key("Ctrl+Z, Ctrl+Shift+Z", "Undo and redo on the label layer: strokes, files, classes"),
        )

    def list_shortcuts(self) -> None:
        """Show all keys of the desk; the window goes on meanwhile."""
        dialog = shortcuts.ShortcutsDialog(tuple(key for key in self.shortcuts() if key.words), self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def close_desk(self) -> None:
        """End the training process and let go of the viewer."""
        if self._closed:
            return
        self._closed = True
        _WAITING.discard(self)
        self.desk.context.consent = refuse  # there is nobody to ask any more, and it would keep the dock
        with contextlib.suppress(RuntimeError):
            if self._window is not None and self._window.isVisible():  # the viewer goes on without
                self.desk.scene.end()  # while there is the sheet, which sees to it where OpenGL deletes
        if self.sheet is not None:
            self.sheet.close_sheet()
        for part in (self.drops, self.focus_seen, self.past_sliders, self.kept_whole):
            with contextlib.suppress(RuntimeError):  # gone with the window
                part.let_go()
        self.view.close_bar()
        with contextlib.suppress(RuntimeError):
            self.view.setParent(None)
            self.view.deleteLater()
        self.data.close_panel()
        self.results.close_panel()
        self.desk.close()
        atexit.unregister(self.desk.close)
        application = QApplication.instance()
        if application is not None:
            with contextlib.suppress(RuntimeError, TypeError):  # it is ending, and has let go itself
                application.aboutToQuit.disconnect(self._close)
        # napari forgets a closed dock and does not delete it, and PySide6 keeps what is connected to a widget's
        # signals, and all that it names, for as long as there is the widget.
        with contextlib.suppress(RuntimeError):
            self.deleteLater()

    def event(self, event: QEvent | None) -> bool:
        """Watch the window the dock lives in: napari tells plugins nothing when it closes."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            # napari takes a closed dock out of its window and forgets it, without deleting it.
            QTimer.singleShot(0, self._close_if_orphaned)
        if event is not None and event.type() in (QEvent.Type.ParentChange, QEvent.Type.Show):
            if self.parent() is not None:
                _WAITING.discard(self)
            window = self.window()
            # On its way into the window a dock is a window of its own for a moment.
            if window is not self._window and window is not self and not isinstance(window, QDockWidget):
                if self._window is not None:
                    self._window.removeEventFilter(self)
                self._window = window
                if window is not None:
                    window.installEventFilter(self)
                    self._settle(window)
        return bool(super().event(event))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Close with the window, once it really closes: the person may still say no."""
        if event is not None and event.type() == QEvent.Type.Close and not self._closed:
            # Only who closes the window by hand is asked: a program that does knows what it does.
            words = self.desk.leaving() if event.spontaneous() else ""
            if words and not self.ask_close(words):
                event.ignore()
                return True
            QTimer.singleShot(0, self._close_if_hidden)
        return False

    def _settle(self, window: QWidget) -> None:
        """Put what belongs to the canvas there, once there is one."""
        self.drops.watch(window)
        self.past_sliders.watch(window)
        canvas = put_above(window, self.view)
        self.view.follow_canvas(canvas)
        self.kept_whole.watch(canvas, self.width())
        if canvas is not None and self.sheet is None:
            self.sheet = furnished(canvas, self.desk)

    def _word(self, event: Any = None) -> None:
        """Speak of what is worked on: of pixels on a map, of samples on a line."""
        wording.word(self, self.desk.messages.worded)

    def _make_room(self, activity: Activity) -> None:
        if activity is Activity.TRAINING:
            self.network.fold()

    def _offer_results(self, has_labels: bool) -> None:
        """Show the parts that begin with labels once there are some; they stay, as nothing may jump."""
        for panel in (self.run, self.results, self.export):
            panel.setVisible(has_labels or not panel.isHidden())

    def _close_if_orphaned(self) -> None:
        """Close with the dock; what is under way goes on, and is there again when the dock is opened again."""
        if self._closed or self.parent() is not None:
            return
        window = self._window
        if self.desk.state.activity.idle or window is None or not window.isVisible():
            self.close_desk()
            return
        _WAITING.add(self)
        show_info(f"The dock is closed; {self.desk.state.activity.value} goes on. Open the dock again to see to it.")

    def _close_if_waited_for(self, activity: Activity) -> None:
        """Close what went on without its dock, once it has ended."""
        if self in _WAITING and activity.idle:
            QTimer.singleShot(0, self._close_if_orphaned)

    def _close_if_hidden(self, *_: Any) -> None:
        if not self._closed and self._window is not None and not self._window.isVisible():
            self.close_desk()
