"""Where in the folder of a session its parts lie, and which files this program has put there."""

from __future__ import annotations

import contextlib
from pathlib import Path

from napari_fhn.project import lock, manifest

LABELS = "labels.npy"
WEIGHTS = "weights.npy"
ACCEPTED = "accepted.npy"
INPUTS = "inputs"
RUNS = "runs"
KEPT = "kept"

#: In the folder of a run.
RUN = "run.json"
JOB = "job.json"
MODEL = "model"
PREDICTION = "prediction.npy"
BEGUN_WITH = "begun-with"
UNTIDIED = "prediction-untidied.npy"

#: What tells a session of an earlier version, which had no manifest.
_EARLIER = ("job.json", "desk.json", LABELS)


def has_manifest(folder: Path) -> bool:
    """Whether a folder holds a manifest."""
    return (folder / manifest.FILE).is_file()


def is_session(folder: Path) -> bool:
    """Whether a folder holds a session, of this version or of an earlier one."""
    return has_manifest(folder) or any((folder / name).is_file() for name in _EARLIER)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder in which nothing is but the lock."""
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {lock.FILE}:
            (folder / lock.FILE).unlink(missing_ok=True)
            folder.rmdir()
