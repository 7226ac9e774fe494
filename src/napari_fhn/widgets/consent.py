"""Asks a person whether something unusual is wanted all the same."""

from __future__ import annotations

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_fhn.project import NeedsConsent

_QUESTION = "Go on with it as it is?"


def ask_consent(needs: NeedsConsent, parent: QWidget | None = None) -> bool:
    """Say what is unusual, and ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    needs : NeedsConsent
        What is unusual.
    parent : QWidget, optional
        The viewer's window.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("FHN")
    words = f"{needs.what[:1].upper()}{needs.what[1:].rstrip('.')}."
    box.setText(words.replace(" %", "\N{NO-BREAK SPACE}%"))
    box.setInformativeText(f"{_QUESTION} What comes of it says so.")
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    return box.exec() == QMessageBox.StandardButton.Yes
