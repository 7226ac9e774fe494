"""Files of what is known on their way into labels: which are read together, which come next, what they change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels import OF_WELLS, ClassTable, Source
from napari_fhn.labels.volumes import changes
from napari_fhn.labels.volumes.fall_off import FULL
from napari_fhn.labels.volumes.splits import slabs
from napari_fhn.project import knowledge
from napari_fhn.project.knowledge import Part
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.undo.steps import LABELS, Step

#: What is read together with paths and times of wells.
_MAKES_WELLS = "a log, or wells with their tops,"


class Arrivals:
    """Files that come one after another, by a person's hand.

    Attributes
    ----------
    wells : list of Source
        Files about wells that came so far: they are read together, so each one that comes is read with all before it.
    burnt : list of Source
        Other files that are among the labels.
    """

    def __init__(self) -> None:
        self.wells: list[Source] = []
        self.burnt: list[Source] = []
        self._others: list[Source] = []
        self._wells_due = False

    def take(self, source: Source) -> None:
        """Take in a file whose kind is known."""
        if source.kind in OF_WELLS:
            single = source.kind in ("wells", "tops")
            self.wells = [
                one for one in self.wells if not one.is_of(source) and not (single and one.kind == source.kind)
            ]
            self.wells.append(source)
            self._wells_due = True
        elif source.kind == "horizon":
            # Horizons that come together part zones together.
            first = next((one for one in self._others if one.kind == "horizon"), source)
            together = source.options.get("together") or first.options.get("together") or str(first.path)
            self._others.append(source.answered(together=together))
        else:
            self._others.append(source)

    def missing(self) -> str:
        """Return what the files about wells that have just come need, to be read; empty where they need nothing."""
        if not self._wells_due or not self.wells or knowledge.makes_wells(self.wells):
            return ""
        self._wells_due = False
        kinds = {source.kind for source in self.wells}
        return "their tops" if "wells" in kinds else "where their wells begin" if "tops" in kinds else _MAKES_WELLS

    def next(self) -> tuple[Source, ...]:
        """Return the files that are read next; empty when all were."""
        group = next(knowledge.groups([*self._others, *(self.wells if self._wells_due else ())]), ())
        if not group:
            self._others = []
        elif group[0].kind in OF_WELLS:
            self._wells_due = False
        else:
            self._others = [one for one in self._others if not any(one.is_of(source) for source in group)]
        return group

    def answer(self, answered: Source) -> None:
        """Keep what was said about a file of wells."""
        self.wells = [answered if one.is_of(answered) else one for one in self.wells]

    def leave_out(self, source: Source, group: Sequence[Source]) -> None:
        """Let go of a file that cannot be read; the others of its group are read without it."""
        self.wells = [one for one in self.wells if not one.is_of(source)]
        rest = tuple(one for one in group if not one.is_of(source))
        if rest and rest[0].kind in OF_WELLS:
            # The others may be wells all the same.
            self._wells_due = knowledge.makes_wells(rest)

    def note(self, sources: Sequence[Source]) -> None:
        """Remember that files are among the labels."""
        others = [source for source in sources if source.kind not in OF_WELLS]
        kept = (one for one in self.burnt if not any(one.is_of(source) for source in others))
        self.burnt = [*kept, *others]

    def clear(self) -> None:
        """Begin anew: other labels, or none, are shown."""
        self.wells, self.burnt, self._others = [], [], []


def plan_part(
    part: Part,
    session: Session,
    shape: tuple[int, ...],
    locked: Sequence[int] = (),
    classes: tuple[ClassTable, ClassTable] | None = None,
) -> tuple[Step, tuple[str, ...], int]:
    """Find out what files change in the labels of a session, where nothing is labelled yet; nothing is written.

    Parameters
    ----------
    part : Part
        The files, read.
    session : Session
        Whose labels, and whose weights with them.
    shape : tuple of int
        Of the labels.
    locked : sequence of int, optional
        Label values that are never replaced.
    classes : (ClassTable, ClassTable), optional
        The class table before and after.

    Returns
    -------
    Step, tuple of str, int
        What is to be done, what was left out, and how many of its voxels are labelled already.
    """
    wanted: NDArray[np.uint8] = np.zeros(shape, np.uint8)
    weights: NDArray[np.uint8] | None = np.zeros(shape, np.uint8) if part.weighted else None
    words = part.burn(wanted, weights)
    out = session.volume(LABELS, shape)
    volumes = {LABELS: changes.planned(out, changes.filling(wanted, locked=locked))}
    if weights is not None or session.weights.exists():
        if weights is None:
            weights = np.where(wanted != 0, np.uint8(FULL), np.uint8(0))
        for slab in slabs(out):  # what is labelled already keeps its weight as well
            weights[slab][np.asarray(out[slab]) != 0] = 0
        counting = changes.filling(weights, overwrite=True)
        volumes["weights"] = changes.planned(session.volume("weights", shape), counting)
    there = sum(int(np.count_nonzero(wanted[slab])) for slab in slabs(wanted)) - volumes[LABELS].voxels
    return Step(part.title, volumes, shape, classes), tuple(words), there
