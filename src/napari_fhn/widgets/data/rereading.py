"""An open SEG-Y survey, read otherwise whenever a person says so: other bytes, scalar, interval, delay, format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_fhn import surveys
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.remote.fetching import local
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.placement import image_layer

_SUFFIXES = (".sgy", ".segy", ".seg", ".su")


class Rereading:
    """Opens the file of a layer again, as a person says, and puts the new layer in its place.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context

    def path(self) -> Path | None:
        """The SEG-Y file of the first ticked layer; None where it comes from no such file."""
        chosen = self._context.data.state.chosen
        source = str(survey_of(chosen[0]).attrs.get("source", "")) if chosen else ""
        path = local(source)
        return path if source and path.suffix.lower() in _SUFFIXES and path.is_file() else None

    def why(self) -> str:
        """Say how the survey is read now."""
        notes = survey_of(self._context.data.state.chosen[0]).attrs.get("notes", ())
        return " ".join(["How this survey is read; what is left empty is taken from the file.", *map(str, notes[:2])])

    def read(self, options: dict[str, Any]) -> bool:
        """Read the survey otherwise, in a layer that takes the place of the one that there is.

        Parameters
        ----------
        options : dict
            As `napari_fhn.surveys.open` takes them.

        Returns
        -------
        bool
            Whether it was read; if not, a sentence says why, and all is as it was.
        """
        context, path = self._context, self.path()
        if path is None:
            return False
        if not context.state.activity.idle:
            context.messages.fail("Stop what is under way first: it works on this survey as it is read now.")
            return False
        old: Image = context.data.state.chosen[0]
        before = survey_of(old)
        try:
            survey = surveys.open(path, **options)
        except surveys.SurveyError as error:
            context.messages.fail(str(error))
            return False
        same = not Grid.of(before).apart(Grid.of(survey))
        others = tuple(layer for layer in context.data.state.chosen[1:] if same)
        self._swap(old, survey, others)
        if same:
            context.messages.say(f"'{old.name}' is read as you say; it lies where it lay.")
        else:
            context.messages.say(
                f"'{old.name}' is read as you say, and lies otherwise than before: it has labels of its own now. Those "
                "of before come back when it is read as before."
            )
        return True

    def _swap(self, old: Image, survey: Any, others: tuple[Layer, ...]) -> None:
        layers = self._context.viewer.layers
        data, how, _ = image_layer(survey, old.name)
        if np.dtype(data.dtype) == np.dtype(old.data.dtype):
            how["colormap"] = old.colormap
        index = layers.index(old)
        new = Image(data, **how)
        layers.remove(old)
        new.name = old.name
        self._context.viewer.add_layer(new)
        layers.move(layers.index(new), index)
        self._context.data.choose((new, *others))
