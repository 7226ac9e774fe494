"""Labels written into a session: never over others that are there, unless that was asked for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.volumes import changes
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.surveys.grid import Placed
from napari_fhn.surveys.stored_classes import StoredClasses


def in_memory(values: Any, shape: tuple[int, ...]) -> StoredClasses:
    """Return an array as labels on a survey of this shape, by the codes that stand in it.

    Parameters
    ----------
    values : array_like
        Whole numbers, or truth values; 0 is unlabelled.
    shape : tuple of int
        Spatial shape of the survey.

    Raises
    ------
    LabelError
        When it has another shape, or values that are no whole numbers.
    """
    known = np.asarray(values)
    if known.shape != shape:
        raise LabelError(f"the labels are {known.shape} voxels and the survey is {shape}", "Use one grid")
    if known.dtype.kind not in "biu":
        raise LabelError("its values are no classes", "Labels are whole numbers, and 0 is unlabelled")
    known = known.astype(np.uint8) if known.dtype.kind == "b" else known
    return StoredClasses(Placed(xr.DataArray(known)), Path("labels"))


def keep(
    session: Session,
    known: NDArray[np.uint8],
    weights: NDArray[np.uint8] | None = None,
    *,
    over: bool = False,
    title: str = "labels of an array",
    classes: ClassTable | None = None,
) -> list[str]:
    """Write labels, how much they count, and their classes: all of it or nothing, as a step that can be taken back.

    Parameters
    ----------
    session : Session
        Written to.
    known : ndarray of uint8
        The labels.
    weights : ndarray of uint8, optional
        In percent; all count fully when absent.
    over : bool
        Even over others that are there, of which a copy is kept beside them.
    title : str
        What the history calls it.
    classes : ClassTable, optional
        Their classes; those of the session where absent.

    Returns
    -------
    list of str
        Where those are that were there before.

    Raises
    ------
    LabelError
        When others are there; nothing is written then.
    """
    session.check_writer()
    wanted = np.zeros_like(known) if weights is None else weights
    named = None if classes is None else (session.classes or ClassTable(()), classes)
    if not over and _is_observed(session, known, wanted):
        # The same as what was observed; what was carried from it stays.
        session.steps.do(Step(title, classes=named))
        return []
    weighted = weights is not None or session.weights.exists()
    said = []
    for path, what, now in ((session.labels, "labels", known), (session.weights, "weights of labels", wanted)):
        if path == session.labels or weighted:
            said += _put_aside(path, now, what) if over else _check_free(path, now, what)
    shape = known.shape
    session.label_volume(shape)  # also where nothing is labelled
    volumes = {LABELS: changes.planned(session.volume(LABELS, shape), changes.becoming(known))}
    if weighted:
        volumes["weights"] = changes.planned(session.volume("weights", shape), changes.becoming(wanted))
    if mapped.is_there(session.carried):
        nothing = np.broadcast_to(np.zeros((), np.uint8), shape)
        volumes["carried"] = changes.planned(session.volume("carried", shape), changes.becoming(nothing))
    session.steps.do(Step(title, volumes, shape, named, program=session.lock.program))
    return said


def holds_any(path: Path) -> bool:
    """Whether anything is labelled in a volume; a file that cannot be read holds something."""
    try:
        return bool(mapped.open(path).any())
    except (OSError, ValueError, EOFError):
        return True


def _is_observed(session: Session, known: NDArray[np.uint8], weights: NDArray[np.uint8]) -> bool:
    """Whether these labels and weights are those of the session, but for what was carried along the reflectors."""
    if not mapped.is_there(session.carried) or not session.has_labels:
        return False
    paths = (session.labels, session.carried, *((session.weights,) if mapped.is_there(session.weights) else ()))
    there, carried, *weighed = (mapped.open(path) for path in paths)
    if not there.shape == carried.shape == known.shape:
        return False
    for row in range(len(there)):
        stands = (carried[row] != 0) & (there[row] == carried[row])
        if not np.array_equal(np.where(stands, 0, there[row]), known[row]):
            return False
        counted = np.where(stands, 0, weighed[0][row]) if weighed else np.zeros_like(weights[row])
        if not np.array_equal(counted, weights[row]):
            return False
    return True


def _put_aside(path: Path, wanted: NDArray[np.uint8], what: str) -> list[str]:
    """Copy what is about to be written over, and say where to."""
    if not path.exists() or np.array_equal(mapped.open(path), wanted):
        return []
    if not holds_any(path):
        return []
    names = (path.with_name(f"{path.stem}-before-{number}{path.suffix}") for number in itertools.count(1))
    aside = next(name for name in names if not name.exists())
    mapped.copy(path, aside)
    return [f"The {what} that were there are kept in {aside.name}."]


def _check_free(path: Path, wanted: NDArray[np.uint8], what: str) -> list[str]:
    if not path.exists():
        return []
    there = mapped.open(path)
    if there.shape != wanted.shape:
        raise LabelError(f"the session holds {what} of another survey {there.shape}", "Use another session", path=path)
    if there.any() and not np.array_equal(there, wanted):
        raise LabelError(
            f"the session holds other {what}, which are never overwritten",
            "Use another --session, or give no labels to train on those in it",
            path=path,
        )
    return []
