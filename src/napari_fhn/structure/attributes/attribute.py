"""What an attribute is: numbers that follow from the data around a voxel, with a name, a unit and a reach."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.attributes.facts import Facts

if TYPE_CHECKING:
    from napari_fhn.structure.attributes.deriving import Sources

Values = NDArray[np.float32]

Fitted = tuple[float, ...]
"""What was found on the data that a network was trained on, and holds wherever it is applied."""

Reach = tuple[int | None, ...]
"""How far around a voxel an attribute looks along each axis, in voxels; None for the whole of it."""


class AttributesError(ValueError):
    """One sentence for a person: which attribute cannot be, and what can."""


class OfSurvey(Protocol):
    """An attribute of which no box is told without the whole of the data."""

    def prepare(self) -> Iterator[float]:
        """Find what takes long, and yield the share of it that is done."""
        ...

    def read(self, box: Box) -> Values:
        """Return its channels ``(channels, *box.shape)``; what was not prepared is found now."""
        ...


MOST_WHOLE = 2**25
"""Voxels of a survey up to which what takes the whole of it is made unasked: its dips take half a minute."""


class Attribute(ABC):
    """An attribute, with what a person said of it after its name.

    Parameters
    ----------
    arguments : sequence of str
        What stands after the colon, as in ``rms:80``.

    Attributes
    ----------
    name : str
        In records, on the command line and in Python.
    title : str
        For a person.
    words : str
        What it is and in which unit.
    takes : str
        What may stand after a colon; empty where nothing may.
    of_each_survey : bool
        Whether its numbers are those of one survey, and mean something else on another.
    takes_survey : bool
        Whether no voxel of it is known before all of the survey was gone through, as `of_survey` says.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    words: ClassVar[str]
    takes: ClassVar[str] = ""
    of_each_survey: ClassVar[bool] = False
    takes_survey: ClassVar[bool] = False

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self.arguments = tuple(one.strip() for one in arguments)
        if self.arguments and not self.takes:
            raise AttributesError(f"the attribute {self.name!r} takes nothing after its name")

    @property
    def text(self) -> str:
        """How it is written: its name, and what was said of it."""
        return f"{self.name}:{','.join(self.arguments)}" if self.arguments else self.name

    def is_long(self, facts: Facts) -> bool:
        """Whether it takes so long on these data that only who names it gets it."""
        return self.takes_survey and math.prod(facts.shape) > MOST_WHOLE

    @abstractmethod
    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute, to end a sentence that begins with its name; empty if they do."""

    @abstractmethod
    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels, with their units in brackets."""

    def reach(self, facts: Facts) -> Reach:
        """Return how far around a voxel it looks."""
        return (0,) * len(facts.shape)

    def of_survey(self, sources: Sources, facts: Facts) -> OfSurvey | None:
        """Return what it is read from if it takes the whole of the data; None where a box and its reach are enough."""
        return None

    def fit(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Find what it needs to know of data as a whole.

        Parameters
        ----------
        blocks : sequence of ndarray
            ``(bands, *shape)`` each, from all over the data; NaN where there are none.
        facts : Facts
            Of the data.

        Returns
        -------
        tuple of float
            Kept with the network: on another survey it stays as it was found here.
        """
        return ()

    @abstractmethod
    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it.

        Parameters
        ----------
        values : ndarray of float32
            ``(bands, *shape)`` of a box, with what the reach says around it; NaN where there are no data.
        facts : Facts
            Of the data; their shape is that of the whole.
        fitted : tuple of float
            As `fit` gave it.

        Returns
        -------
        ndarray of float32
            ``(channels, *shape)``; NaN where there are no data.
        """

    def numbers(self) -> list[float]:
        """Return the arguments as positive numbers.

        Raises
        ------
        AttributesError
            When one is none.
        """
        found = []
        for text in self.arguments:
            try:
                number = float(text)
            except ValueError:
                number = float("nan")
            if not (np.isfinite(number) and number > 0):
                raise AttributesError(f"{self.text!r}: {text!r} is no positive number; it takes {self.takes}")
            found.append(number)
        return found


class OfEachBand(Attribute):
    """An attribute that each band has for itself."""

    most: ClassVar[int] = 12
    """With more bands than these, what they have in common says more."""

    def why_not(self, facts: Facts) -> str:
        """Return why data have no such attribute."""
        if len(facts.bands) > self.most:
            return f"is taken of each band, and these are {len(facts.bands)}: take 'pca', or leave bands out"
        return ""

    def each(self) -> tuple[str, ...]:
        """Return the names of the channels of one band; ``{per}`` stands for the unit of length."""
        return (self.title,)

    def channels(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of its channels."""
        several = len(facts.bands) > 1
        return tuple(
            (f"{facts.band_called(k)}: " if several else "") + self.unit(one, facts)
            for k in range(len(facts.bands))
            for one in self.each()
        )

    def unit(self, name: str, facts: Facts) -> str:
        """Return the name of a channel with the unit that these data give it."""
        return name

    def fit(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Find what each band needs."""
        found = [self.fit_one([block[k] for block in blocks], facts) for k in range(len(facts.bands))]
        return tuple(number for one in found for number in one)

    def fit_one(self, blocks: Sequence[Values], facts: Facts) -> Fitted:
        """Find what one band needs."""
        return ()

    def compute(self, values: Values, facts: Facts, fitted: Fitted = ()) -> Values:
        """Compute it of each band."""
        each = len(fitted) // len(values)
        parts = [self.compute_one(band, facts, fitted[k * each : (k + 1) * each]) for k, band in enumerate(values)]
        return np.concatenate(parts).astype(np.float32, copy=False)

    @abstractmethod
    def compute_one(self, values: Values, facts: Facts, fitted: Fitted) -> Values:
        """Compute the channels ``(channels, *shape)`` of one band of ``shape``."""
