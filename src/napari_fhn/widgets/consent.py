"""Asks a person whether something unusual is wanted all the same."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_fhn.project import NeedsConsent
from napari_fhn.project.exporting.own_files import WouldReplace
from napari_fhn.sentence import begun

_QUESTION = "Go on with it as it is?"


def ask_consent(
    needs: NeedsConsent, parent: QWidget | None = None, worded: Callable[[str], str] = lambda text: text
) -> bool:
    """Say what is unusual, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    needs : NeedsConsent
        What is unusual.
    parent : QWidget, optional
        The viewer's window.
    worded : callable
        Chooses the word for what is worked on.
    """
    if isinstance(needs, WouldReplace):
        named = ", ".join(path.name for path in needs.files)
        return _agreed(f"{named}: there already, and not as this program left it.", "Replace it?", parent)
    words = worded(f"{begun(needs.what).rstrip('.')}.")
    return _agreed(words.replace(" %", "\N{NO-BREAK SPACE}%"), f"{_QUESTION} What comes of it says so.", parent)


def ask_replace(words: str, parent: QWidget | None = None) -> bool:
    """Say what would be replaced, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    words : str
        What, and by what, in a sentence.
    parent : QWidget, optional
        The viewer's window.
    """
    return _agreed(words, "Replace it? One step of the history takes that back.", parent)


def ask_file_replaced(name: str, parent: QWidget | None = None) -> bool:
    """Say that a file is there already, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    name : str
        Of the file.
    parent : QWidget, optional
        The viewer's window.
    """
    return _agreed(f"{name} already exists.", "Replace it?", parent)


def ask_close(words: str, parent: QWidget | None = None) -> bool:
    """Say what is cut off and what is kept, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    words : str
        What that is, in sentences.
    parent : QWidget, optional
        The viewer's window.
    """
    return _agreed(words, "Close the window all the same?", parent)


def ask_fetch(words: str, parent: QWidget | None = None) -> bool:
    """Say how much would be fetched, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    words : str
        What, and how much, in a sentence.
    parent : QWidget, optional
        The viewer's window.
    """
    return _agreed(words, "Fetch it? It can be stopped, and goes on from there the next time.", parent)


def _agreed(words: str, question: str, parent: QWidget | None) -> bool:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("FHN")
    box.setText(words)
    box.setInformativeText(question)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    return box.exec() == QMessageBox.StandardButton.Yes
