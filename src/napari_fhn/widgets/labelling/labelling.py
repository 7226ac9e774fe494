"""Everything that labels: the book, its classes, its wells, and what brings files in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_fhn.project.sessions.answers import Answers
from napari_fhn.surveys.numbers import by_axes
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.go_to import here
from napari_fhn.widgets.labelling.adopting import Adopting
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.brush_color import BrushColor
from napari_fhn.widgets.labelling.carrying import Carrying
from napari_fhn.widgets.labelling.class_edits import ClassEdits
from napari_fhn.widgets.labelling.horizon_layers import HorizonLayers
from napari_fhn.widgets.labelling.horizon_results import HorizonResults
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.layer_guard import LayerGuard
from napari_fhn.widgets.labelling.loader import Loader
from napari_fhn.widgets.labelling.sections import Sections
from napari_fhn.widgets.labelling.similar import MoreLikeThis
from napari_fhn.widgets.labelling.similar_layers import SimilarLayers
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.labelling.wells_beside import WellsBeside
from napari_fhn.widgets.labelling.wells_layer import WellsLayer


class Labelling:
    """Brings the parts together.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        The label layer and its history.
    opening : LabelOpening
        Which labels are shown.
    folder : Path
        Where answers about files are remembered.

    Attributes
    ----------
    guard : LayerGuard
        Hears what others do to the label layer.
    adopting : Adopting
        Takes over layers of others.
    brush_color : BrushColor
        Gives the brush the colour of its class.
    edits : ClassEdits
        Changes of the class table.
    wells : WellBook
        The wells.
    wells_layer : WellsLayer
        The wells on the canvas.
    wells_beside : WellsBeside
        The wells near the section in view.
    loader : Loader
        Brings files in.
    horizons, horizon_layers, horizon_results : HorizonBook, HorizonLayers, HorizonResults
        Horizons that are picked and tracked, the same on the canvas, and what comes of them.
    sections : Sections
        Labels from labels, shapes and the prediction.
    carrying : Carrying
        Labels along the reflectors.
    similar, similar_layers : MoreLikeThis, SimilarLayers
        Places like one that is shown, and the same on the canvas.
    """

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening, folder: Path) -> None:
        self.context = context
        self.book = book
        self.opening = opening
        self.guard = LayerGuard(context, book)
        self.adopting = Adopting(context, book, opening)
        self.edits = ClassEdits(context, book)
        self.brush_color = BrushColor(context, book)
        self.wells = WellBook(context, book)
        self.wells_layer = WellsLayer(context, book, opening, self.wells)
        self.wells_beside = WellsBeside(context, book, self.wells)
        self.loader = Loader(context, book, opening, self.wells, self.edits, Answers(folder / "answers.json"))
        self.horizons = HorizonBook(context, book, opening)
        self.horizon_results = HorizonResults(context, book, self.horizons, self.loader)
        self.horizon_layers = HorizonLayers(context, book, self.horizons)
        self.sections = Sections(context, book, opening)
        self.carrying = Carrying(context, book)
        self.similar = MoreLikeThis(context, book, opening)
        self.similar_layers = SimilarLayers(context, book, self.similar)

    def dab(self) -> None:
        """Paint a dab of the brush where one has gone by name or number: who has no mouse labels so."""
        context, layer = self.context, self.book.layer
        if layer is None or not layer.editable or context.viewer.dims.ndisplay != 2:
            context.messages.say("There is no label layer in view that can be painted on.")
            return
        place = np.rint(layer.world_to_data(here(context.viewer))).astype(int)[-layer.ndim :]
        if (place < 0).any() or (place >= layer.data.shape).any():
            context.messages.say("This place is outside the survey: nothing was painted.")
            return
        layer.paint(tuple(place), layer.selected_label)
        names = dict(zip(self.book.state.classes.values, self.book.state.classes.names, strict=True))
        material = context.data.material
        where = "" if material is None else f" at {by_axes(material.first, tuple(place.tolist()))}"
        context.messages.say(f"Painted {names.get(layer.selected_label, 'nothing known')}{where}.")

    def close(self) -> None:
        """Let go of the viewer."""
        self.guard.close()
        self.brush_color.close()
        self.adopting.close()
        self.wells_layer.close()
        self.wells_beside.close()
        self.horizons.close()
        self.horizon_layers.close()
        self.sections.close()
        self.carrying.close()
        self.similar.close()
        self.similar_layers.close()
