"""Everything that labels: the book, its classes, its wells, and what brings files in."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.widgets.labelling.answers import Answers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.loader import Loader
from napari_fhn.widgets.labelling.sections import Sections
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.labelling.wells_layer import WellsLayer


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
    wells_layer : WellsLayer
        The wells on the canvas.
    loader : Loader
        Brings files in.
    sections : Sections
        Labels from labels, shapes and the prediction.
    """

    def __init__(self, book: LabelBook, folder: Path) -> None:
        self.book = book
        self.edits = ClassEdits(book)
        self.wells = WellBook(book)
        self.wells_layer = WellsLayer(self.wells)
        self.loader = Loader(book, self.wells, Answers(folder / "answers.json"))
        self.sections = Sections(book)

    def close(self) -> None:
        """Let go of the viewer."""
        self.wells_layer.close()
        self.sections.close()
