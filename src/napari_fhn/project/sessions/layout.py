"""Where in the folder of a session its parts lie, and which files this program has put there."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from napari_fhn.project.sessions import lock, manifest
from napari_fhn.training.files import inside
from napari_fhn.training.files.inside import LARGE
from napari_fhn.training.prediction import shard_size

LABELS = "labels.npy"
WEIGHTS = "weights.npy"
ACCEPTED = "accepted.npy"
CARRIED = "carried.npy"
INPUTS = "inputs"
RUNS = "runs"
KEPT = "kept"
MASKS = "masks"
STRUCTURE = "structure"
HISTORY = "history"
HORIZONS = "horizons"
#: In the folder of a run too.
PICTURE = "picture.png"

#: In the folder of a run.
RUN = "run.json"
JOB = "job.json"
MODEL = "model"
PREDICTION = "prediction.npy"
BEGUN_WITH = "begun-with"
UNTIDIED = "prediction-untidied.npy"
REPORT = "report.html"

_RECORDS = (manifest.FILE, manifest.BEFORE, lock.FILE, "desk.json", "wells.json", "horizons.json", "answers.json")
_VOLUMES = (LABELS, WEIGHTS, ACCEPTED, CARRIED)
_FILES = (*_RECORDS, *_VOLUMES, *(str(Path(name).with_suffix(LARGE)) for name in _VOLUMES), PICTURE)
_FOLDERS = (INPUTS, RUNS, KEPT, MASKS, STRUCTURE, HISTORY, HORIZONS, MODEL)

_BEGINNINGS = ("job.json", "classes.csv", "input-", "kept-", "prediction", "leave-one-out", "report", BEGUN_WITH)
"""Of further names: those of earlier versions, which are moved to where such things lie now."""

_DEEPEST = 3
"""Folders between the job of a network and its session."""

#: What tells a session of an earlier version, which had no manifest.
_EARLIER = ("job.json", "desk.json", LABELS)


def array_in(folder: Path, name: str, shape: Sequence[int] = ()) -> Path:
    """Return where labels or a prediction lie, or will: in shards where the survey is large.

    Parameters
    ----------
    folder : Path
        Of the session or run.
    name : str
        Its name where the survey is small, ``labels.npy``.
    shape : sequence of int
        Of the survey; where it is not known, one that is not there yet is that of a small one.
    """
    small = folder / name
    large = small.with_suffix(LARGE)
    grows = math.prod(shape) >= shard_size.LARGE_VOXELS and not small.is_file()
    return large if grows or large.is_dir() else small


def has_manifest(folder: Path) -> bool:
    """Whether a folder holds a manifest."""
    return (folder / manifest.FILE).is_file()


def is_session(folder: Path) -> bool:
    """Whether a folder holds a session, of this version or of an earlier one.

    The folders of a run and of a network hold a job too, and are none.
    """
    if has_manifest(folder):
        return True
    part_of_one = (folder / RUN).is_file() or (folder / "model.json").is_file()
    return not part_of_one and any((folder / name).is_file() for name in _EARLIER)


def session_around(path: Path) -> Path | None:
    """Return the folder of the session in which a file lies, such as the job of a run; None where it lies in none."""
    folder = Path(os.path.abspath(path)).parent
    return next((one for one in (folder, *folder.parents[:_DEEPEST]) if has_manifest(one)), None)


def own(path: str | os.PathLike[str]) -> Path | None:
    """Return the folder of the session that a file is a part of, whether it is there yet or not; None for any other.

    What a person puts in the folder beside the parts is none of them, nor is a report.

    Parameters
    ----------
    path : path-like
        Of a file, or of a folder such as a Zarr store.
    """
    path = Path(os.path.realpath(path))
    if path.name == REPORT:
        return None
    for folder in path.parents:
        if has_manifest(folder):
            part = path.relative_to(folder).parts[0]
            return folder if part in (*_FILES, *_FOLDERS) else None
    return None


def stray(folder: Path, *, pipes: bool = False) -> inside.Stray | None:
    """Return what lies in a session under the name of something that this program writes, and is no plain file.

    Through a link that somebody else has put there, files of other people would be written and removed.

    Parameters
    ----------
    folder : Path
        Of the session, which may be a link itself.
    pipes : bool
        Whether pipes and devices are taken.
    """
    return inside.stray(_written(folder), folder, shared=True, pipes=pipes)


def unshare(folder: Path) -> int:
    """Give files that have further names on the disk (hard links), as in a backup, a copy of their own.

    What is written into them would change those too. Returns how many there were.

    Raises
    ------
    OSError
        When there is no room for them.
    """
    found = 0
    whole = {folder / name for name in (INPUTS, KEPT, MASKS)}  # never written into
    for path in _all_in(folder):
        if path.name == lock.FILE or (path.suffix == ".npy" and path.parent in whole):
            continue
        kind = path.lstat()
        if stat.S_ISREG(kind.st_mode) and kind.st_nlink > 1:
            part = path.with_name(f".{path.name}.part")
            try:
                shutil.copy2(path, part)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            found += 1
    return found


def _written(folder: Path) -> list[Path]:
    """Return the files and folders in a session that this program writes, as far as they are there."""
    if not folder.is_dir():
        return []
    ours = {*_FILES, *_FOLDERS}
    return [path for path in folder.iterdir() if path.name in ours or path.name.startswith(_BEGINNINGS)]


def _all_in(folder: Path) -> Iterator[Path]:
    """Yield them with all that is in the folders; links are not followed."""
    for one in _written(folder):
        yield one
        if not one.is_symlink():
            for place, folders, files in os.walk(one):
                yield from (Path(place, name) for name in (*folders, *files))


def remove_if_empty(folder: Path) -> None:
    """Remove a folder in which nothing is but the lock."""
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {lock.FILE}:
            (folder / lock.FILE).unlink(missing_ok=True)
            folder.rmdir()
