"""Predictions that were kept to compare others with: copies in the folder of the session, by the names people gave."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.large import SUFFIX
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.runs.run import Run
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import counted
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.provenance import Provenance


@dataclass(frozen=True)
class Kept:
    """A prediction that was kept to compare others with.

    Parameters
    ----------
    path : Path
        The classes; what made them lies beside.
    """

    path: Path

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.path.stem

    @property
    def made(self) -> Provenance | None:
        """What made it; None for one of an earlier version."""
        return provenance.read(self.path)

    def values(self) -> NDArray[np.uint8]:
        """Return its classes, mapped for reading."""
        found: NDArray[np.uint8] = mapped.open(self.path)
        return found


def kept(session: Session) -> list[Kept]:
    """Return the predictions that were kept, by name; a file that is cut off is none."""
    found = session.kept.iterdir() if session.kept.is_dir() else ()
    whole = [path for path in found if path.suffix in (".npy", SUFFIX) and mapped.is_whole(path)]
    return [Kept(path) for path in sorted(whole, key=lambda path: _natural(path.stem))]


def keep(session: Session, run: Run, name: str = "") -> Kept:
    """Keep a copy of the prediction of a run; none that is there is overwritten.

    Parameters
    ----------
    session : Session
        Whose folder it is kept in.
    run : Run
        Whose prediction.
    name : str
        What to call it; ``Prediction N`` with the next number when empty.

    Raises
    ------
    ProjectError
        When there is nothing to keep, or one of that name is there.
    OSError
        When it cannot be written.
    """
    session.check_writer()
    made = run.provenance()
    if made is None or not mapped.is_there(run.prediction):
        raise ProjectError("there is no prediction to keep yet", "Predict first", path=session.folder)
    session.kept.mkdir(exist_ok=True)
    if not name:
        numbers = [int(found[1]) for one in kept(session) if (found := re.fullmatch(r"Prediction (\d+)", one.name))]
        name = f"Prediction {1 + max(numbers, default=0)}"
    path = session.kept / f"{_as_file(name)}{run.prediction.suffix}"
    if path.with_suffix(".npy").exists() or path.with_suffix(SUFFIX).exists():
        raise ProjectError(f"a prediction '{path.stem}' is kept already", "Choose another name", path=session.folder)
    mapped.copy(run.prediction, path)
    provenance.write(path, made)
    return Kept(path)


def keep_whole(session: Session, run: Run) -> str:
    """Keep the whole prediction of a run whose training is about to go on, which will paint over it.

    One that is kept already, as where a training was refused that was to go on with it, is not copied once more.

    Returns
    -------
    str
        Where it is, in a sentence; empty where there is none, or one that is not whole.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    made = run.provenance()
    if made is None or not made.complete or not mapped.is_there(run.prediction):
        return ""
    there = kept(session)
    same = next((one for one in there if _is_of(one.made, made) and _equal(one.path, run.prediction)), None)
    if same is not None:
        return f"Its prediction so far is kept as '{same.name}'."
    taken = {one.name for one in there}
    name = f"{run.name} after {counted(run.step, 'steps')}"
    names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
    one = keep(session, run, next(free for free in names if _as_file(free) not in taken))
    return f"Its prediction so far is kept as '{one.name}'."


def forget(one: Kept) -> None:
    """Remove a prediction that was kept."""
    one.path.with_suffix(".json").unlink(missing_ok=True)
    mapped.remove(one.path)


def _is_of(one: Provenance | None, other: Provenance) -> bool:
    """Say whether two predictions were made of the same, whenever that was written down."""
    return one is not None and replace(one, written=other.written) == other


def _equal(one: Path, other: Path) -> bool:
    """Say whether two predictions have the same classes, read a slice at a time."""
    first, second = mapped.open(one), mapped.open(other)
    return first.shape == second.shape and all(np.array_equal(first[k], second[k]) for k in range(first.shape[0]))


def _as_file(name: str) -> str:
    """Return a name as a file may have it on any system."""
    return re.sub(r"[^A-Za-z0-9 ._()-]+", "-", name).strip(" .") or "Prediction"


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """For sorting: numbers in names by their value."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text))
