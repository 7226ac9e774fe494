"""Burning the wells of a session, and burning them again when they were moved, edited, or given another radius.

What wells wrote is known from the wells: burnt into an empty volume, they say which labels are theirs. So a burning
takes the labels of the wells before it away where they still stand, and what a person painted over them stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import ClassTable, changes, collect_warnings
from napari_fhn.labels.changes import Change
from napari_fhn.labels.splits import slabs
from napari_fhn.project.session import Session
from napari_fhn.project.wells import AnyWell, KeptWells


@dataclass(frozen=True, eq=False)
class Burnt:
    """Wells in a volume of their own.

    Parameters
    ----------
    labels : ndarray of uint8
        0 where no well is.
    weights : ndarray of uint8 or None
        How much each label counts; None where all count fully.
    count : int
        Wells that have labels.
    words : tuple of str
        What was left out.
    """

    labels: NDArray[np.uint8]
    weights: NDArray[np.uint8] | None = None
    count: int = 0
    words: tuple[str, ...] = ()


def burnt(kept: KeptWells, survey: xr.DataArray, classes: ClassTable, shape: tuple[int, ...]) -> Burnt:
    """Burn wells into an empty volume.

    Parameters
    ----------
    kept : KeptWells
        Wells, radius and fall-off.
    survey : xarray.DataArray
        In which they lie.
    classes : ClassTable
        With all that they name.
    shape : tuple of int
        Of the label volume.
    """
    wanted = np.zeros(shape, np.uint8)
    weights = None if kept.fall_off is None else np.zeros(shape, np.uint8)
    known = [well for well in kept.wells if well.intervals]
    if not known:
        return Burnt(wanted, weights)
    boxes, words = collect_warnings(
        lambda: labels.burn(known, survey, classes, wanted, kept.radius, fall_off=kept.fall_off, weights=weights)
    )
    return Burnt(wanted, weights, len(boxes), tuple(words))


@dataclass(frozen=True, eq=False)
class WellBurning:
    """Wells instead of those that were there, in the labels of a session and in their weights.

    Parameters
    ----------
    session : Session
        Whose weights they are.
    survey : xarray.DataArray
        In which the wells lie.
    classes : ClassTable
        With all that the wells name, before and after.
    before, after : KeptWells
        Burnt so far, and from now on.
    """

    session: Session
    survey: xr.DataArray
    classes: ClassTable
    before: KeptWells
    after: KeptWells

    def burn(self, out: NDArray[np.uint8], locked: Sequence[int] = ()) -> tuple[Change, Burnt]:
        """Write into the labels and their weights.

        Parameters
        ----------
        out : ndarray or memmap of uint8
            The labels; only those of the wells before, and voxels without a label, change.
        locked : sequence of int, optional
            Label values that are never replaced.

        Returns
        -------
        Change, Burnt
            Of the labels; and what was burnt.
        """
        new, change, gone = burnt(self.after, self.survey, self.classes, out.shape), Change(), None
        if self.before.wells:
            gone = self._places(self.before, out.shape)
            change = changes.erase(out, gone)
        change = change + changes.fill(out, new.labels, locked=locked)
        if new.weights is not None or self.session.weights.exists():
            self._weigh(gone, new)
        return change, new

    def weigh(self, shape: tuple[int, ...], *, again: bool) -> None:
        """Bring the weights of labels after their change was taken back, or made again.

        Parameters
        ----------
        shape : tuple of int
            Of the labels.
        again : bool
            Made again.
        """
        if self.session.weights.exists():
            old, new = (self.before, self.after) if again else (self.after, self.before)
            self._weigh(self._places(old, shape), burnt(new, self.survey, self.classes, shape))

    def _places(self, kept: KeptWells, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        return burnt(replace(kept, fall_off=None), self.survey, self.classes, shape).labels

    def _weigh(self, gone: NDArray[np.uint8] | None, new: Burnt) -> None:
        kept = self.session.weight_volume(new.labels.shape)
        if gone is not None:
            # What is painted later where a well once was counts fully.
            _put(kept, gone, None)
        _put(kept, new.labels, new.weights)


def renamed(wells: Sequence[AnyWell], classes: ClassTable, values: Mapping[str, int]) -> tuple[AnyWell, ...]:
    """Give the classes of wells the names that they have now.

    Parameters
    ----------
    wells : sequence of Well or DeviatedWell
        Whose intervals have classes by older names.
    classes : ClassTable
        The classes now.
    values : mapping of str to int
        Label value by older name.
    """
    names = dict(zip(classes.values, classes.names, strict=True))

    def now(name: str) -> str:
        return name if name in classes.names else names.get(values.get(name, 0), name)

    return tuple(
        replace(well, intervals=tuple(replace(one, class_name=now(one.class_name)) for one in well.intervals))  # type: ignore[arg-type]
        for well in wells
    )


def _put(kept: NDArray[np.uint8], wanted: NDArray[np.uint8], weights: NDArray[np.uint8] | None) -> None:
    """Keep how much the labels of wells count; 0 says that they count fully."""
    for slab in slabs(kept):
        part = kept[slab]
        part[wanted[slab] != 0] = 0 if weights is None else weights[slab][wanted[slab] != 0]
        kept[slab] = part
