"""What was drawn for a step, and from where: so that it can be brought back to the survey, or drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.control import Focus
from napari_fhn.training.data.augmentation import Way
from napari_fhn.training.data.batch import Batch


class Origin(NamedTuple):
    """Where a block comes from, and what was read there."""

    box: Box
    way: Way
    across: int | None
    known: NDArray[np.uint8]


class Draw(NamedTuple):
    """A batch, or None where nothing of it was labelled any more, and where its blocks come from.

    Every block draws from random numbers of its own, begun with one that was drawn for the batch: whoever draws some of
    the blocks draws what they are in the whole batch.
    """

    batch: Batch | None
    origins: list[Origin]


class Beginning(NamedTuple):
    """From where a batch was drawn: the state of the random numbers, the versions of the labels, the view."""

    random: Mapping[str, Any]
    versions: tuple[int, int]
    focus: Focus | None
