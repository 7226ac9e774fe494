"""Which voxels of a prediction are of an earlier network, or of other data, than those of now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.project.predictions.predictions import other_data
from napari_fhn.project.runs.run import Run
from napari_fhn.project.sessions.session import Session
from napari_fhn.training.prediction.parts import Part


@dataclass(frozen=True, eq=False)
class Stale:
    """Says of each voxel whether it is stale; read by index like an array, and made for what is read.

    Parameters
    ----------
    shape : tuple of int
        Of the prediction.
    parts : sequence of (Part, bool)
        Boxes, later ones over earlier ones, each with whether it is stale.
    all : bool
        Whether everything is, whatever the boxes say.

    Examples
    --------
    >>> from napari_fhn.box import Box
    >>> parts = [(Part(Box((0, 0), (4, 6)), 40), True), (Part(Box((1, 0), (2, 6)), 90), False)]
    >>> Stale((4, 6), parts)[:, 3].tolist()
    [True, False, True, True]
    """

    shape: tuple[int, ...]
    parts: Sequence[tuple[Part, bool]]
    all: bool = False

    @property
    def any(self) -> bool:
        """Whether something is."""
        return self.all or any(stale for _, stale in self.parts)

    def __getitem__(self, key: Any) -> NDArray[np.bool_]:
        """Return it for what a key of whole numbers and forward slices chooses."""
        keys = key if isinstance(key, tuple) else (key,)
        keys = (*keys, *(slice(None) for _ in self.shape[len(keys) :]))
        ranges = [
            range(n)[k] if isinstance(k, slice) else range(k % n, k % n + 1)
            for k, n in zip(keys, self.shape, strict=True)
        ]
        out = np.full([len(one) for one in ranges], self.all)
        if not self.all:
            for part, stale in self.parts:
                inside = tuple(
                    slice(*(max(0, math.ceil((end - one.start) / one.step)) for end in (start, stop)))
                    for one, start, stop in zip(ranges, part.box.start, part.box.stop, strict=True)
                )
                out[inside] = stale
        return out[tuple(slice(None) if isinstance(k, slice) else 0 for k in keys)]


def stale(session: Session, run: Run) -> Stale | None:
    """Tell which part of a prediction is stale; None where nothing was predicted.

    Parameters
    ----------
    session : Session
        Whose surveys are looked at, on their disk too: this may take a moment.
    run : Run
        One of its runs. What a network painted while it learnt is stale once that has learnt on.
    """
    made = run.provenance()
    if made is None or not made.parts:
        return None
    description = run.description()
    sha256, step = ("", 0) if description is None else (description.sha256, description.steps)
    # Of what was written here and there nobody knows where: it says nothing of a voxel.
    parts = [part for part in made.parts if not part.scattered]
    aged = [(part, part.model != sha256 if part.model else part.step < step) for part in parts]
    return Stale(made.shape, aged, bool(other_data(session, made)))
