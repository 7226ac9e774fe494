"""Where in the folder of a session its parts lie, and which files this program has put there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from napari_fhn.project import lock, manifest

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

#: In the folder of a run.
RUN = "run.json"
JOB = "job.json"
MODEL = "model"
PREDICTION = "prediction.npy"
BEGUN_WITH = "begun-with"
UNTIDIED = "prediction-untidied.npy"

_FILES = (manifest.FILE, "desk.json", LABELS, WEIGHTS, ACCEPTED, CARRIED)
_FOLDERS = (INPUTS, RUNS, KEPT, MASKS, STRUCTURE, HISTORY, MODEL)

_DEEPEST = 3
"""Folders between the job of a network and its session."""

#: What tells a session of an earlier version, which had no manifest.
_EARLIER = ("job.json", "desk.json", LABELS)


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


def link_out(folder: Path) -> Path | None:
    """Return a link in a session that leads out of it, among the files and folders that this program writes.

    Through one that somebody else has put there, files of other people would be written and removed.

    Parameters
    ----------
    folder : Path
        Of the session, which may be a link itself.
    """
    home = folder.resolve()
    written = [folder / name for name in (*_FILES, *_FOLDERS)]
    for top in (folder / name for name in _FOLDERS):
        for place, folders, files in os.walk(top):
            written += [Path(place, name) for name in (*folders, *files)]
    return next((path for path in written if path.is_symlink() and not path.resolve().is_relative_to(home)), None)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder in which nothing is but the lock."""
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {lock.FILE}:
            (folder / lock.FILE).unlink(missing_ok=True)
            folder.rmdir()
