"""What is known, carried along the reflectors of a survey: labels for a session, and the reference of its scores."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels, mapped
from napari_fhn.box import Box
from napari_fhn.labels.volumes import changes, splits
from napari_fhn.labels.volumes.changes import Change
from napari_fhn.leftovers import part_of
from napari_fhn.project.data.dips import dips_of
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.surveys.kinds import is_map
from napari_fhn.training.job import Input

if TYPE_CHECKING:
    from napari_fhn.project.project import Project
    from napari_fhn.structure.carrying import Carried
    from napari_fhn.structure.dips import DipField
    from napari_fhn.structure.known import Known

_ERASED = "erased what was carried"

LEAST = 0.5
"""Confidence from which labels are carried; on generated surveys nine of ten of these are right."""


_LEAKS = (
    "What is carried knows of all labels, those held out among them: erase it before a score on labels held out is "
    "taken for one of places that nobody has seen."
)


@dataclass(frozen=True)
class CarriedLabels:
    """What carrying, or taking back what was carried, has changed.

    Parameters
    ----------
    step : Step
        Of the labels, of how much they count, and of what is remembered as carried.
    voxels : int
        Labels that are carried now.
    notes : tuple of str
        What a person should know.
    """

    step: Step
    voxels: int
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> Change:
        """Of the labels alone."""
        return self.step.labels


class Observed:
    """Labels without those that were carried and stand as they were: what carrying begins from.

    Parameters
    ----------
    known, carried : ndarray or memmap of uint8
        The labels, and what was carried of them.
    vertical : int
        Axis that becomes the last.
    """

    def __init__(self, known: NDArray[Any], carried: NDArray[Any], vertical: int) -> None:
        self._known = np.moveaxis(known, vertical, -1)
        self._carried = np.moveaxis(carried, vertical, -1)
        self.shape = self._known.shape

    def __getitem__(self, where: Any) -> NDArray[np.uint8]:
        known, carried = np.asarray(self._known[where]), np.asarray(self._carried[where])
        return np.where((carried != 0) & (known == carried), 0, known).astype(np.uint8)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[row] for row in range(self.shape[0]))


def reference(
    known: NDArray[Any],
    inputs: Sequence[Input],
    vertical: int | None,
    folder: str | Path | None = None,
) -> NDArray[np.uint8] | None:
    """Carry labels along the reflectors over all of a survey: what an interpreter would draw without a network.

    Parameters
    ----------
    known : ndarray of uint8
        0 where unlabelled.
    inputs : sequence of Input
        What lies there.
    vertical : int or None
        Which axis is time or depth.
    folder : path-like, optional
        Where dips are kept.

    Returns
    -------
    ndarray of uint8 or None
        No voxel is 0: what no way leads to takes the nearest that is carried. None for a map, whose better reference
        is the nearest label, and where the survey itself is gone.
    """
    if vertical is None or not inputs or not Path(inputs[0].path).exists():
        return None
    return everywhere(known, dips_of(inputs, vertical, folder), vertical)


def everywhere(known: NDArray[Any], dips: DipField, vertical: int) -> NDArray[np.uint8]:
    """Carry labels along the reflectors over all of a survey; parameters and what is returned as in `reference`.

    Raises
    ------
    LabelError
        When nothing is labelled.
    """
    from napari_fhn.structure.carrying import carry

    upright = np.moveaxis(np.asarray(known, np.uint8), vertical, -1)
    found, _ = carry(upright, dips)
    return np.moveaxis(labels.nearest_column(found, -1), -1, vertical)


def carry_labels(
    project: Project,
    *,
    reach: float | None = None,
    least: float = LEAST,
    locked: Sequence[int] = (),
    progress: Callable[[float], None] | None = None,
) -> CarriedLabels:
    """Carry the labels of a session along the reflectors, as labels that count by their confidence.

    It begins from what was observed: what was carried earlier makes room for what is carried now. Labels that are
    there stay.

    Parameters
    ----------
    project : Project
        Whose labels.
    reach : float, optional
        Longest way, in traces (default: any).
    least : float
        Least confidence, 0 to 1.
    locked : sequence of int
        Classes that are not carried; what was carried of them stays.
    progress : callable, optional
        Told the share that is done; what it raises ends the work, and leaves the labels as they were.

    Returns
    -------
    CarriedLabels

    Raises
    ------
    ProjectError
        When the survey has no vertical axis, or nothing is labelled, or least and reach make no sense.
    SessionInUse
        When another program writes in the session.
    """
    session = project.session
    session.check_writer()
    _check(project, reach, least)
    vertical = project.vertical_axis
    assert vertical is not None
    carried, observed = _carried(project)
    out, before = session.volume(LABELS, project.shape), session.volume("carried", project.shape)
    with _scratch(session, project.shape) as (wanted, weights):
        _say(carried, observed, (wanted, weights), vertical, reach, least, progress)
        if locked:
            _keep(session, out, before, (wanted, weights), locked)
        found = _done(session, "carried along the reflectors", wanted, weights)
    held = session.manifest.held_out
    return replace(found, notes=(_LEAKS,)) if held.count or held.boxes or held.blocks else found


class CarryPreview:
    """What carrying would label, section by section: nothing is written.

    Labels that come later change it only when it is made anew.

    Parameters
    ----------
    project : Project
        Whose labels.

    Raises
    ------
    ProjectError
        When the survey has no vertical axis, or nothing is labelled.
    """

    def __init__(self, project: Project) -> None:
        _check(project, None, LEAST)
        assert project.vertical_axis is not None
        self._vertical = project.vertical_axis
        self._shape = project.shape
        self._carried, self._observed = _carried(project)

    def section(
        self, axis: int | None, index: int, *, reach: float | None = None, least: float = LEAST
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return what would be labelled on a section, and how sure that is.

        Parameters
        ----------
        axis : int or None
            Axis of the labels across the section; None for all of a line, which is one.
        index : int
            Where the section lies on the axis.
        reach : float, optional
            Longest way, in traces (default: any).
        least : float
            Least confidence, 0 to 1.

        Returns
        -------
        labels : ndarray of uint8, shape of the section
            0 where nothing would be carried, and where labels are that were observed.
        confidence : ndarray of float32, shape of the section
            0 to 1; 0 where nothing would be.
        """
        lateral = [one for one in range(len(self._shape)) if one != self._vertical]
        upright = [*lateral, self._vertical]
        shape = tuple(self._shape[one] for one in upright)
        start, stop = [0] * len(shape), list(shape)
        if axis is not None:
            at = upright.index(axis)
            start[at], stop[at] = index, index + 1
        box = Box(tuple(start), tuple(stop))
        found, sure = self._carried.labels(box, reach=reach, least=least)
        found[self._observed.read(box) > 0] = 0
        sure = np.where(found > 0, sure, np.float32(0))
        # The axes of the section in the order in which the labels have them.
        rest = [one for one in upright if one != axis]
        order = [rest.index(one) for one in sorted(rest)]
        across = () if axis is None else upright.index(axis)
        flat: list[NDArray[Any]] = [np.transpose(np.squeeze(part, across), order) for part in (found, sure)]
        return flat[0], flat[1]


