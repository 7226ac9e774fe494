"""The dips of a survey: of which amplitudes they are, which way up, and where those that were found are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.project import layout
from napari_fhn.training import inside
from napari_fhn.training.job import Input, Job
from napari_fhn.training.stored import moved
from napari_fhn.training.volume import open_input

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
    return DipField.open(values, folder if stamp else None, stamp=stamp)


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
