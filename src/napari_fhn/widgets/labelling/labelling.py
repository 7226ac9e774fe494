"""Everything that labels: the book, its classes, its wells, and what brings files in."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.widgets.labelling.answers import Answers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.loader import Loader
from napari_fhn.widgets.labelling.sections import Sections
from napari_fhn.widgets.labelling.wells import WellBook


class Labelling:
    """Brings the parts together.

    Parameters
    ----------
    book : LabelBook
        The label layer and its history.
    folder : Path
        Where answers about files are remembered.

    Attributes
    ----------
    edits : ClassEdits
        Changes of the class table.
    wells : WellBook
        The wells.
    loader : Loader
        Brings files in.
    sections : Sections
        Labels from labels, shapes and the prediction.
    """

    def __init__(self, book: LabelBook, folder: Path) -> None:
        self.book = book
        self.edits = ClassEdits(book)
        self.wells = WellBook(book)
        self.loader = Loader(book, self.wells, Answers(folder / "answers.json"))
        self.sections = Sections(book)
