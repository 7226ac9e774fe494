"""Asks a person whether a file that runs code is trusted."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_fhn.project.data import backbones

_WORDS = (
    "Loading it runs code that whoever made the file has put there, with all that you may do on this computer. A file "
    "of ONNX holds no code. Do you trust whoever made it?"
)


def ask_trust(file: str, parent: QWidget | None = None) -> bool:
    """Ask; no is the answer of whoever presses Enter or Escape.

    Parameters
    ----------
    file : str
        Of TorchScript.
    parent : QWidget, optional
        The viewer's window.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("FHN")
    box.setText(f"{file} is a program.")
    box.setInformativeText(_WORDS)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    return box.exec() == QMessageBox.StandardButton.Yes


def all_trusted(texts: Sequence[str], parent: QWidget | None = None) -> bool:
    """Ask for each file that runs code and is not trusted yet in this process, until one is not to be.

    Parameters
    ----------
    texts : sequence of str
        Attributes as they are written.
    parent : QWidget, optional
        The viewer's window.
    """
    for file in backbones.untrusted(texts):
        if not ask_trust(str(file), parent):
            return False
        backbones.trust(file)
    return True
