"""Asks where a file is to be saved, so that none is replaced without a question."""

from __future__ import annotations

import os
import re
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_fhn.widgets.consent import ask_file_replaced


def ask_file(parent: QWidget, title: str, proposed: str, filters: str) -> Path | None:
    """Ask for the name of a file that is written; the suffix of the chosen kind is put behind a name without one.

    Parameters
    ----------
    parent : QWidget
        Over which the dialog lies.
    title : str
        Of the dialog.
    proposed : str
        A name.
    filters : str
        Kinds of file, as Qt names them; the first gives its suffix where none is chosen.

    Returns
    -------
    Path or None
        None where the person let it be. One that is there may be replaced: they were asked.
    """
    name, chosen = QFileDialog.getSaveFileName(parent, title, proposed, filters)
    if not name:
        return None
    path = Path(name)
    said = re.search(r"\*(\.\w+)", chosen) or re.search(r"\*(\.\w+)", filters)
    if path.suffix or said is None:
        return path
    # Qt has asked about the name as it was typed, and nobody about this one.
    path = path.with_suffix(said[1])
    return path if not os.path.lexists(path) or ask_file_replaced(path.name, parent) else None
