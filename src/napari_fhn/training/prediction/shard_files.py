"""Shards of a prediction as ``.npy`` files beside it, and put together: where torch, numpy and safetensors are all."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from numpy.typing import NDArray

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.sentence import counted_of
from napari_fhn.shards import runs_of
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.files import removing
from napari_fhn.training.files.inside import shards_of
from napari_fhn.training.job import Job, JobError, Output
from napari_fhn.training.models import earlier
from napari_fhn.training.prediction import journal, provenance
from napari_fhn.training.prediction.outputs import Outputs
from napari_fhn.training.prediction.provenance import Provenance
from napari_fhn.training.prediction.recorder import Recorder
from napari_fhn.training.prediction.sharding import CLASSES, ShardPlan

_LONGEST = 2**26


class ShardFolder:
    """Shards in a folder that all who work on them share.

    Parameters
    ----------
    folder : Path
        Made when it is first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, plan: ShardPlan) -> None:
        """Make it, or go on with it.

        Raises
        ------
        JobError
            When shards of another prediction are there.
        """
        said = record.parse(record.to_bytes({"format": f"napari-fhn {removing.SHARDS}", **plan.to_plain()}))
        known = self._said()
        if known is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            record.write_bytes(self.folder / removing.SHARD_PLAN, record.to_bytes(said))
        elif known != said:
            raise JobError(
                f"{self.folder} has shards of another prediction (another network, other data, settings or shards): "
                "put them together with --collect, or remove the folder"
            )

    @property
    def plan(self) -> ShardPlan:
        """How the prediction is cut.

        Raises
        ------
        JobError
            When nothing was begun.
        """
        said = self._said()
        if said is None:
            raise JobError(f"{self.folder} has no shards: predict them first, with --task 1/N to --task N/N")
        return ShardPlan.from_plain(said)

    def _said(self) -> Any:
        try:
            return record.parse((self.folder / removing.SHARD_PLAN).read_bytes(), longest=_LONGEST)
        except (OSError, record.RecordError):
            return None

    def done(self) -> set[int]:
        """Return the shards that are whole."""
        names = (path.stem for path in self.folder.glob("*.done"))
        return {int(name) for name in names if name.isdecimal()}

    def put(self, number: int, box: Box, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a shard, and remember that it is there.

        Raises
        ------
        JobError
            When the disk has no room for it.
        """
        try:
            for name, values in arrays.items():
                mapped.save(self._path(number, name), values)
            record.write_bytes(self.folder / f"{number}.done", b"")
        except OSError as error:
            if not mapped.is_full(error):
                raise
            raise JobError(f"{self.folder} has no room for a shard: make room there, and predict again") from error

    def values(self, number: int, name: str) -> NDArray[Any]:
        """Return an array of a shard, memory-mapped."""
        return open_array(str(self._path(number, name)))

    def _path(self, number: int, name: str) -> Path:
        return self.folder / f"{number}-{name}.npy"

    def remove(self) -> None:
        """Remove the shards, and nothing else that lies there."""
        removing.shards(self.folder)


def collect(job: Job) -> Provenance:
    """Put the shards of a prediction together.

    Killed in the middle, it is done again; the shards go when all of them are in their place.

    Parameters
    ----------
    job : Job
        Of which they are; its prediction file is there.

    Returns
    -------
    Provenance
        What made the prediction.

    Raises
    ------
    JobError
        When shards are missing, or the prediction has another shape.
    """
    store = ShardFolder(shards_of(job.prediction))
    plan = store.plan
    missing = sorted(set(range(plan.shards.count)) - store.done())
    if missing:
        gone = counted_of(len(missing), plan.shards.count, "shards", "are missing", "is missing")
        raise JobError(f"{gone} ({runs_of(missing)}): run their tasks again")
    outputs: tuple[Output, ...] = tuple(name for name in get_args(Output) if name in plan.arrays)
    written = Outputs(replace(job, outputs=outputs), plan.shape)
    alone = [name for name in plan.arrays if name != CLASSES and name not in outputs]
    made = record.decode(Provenance, plan.made)
    before = _before(job)
    if before is not None and before.complete:
        with contextlib.suppress(OSError):
            earlier.keep_prediction(Path(job.prediction))
    recorder = Recorder(job.prediction, made, written.flush, step=plan.steps, model=str(plan.identity["model"]))
    recorder.begin(lambda kept: False)
    others: dict[str, Any] = dict(written.others.items())
    places: dict[str, Any] = {CLASSES: written.classes, **others, **written.alone(alone)}
    # Classes last: where they are, the rest is.
    for name in (*outputs, *alone, CLASSES):
        for number in range(plan.shards.count):
            if name in places:
                box = plan.shards.box(number).slices
                places[name][(slice(None), *box) if name == "probabilities" else box] = store.values(number, name)
    written.pack()
    recorder.whole()
    recorder.flush()
    journal.discard(job)
    earlier.forget_prediction(job.prediction)
    store.remove()
    return recorder.provenance


def _before(job: Job) -> Provenance | None:
    try:
        return provenance.read(job.prediction)
    except JobError:
        return None
