"""Asks where a survey is now that is not where a session saw it, or whether the session is opened without it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_fhn.project.data import standing_in
from napari_fhn.project.sessions.manifest import FileReference
from napari_fhn.surveys.opening import FOLDER_OPENERS
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.widgets.choosing import ask_moved
from napari_fhn.widgets.sessions.reading import Left

_WITHOUT = (
    "Without it labels, prediction and scores are shown and can be exported. To train and to predict takes the survey, "
    "or the copy of it that most sessions hold."
)


def ask_where(parent: QWidget, file: FileReference) -> Path | Left | None:
    """Say which file is gone and where it was, and ask where it is now.

    Parameters
    ----------
    parent : QWidget
        Over which the dialogs lie.
    file : FileReference
        As the session refers to it.

    Returns
    -------
    Path, Left or None
        None where the person goes on without it; Left where they open nothing.
    """
    was = Path(file.absolute or file.path)
    folder = was.suffix.lower() in {suffix for opener in FOLDER_OPENERS for suffix in opener.SUFFIXES}
    while True:
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("FHN")
        box.setText(f"{standing_in.gone([file])}.")
        box.setInformativeText(_WITHOUT)
        find = box.addButton("Find it …", QMessageBox.ButtonRole.AcceptRole)
        without = box.addButton("Open without it", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(find)
        box.exec()
        pressed = box.clickedButton()
        if pressed is without:
            return None
        if pressed is not find:
            return Left.ALONE
        name = was.name if url_of(file.name) is None else file.name
        path = ask_moved(parent, "survey", f"Where is {name} now?", was, folder=folder)
        if path is not None:
            return path
