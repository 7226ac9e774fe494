"""A survey predicted shard by shard, by one process or by many that know nothing of each other.

A shard is predicted by itself (`regions`), written by whoever predicted it, and remembered in the store that it is
written to. Whoever is killed leaves shards that are whole and one that is not there; the same task, asked for again,
goes on from them. What a shard holds depends on the job and on where it lies, and on nothing else.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.sentence import counted, counted_of
from napari_fhn.shards import Part, Shards
from napari_fhn.training.combination.settings import NETWORK
from napari_fhn.training.control import Control
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine import speed
from napari_fhn.training.prediction import journal
from napari_fhn.training.prediction.evaluator import Evaluator, Stopped
from napari_fhn.training.prediction.outputs import entropy, margin, put_half
from napari_fhn.training.prediction.ready import Ready
from napari_fhn.training.prediction.regions import Regions, room_for
from napari_fhn.training.prediction.shard_size import shard_shape
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress, Update

CLASSES = "classes"


@dataclass(frozen=True)
class ShardPlan:
    """How a prediction is cut, and what it is of: the same for all that work on it.

    Parameters
    ----------
    shape, shard : tuple of int
        Of the prediction, and of its shards.
    classes : int
        How many.
    arrays : tuple of str
        What is written: ``"classes"``, outputs, and what factors say alone.
    identity : mapping
        Network, data and settings, as plain JSON types.
    made : mapping
        What made it, as `Provenance` has it.
    steps : int
        Training steps behind the network.
    """

    shape: tuple[int, ...]
    shard: tuple[int, ...]
    classes: int
    arrays: tuple[str, ...]
    identity: Mapping[str, Any]
    made: Mapping[str, Any]
    steps: int

    @property
    def shards(self) -> Shards:
        """The shards."""
        return Shards(self.shape, self.shard)

    def full(self, array: str, space: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of an array over some space."""
        return (self.classes, *space) if array == "probabilities" else space

    def dtype(self, array: str) -> np.dtype[Any]:
        """Return the type of an array."""
        return np.dtype(np.float16 if array in ("probabilities", "entropy", "margin") else np.uint8)

    def to_plain(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_plain(cls, said: Mapping[str, Any]) -> ShardPlan:
        """Rebuild from :meth:`to_plain`.

        Raises
        ------
        JobError
            When it is none.
        """
        try:
            shape, shard = (tuple(int(n) for n in said[name]) for name in ("shape", "shard"))
            arrays = tuple(map(str, said["arrays"]))
            return cls(shape, shard, int(said["classes"]), arrays, said["identity"], said["made"], int(said["steps"]))
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"it says no plan of shards ({error}): begin it again") from error


