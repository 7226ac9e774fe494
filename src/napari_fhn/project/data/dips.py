"""The dips of a survey: of which amplitudes they are, which way up, and where those that were found are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.project.data import inputs
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.session import Session
from napari_fhn.shards import Part
from napari_fhn.training.data.stored import moved
from napari_fhn.training.data.volume import open_input
from napari_fhn.training.files import inside
from napari_fhn.training.job import Input, Job
from napari_fhn.training.machine.memory import free_bytes

if TYPE_CHECKING:
    from napari_fhn.structure.dips import DipField


def dips_of(inputs: Sequence[Input], vertical: int, folder: str | Path | None = None) -> DipField:
    """Open the dips of a survey, that of its first channel; with the vertical axis last.

    Parameters
    ----------
    inputs : sequence of Input
        Of a job.
    vertical : int
        Which axis of space is time or depth.
    folder : path-like, optional
        Where dips are kept that were found.
    """
    from napari_fhn.structure.dips import DipField

    first, values = inputs[0], amplitudes_of(inputs, vertical)
    upright = vertical % values.ndim == values.ndim - 1
    stamp = first.stamp if upright or not first.stamp else f"{first.stamp}-{vertical}"
    return DipField.open(values, folder if stamp else None, stamp=stamp, memory=free_bytes() // 2)


def of_session(folder: str | Path) -> DipField:
    """Return the dips of the survey that was copied into a session, or is read in place for it, kept with the session.

    Raises
    ------
    ProjectError
        When there is no such survey yet, or it has no axis of time or depth.
    """
    session = Session.existing(folder)
    grid, vertical = session.manifest.grid, session.manifest.vertical_axis
    if grid is None or vertical is None:
        what = "no axis of its survey is known to be time or depth"
        way_out = "Dips are those of seismic surveys: train, or carry labels, once"
        if grid is not None and set(grid.dims) == {"y", "x"}:
            way_out = "It is a map: only seismic surveys have dips"
        raise ProjectError(what, way_out, path=session.folder)
    found = inputs.copies(session, grid.shape)
    session.structure.mkdir(exist_ok=True)
    return dips_of(found, vertical, session.structure)


def found_of_session(
    folder: str | Path, part: Part | None = None, stop: threading.Event | None = None
) -> Iterator[tuple[int, int]]:
    """Find the dips of a session's survey, brick by brick; what is there stays as it is.

    Parameters
    ----------
    folder : path-like
        Of the session.
    part : Part, optional
        Which of the bricks; all when absent.
    stop : threading.Event, optional
        Looked at between bricks.

    Yields
    ------
    tuple of int
        Bricks that are there, and in all.

    Raises
    ------
    ProjectError
        As `of_session`.
    """
    field = of_session(folder)
    left = set(field.missing())
    yield field.bricks - len(left), field.bricks
    for number in (part or Part()).of(field.bricks):
        if stop is not None and stop.is_set():
            return
        if number in left:
            field.make(number)
            left.discard(number)
            yield field.bricks - len(left), field.bricks


def amplitudes_of(inputs: Sequence[Input], vertical: int) -> Any:
    """Return the first channel of a survey, read as it is sliced, with the vertical axis last; see `dips_of`."""
    return moved(open_input(inputs[0])[0], vertical, -1)


def folder_of(job: Job) -> Path | None:
    """Return where dips of a job's survey are kept: with its session; None where it lies in none."""
    around = layout.session_around(Path(job.labels))
    # A job of no session may have the labels of one, which is not its own to write in.
    own = layout.session_around(Path(job.model, layout.JOB))
    if around is None or around != own or inside.stray([around / layout.STRUCTURE], around):
        return None
    return around / layout.STRUCTURE
