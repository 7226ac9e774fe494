"""Whether a network, and how it is trained, go with a survey: asked by a forecast and by a training, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.network.comparison import map_axis as map_axis_of
from napari_fhn.sentence import counted
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.recipes import check_begun
from napari_fhn.training.schedule import Schedule


@dataclass(frozen=True)
class View:
    """The axes of a survey as a network sees them.

    Parameters
    ----------
    vertical_axis, map_axis : int or None
        Those of the framing, counted from the first.
    sections : tuple of int
        Axes across which sections may be taken; empty where the network has the dimensions of the survey.
    vertical : int or None
        The vertical axis as the network counts its axes.
    """

    vertical_axis: int | None
    map_axis: int | None
    sections: tuple[int, ...]
    vertical: int | None


def view(network: NetworkDescription, dimensions: int, framing: Framing) -> View:
    """Return how a network looks at a survey.

    Parameters
    ----------
    network : NetworkDescription
        With as many dimensions as the survey, or 2D for a volume (2.5D).
    dimensions : int
        Spatial axes of the survey.
    framing : Framing
        What they are.

    Raises
    ------
    JobError
        When the network does not go with such a survey.

    Examples
    --------
    >>> from napari_fhn.network.presets import architecture
    >>> view(architecture("sections"), 3, Framing(vertical_axis=-1))
    View(vertical_axis=2, map_axis=None, sections=(0, 1), vertical=1)
    """
    vertical = _existing(framing.vertical_axis, dimensions, "to be vertical")
    missing = _existing(framing.map_axis, dimensions, "to be left out of a map")
    sections: tuple[int, ...] = ()
    if network.dimensions == 2 and dimensions == 3:
        if vertical is None:
            raise JobError("sections of a volume are vertical: say which axis is two-way time or depth")
        sections = tuple(axis for axis in range(3) if axis != vertical)
    elif network.dimensions != dimensions:
        raise JobError(
            f"a {network.dimensions}D network does not go with a survey of {counted(dimensions, 'spatial axes')}"
        )
    if sections and vertical != 2:
        raise JobError("sections need two-way time or depth as the last axis: transpose the volume")
    _check_map(network, missing, bool(sections) or dimensions == 2)
    return View(vertical, missing, sections, 1 if sections else vertical)


def check_schedule(schedule: Schedule, vertical: int | None, map_axis: int | None) -> None:
    """Refuse a schedule that turns or swaps an axis that has to stay.

    Parameters
    ----------
    schedule : Schedule
        Of the training.
    vertical, map_axis : int or None
        As the network counts its axes.

    Raises
    ------
    JobError
        The message names the entry of the schedule.
    """
    _check_moved("permute", schedule.permute, vertical, "the vertical one")
    for name, axes in (("permute", schedule.permute), ("flips", schedule.flips or ())):
        _check_moved(name, axes, map_axis, "the one that only the data have")


def check(network: NetworkDescription, schedule: Schedule, dimensions: int, framing: Framing) -> View:
    """Refuse what cannot be trained on a survey, whatever its labels are.

    Parameters
    ----------
    network, dimensions, framing
        As in :func:`view`.
    schedule : Schedule
        How it is to be trained.

    Returns
    -------
    View

    Raises
    ------
    JobError
        When the network, or its schedule, does not go with such a survey.

    Examples
    --------
    >>> from napari_fhn.training.recipes import recipe
    >>> aquifer = recipe("paper.aquifer")
    >>> check(aquifer.network, aquifer.schedule, 3, Framing(vertical_axis=2))
    Traceback (most recent call last):
    napari_fhn.training.errors.JobError: permute has axis 1 of the network, and that is the vertical one: leave it out
    """
    if any(level < 0 for level in network.output_levels):
        raise JobError(
            "the network's output is finer than the labels: end it at the level of the input or a coarser one"
        )
    found = view(network, dimensions, framing)
    check_schedule(schedule, found.vertical, found.map_axis)
    return found


def check_recipe(job: Job, dimensions: int) -> None:
    """Refuse a job that is trained anew and began with a recipe for other kinds of data.

    One that goes on is not asked: it was begun by the rules of then.

    Parameters
    ----------
    job : Job
        That is to be trained.
    dimensions : int
        Spatial axes of its inputs.

    Raises
    ------
    JobError
        With the recipes that go with such data.
    """
    flat = job.map_axis is not None
    check_begun(job.recipe, dimensions - flat, vertical=job.vertical_axis is not None, cubes=flat)


def _existing(axis: int | None, ndim: int, why: str) -> int | None:
    if axis is not None and not -ndim <= axis < ndim:
        raise JobError(f"the survey has {counted(ndim, 'axes')} and no axis {axis} {why}")
    return None if axis is None else axis % ndim


def _check_moved(name: str, axes: Sequence[int], fixed: int | None, what: str) -> None:
    if fixed is not None and fixed in axes:
        raise JobError(f"{name} has axis {fixed} of the network, and that is {what}: leave it out")


def _check_map(network: NetworkDescription, map_axis: int | None, flat: bool) -> None:
    read = map_axis_of(network)
    if map_axis is None and read is None:
        return
    if map_axis is None:
        raise JobError(
            f"the network reads a map from a cube, along axis {read}, and the labels lie on every voxel of the survey: "
            "give labels on a map and its missing axis (map_axis), or another network"
        )
    if flat:
        raise JobError("a map is read from a cube by a 3D network: this one looks at sections or at a map")
    if read is None:
        raise JobError(
            f"the labels are a map without axis {map_axis} of the survey, and the network gives a class to every voxel "
            "of the cube: choose one that reads a slice along that axis"
        )
    if read != map_axis:
        raise JobError(f"the labels are a map without axis {map_axis}, and the network reads a slice along axis {read}")
