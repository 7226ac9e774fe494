"""What comes home from another machine: the section in view as it changes, and at the end what was made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.line import Connection
from napari_fhn.large import SUFFIX, is_large
from napari_fhn.training.control import Focus
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.updates import BoxChanged, Checkpoint, Done, Update

_SHOWN = 0.3
"""Seconds between two looks at the predictions of the section in view."""


class Home:
    """Writes into the files of a job what another machine has made of it.

    Parameters
    ----------
    job : Job
        With the paths of this machine.
    run : str
        Its run there.
    where : str
        How that machine is called.

    Attributes
    ----------
    stale : Box or None
        What has changed of the section in view, and is to be fetched.
    step : int
        Training step of the last prediction that was told of.
    """

    def __init__(self, job: Job, run: str, where: str) -> None:
        self._job, self._run, self._where = job, run, where
        self.stale: Box | None = None
        self.step = 0
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether there is something to fetch, and time to."""
        return self.stale is not None and time.monotonic() >= self._next

    def note(self, changed: Box | None, focus: Focus | None) -> None:
        """Take note of what has changed of the section in view, or that all of it is to be fetched."""
        shape = mapped.open(self._job.prediction).shape
        box = changed or Box.whole(shape)
        start, stop = list(box.start), list(box.stop)
        if len(shape) > 2:
            if (
                focus is None
                or not 0 <= focus.axis < len(shape)
                or not start[focus.axis] <= focus.index < stop[focus.axis]
            ):
                return
            start[focus.axis], stop[focus.axis] = focus.index, focus.index + 1
        before = self.stale
        if before is not None and (len(shape) == 2 or before.start[focus.axis] == focus.index):  # type: ignore[union-attr]
            start, stop = list(map(min, start, before.start)), list(map(max, stop, before.stop))
        self.stale = Box(tuple(start), tuple(stop))

    def shown(self, connection: Connection) -> BoxChanged:
        """Fetch it: all that has changed at once, a few times a second."""
        box, self.stale = self.stale, None
        assert box is not None
        prediction = mapped.open(self._job.prediction, "r+")
        for part in wire.pieces(box):
            answer = connection.ask("values", run=self._run, box=record.encode(part))
            prediction[part.slices] = wire.values(answer.get("data"), part, prediction.dtype)
        self._next = time.monotonic() + _SHOWN
        return BoxChanged(box, self.step)

    def told(self, update: Update) -> Update:
        """Return an update with the places of this machine."""
        if isinstance(update, Checkpoint):
            return replace(
                update, path=str(Path(self._job.model) / Path(update.path).parent.name / Path(update.path).name)
            )
        if isinstance(update, Done):
            return replace(update, message=f"{update.message} (on {self._where})")
        return update

    def fetch(self, connection: Connection, *, whole: bool) -> BoxChanged | None:
        """Bring home what was made: the network, and what was asked for as a whole."""
        changed: BoxChanged | None = None
        files = connection.ask("files", run=self._run, all=whole)["files"]
        homes: dict[str, Callable[[str], Path]] = {
            "model": lambda name: Path(self._job.model) / Path(name).relative_to("model"),
            "prediction": lambda name: Path(self._job.prediction).with_name(
                Path(self._job.prediction).stem + name.removeprefix("prediction")
            ),
        }
        # The job stays the one of here, with what was settled there; what says that a network is whole comes last.
        for file in sorted(files, key=lambda file: str(file["name"]).endswith("model.json")):
            name, size = str(file["name"]), int(file["size"])
            if ".." in name or (name == "model/job.json" and whole):
                continue
            home = homes["model" if name.startswith("model/") else "prediction"](name)
            if name == "model/job.json":
                self._settle(connection, size, home)
            elif name == "prediction.npy":
                changed = self._fetch_prediction(connection)
            else:
                _receive(connection, self._run, name, size, home)
                if is_large(self._job.prediction) and home.suffix == ".npy" and not home.stem.endswith("-states"):
                    into_shards(home)
        return changed

    def _settle(self, connection: Connection, size: int, home: Path) -> None:
        beside = home.with_name("job.there.json")
        _receive(connection, self._run, "model/job.json", size, beside)
        try:
            schedule = Job.load(beside, trusted=True).schedule
        finally:
            beside.unlink(missing_ok=True)
        replace(self._job, schedule=schedule).save(home)

    def _fetch_prediction(self, connection: Connection) -> BoxChanged:
        """Write into the file that is there: somebody may look at it."""
        prediction = mapped.open(self._job.prediction, "r+")
        for part in wire.pieces(Box.whole(prediction.shape)):
            answer = connection.ask("values", run=self._run, box=record.encode(part))
            prediction[part.slices] = wire.values(answer.get("data"), part, prediction.dtype)
        prediction.flush()
        mapped.pack(prediction)
        return BoxChanged(Box.whole(prediction.shape), self.step)


def into_shards(path: Path) -> None:
    """Put what is beside a prediction where that of a large survey lies here: in shards."""
    values = mapped.open(path)
    made = mapped.create(path.with_suffix(SUFFIX), values.shape, values.dtype)
    for box in wire.pieces(Box.whole(values.shape)):
        made[box.slices] = values[box.slices]
    mapped.pack(made)
    del values
    path.unlink()


def _receive(connection: Connection, run: str, name: str, size: int, home: Path) -> None:
    """Fetch a file; one of its name stays as it was until the new one is whole."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with record.replacing(home) as stream:
        at = 0
        while at < size:
            answer = connection.ask("get", run=run, name=name, at=at)
            data = wire.unpacked(answer.get("data"), int(answer["size"]))
            if not data:
                raise JobError(f"{name} has become shorter on the other machine: fetch it again with --resume")
            stream.write(data)
            at += len(data)
