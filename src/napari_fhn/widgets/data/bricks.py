"""Copies of large surveys in bricks: offered, made beside the GUI, and read from when they are ready."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import xarray as xr
from napari.layers import Image
from psygnal import SignalGroupDescriptor

from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.bricks import can_open, changed, copy_of, copy_whole, may_copy, offer, with_bricks
from napari_fhn.surveys.viewing import VIEWED, viewed
from napari_fhn.widgets.context import DeskContext


@dataclass
class BrickState:
    """How far the copy of the ticked survey is; setting a field emits an event of its name.

    Parameters
    ----------
    offered : str
        The sentence that offers a copy, empty where there is nothing to offer.
    copying : bool
        Whether a copy is being made.
    ready : bool
        Whether the survey is read from bricks.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    offered: str = ""
    copying: bool = False
    ready: bool = False


class Bricks:
    """Offers copies of large seismic files, makes them, and lets the viewer read from them.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    folder : Path
        Where copies are kept.

    Attributes
    ----------
    state : BrickState
        How far it is.
    share : float
        How much is copied, 0 to 1; written by another thread, so that it is looked at now and then.
    seconds_left : float or None
        Estimate, by what this copy took so far.
    """

    def __init__(self, context: DeskContext, folder: Path) -> None:
        self.state = BrickState()
        self.share = 0.0
        self.seconds_left: float | None = None
        self._data = context.data
        self._viewer = context.viewer
        self._messages = context.messages
        self._background = context.background
        self._folder = folder
        self._stop = threading.Event()
        context.data.state.events.material.connect(self._look)
        self._look()

    def copy(self) -> None:
        """Make the copy, or go on with one that was cancelled or cut off."""
        survey = self._survey()
        if survey is None or self.state.copying:
            return
        path, stop = copy_of(survey, self._folder), threading.Event()
        self._stop = stop
        self.share, self.seconds_left = 0.0, None
        self.state.copying = True

        def done(complete: bool) -> None:
            self.state.copying = False
            if not complete:
                self._messages.say("The copy was stopped. It goes on from there when it is made again.")
                return
            self._messages.say("Time slices are read from the copy now.")
            self._look()

        def failed(error: BaseException) -> None:
            self.state.copying = False
            self._messages.report(error, SurveyError)

        self._background.run(lambda: copy_whole(survey, path, stop, self._told), done, failed)

    def cancel(self) -> None:
        """Stop copying; what is copied is kept, and the next copy goes on from there."""
        self._stop.set()

    def close(self) -> None:
        """Stop copying."""
        self._stop.set()

    def _survey(self) -> xr.DataArray | None:
        """The first ticked survey, where it is one that may be copied."""
        material = self._data.material
        survey = None if material is None else material.first
        return survey if survey is not None and may_copy(survey) else None

    def _told(self, share: float, seconds_left: float | None) -> None:
        # On the other thread: nothing but numbers may be touched here.
        self.share, self.seconds_left = share, seconds_left

    def _look(self, event: Any = None) -> None:
        """Use the copy of the ticked survey where there is a current one; offer one where the file is large."""
        material, survey = self._data.material, self._survey()
        if material is None or survey is None:
            self.state.ready = material is not None and "bricks" in material.first.attrs
            self.state.offered = ""
            return
        path = copy_of(survey, self._folder)
        try:
            if can_open(path) and not changed(path):
                self._use(material.layer, with_bricks(survey, path))
                return
        except SurveyError as error:
            self._messages.say(str(error), note=True)
        self.state.offered = offer(survey)

    def _use(self, layer: Image, joined: xr.DataArray) -> None:
        """Let a layer read from file and copy, whichever is quicker for a slice."""
        if "bricks" not in joined.attrs:
            return
        layer.data, values = viewed(joined)
        layer.metadata.update({"survey": joined, VIEWED: values})
        self.state.offered = ""
        self.state.ready = True
        self._data.choose(self._data.state.chosen)