def _carried(project: Project) -> tuple[Carried, Known]:
    """Return what the labels that were observed say elsewhere, and these labels, with the vertical axis last."""
    from napari_fhn.structure.carrying import Carried
    from napari_fhn.structure.known import Known

    session, vertical, inputs = project.session, project.vertical_axis, project.stage()
    assert vertical is not None
    out, before = session.volume(LABELS, project.shape), session.volume("carried", project.shape)
    observed = Known(Observed(out, before, vertical), max(1, *(item.value for item in project.classes)))
    if not any(len(found) for found in observed.positions):
        raise ProjectError("nothing is labelled", "Label something first", path=session.folder)
    return Carried(observed, dips_of(inputs, vertical, session.structure)), observed


def erase_carried(project: Project) -> CarriedLabels:
    """Take all labels away that were carried and still stand as they were.

    Raises
    ------
    SessionInUse
        When another program writes in the session.
    """
    session = project.session
    session.check_writer()
    if not mapped.is_there(session.carried):
        return CarriedLabels(Step(_ERASED), 0)
    nothing = np.broadcast_to(np.zeros((), np.uint8), project.shape)
    return _done(session, _ERASED, nothing, nothing)


def _check(project: Project, reach: float | None, least: float) -> None:
    folder = project.session.folder
    if project.vertical_axis is None:
        what = "no axis of the survey is time or depth, so there are no reflectors to carry labels along"
        of_map = project.surveys is not None and is_map(project.surveys.first)
        way_out = "Say which one is, with --vertical-axis or where the survey is opened"
        raise ProjectError(what, "Label more of the map instead" if of_map else way_out, path=folder)
    if not 0 <= least <= 1:
        raise ProjectError(f"a least confidence of {least:g} is none", "Give one from 0 to 1", path=folder)
    if reach is not None and not reach > 0:
        raise ProjectError(f"a reach of {reach:g} traces leads nowhere", "Give one above 0", path=folder)


