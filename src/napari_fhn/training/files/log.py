"""What was said while a model was made and used, kept as lines of JSON beside it: for curves, reports and the curious.

Whoever runs ``fit`` or ``predict`` passes the updates through :func:`kept`: the engine's process does, and the command
line.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from napari_fhn import __version__, record
from napari_fhn.clock import now
from napari_fhn.training.job import Job
from napari_fhn.training.machine.peak import Peak
from napari_fhn.training.updates import BoxChanged, Checkpoint, Progress, Score, Update, from_plain, to_json

FILE = "log.jsonl"
"""In the folder of a model."""

_BEGIN, _END = "Run", "Memory"


@dataclass(frozen=True)
class Run:
    """One run of ``fit`` or ``predict``.

    Parameters
    ----------
    task : {"train", "predict"}
        Which.
    began : str
        Date and time in UTC, ISO 8601.
    command : str
        That repeats it, as typed; empty where nobody typed one.
    device : str
        That the job asked for.
    versions : dict
        Of Python and of the packages that computed.
    updates : tuple of Update
        Without boxes, and of a prediction without its progress.
    threads : int or None
        Of the processor, at the beginning; None where it is not known.
    memory : int or None
        Bytes at the peak beyond what the process held before; None where the system does not say, or where the run was
        cut short.
    """

    task: str
    began: str
    command: str
    device: str
    versions: dict[str, str]
    updates: tuple[Update, ...]
    memory: int | None
    threads: int | None = None


def kept(
    updates: Iterable[Update], job: Job, task: str, *, command: str = "", continued: bool = False
) -> Iterator[Update]:
    """Write updates to the log of a model as they pass.

    Parameters
    ----------
    updates : iterable of Update
        From ``fit`` or ``predict``, not begun yet.
    job : Job
        Whose model it is.
    task : {"train", "predict"}
        Training starts the log anew, as it starts the model anew: with its first step, and not before.
    command : str
        That repeats the run.
    continued : bool
        The training goes on from the model that is there, and so does its log.

    Yields
    ------
    Update
        The same.
    """
    mode: Literal["a", "w"] = "a" if continued or task != "train" else "w"
    log: _Log | None = None
    with ExitStack() as stack:
        peak = stack.enter_context(Peak())
        began = now()
        waiting: list[str] = []
        for update in updates:
            if not isinstance(update, BoxChanged) and not (task == "predict" and isinstance(update, Progress)):
                waiting.append(to_json(update) + "\n")
            # Not before the first step: a training that makes none must not cost the log of the one before.
            if log is None and (task == "predict" or isinstance(update, Progress)):
                log = _Log(Path(job.model) / FILE, mode)
                stack.callback(log.close)
                log.tell({"kind": _BEGIN, "task": task, "began": began, "command": command, **_surroundings(job)})
            if log is not None and waiting:
                log.write("".join(waiting))
                waiting.clear()
            yield update
        if log is not None:
            log.tell({"kind": _END, "bytes": peak.grown()})


def read(model: str | Path) -> tuple[Run, ...]:
    """Read the log of a model.

    Parameters
    ----------
    model : path-like
        Its folder.

    Returns
    -------
    tuple of Run
        In the order in which they began; none where there is no log. Lines that were cut off by a crash, or that this
        version does not know, are left out.
    """
    path = Path(model) / FILE
    runs: list[Run] = []
    told: dict[int, list[Update]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            data = record.parse(line)
            kind = data.pop("kind")
            if kind == _BEGIN:
                runs.append(Run(**data, updates=(), memory=None))
            elif kind == _END:
                runs[-1] = replace(runs[-1], memory=data["bytes"])
            else:
                told.setdefault(len(runs), []).append(from_plain({**data, "kind": kind}))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            continue
    return tuple(replace(run, updates=tuple(told.get(number, ()))) for number, run in enumerate(runs, 1))


def training(runs: Iterable[Run]) -> tuple[Update, ...]:
    """Return the updates of all runs that made the model, in order: all parts of a training that was resumed.

    A training that was killed goes on from its last save: what the run before said of later steps is left out.
    """
    updates: list[Update] = []
    for run in runs:
        if run.task == "train":
            first = next((update.step for update in run.updates if isinstance(update, Progress)), None)
            if first is not None:
                updates = [update for update in updates if _step(update) < first]
            updates += run.updates
    return tuple(updates)


def _step(update: Update) -> int:
    """Return the training step that an update is about; 0 where it is about none."""
    return update.step if isinstance(update, Progress | Score | Checkpoint) else 0


def _surroundings(job: Job) -> dict[str, Any]:
    packages = {name: str(sys.modules[name].__version__) for name in ("torch", "numpy") if name in sys.modules}
    torch = sys.modules.get("torch")
    return {
        "device": job.device,
        "threads": None if torch is None else torch.get_num_threads(),
        "versions": {"napari-fhn": __version__, "python": platform.python_version(), **packages},
    }


def _is_torn(path: Path) -> bool:
    with path.open("rb") as log:
        if not log.seek(0, os.SEEK_END):
            return False
        log.seek(-1, os.SEEK_END)
        return log.read(1) != b"\n"


class _Log:
    """Lines added to a file. What a full disk does not take waits in memory for room: a log never ends the work."""

    def __init__(self, path: Path, mode: Literal["a", "w"]) -> None:
        self._path = path
        self._mode = mode
        self._file: io.FileIO | None = None
        self._waiting = b""

    def tell(self, data: dict[str, Any]) -> None:
        """Add a line of JSON."""
        self.write(json.dumps(data) + "\n")

    def write(self, text: str) -> None:
        """Add lines."""
        self._waiting += text.encode()
        with contextlib.suppress(OSError):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = io.FileIO(self._path, self._mode)
                if self._mode == "a" and _is_torn(self._path):
                    self._waiting = b"\n" + self._waiting  # a line of its own, behind one that was cut off
            while self._waiting:
                # Without a buffer of its own: what was written of a line is not written again.
                self._waiting = self._waiting[self._file.write(self._waiting) :]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
