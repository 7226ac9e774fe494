"""Burning the wells of a session, and burning them again when they were moved, edited, or given another radius.

What wells wrote is known from the wells: burnt into an empty volume, they say which labels are theirs. So a burning
takes the labels of the wells before it away where they still stand, and what a person painted over them stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.labels import ClassTable, collect_warnings
from napari_fhn.labels.volumes import changes
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.undo.steps import LABELS, Step


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
    if not any(well.intervals for well in kept.wells):
        return Burnt(wanted, weights)
    boxes, words = collect_warnings(
        lambda: labels.burn(kept.wells, survey, classes, wanted, kept.radius, fall_off=kept.fall_off, weights=weights)
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

    def plan(
        self,
        shape: tuple[int, ...],
        title: str,
        locked: Sequence[int] = (),
        classes_before: ClassTable | None = None,
    ) -> tuple[Step, Burnt]:
        """Find out what changes in the labels and in their weights, without writing anything.

        Parameters
        ----------
        shape : tuple of int
            Of the labels; only those of the wells before, and voxels without a label, change.
        title : str
            What the history calls it.
        locked : sequence of int, optional
            Label values that are never replaced.
        classes_before : ClassTable, optional
            The classes so far; `classes` where absent.

        Returns
        -------
        Step, Burnt
            What is to be done; and what was burnt.
        """
        new = burnt(self.after, self.survey, self.classes, shape)
        gone = None
        if self.before.wells:
            gone = burnt(replace(self.before, fall_off=None), self.survey, self.classes, shape).labels
        fill = changes.filling(new.labels, locked=locked)
        rules = (fill,) if gone is None else (changes.erasing(gone), fill)
        volumes = {LABELS: changes.planned(self.session.volume(LABELS, shape), *rules)}
        if new.weights is not None or self.session.weights.exists():
            volumes["weights"] = changes.planned(self.session.volume("weights", shape), _weighing(gone, new))
        classes = (classes_before or self.classes, self.classes)
        return Step(title, volumes, shape, classes, (self.before, self.after)), new


def _weighing(gone: NDArray[np.uint8] | None, new: Burnt) -> changes.Rule:
    """How much labels count when wells were burnt again: what is painted later where one was counts fully (0)."""

    def weigh(slab: slice, old: NDArray[np.uint8]) -> NDArray[np.uint8]:
        kept = old if gone is None else np.where(gone[slab] != 0, 0, old)
        return np.where(new.labels[slab] != 0, 0 if new.weights is None else new.weights[slab], kept)

    return weigh
