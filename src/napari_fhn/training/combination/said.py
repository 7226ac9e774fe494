"""What a person says of a combination now: taken over what was chosen before, and refused where it means nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_fhn.training.combination.settings import Choice, Combination, fitting_factors
from napari_fhn.training.errors import JobError

if TYPE_CHECKING:
    from napari_fhn.training.job import Job


def insisting(
    chosen: Combination | None,
    smoothing: Choice | None = None,
    order: Choice | None = None,
    snapping: Choice | None = None,
    job: Job | None = None,
) -> Combination | None:
    """Return a combination with what a person says of what happens after factors are put together now.

    Parameters
    ----------
    chosen : Combination or None
        Of the training; None for the network alone, which may still be averaged or ordered.
    smoothing, order, snapping : {"auto", "on", "off"} or None
        As in :class:`Combination`; None leaves each as it was.
    job : Job, optional
        On whose data.

    Raises
    ------
    JobError
        For what means nothing to the data.

    Examples
    --------
    >>> insisting(None, "on").factors, insisting(None, "off")
    ((), None)
    """
    if job is not None:
        check_said(2, job.vertical_axis is not None, job.map_axis is not None, (), smoothing, order, snapping)
    if chosen is None:
        if "on" not in (smoothing, order, snapping):
            return None
        chosen = Combination((), "off", "off", snapping="off")
    return replace(
        chosen,
        smoothing=smoothing or chosen.smoothing,
        order=order or chosen.order,
        snapping=snapping or chosen.snapping,
    )


def check_said(
    spatial_dimensions: int,
    vertical: bool,
    map_axis: bool,
    factors: Collection[str],
    smoothing: Choice | None,
    order: Choice | None,
    snapping: Choice | None,
) -> None:
    """Refuse what a person says of a combination now, where it means nothing to the data.

    Parameters
    ----------
    spatial_dimensions, vertical, map_axis
        As in :func:`fitting_factors`.
    factors, smoothing, order, snapping
        What is said, as in :class:`Combination`; nothing where each is left as it was.

    Raises
    ------
    JobError
        With what such data have instead.

    Examples
    --------
    >>> check_said(2, False, False, ["bands"], "on", "off", None)
    >>> check_said(2, False, False, ["reflectors"], None, None, None)
    Traceback (most recent call last):
        ...
    napari_fhn.training.errors.JobError: 'reflectors' among --factors means nothing to a map, whose predictions ...
    """
    fit = fitting_factors(spatial_dimensions, vertical, map_axis)
    what = "seismic data" if vertical else "a map" if spatial_dimensions == 2 else "a volume without time or depth"
    if map_axis:
        what = "a map that is read from a cube"
    for name in factors:
        if name not in fit:
            made = f"are made of {', '.join(fit)}" if fit else "are those of the network alone"
            raise JobError(f"{name!r} among --factors means nothing to {what}, whose predictions {made}: leave it out")
    if order == "on" and (map_axis or not vertical):
        raise JobError(f"--layer-order is about layers from the top down, and {what} has no such columns: leave it out")
    if snapping == "on" and (map_axis or not vertical):
        raise JobError(f"--snapping is about boundaries at reflectors, and {what} has none: leave it out")
    if smoothing == "on" and map_axis:
        raise JobError(f"--smoothing means nothing to {what}, whose predictions are those of the network: leave it out")
