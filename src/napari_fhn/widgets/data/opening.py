"""Surveys opened by those who ask for them: from the menu, from the dock, dropped on either.

napari asks readers by suffix alone, and stops with a question where two of them take one. So the manifest names only
suffixes that napari reads nothing of, and everything else that is a survey comes in here: whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import napari
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QWidget

from napari_fhn import surveys
from napari_fhn.first_look import from_the_ground
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.widgets.choosing import ask_folder, ask_open_several, folder_of_any
from napari_fhn.widgets.data import reader
from napari_fhn.widgets.data.placement import on_arrival
from napari_fhn.widgets.door import busy
from napari_fhn.widgets.labelling import dropped

_TITLE = "Open as a survey"


def open_survey(viewer: napari.Viewer) -> None:
    """File > IO Utilities: ask for files, and open them as surveys."""
    choose_files(viewer)


def open_survey_folder(viewer: napari.Viewer) -> None:
    """File > IO Utilities: ask for a store, and open it as a survey."""
    choose_folder(viewer)


def choose_files(viewer: ViewerModel) -> None:
    """Ask for files, and open them as surveys."""
    open_surveys(viewer, ask_open_several(window_of(viewer), "survey", _TITLE, near=_beside(viewer)))


def choose_folder(viewer: ViewerModel) -> None:
    """Ask for a folder (Zarr, MDIO, a copy in bricks), and open it as a survey."""
    path = ask_folder(window_of(viewer), "survey", f"{_TITLE}: a Zarr or MDIO store", _beside(viewer))
    if path is not None:
        open_surveys(viewer, [path])


def _beside(viewer: ViewerModel) -> Path | None:
    """The folder of the survey that lies uppermost."""
    return folder_of_any(one.metadata["survey"] for one in reversed(viewer.layers) if "survey" in one.metadata)


def open_surveys(viewer: ViewerModel, paths: Sequence[Path]) -> list[Layer]:
    """Open files and folders as surveys, whatever they are called.

    Parameters
    ----------
    viewer : ViewerModel
        Where to.
    paths : sequence of Path
        Of surveys; what cannot be read as one is said.

    Returns
    -------
    list of napari.layers.Layer
        One for each survey that was opened.
    """
    busy()
    found = on_arrival(viewer, reader.layers_of(paths))
    return [viewer.add_layer(Layer.create(*layer)) for layer in found]


class CanvasDrops(QObject):
    """Takes surveys that are dropped on the canvas while the dock is open; leaves everything else to napari.

    A file is taken where it says itself that it is a survey, or where no reader of any plugin knows its suffix. With
    Alt, napari asks for the reader as always.

    Parameters
    ----------
    viewer : ViewerModel
        Where surveys are opened.
    parent : QObject
        Who takes it along at the end.
    """

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._watched: QWidget | None = None

    def watch(self, window: QWidget) -> None:
        """Look at what is dropped on the canvas of a window from now on.

        Parameters
        ----------
        window : QWidget
            The viewer's.
        """
        self.let_go()
        # napari has no public name for the widget that takes drops, and Qt finds it.
        for widget in window.findChildren(QWidget):
            meta = widget.metaObject()
            if meta is not None and meta.className() == "QtViewer":
                widget.installEventFilter(self)
                self._watched = widget
                return

    def let_go(self) -> None:
        """Look at nothing any more."""
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take a drop that is ours."""
        if not isinstance(event, QDropEvent) or event.type() != QEvent.Type.Drop:
            return False
        if event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier):
            return False
        paths = local_files(event)
        if not paths or not all(self.ours(path) for path in paths):
            return False
        event.acceptProposedAction()
        # The program that is dropped from waits until the drop is answered: reading comes after.
        QTimer.singleShot(0, lambda: self.take(paths))
        return True

    def ours(self, path: Path) -> bool:
        """Say whether a file is a survey, or labels, beyond doubt."""
        if from_the_ground(path):
            return True
        return not _known_to_others(path) and surveys.can_open(path)

    def take(self, paths: Sequence[Path]) -> None:
        """Open surveys, and load what is known about them."""
        known = [path for path in paths if dropped.get_reader(str(path)) is not None]
        open_surveys(self._viewer, [path for path in paths if path not in known])
        if known:
            dropped.read([str(path) for path in known])


def local_files(event: QDropEvent) -> list[Path]:
    """Return what is dropped, where all of it lies on a disk; else nothing."""
    data = event.mimeData()
    urls = [] if data is None else data.urls()
    return [Path(url.toLocalFile()) for url in urls] if all(url.isLocalFile() for url in urls) else []


def address_in(event: QDropEvent) -> str | None:
    """Return the address that is dropped, where it is one alone."""
    data = event.mimeData()
    urls = [] if data is None else data.urls()
    return url_of(bytes(urls[0].toEncoded().data()).decode()) if len(urls) == 1 and not urls[0].isLocalFile() else None


def _known_to_others(path: Path) -> bool:
    """Whether a plugin other than this one, or napari itself, takes such a file."""
    from npe2 import PluginManager

    readers: Iterable[object] = PluginManager.instance().iter_compatible_readers(str(path))
    return any(getattr(one, "plugin_name", "") != "napari-fhn" for one in readers)


def window_of(viewer: ViewerModel) -> QWidget | None:
    """Return the window of a viewer, where it has one."""
    found: QWidget | None = getattr(getattr(viewer, "window", None), "_qt_window", None)
    return found