class ShardStore(Protocol):
    """Where shards go: a folder of ``.npy`` files, or a store of Zarr. Each shard has one writer."""

    def begin(self, plan: ShardPlan) -> None:
        """Make it, or go on with it.

        Raises
        ------
        ValueError
            Where something else is there, with a sentence.
        """
        ...

    def done(self) -> set[int]:
        """Return the shards that are whole."""
        ...

    def put(self, number: int, box: Box, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a shard, and remember that it is there."""
        ...


class Sharded:
    """A prediction that is made shard by shard.

    Parameters
    ----------
    job : Job
        Its ``model`` folder holds a trained network; its prediction file is not touched.
    shard : tuple of int, optional
        Shape of the shards; chosen when absent. Whole along the vertical axis.

    Attributes
    ----------
    ready : Ready
        What predicts.
    plan : ShardPlan
        How the survey is cut.

    Raises
    ------
    JobError
        When the model or the files do not fit, or shards cut what has to be seen as a whole.
    """

    def __init__(self, job: Job, shard: tuple[int, ...] | None = None) -> None:
        ready = self.ready = Ready.of(job)
        evaluator = Evaluator(ready.model.network, ready.frame, ready.device, flips=job.flips, memory=job.memory)
        self.regions = Regions(evaluator, ready.combiner, job.memory)
        self._evaluator = evaluator
        shape = ready.frame.shape
        vertical = ready.frame.vertical_of_prediction
        chosen = shard or shard_shape(shape, evaluator.radius, vertical, sections=bool(ready.frame.sections))
        if len(chosen) != len(shape) or min(chosen) < 1:
            raise JobError(f"shards of {chosen} do not cut a survey of {shape}: give one size for each axis")
        if vertical is not None and chosen[vertical] < shape[vertical]:
            raise JobError(f"shards hold whole columns: give {shape[vertical]} along axis {vertical}")
        chosen = tuple(min(a, b) for a, b in zip(chosen, shape, strict=True))
        alone = () if ready.combiner is None else (NETWORK, *ready.combiner.heard)
        identity = {
            **journal.identity(job, ready.model.sha256, labels=ready.speaks, made_of=ready.made_of,
                               precision=ready.precision),
            "files": [[item.name, item.stamp or journal.file_identity(item.path)] for item in job.inputs],
            "told": ready.told,
            "voxels": self.regions.voxels,
        }  # fmt: skip
        self.plan = ShardPlan(
            shape, chosen, len(ready.model.classes), (CLASSES, *job.outputs, *alone), identity,
            record.encode(ready.provenance()), ready.model.steps,
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before it begins."""
        said = list(self.ready.notes)
        if self._evaluator.radius is None and self.plan.shards.count > 1:
            said.append("A voxel depends on all that this network sees at once: shards may show where they meet.")
        return tuple(said)

    @property
    def overhead(self) -> float:
        """Voxels that the network sees for a shard in the middle, relative to those of the shard in all directions."""
        shards = self.plan.shards
        place = [n // 2 for n in shards.grid]
        box = shards.box(int(np.ravel_multi_index(place, shards.grid)))
        return self.regions.seen(box) / (math.prod(box.shape) * len(self.regions.ways))

    def predict(self, number: int, store: ShardStore, control: Control | None = None) -> Box:
        """Predict a shard into a store.

        Raises
        ------
        Stopped
            When that was asked for; nothing of the shard is there then.
        """
        box, plan = self.plan.shards.box(number), self.plan
        with contextlib.ExitStack() as rooms, speed.settled(self.ready.device):
            arrays = {
                name: rooms.enter_context(room_for(plan.full(name, box.shape), plan.dtype(name)))
                for name in plan.arrays
            }
            for part, said in self.regions.predict(box, control):
                present, at = self.ready.frame.present(part), part.within(box)
                for name, array in arrays.items():
                    if name == CLASSES:
                        array[at] = said.classes * present
                    elif name == "probabilities":
                        put_half(array, (slice(None), *at), said.probabilities * present)
                    elif name in ("entropy", "margin"):
                        put_half(array, at, (entropy if name == "entropy" else margin)(said.probabilities) * present)
                    elif name in said.alone:
                        array[at] = said.alone[name] * present
            store.put(number, box, arrays)
        return box


@contextlib.contextmanager
def on_one_thread() -> Iterator[None]:
    """Compute on one thread: where there is a worker for each processor, more of them would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def predict_shards(
    job: Job,
    store: ShardStore,
    part: Part | None = None,
    control: Control | None = None,
    *,
    shard: tuple[int, ...] | None = None,
) -> Iterator[Update]:
    """Predict the shards of a part that are not there yet.

    Parameters
    ----------
    job : Job
        As `predict` takes it.
    store : ShardStore
        Where they go.
    part : Part, optional
        Which of them; all when absent.
    control : Control, optional
        To stop.
    shard : tuple of int, optional
        As in `Sharded`.

    Yields
    ------
    Update
        Progress, BoxChanged and Note, at the end Done.

    Raises
    ------
    JobError
        When the model or the files do not fit.
    """
    control, part, began = control or Control(), part or Part(), time.monotonic()
    sharded = Sharded(job, shard)
    yield from map(Note, sharded.notes)
    store.begin(sharded.plan)
    done = store.done()
    count = sharded.plan.shards.count
    mine = part.of(count)
    wanted = [number for number in mine if number not in done]
    if len(wanted) < len(mine):
        yield Note(f"{len(mine) - len(wanted)} of its {counted(len(mine), 'shards are', 'shard is')} there already.")
    for finished, number in enumerate(wanted):
        try:
            box = sharded.predict(number, store, control)
        except Stopped:
            break
        yield BoxChanged(box, sharded.plan.steps)
        spent = time.monotonic() - began
        left = spent / (finished + 1) * (len(wanted) - finished - 1)
        yield Progress("predict", len(mine) - len(wanted) + finished + 1, len(mine), seconds_left=left)
    stopped, seconds = control.stop.is_set(), time.monotonic() - began
    words = (
        counted_of(len(mine), count, "shards", "are predicted", "is predicted")
        if not stopped
        else "Stopped; it goes on from there"
    )
    yield Done("predict", stopped, seconds, f"{words} ({seconds:.0f} s).", sharded.plan.steps)