@contextlib.contextmanager
def _scratch(session: Session, shape: tuple[int, ...]) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Two empty volumes on the disk of the session, for a while."""
    folder = part_of(session.folder / "carrying")
    folder.mkdir()
    try:
        yield tuple(labels.volume.create(folder / name, shape) for name in ("labels.npy", "weights.npy"))  # type: ignore[misc]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _say(
    carried: Carried,
    observed: Any,
    volumes: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    vertical: int,
    reach: float | None,
    least: float,
    progress: Callable[[float], None] | None,
) -> None:
    """Write what is carried, where nothing is observed, and how much it counts in percent."""
    out, percent = (np.moveaxis(values, vertical, -1) for values in volumes)
    for box in carried.boxes():
        found, confidence = carried.labels(box, reach=reach, least=least)
        found[observed.read(box) > 0] = 0
        out[box.slices] = found
        percent[box.slices] = np.where(found > 0, np.rint(100 * confidence).clip(1, 100), 0)
        if progress is not None:
            progress(box.stop[0] / out.shape[0])


def _keep(
    session: Session,
    out: NDArray[np.uint8],
    before: NDArray[np.uint8],
    volumes: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    locked: Sequence[int],
) -> None:
    """Let what was carried of locked classes stand, and nothing else be carried of them."""
    wanted, weights = volumes
    weighed = session.volume("weights", out.shape)
    for slab in splits.slabs(out):
        stands = _stands(out, before, slab) & np.isin(before[slab], list(locked))
        barred = np.isin(wanted[slab], list(locked))
        wanted[slab] = np.where(stands, before[slab], np.where(barred, 0, wanted[slab]))
        weights[slab] = np.where(stands, weighed[slab], np.where(barred, 0, weights[slab]))


def _done(session: Session, title: str, wanted: NDArray[np.uint8], weights: NDArray[np.uint8]) -> CarriedLabels:
    """Put what is carried now in the place of what was carried before."""
    shape = wanted.shape
    out, before = session.volume(LABELS, shape), session.volume("carried", shape)
    rules = (changes.erasing(before), changes.filling(wanted))

    def percent(slab: slice, old: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.where(
            wanted[slab] > 0,
            np.where(_free(out, before, slab), weights[slab], old),
            np.where(_stands(out, before, slab), 0, old),
        )

    def mark(slab: slice, old: NDArray[np.uint8]) -> NDArray[np.uint8]:
        then = np.asarray(out[slab])
        for rule in rules:
            then = rule(slab, then)
        return np.where(then == wanted[slab], wanted[slab], 0)

    volumes = {
        "weights": changes.planned(session.volume("weights", shape), percent),
        "carried": changes.planned(before, mark),
        LABELS: changes.planned(out, *rules),
    }
    step = Step(title, volumes, shape)
    session.steps.do(step)
    carried = session.volume("carried", shape)
    voxels = sum(int(np.count_nonzero(carried[slab])) for slab in splits.slabs(carried))
    return CarriedLabels(step, voxels)


def _stands(out: NDArray[np.uint8], before: NDArray[np.uint8], slab: slice) -> NDArray[np.bool_]:
    return np.asarray((before[slab] != 0) & (out[slab] == before[slab]))


def _free(out: NDArray[np.uint8], before: NDArray[np.uint8], slab: slice) -> NDArray[np.bool_]:
    return np.asarray((out[slab] == 0) | _stands(out, before, slab))
