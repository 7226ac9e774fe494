"""Surveys whose vertical axis is not the last one, as what follows reflectors wants them: with that axis last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Labels
from napari_fhn.structure.factor import Factor, SeesSections


def stood(box: Box, vertical: int) -> Box:
    """Return a box with its vertical axis last.

    Examples
    --------
    >>> stood(Box((5, 0, 1), (9, 2, 4)), 0).start
    (0, 1, 5)
    """
    return Box(_last(box.start, vertical), _last(box.stop, vertical))


def laid(box: Box, vertical: int) -> Box:
    """Return a box that has its vertical axis last with the axes of the survey as it is.

    Examples
    --------
    >>> laid(Box((0, 1, 5), (2, 4, 9)), 0).start
    (5, 0, 1)
    """
    return Box(_back(box.start, vertical), _back(box.stop, vertical))


def as_volume(box: Box) -> Box:
    """Return a box of a line as one of a volume of a single section; one of a volume as it is.

    Examples
    --------
    >>> as_volume(Box((8, 0), (12, 4))).start
    (0, 8, 0)
    """
    return box if len(box.shape) == 3 else Box((0, *box.start), (1, *box.stop))


class UprightLabels:
    """Labels with their vertical axis last, followed as they change.

    Parameters
    ----------
    labels : Labels
        What is known.
    vertical : int
        Its vertical axis.
    """

    def __init__(self, labels: Labels, vertical: int) -> None:
        self._labels = labels
        self._vertical = vertical
        self._seen = -1
        self._positions: list[NDArray[np.int64]] = []
        self.shape = _last(labels.shape, vertical)
        self.classes = labels.classes

    @property
    def version(self) -> int:
        """That of the labels."""
        return self._labels.version

    @property
    def positions(self) -> list[NDArray[np.int64]]:
        """Those of the labels, as flat indices of the shape with the vertical axis last."""
        if self._seen != self._labels.version:
            self._seen = self._labels.version
            self._positions = [
                np.ravel_multi_index(_last(np.unravel_index(flat, self._labels.shape), self._vertical), self.shape)
                for flat in self._labels.positions
            ]
        return self._positions

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Return the labels of a box that has its vertical axis last."""
        return np.moveaxis(self._labels.read(laid(box, self._vertical)), self._vertical, -1)


class Laid:
    """A factor of an upright survey, with the axes of the survey as it is.

    Parameters
    ----------
    factor : Factor
        Whose vertical axis is the last.
    vertical : int
        The vertical axis of the survey.
    """

    def __init__(self, factor: Factor, vertical: int) -> None:
        self._factor = factor
        self._vertical = vertical
        self.name = factor.name
        self.title = factor.title

    def look(self) -> bool:
        """Follow the labels, as the factor does."""
        return self._factor.look()

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)``."""
        return np.moveaxis(self._factor.read(stood(box, self._vertical)), -1, 1 + self._vertical)

    def without(self, bodies: Collection[int]) -> Laid:
        """Return the same without some bodies: these go by columns, whichever axis they run along."""
        return Laid(self._factor.without(bodies), self._vertical)


class LaidSections(Laid):
    """The same of a factor that looks at sections."""

    def read_across(self, box: Box, across: int, *, coarse: bool = False) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)``, seen in sections across a lateral axis of the survey as it is."""
        assert isinstance(self._factor, SeesSections)
        upright = across - (across > self._vertical)
        said = self._factor.read_across(stood(box, self._vertical), upright, coarse=coarse)
        return np.moveaxis(said, -1, 1 + self._vertical)

    def without(self, bodies: Collection[int]) -> LaidSections:
        """Return the same without some bodies."""
        return LaidSections(self._factor.without(bodies), self._vertical)


def _last(values: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return (*values[:axis], *values[axis + 1 :], values[axis])


def _back(values: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return (*values[:axis], values[-1], *values[axis:-1])
