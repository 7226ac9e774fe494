"""A prediction in a store held against a truth, shard by shard, by one process or by many.

What a process finds of a shard is a small file of counts; counts add up. A shard that is counted twice is counted once:
its file says the same. Both are read where they lie, and neither has to fit into memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record, surveys
from napari_fhn.box import Box
from napari_fhn.project.data.in_place import state_of
from napari_fhn.sentence import Cell, cell, counted_of
from napari_fhn.shards import Part, Shards, runs_of
from napari_fhn.surveys import SurveyError, kinds
from napari_fhn.surveys.bricks.marks import Marks
from napari_fhn.surveys.classes import stored_classes
from napari_fhn.surveys.grid import Placed
from napari_fhn.surveys.moving import sentences
from napari_fhn.surveys.remote.target import Target
from napari_fhn.surveys.stored_classes import StoredClasses, is_called_nothing
from napari_fhn.training.scores.score import Scores, confusion, near_boundaries, scores

_SIDE = 512
"""Side of a shard: whole bricks of nearly all stores, and 0.4 GB with its truth while it is counted."""

_BOUNDARY = 2
"""Voxels from a boundary, as in `napari_fhn.report.evaluation`."""

_MARKS, _RESULT, _KIND = "shards", "score.json", "napari-fhn score"


@dataclass(frozen=True)
class Counted:
    """What came of it.

    Parameters
    ----------
    classes : tuple of str
        As the prediction calls them.
    codes : tuple of int
        As files have them.
    scores : Scores
        Of all voxels of which the truth is known.
    boundaries : Scores
        Of those within two voxels of a boundary between two classes.
    notes : tuple of str
        What was done to the truth to bring it onto the grid of the prediction; none where it lies there as it is.
    """

    classes: tuple[str, ...]
    codes: tuple[int, ...]
    scores: Scores
    boundaries: Scores
    notes: tuple[str, ...] = ()


class Counting:
    """A prediction and a truth, counted a shard at a time.

    Parameters
    ----------
    prediction : str
        A file or store of classes that says which they are, as `napari-fhn predict --output` writes it.
    truth : str
        True classes, by the same codes, anywhere on its grid.
    output : str
        Folder, or address of an object store, for the counts.

    Attributes
    ----------
    shards : Shards
        How they are cut.

    Raises
    ------
    SurveyError, PlaceError
        When one cannot be read, they do not lie at one place, or the prediction does not say its classes.
    """

    def __init__(self, prediction: str, truth: str, output: str) -> None:
        predicted = surveys.open(prediction)
        mine, self._truth = StoredClasses(Placed(predicted), Path(prediction)), stored_classes(truth, predicted)
        self.names = {code: name for code, name in sorted(mine.names.items()) if not is_called_nothing(name)}
        if not self.names:
            raise SurveyError(Path(prediction), "it does not say which classes it has", "Take what predict has written")
        values = {code: k + 1 for k, code in enumerate(self.names)}
        self._predicted, self._known = mine.lazy(values), self._truth.lazy(values)
        self.shards = Shards(predicted.shape, tuple(min(_SIDE, n) for n in predicted.shape))
        self._target = Target(output)
        self._marks = Marks(self._target, _MARKS)
        self._plan = {
            "format": _KIND,
            "prediction": [Path(prediction).name, state_of(prediction)],
            "truth": [Path(truth).name, state_of(truth)],
            "codes": list(self.names),
            "shard": list(self.shards.size),
        }

    @property
    def cell(self) -> Cell:
        """What is counted, as `napari_fhn.sentence.made_of` takes it: the axes of the prediction tell, if any do."""
        axes = self._predicted.ndim
        is_bare = axes == 2 and kinds.kind_of(self._predicted) == "array"
        return "value" if is_bare else cell(axes, kinds.vertical_axis(self._predicted))

    @cached_property
    def _result(self) -> dict[str, Any] | None:
        found = self._target.read_json(_RESULT)
        return found if isinstance(found, dict) else None

    def begin(self) -> set[int]:
        """Begin, or go on; return the shards that are counted.

        Raises
        ------
        SurveyError
            When something else is there, or it cannot be written.
        """
        what = "the score of something else"
        if self._result is not None:
            if self._result.get("plan") != record.parse(record.to_bytes(self._plan)):
                raise SurveyError(self._target.about, f"{what} is there", "Remove it, or choose another name")
            return set(range(self.shards.count))
        with sentences(self._target.about):
            self._marks.begin(self._plan, what)
            return self._marks.done()

    def count(self, number: int) -> None:
        """Count a shard, and remember what came out.

        Raises
        ------
        SurveyError
            When it cannot be read or written, or the truth has a class that the prediction does not know.
        """
        box, count = self.shards.box(number), len(self.names)
        outer = Box(
            tuple(max(0, a - _BOUNDARY) for a in box.start),
            tuple(min(b + _BOUNDARY, n) for b, n in zip(box.stop, self.shards.shape, strict=True)),
        )
        around = np.asarray(self._known[outer.slices].values)
        inside = box.within(outer)
        truth, predicted = around[inside], np.asarray(self._predicted[box.slices].values)
        self._check(box, truth)
        edges = np.where(near_boundaries(around, _BOUNDARY)[inside], truth, np.uint8(0))
        found = [confusion(predicted, one, count).tolist() for one in (truth, edges)]
        with sentences(self._target.about):
            self._marks.finish(number, found)

    def _check(self, box: Box, truth: NDArray[Any]) -> None:
        """Refuse a truth of other classes: what is no class of the prediction would pass for unknown."""
        raw = self._truth.placed.values[box.slices]
        there = StoredClasses(Placed(raw), self._truth.path)
        if len(there.codes(self.names)) > np.unique(truth[truth > 0]).size:
            there.check(self.names)

    def collect(self) -> Counted:
        """Add all counts up.

        Raises
        ------
        SurveyError
            When shards are missing, or nothing of the truth is known.
        """
        if self._result is None:
            missing = sorted(set(range(self.shards.count)) - self._marks.done())
            if missing:
                gone = counted_of(len(missing), self.shards.count, "shards", "are not counted", "is not counted")
                what = f"{gone} ({runs_of(missing)})"
                raise SurveyError(self._target.about, what, "Run their tasks again")
            numbers = range(self.shards.count)
            total = sum(np.asarray(found, np.int64) for _, found in self._marks.said(numbers))
            with sentences(self._target.about):
                self._target.write(_RESULT, record.to_bytes({"plan": self._plan, "counts": np.asarray(total).tolist()}))
                self._marks.clear()
            self.__dict__.pop("_result")
        assert self._result is not None
        whole, edges = (scores(np.asarray(one, np.int64)) for one in self._result["counts"])
        if not whole.voxels:
            raise SurveyError(self._truth.path, "it says nothing where the prediction lies", "Name another truth")
        words = self._truth.placed.words
        return Counted(tuple(self.names.values()), tuple(self.names), whole, edges, (words,) if words else ())


def count_shards(counting: Counting, part: Part | None = None, stop: threading.Event | None = None) -> Iterator[int]:
    """Count the shards of a part that are not counted yet, and yield how many of all there are.

    Parameters
    ----------
    counting : Counting
        What is counted.
    part : Part, optional
        Which of them; all when absent.
    stop : threading.Event, optional
        Looked at between shards.
    """
    done = counting.begin()
    yield len(done)
    for number in (part or Part()).of(counting.shards.count):
        if number in done:
            continue
        if stop is not None and stop.is_set():
            return
        counting.count(number)
        done.add(number)
        yield len(done)


def told(found: Counted) -> dict[str, Any]:
    """Return it as plain JSON types."""
    return {"kind": "Counted", **asdict(found)}
