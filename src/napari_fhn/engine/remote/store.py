"""What a worker keeps on its own disk: files that were sent to it once, and runs.

A file is called by its digest, and a run by a number that the desk has drawn. All names that come in are checked
against what they may be: nothing is read or written outside of the folder, but for a survey that lies on this machine
too, which is read where it is once its digest has shown that it is the one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.disk_room import check_room
from napari_fhn.engine.remote import wire
from napari_fhn.large import SUFFIX
from napari_fhn.training.errors import JobError, decoded
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job
from napari_fhn.training.prediction import shard_size

_DIGEST = re.compile(r"[0-9a-f]{32}")
_PLACED = re.compile(r"(model|start)/[A-Za-z0-9][\w.-]{0,99}(/[A-Za-z0-9][\w.-]{0,99})?")
_OWN = frozenset({"labels.npy", "weights.npy", "prediction.npy", "model", "start", "found"})
_ARRAYS = ("labels.npy", "weights.npy", "prediction.npy")
_SENT = ("labels.npy", "weights.npy")
"""Arrays of which a person writes a few boxes: those of a large survey lie in shards here too, as on the desk."""
_LARGEST = 1 << 50


class Store:
    """Files and runs.

    Parameters
    ----------
    folder : Path
        Of all of it; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = folder / "files"
        self._elsewhere: dict[str, Path] = {}
        self._open: dict[Path, NDArray[Any]] = {}
        self._files.mkdir(parents=True, exist_ok=True)

    def has(self, name: object, path: object = None) -> bool:
        """Tell whether a file is here: as it was sent, or at its own path on this machine."""
        if self._known(name) is not None:
            return True
        if not isinstance(path, str) or not Path(path).is_absolute():
            return False
        here = Path(path)
        try:
            if not here.is_file() or digest(here) != name:
                return False
        except OSError:
            return False
        self._elsewhere[str(name)] = here
        return True

    def put(self, message: dict[str, Any]) -> None:
        """Take a piece of a file; with the last one it has its name."""
        name, size, at = _name(message.get("file")), _whole(message, "size"), _whole(message, "at")
        if self._known(name) is not None:
            return
        part = self._files / f"{name}.part"
        if at == 0:
            check_room(self._files, size)
            part.write_bytes(b"")
        elif not part.is_file() or part.stat().st_size != at:
            raise JobError(f"file {name} has to be sent from its beginning")
        if at > size:
            raise JobError(f"file {name} is longer than was said")
        with part.open("ab") as stream:
            stream.write(wire.unpacked(message.get("data"), min(wire.PIECE, size - at)))
        if part.stat().st_size == size:
            if digest(part) != name:
                part.unlink()
                raise JobError(f"file {name} has arrived damaged: it has to be sent again")
            part.replace(self._files / name)

    def run(self, name: object) -> Path:
        """Return the folder of a run.

        Raises
        ------
        JobError
            When that is no name of one.
        """
        return self.folder / "runs" / _name(name)

    def begin(self, message: dict[str, Any]) -> Path:
        """Make a run ready: arrays of its own, all zero where they are not there as they should be."""
        run = self.run(message.get("run"))
        run.mkdir(parents=True, exist_ok=True)
        arrays = message.get("arrays")
        if not isinstance(arrays, dict):
            raise JobError("a run says which arrays it has")
        for name, what in arrays.items():
            if name not in _ARRAYS or not isinstance(what, dict):
                raise JobError(f"a run has no array {name!r:.60}")
            shape = decoded(tuple[int, ...], what.get("shape"), "shape")
            dtype = np.dtype(decoded(str, what.get("dtype"), "dtype"))
            if (
                dtype.kind not in "iu"
                or not 1 <= len(shape) <= 4
                or not 0 < int(np.prod(shape, dtype=object)) < _LARGEST
            ):
                raise JobError(f"an array of {shape} {dtype} is none of a run")
            path = _array(run, name)
            there = mapped.open(path) if path.exists() else None
            if there is None or there.shape != shape or there.dtype != dtype:
                self._open.pop(path, None)
                if there is not None:
                    del there
                    mapped.remove(path)
                large = name in _SENT and int(np.prod(shape, dtype=object)) >= shard_size.LARGE_VOXELS
                mapped.create((run / name).with_suffix(SUFFIX) if large else run / name, shape, dtype)
        return run

    def place(self, message: dict[str, Any]) -> None:
        """Give a file that was sent a name in a run."""
        name = message.get("name")
        if not isinstance(name, str) or not _PLACED.fullmatch(name) or ".." in name:
            raise JobError(f"a run has no file {name!r:.60}")
        source = self._known(message.get("file"))
        if source is None:
            raise JobError("the file was not sent")
        target = self.run(message.get("run")) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        record.write_bytes(target, source.read_bytes())

    def write(self, message: dict[str, Any]) -> None:
        """Write a box of labels or weights."""
        name = message.get("array")
        if name not in _SENT:
            raise JobError(f"{name!r:.60} is no array that is sent")
        path = _array(self.run(message.get("run")), name)
        # Kept open: of one in shards the oldest are packed as others come.
        array = self._open.get(path)
        if array is None:
            array = self._open[path] = mapped.open(path, "r+")
        box = wire.box_of(message, array.shape)
        array[box.slices] = wire.values(message.get("data"), box, array.dtype)

    def values(self, message: dict[str, Any]) -> tuple[Box, NDArray[Any]]:
        """Return a box of a prediction."""
        array = mapped.open(self.run(message.get("run")) / "prediction.npy")
        box = wire.box_of(message, array.shape)
        return box, np.ascontiguousarray(array[box.slices])

    def files(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what a run has made: its network, and with ``all`` its prediction too."""
        run = self.run(message.get("run"))
        found = sorted((run / "model").rglob("*"))
        if message.get("all") is True:
            found += sorted(run.glob("prediction*"))
        plain = [path for path in found if path.is_file() and not path.is_symlink()]
        return [{"name": path.relative_to(run).as_posix(), "size": path.stat().st_size} for path in plain]

    def piece(self, message: dict[str, Any]) -> bytes:
        """Return a piece of a file of a run."""
        run, name, at = self.run(message.get("run")), message.get("name"), _whole(message, "at")
        if name not in [file["name"] for file in self.files({**message, "all": True})]:
            raise JobError(f"the run has no file {name!r:.60}")
        with (run / str(name)).open("rb") as stream:
            stream.seek(at)
            return stream.read(wire.PIECE)

    def job(self, message: dict[str, Any]) -> Job:
        """Return the job of a run, with the paths of this machine."""
        run = self.run(message.get("run"))
        plain = message.get("job")
        job = Job.from_dict(plain if isinstance(plain, dict) else {})
        inputs = {item.path for item in job.inputs}

        def here(path: str) -> str:
            kind, _, name = path.partition(":")
            if kind == "run" and name in _OWN:
                return str(_array(run, name) if name in _SENT else run / name)
            if kind == "file" and (found := self._known(name)) is not None:
                return str(found)
            if kind == "at" and path in inputs:
                return name
            raise JobError(f"{path!r:.80} is no file of this run")

        for written in (job.labels, job.prediction, job.model):
            if not written.startswith("run:"):
                raise JobError(f"{written!r:.80} is no place of this run")
        return job.with_paths(here)

    def _known(self, name: object) -> Path | None:
        sent = self._files / _name(name)
        return sent if sent.is_file() else self._elsewhere.get(str(name))


def _array(run: Path, name: str) -> Path:
    """Return where an array of a run lies: the file of its name, or shards."""
    large = (run / name).with_suffix(SUFFIX)
    return large if large.is_dir() else run / name


def _name(name: object) -> str:
    if not isinstance(name, str) or not _DIGEST.fullmatch(name):
        raise JobError(f"{name!r:.60} is no name of a file or a run")
    return name


def _whole(message: dict[str, Any], name: str) -> int:
    found = decoded(int, message.get(name), name)
    if not 0 <= found < _LARGEST:
        raise JobError(f"{name} is {found}")
    return found
