"""What a job that was read from a file may write: what lies in its own folder, under names that lead nowhere else.

Whoever makes a job in Python says where its files go. A job that came with a folder of somebody else's says it too, and
must not reach the files of the person who trains it: it reads what it names, and writes beside itself alone.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from napari_fhn import record
from napari_fhn.training.combination.settings import FACTORS, NETWORK

_SESSION = "session.json"
_ABOVE = 3
"""Folders between the job of a network and its session."""

LARGE = ".zarr"
"""Suffix of arrays in shards (`napari_fhn.large`)."""

OUTPUTS = ("probabilities", "entropy", "margin")
LEFT_OUT = "leave-one-out"
"""Folder beside a model, and name of the record there, of a training that is done again without some labels."""


class Written(Protocol):
    """A job, of which only the names of what it writes matter here."""

    @property
    def prediction(self) -> str: ...  # noqa: D102

    @property
    def model(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Stray:
    """Something that must not be written.

    Parameters
    ----------
    path : Path
        What it is.
    why : str
        In words that follow its name.
    advice : str
        The way out.
    """

    path: Path
    why: str
    advice: str


def beside(prediction: Path, kind: str) -> Path:
    """Return where an array beside a prediction lies, called after it: in shards where the prediction does."""
    return prediction.with_name(f"{prediction.stem}-{kind}{LARGE if prediction.suffix == LARGE else '.npy'}")


def of_prediction(prediction: Path) -> tuple[Path, ...]:
    """Return all files that are written for a prediction: itself, and those beside it that are called after it."""
    arrays = [beside(prediction, kind) for kind in (*OUTPUTS, NETWORK, *FACTORS, "untidied", "before")]
    records = ("states.npy", "states.json", "before.json", "unfinished.npy", "unfinished.jsonl")
    names = (prediction.with_name(f"{prediction.stem}-{name}") for name in records)
    return (prediction, prediction.with_suffix(".json"), *arrays, *names)


def written(job: Written) -> tuple[Path, ...]:
    """Return all files and folders that a job writes, of folders the folder alone."""
    model = Path(job.model)
    others = (model.parent / LEFT_OUT, model.parent / f"{LEFT_OUT}.json", shards_of(job.prediction))
    return (model, *others, *of_prediction(Path(job.prediction)))


def shards_of(prediction: str | Path) -> Path:
    """Return the folder where shards of a prediction lie until they are put together."""
    path = Path(prediction)
    return path.with_name(f"{path.stem}-shards")


def home(file: Path, job: Written) -> Path:
    """Return the folder in which the job of a file may write.

    It is that of the session around it; else that of the file. The copy of a job in its own model writes beside the
    model, where that was trained: where the same job lies, or where nothing lies that the program has not written.

    Parameters
    ----------
    file : Path
        Of the job.
    job : Written
        What is in the file, with paths from the root of the disk.
    """
    folder = file.parent
    for place in (folder, *folder.parents[:_ABOVE]):
        if (place / _SESSION).is_file():
            return place
    above = folder.parent
    if os.path.realpath(job.model) != os.path.realpath(folder):
        return folder
    known = any((above / name).is_file() for name in ("job.json", "run.json"))
    return above if known or _of_nobody_else(folder, Path(job.prediction)) else folder


def _of_nobody_else(model: Path, prediction: Path) -> bool:
    """Whether a network was trained here, and its prediction is not there, or is one of this program."""
    if not (model / "model.json").is_file():
        return False
    try:
        said = record.parse(prediction.with_suffix(".json").read_bytes())
    except (OSError, record.RecordError):
        return not any(os.path.lexists(path) for path in of_prediction(prediction))
    return isinstance(said, dict) and said.get("format") == "napari-fhn prediction"


def stray(paths: Iterable[Path], top: Path, *, shared: bool = False, pipes: bool = False) -> Stray | None:
    """Return the first of some files and folders through which something outside of a folder would be written.

    Parameters
    ----------
    paths : iterable of Path
        What is written, whether it is there or not; of folders all that is in them.
    top : Path
        The folder, which may be a link itself.
    shared : bool
        Whether files with further names (hard links) are taken.
    pipes : bool
        Whether pipes and devices are taken.
    """
    real = Path(os.path.realpath(top))
    for path in paths:
        place = Path(os.path.realpath(path.parent))
        if path != top and place != real and real not in place.parents:
            return Stray(path, f"it lies outside of {top}, where it would be written", "Put what is needed in there")
        for one in (path, *_below(path)):
            found = _odd(one, real, shared, pipes)
            if found is not None:
                return found
    return None


def _below(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _odd(path: Path, top: Path, shared: bool, pipes: bool) -> Stray | None:
    """Return what is wrong with one file; None for a plain one, and for none."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):  # it is not there, or cannot be
        return None
    if stat.S_ISLNK(found.st_mode):
        leads = "" if Path(os.path.realpath(path)).is_relative_to(top) else f" that leads out of the folder {top.name}"
        return Stray(
            path,
            f"it is a link{leads}, and what lies there would be changed",
            "Put what it leads to in its place, or remove it",
        )
    plain = stat.S_ISREG(found.st_mode)
    if stat.S_ISDIR(found.st_mode) or (pipes and not plain):
        return None
    if not plain and not re.search(r"\.damaged(-\d+)?$", path.name):  # nobody opens what was set aside
        return Stray(path, "it is a device or a pipe, and no file", "Remove it")
    if plain and found.st_nlink > 1 and not shared:
        return Stray(
            path,
            "it has another name on the disk (a hard link), under which it would be changed too",
            "Put a copy of it in its place",
        )
    return None
