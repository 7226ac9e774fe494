"""What the person sees while training runs: the section in view is predicted again, in a share of the time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.prediction.map_parts import nearest_first, parts
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.prediction.slices import time_slice
from napari_fhn.training.updates import BoxChanged, Note

_FIRST_LOOK = 1.5
"""Seconds of training before the first prediction of the view."""

_SHARE = 0.2
"""Share of the time that goes into predictions while training."""

_UNWATCHED = 1.0
"""Seconds between two scores of the training blocks where nobody looks at predictions."""

_GLANCE = 0.5
"""Seconds after which a look at a large map is over for now; the next one goes on from there."""

_SWEPT = 4
"""Sections predicted at once where none is in view, or a time slice across all of them."""


class Live:
    """Predicts what is in view while training runs, and the rest of the survey a section at a time.

    Parameters
    ----------
    predictor : Predictor
        Of the network being trained.
    control : Control
        Says what is in view.

    Attributes
    ----------
    share : float
        How much of the view the last look was at; less than 1 of a large map.
    """

    def __init__(self, predictor: Predictor, control: Control) -> None:
        self.predictor = predictor
        self.control = control
        self._last_focus: Focus | None = None
        self._next_look = time.monotonic() + _FIRST_LOOK
        self._began = self._next_look
        self._sweep = 0
        self._sliced: Focus | None = None
        self._lines: Iterator[Box] = iter(())
        self._last_place: Box | None = None
        self._parts: list[Box] = []
        self._left: list[Box] = []
        self._looked = False
        self.share = 1.0

    @property
    def due(self) -> bool:
        """Whether the view has moved, or its share of the time allows to look again."""
        now = time.monotonic()
        return now >= self._next_look or (now >= self._began and self.moved)

    @property
    def moved(self) -> bool:
        """Whether another section is in view than was predicted last, or another part of a map."""
        return self.control.focus != self._last_focus or self._place() != self._last_place

    def again(self) -> None:
        """Look at all parts of a map again, and first where the person looks: the labels are others now."""
        self._left.clear()

    def look(self, step: int, *, whole: bool = False) -> Iterator[BoxChanged | Note]:
        """Predict the view, yielding each box as it is written, and what the person should know about it.

        Parameters
        ----------
        step : int
            Training step.
        whole : bool
            Whether a large map is looked at as a whole, and not as much of it as half a second allows.
        """
        began = time.monotonic()
        if self._last_focus != self.control.focus or self._last_place != self._place():
            self._last_focus, self._last_place = self.control.focus, self._place()
            if self._left and self._last_place is not None and self._last_place not in self._left:
                self._left.append(self._last_place)
        if whole:
            self._left = list(self._cut())
        if self.control.watched:
            until = float("inf") if whole else began + _GLANCE
            for box in self._boxes(self.control.in_view(self.predictor.shape), until):
                yield BoxChanged(box, step)
            yield from map(Note, self.predictor.notes())
        now = time.monotonic()
        self._next_look = now + ((now - began) * (1 / _SHARE - 1) if self.control.watched else _UNWATCHED)

    def take(self, seen: Iterable[tuple[Box, NDArray[np.uint8]]], step: int) -> Iterator[BoxChanged]:
        """Write what the network said of its training blocks, which costs nothing: it was computed anyway.

        What is in view is left out: it is predicted as a whole, from more of what lies around.

        Parameters
        ----------
        seen : iterable of Box and ndarray
            Classes of boxes of the survey; 0 where nothing was said.
        step : int
            Training step.
        """
        focus = self.control.in_view(self.predictor.shape)
        if not self.control.watched or (len(self.predictor.shape) == 2 and self._looked):
            return
        for box, classes in seen:
            if focus is not None:
                first = focus.index - box.start[focus.axis]
                if 0 <= first < classes.shape[focus.axis]:
                    classes = classes.copy()
                    np.moveaxis(classes, focus.axis, 0)[first] = 0
            self.predictor.put_classes(box, classes)
            yield BoxChanged(box, step)

    def _place(self) -> Box | None:
        """Return the part of a map in which the person looks, if it has parts and anybody said."""
        at = self.control.place_in(self.predictor.shape)
        if at is None:
            return None
        inside = (all(a <= x < b for a, b, x in zip(part.start, part.stop, at, strict=True)) for part in self._cut())
        return next((part for part, found in zip(self._cut(), inside, strict=True) if found), None)

    def _cut(self) -> list[Box]:
        if not self._parts and len(self.predictor.shape) == 2:
            self._parts = parts(self.predictor.shape, self.predictor.frame.vertical_axis, self.predictor.around)
        return self._parts

    def _boxes(self, focus: Focus | None, until: float) -> Iterator[Box]:
        predictor = self.predictor
        if len(predictor.shape) == 2:
            yield from self._map(until)
        elif focus is not None and predictor.can_section(focus):
            yield from predictor.section(focus, self.control)
        elif focus is not None:
            yield from self._part_of_slice(focus)
        else:
            # Without a viewer nothing is in view: spread a few over the survey.
            axis = predictor.frame.sections[0] if predictor.frame.sections else 0
            size = predictor.shape[axis]
            for _ in range(_SWEPT):
                yield from predictor.section(Focus(axis, self._sweep), self.control)
                # The golden section leaves no large gap at any time.
                self._sweep = (self._sweep + max(1, round(size * 0.382))) % size

    def _map(self, until: float) -> Iterator[Box]:
        """Predict a map, or as much of a large one as there is time for: parts in turn, near the person first."""
        cut, shape = self._cut(), self.predictor.shape
        if len(cut) == 1:
            self._looked = True
            yield from self.predictor.section(Focus(0, 0), self.control)
            return
        looked = 0
        while not self.control.stop.is_set():
            if not self._left:
                self._left = list(cut)
            part = nearest_first(self._left, self.control.place_in(shape), shape)[0]
            self._left.remove(part)
            yield from self.predictor.part(part)
            looked += 1
            self._looked = self._looked or not self._left
            if looked == len(cut) or time.monotonic() >= until:
                break
        self.share = max(1, looked) / len(cut)

    def _part_of_slice(self, focus: Focus) -> Iterator[Box]:
        """Go on filling a time slice, which crosses all sections; begin again where it has moved or is full."""
        if focus != self._sliced:
            self._sliced, self._lines = focus, time_slice(self.predictor, focus, self.control)
        for _ in range(_SWEPT):
            line = next(self._lines, None)
            if line is None:
                self._sliced = None
                return
            yield line
