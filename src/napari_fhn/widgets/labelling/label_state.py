"""What is known about the ticked survey, as the parts of the dock watch it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_fhn.box import Box
from napari_fhn.labels import ClassTable


@dataclass
class LabelState:
    """What is known; setting a field emits an event of its name.

    Parameters
    ----------
    has_labels : bool
        Whether there is a label layer to paint on and to train with.
    classes : ClassTable
        The classes.
    hidden, locked : frozenset of int
        Label values that are not shown, and those whose voxels no brush and no file changes.
    counts : dict
        Labelled voxels of each label value.
    held_out : int
        Labelled bodies to keep for the score.
    held : tuple of Box or None
        Those that a person chose; None where the program chooses.
    blocks : int or None
        Edge of the blocks that are held out, in traces or pixels; None where bodies are held out whole.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    has_labels: bool = False
    classes: ClassTable = field(default_factory=lambda: ClassTable.default(3))
    hidden: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    counts: dict[int, int] = field(default_factory=dict)
    held_out: int = 0
    held: tuple[Box, ...] | None = None
    blocks: int | None = None
