"""A journal of what is predicted already, so that an interrupted or killed prediction goes on where it was.

Lines of JSON beside the prediction: the first says what is predicted how, each of the others names a zone of a pass
that is on disk. It is there only while a prediction is unfinished.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.training.job import Job

_FLUSH_EVERY = 2.0
"""Seconds of work that a power cut may cost: outputs go to the disk as often, and are in the journal only then."""


def journal_path(job: Job) -> Path:
    """Return where the journal of a job's prediction is, while there is one."""
    prediction = Path(job.prediction)
    return prediction.with_name(f"{prediction.stem}-unfinished.jsonl")


def discard(job: Job) -> None:
    """Forget an unfinished prediction: its files are about to be written by somebody else, or it is finished."""
    journal_path(job).unlink(missing_ok=True)
    first_direction_path(job).unlink(missing_ok=True)


def first_direction_path(job: Job) -> Path:
    """Return where probabilities wait: of the first direction of sections for the second, of all for what is around."""
    prediction = Path(job.prediction)
    return prediction.with_name(f"{prediction.stem}-unfinished.npy")


def file_identity(path: str) -> list[Any]:
    """Return what tells a state of a file from others; by name, so that its folder may be moved."""
    return [Path(path).name, os.stat(path).st_size, os.stat(path).st_mtime_ns]


def identity(
    job: Job, model: str, *, labels: bool = False, made_of: Sequence[str] = (), precision: str = "float32"
) -> dict[str, Any]:
    """Return what two predictions must have in common for one to go on with the other.

    Parameters
    ----------
    job : Job
        What is predicted.
    model : str
        Checksum of the model.
    labels : bool
        Whether the labels of now say something of it.
    made_of : sequence of str
        What it is made of beside the network, and what happens to it after that, by name.
    precision : str
        Of the network's convolutions.
    """
    files = [item.path for item in job.inputs] + ([job.labels] if labels else [])
    hidden = [[*box.start, *box.stop] for box in (*job.held_out, *job.ignored)] if labels else []
    return {
        "model": model,
        "channels": [item.channel_axis for item in job.inputs],
        "files": [file_identity(path) for path in files],
        "outputs": list(job.outputs),
        "flips": job.flips,
        "hidden": hidden,
        "made of": list(made_of),
        # What waits: of either direction what all who see sections say, and in the end what all say together.
        **({"waits": "directions"} if made_of else {}),
        **({} if precision == "float32" else {"precision": precision}),
    }


class Journal:
    """Remembers which zones are finished.

    Parameters
    ----------
    path : Path
        Where it is kept.
    identity : mapping
        As :func:`identity` gives it, plain JSON types.
    flush : callable
        Brings what was predicted to the disk; called before the journal says that it is there.

    Attributes
    ----------
    plan : object or None
        Plain JSON types: how the work is cut, as given to :meth:`begin` by whoever began it; None when there is
        nothing to go on with.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], flush: Callable[[], None]) -> None:
        self.path = path
        self.plan: Any = None
        self._identity = dict(identity)
        self._flush = flush
        self._finished: list[tuple[int, Box]] = []
        self._waiting: list[tuple[int, Box]] = []
        self._flushed = time.monotonic()
        self._read()

    def begin(self, plan: Any) -> None:
        """Start anew with a plan."""
        self.plan = plan
        self._finished.clear()
        self._renew()

    def finished(self, number: int) -> set[Box]:
        """Return the zones of a pass that need not be predicted again."""
        return {box for other, box in self._finished if other == number}

    def finish(self, number: int, box: Box) -> bool:
        """Note that a zone of a pass is written, and tell whether the journal says so on the disk now."""
        self._waiting.append((number, box))
        due = time.monotonic() - self._flushed > _FLUSH_EVERY
        if due:
            self.flush()
        return due

    def forget(self) -> None:
        """Go on with nothing: what was predicted is not as it was left."""
        self.plan = None
        self._finished.clear()

    def flush(self) -> None:
        """Bring what was predicted to the disk, and then what the journal says of it."""
        self._flush()
        with self.path.open("a", encoding="utf-8") as stream:
            stream.writelines(map(_line, self._waiting))
            stream.flush()
            os.fsync(stream.fileno())
        self._finished += self._waiting
        self._waiting.clear()
        self._flushed = time.monotonic()

    def _renew(self) -> None:
        head = json.dumps({"identity": self._identity, "plan": self.plan}) + "\n"
        record.write_bytes(self.path, "".join((head, *map(_line, self._finished))).encode())

    def _read(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8")
            first, *others = text.splitlines()
            head = record.parse(first)
            if head["identity"] != self._identity:
                return
            self.plan = head["plan"]
        except (OSError, ValueError, KeyError, TypeError):
            return  # none, or none of ours: the work begins at the beginning
        try:
            for line in others:
                number, start, stop = record.parse(line)
                self._finished.append((int(number), Box(tuple(start), tuple(stop))))
            whole = text.endswith("\n")
        except (ValueError, TypeError, OverflowError):
            whole = False
        if not whole:
            self._renew()  # without the line that was being written when the process was killed


def _line(zone: tuple[int, Box]) -> str:
    number, box = zone
    return json.dumps([number, box.start, box.stop]) + "\n"
