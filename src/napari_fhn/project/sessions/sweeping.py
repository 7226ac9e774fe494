"""What killed processes left in a session, taken away by its one writer when it is opened."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from napari_fhn import leftovers
from napari_fhn.project.runs.run import is_called_run, is_run
from napari_fhn.project.sessions import layout
from napari_fhn.training.files.removing import CHECKPOINTS

#: In folders that are not whole: dips of a survey, and labels on their way along reflectors.
_INSIDE = ("slopes.npy", "coherence.npy", "done.npy", "labels.npy", "weights.npy")


def sweep(folder: Path) -> int:
    """Remove files that were being written in a session by processes that are gone.

    Parameters
    ----------
    folder : Path
        Of the session, of which the caller is the writer. Only the places in which this program writes are looked at,
        and no links.

    Returns
    -------
    int
        How many went. Temporary folders that killed processes of the same person have left go too.
    """
    names = ("", layout.INPUTS, layout.MASKS, layout.STRUCTURE, layout.KEPT, layout.HISTORY, layout.MODEL)
    places = [folder / name for name in names]
    runs = folder / layout.RUNS
    if runs.is_dir() and not runs.is_symlink():
        for run in (path for path in runs.iterdir() if is_run(path)):
            places += [run, run / layout.MODEL, run / layout.BEGUN_WITH]
            kept = run / layout.MODEL / CHECKPOINTS
            if kept.is_dir() and not kept.is_symlink():
                places += [path for path in kept.iterdir() if path.name.startswith("step-")]
    leftovers.sweep_temporary(Path(tempfile.gettempdir()))
    count = sum(leftovers.sweep(place, _INSIDE) for place in places if not place.is_symlink())
    return count + (_never_begun(runs) if runs.is_dir() and not runs.is_symlink() else 0)


def _never_begun(runs: Path) -> int:
    """Remove folders of runs that were cut off before there was a record, and tell how many files went with them."""
    count = 0
    for folder in list(runs.iterdir()):
        if is_called_run(folder.name) and folder.is_dir() and not folder.is_symlink() and not is_run(folder):
            count += leftovers.sweep(folder)
            with contextlib.suppress(OSError):  # what others have put there stays, and so does its folder
                folder.rmdir()
    return count
