"""A large survey predicted shard by shard into its files: nothing waits for the rest of the survey."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from napari_fhn.box import Box
from napari_fhn.shards import Shards
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.prediction.journal import Journal
from napari_fhn.training.prediction.regions import Regions
from napari_fhn.training.prediction.shard_size import LARGE_VOXELS, shard_shape

if TYPE_CHECKING:
    from napari_fhn.training.prediction.predictor import Predictor


def goes_by_shards(plan: Any) -> bool:
    """Tell whether the plan of a journal is one of shards."""
    return isinstance(plan, dict) and {"shard", "voxels"} <= plan.keys()


def planned(predictor: Predictor) -> dict[str, Any] | None:
    """Return how a large survey is cut; None for one that goes as a whole."""
    frame, evaluator = predictor.frame, predictor.evaluator
    if math.prod(frame.shape) < LARGE_VOXELS:
        return None
    shard = shard_shape(frame.shape, evaluator.radius, frame.vertical_of_prediction, sections=bool(frame.sections))
    return {"shard": list(shard), "voxels": min(evaluator.voxels, evaluator.portable_voxels())}


def by_shards(predictor: Predictor, journal: Journal, control: Control | None) -> Iterator[tuple[Box, float]]:
    """Predict what a journal says is left of a survey, the shards nearest to the view first.

    Yields
    ------
    box : Box
        It has been written.
    share : float
        What is done, from 0 to 1.

    Raises
    ------
    Stopped
        When that was asked for.
    """
    regions = Regions(predictor.evaluator, predictor.combiner, predictor.memory)
    regions.voxels = int(journal.plan["voxels"])
    shards = Shards(predictor.shape, tuple(journal.plan["shard"]))
    finished = predictor.finished(journal, 0)
    left = [box for box in map(shards.box, range(shards.count)) if box not in finished]
    done, total = sum(math.prod(box.shape) for box in finished), math.prod(predictor.shape)
    while left:
        focus = None if control is None else control.in_view(predictor.shape)
        box = left.pop(min(range(len(left)), key=lambda k: (_distance(left[k], focus), k)))
        for part, said in regions.predict(box, control):
            predictor.put(part, said)
            done += math.prod(part.shape)
            yield part, done / total
        if journal.finish(0, box) and predictor.recorder is not None:
            predictor.recorder.flush()


def _distance(box: Box, view: Focus | None) -> int:
    """Return the voxels between the section in view and a box."""
    if view is None:
        return 0
    return max(0, box.start[view.axis] - view.index, view.index - box.stop[view.axis] + 1)
