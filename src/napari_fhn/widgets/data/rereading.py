"""An open SEG-Y survey, read otherwise whenever a person says so: other bytes, scalar, interval, delay, format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_fhn import surveys
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.remote.fetching import local
from napari_fhn.surveys.segy.guess import GridGuess
from napari_fhn.surveys.segy.previews import guesses
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.placement import LayerData, image_layer, settled

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

    def now(self) -> dict[str, Any]:
        """How the survey is read now, as options of `napari_fhn.surveys.open`."""
        survey = survey_of(self._context.data.state.chosen[0])
        said = dict(survey.attrs.get("read_as") or {})
        if not said.keys() & {"line", "inline_byte", "crossline_byte"}:
            if survey.dims[0] == "trace":
                said["line"] = True
            elif found := survey.attrs.get("header_bytes"):
                said |= dict(zip(("inline_byte", "crossline_byte"), found, strict=False))
        return said

    def look(self, path: Path, ask: Callable[[Sequence[GridGuess]], dict[str, Any] | None]) -> None:
        """Guess how the file may be read, beside the window, ask, and read it so.

        Parameters
        ----------
        path : Path
            The file.
        ask : callable
            Given the guesses, asks the person how it is to be read; None where it stays as it is.
        """
        context = self._context

        def done(found: Sequence[GridGuess]) -> None:
            options = ask(found) if self.path() == path else None
            if options is not None:
                self.read(options)

        context.attempt(
            Operation(f"Looking at the headers of {path.name}"),
            lambda _: guesses(path),
            done,
            lambda error: context.messages.report(error, surveys.SurveyError, OSError),
        )

    def read(self, options: dict[str, Any]) -> None:
        """Read the survey otherwise, beside the window, in a layer that takes the place of the one that there is.

        Where it cannot be read so, a sentence says why, and all is as it was.

        Parameters
        ----------
        options : dict
            As `napari_fhn.surveys.open` takes them.
        """
        context, path = self._context, self.path()
        if path is None or not self._may():
            return
        old: Image = context.data.state.chosen[0]

        def work(_: Operation) -> LayerData:
            return image_layer(surveys.open(path, **options), old.name)

        def done(made: LayerData) -> None:
            if self._may() and old in context.data.state.chosen:
                self._put(old, made)

        context.attempt(
            Operation(f"Reading {path.name}"),
            work,
            done,
            lambda error: context.messages.report(error, surveys.SurveyError, OSError),
        )

    def _may(self) -> bool:
        context = self._context
        if not context.state.activity.idle:
            context.messages.fail("Stop what is under way first: it works on this survey as it is read now.")
        return context.state.activity.idle

    def _put(self, old: Image, made: LayerData) -> None:
        context = self._context
        same = not Grid.of(survey_of(old)).apart(Grid.of(made[1]["metadata"]["survey"]))
        others = tuple(layer for layer in context.data.state.chosen if same and layer is not old)
        self._swap(old, made, others)
        if same:
            context.messages.say(f"'{old.name}' is read as you say; it lies where it lay.")
        else:
            context.messages.say(
                f"'{old.name}' is read as you say, and lies otherwise than before: it has labels of its own now. Those "
                "of before come back when it is read as before."
            )

    def _swap(self, old: Image, made: LayerData, others: tuple[Layer, ...]) -> None:
        layers = self._context.viewer.layers
        index = layers.index(old)
        layers.remove(old)
        data, how, _ = settled(self._context.viewer, [made])[0]
        if np.dtype(data.dtype) == np.dtype(old.data.dtype):
            how["colormap"] = old.colormap
        new = Image(data, **how)
        new.name = old.name
        self._context.viewer.add_layer(new)
        layers.move(layers.index(new), index)
        self._context.data.choose((new, *others))
