"""What a prediction may be made of beside the network. numpy alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


class Factor(Protocol):
    """One part of a prediction: probabilities of the classes that follow from labels and data without a network.

    Attributes
    ----------
    name : str
        In records and on the command line: ``"reflectors"``, ``"pretrained"``, ``"bands"``, ``"patches"``.
    title : str
        For a person: "carried along the reflectors".
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def title(self) -> str: ...  # noqa: D102

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed. It costs next to nothing where nothing has."""
        ...

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)`` that sum to 1 over the classes; all alike where it knows nothing."""
        ...

    def without(self, bodies: Collection[int]) -> Factor:
        """Return the same factor as if these bodies (see :class:`napari_fhn.structure.bodies.Bodies`) had no labels."""
        ...


@runtime_checkable
class SeesSections(Protocol):
    """A factor that looks at vertical sections: those of either direction tell it something else."""

    def read_across(self, box: Box, across: int, *, coarse: bool = False) -> NDArray[np.float32]:
        """Return what :meth:`Factor.read` does, seen in sections across one of the two lateral axes; in few of them."""
        ...
