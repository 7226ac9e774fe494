"""Asks where a file is to be saved, so that none is replaced without a question."""

from __future__ import annotations

import os
import re
from pathlib import Path

import xarray as xr
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_fhn.project.exporting.export_offers import OFFERS
from napari_fhn.widgets.choosing import begin, folder_of, remember
from napari_fhn.widgets.consent import ask_file_replaced

#: Suffixes that mean a kind of file: of what is written anywhere here, and of what people take it for.
_KNOWN = frozenset(suffix for offer in OFFERS.values() for suffix in offer.suffixes) | {
    ".onnx", ".pt2", ".pt", ".npz", ".qml", ".csv", ".png", ".jpg", ".pdf"
}  # fmt: skip


def ask_file(parent: QWidget, title: str, proposed: str, filters: str) -> Path | None:
    """Ask for the name of a file that is written; the suffix of the chosen kind is put behind a name without one.

    What stands behind a dot and means no kind of file, as in *north v1.2*, belongs to the name. A suffix that means
    another kind than those that are offered stays as it was typed, and is refused in words by whoever writes.

    Whoever does not want the file replaced that is there already is asked for a name again.

    Parameters
    ----------
    parent : QWidget
        Over which the dialog lies.
    title : str
        Of the dialog.
    proposed : str
        A name; its suffix says which kind is chosen at first.
    filters : str
        Kinds of file, as Qt names them; the first gives its suffix where none is chosen.

    Returns
    -------
    Path or None
        None where the person let it be. One that is there may be replaced: they were asked.
    """
    while True:
        if not Path(proposed).is_absolute():
            proposed = str(begin("saved") / proposed)
        first = next((one for one in filters.split(";;") if Path(proposed).suffix.lower() in suffixes(one)), "")
        name, chosen = QFileDialog.getSaveFileName(parent, title, proposed, filters, first)
        if not name:
            return None
        path, said = Path(name), suffixes(chosen) or suffixes(filters)
        remember("saved", path)
        suffix = path.suffix.lower()
        if not said or suffix in suffixes(filters) or suffix in _KNOWN:
            return path
        # Qt has asked about the name as it was typed, and nobody about this one.
        path = path.with_name(f"{path.name.rstrip('.')}{said[0]}")
        if not os.path.lexists(path) or ask_file_replaced(path.name, parent):
            return path
        proposed = str(path)


def suffixes(filters: str) -> tuple[str, ...]:
    """Return the suffixes of kinds of file, in their order.

    Parameters
    ----------
    filters : str
        As Qt names them.

    Examples
    --------
    >>> suffixes("SEG-Y (*.sgy *.segy);;NumPy array (*.npy)")
    ('.sgy', '.segy', '.npy')
    """
    return tuple(re.findall(r"\*(\.\w+)", filters))


def beside(survey: xr.DataArray | None, name: str) -> Path:
    """Return a name for a file that is saved, beside the survey, or the first of the maps of a stack.

    It is a name alone where that is a sample of this package, or from no file, or where nothing may be written: then
    it is saved where the last file was.
    """
    folder = folder_of(survey)
    return folder / name if folder is not None and os.access(folder, os.W_OK) else Path(name)
