"""A step of labelling: all that one click changes, in the label volumes and in the records that go with them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from napari_fhn import mapped
from napari_fhn.labels import ClassTable
from napari_fhn.labels.volumes.changes import Change
from napari_fhn.large import is_large
from napari_fhn.project.labelling.horizons import KeptHorizons
from napari_fhn.project.labelling.wells import KeptWells, same
from napari_fhn.project.sessions import layout

LABELS = "labels"

VOLUMES = {
    "weights": layout.WEIGHTS,
    "carried": layout.CARRIED,
    "accepted": layout.ACCEPTED,
    LABELS: layout.LABELS,
}
"""Files of the volumes that a step may change, in the order in which they are written: a label that stands without its
weight would count fully."""


def pack_volumes(folder: Path) -> None:
    """Let the large volumes of a session take as little room as they can, once nobody writes into them.

    Parameters
    ----------
    folder : Path
        Of the session. What its disk does not take stays as large as it is, and is right.
    """
    for name in VOLUMES.values():
        path = layout.array_in(folder, name)
        with contextlib.suppress(OSError, ValueError):
            if is_large(path) and path.is_dir():
                mapped.pack(mapped.open(path, "r+"))


@dataclass(frozen=True)
class SectionReference:
    """A section of the label volume.

    Parameters
    ----------
    axis, index : int
        Axis across the section, and where it lies on it.
    title : str
        What people call it: "Inline 1064".
    """

    axis: int
    index: int
    title: str = field(default="", compare=False)


@dataclass(frozen=True)
class Step:
    """What is done to the labels of a session at once: all of it stands, or none.

    Parameters
    ----------
    title : str
        What was done, as the history says it: ``"wells with a radius of 3"``.
    volumes : mapping of str to Change
        Of each volume of :data:`VOLUMES` that changes.
    shape : tuple of int
        Of these volumes.
    classes : (ClassTable, ClassTable) or None
        The class table before and after, where that changes too.
    wells : (KeptWells, KeptWells) or None
        The wells before and after, where these change too.
    horizons : (KeptHorizons, KeptHorizons) or None
        The horizons before and after, where these change.
    place : SectionReference or None
        The section it was made on; None for what concerns the whole survey.
    program : str
        Who did it, where it was not the desk.
    """

    title: str
    volumes: Mapping[str, Change] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    classes: tuple[ClassTable, ClassTable] | None = None
    wells: tuple[KeptWells, KeptWells] | None = None
    place: SectionReference | None = None
    program: str = ""
    horizons: tuple[KeptHorizons, KeptHorizons] | None = None

    @property
    def labels(self) -> Change:
        """Of the labels."""
        return self.volumes.get(LABELS, Change())

    @cached_property
    def empty(self) -> bool:
        """Whether it changes nothing at all."""
        named = self.classes is None or self.classes[0] == self.classes[1]
        placed = self.wells is None or same(*self.wells)
        drawn = self.horizons is None or self.horizons[0] == self.horizons[1]
        return named and placed and drawn and not any(change.patches for change in self.volumes.values())

    @property
    def parts(self) -> int:
        """How many files it changes."""
        volumes = sum(bool(change.patches) for change in self.volumes.values())
        return volumes + sum(one is not None for one in (self.classes, self.wells, self.horizons))
