"""Maps of unlike grids and kinds as one layer: which go in and how, and the stack itself, kept as a GeoTIFF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from napari.layers import Image, Layer

from napari_fhn import surveys
from napari_fhn.project.data import stack_sources
from napari_fhn.sentence import counted
from napari_fhn.surveys import Grid, SurveyError
from napari_fhn.surveys.maps import Categories, Polygons, stack
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.placement import image_layer, settled

Kind = Literal["amounts", "classes"]


@dataclass(frozen=True, eq=False)
class Entry:
    """A map that may go into a stack.

    Parameters
    ----------
    name : str
        As the person calls it.
    source : xarray.DataArray or Polygons
        Where its values are from.
    kind : {"amounts", "classes"}
        Whether its values are amounts, or whole numbers that name classes. Polygons always are classes.
    used : bool
        Whether it goes in.
    """

    name: str
    source: xr.DataArray | Polygons
    kind: Kind = "amounts"
    used: bool = True

    @property
    def map(self) -> xr.DataArray | Categories | Polygons:
        """As :func:`napari_fhn.surveys.maps.stack` takes it."""
        if isinstance(self.source, Polygons) or self.kind == "amounts":
            return self.source
        return Categories(self.source)


def is_map(layer: Any) -> bool:
    """Whether an image layer is a map: rows and columns, and perhaps bands."""
    return isinstance(layer, Image) and set(survey_of(layer).dims) - {"band"} == {"y", "x"}


def wants_stacking(layers: Sequence[Any]) -> bool:
    """Whether there are maps that may have to be stacked: other ones than spectra, or of unlike grids."""
    maps = [survey_of(layer) for layer in layers if is_map(layer)]
    plain = any("wavelength" not in survey.coords for survey in maps)
    return plain or any(Grid.of(maps[0]).apart(Grid.of(survey)) for survey in maps[1:])


def likely_kind(survey: xr.DataArray) -> Kind:
    """Guess by the type of its values, which the person is shown and may change: bytes are classes."""
    return "classes" if survey.sizes.get("band", 1) == 1 and survey.dtype == np.uint8 else "amounts"


class Stacking:
    """Makes one layer of several maps, ticks it, and leaves the maps as they are.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    folder : Path
        Where stacks are kept: a session refers to them by their file, as to any other survey.
    """

    def __init__(self, context: DeskContext, folder: Path) -> None:
        self._data = context.data
        self._viewer = context.viewer
        self._messages = context.messages
        self._context = context
        self._folder = folder

    def entries(self) -> list[Entry]:
        """Return what could be stacked: the maps among the layers; which of them are used unless a person says else.

        These are the ticked ones, and those that cannot be ticked beside them, as they are on other grids: for them one
        stacks. What is a stack itself holds maps that are there already.
        """
        layers = [layer for layer in self._data.images() if is_map(layer)]
        chosen = [one for one in self._data.state.chosen if one in layers and not self._is_stack(survey_of(one))]

        def used(layer: Any) -> bool:
            survey = survey_of(layer)
            if self._is_stack(survey):
                return False
            return not chosen or layer in chosen or bool(Grid.of(survey_of(chosen[0])).apart(Grid.of(survey)))

        return [Entry(str(one.name), survey_of(one), likely_kind(survey_of(one)), used(one)) for one in layers]

    def _is_stack(self, survey: xr.DataArray) -> bool:
        source = str(survey.attrs.get("source", ""))
        return bool(source) and Path(source).parent == self._folder

    def make(self, entries: Sequence[Entry], like: Entry | None = None) -> None:
        """Stack maps beside the GUI and add the result as a layer.

        Parameters
        ----------
        entries : sequence of Entry
            Those that are used go in.
        like : Entry, optional
            A raster whose grid is taken; the finest when absent.
        """
        used = [entry for entry in entries if entry.used]
        if not used:
            self._messages.fail("Tick at least one map to stack.")
            return
        grid = None if like is None or isinstance(like.source, Polygons) else like.source

        def work(operation: Operation) -> xr.DataArray:
            stacked = stack([entry.map for entry in used], like=grid)
            operation.check()
            self._folder.mkdir(parents=True, exist_ok=True)
            files = [str(one.source.attrs.get("source", "")) for one in used if isinstance(one.source, xr.DataArray)]
            called = [entry.name for entry in used]
            path, there = stack_sources.file_of(self._folder, stacked, called, operation.check, files)
            if not there:
                names = [str(name) for name in stacked["band_name"].values]
                surveys.save(path, stacked, stacked, nodata=float("nan"), names=names)
            stack_sources.note(path, files)
            opened = surveys.open(path)
            opened.attrs["notes"] = (*stacked.attrs["notes"], *opened.attrs.get("notes", ()))
            return opened

        def done(survey: xr.DataArray) -> None:
            source = survey.attrs.get("source")
            same = [one for one in self._data.images() if survey_of(one).attrs.get("source") == source]
            if source and same:
                self._data.choose((same[0],))
                self._messages.say(f"These maps are stacked already, just so: '{same[0].name}' is ticked.")
                return
            layer = Layer.create(*settled(self._viewer, [image_layer(survey)])[0])
            self._viewer.add_layer(layer)
            self._data.choose((layer,))
            bands, notes = survey.sizes["band"], " ".join(survey.attrs["notes"])
            maps, channels = ("map" if len(used) == 1 else "maps"), ("channel" if bands == 1 else "channels")
            self._messages.say(f"Stacked {len(used)} {maps} as {bands} {channels}. {notes}")

        def failed(error: BaseException) -> None:
            if isinstance(error, SurveyError):
                self._messages.fail(str(error))
            else:
                self._messages.fail(f"The maps could not be stacked: {error}.", repr(error))

        self._context.attempt(Operation(f"Stacking {counted(len(used), 'maps')}"), work, done, failed)
