"""Horizons tracked from picks on a survey, for every face of the program: in its units, with what made them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.project.data import inputs
from napari_fhn.project.data.dips import amplitudes_of, dips_of
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting import own_files
from napari_fhn.project.exporting.export_checks import check_no_part
from napari_fhn.sentence import counted
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.tracking.events import EVENTS, Event
from napari_fhn.structure.tracking.growing import Picks
from napari_fhn.structure.tracking.horizon import Horizon, Tracker, snapped
from napari_fhn.surveys import plain
from napari_fhn.surveys.kinds import is_seismic, vertical_axis
from napari_fhn.surveys.out import save_trace_map

if TYPE_CHECKING:
    from napari_fhn.project.project import Project
    from napari_fhn.structure.dips import DipField

QUALITY = 0.5
"""Quality from which a horizon is taken; on generated surveys eight of ten of its traces are right."""

_BARS = 30
"""How many times progress is told."""


@dataclass(frozen=True, eq=False)
class TrackedHorizon:
    """A horizon on the traces of a survey.

    Parameters
    ----------
    surface : xarray.DataArray
        ``(inline, crossline)`` or ``(trace,)``, in the unit of the survey's vertical axis; NaN where it was not found.
    quality : xarray.DataArray
        On the same traces, 0 to 1; 0 where it was not found.
    event : str
        What was followed.
    picks : int
        From how many picks.
    """

    surface: xr.DataArray
    quality: xr.DataArray
    event: Event
    picks: int

    def better(self, least: float) -> xr.DataArray:
        """Return the surface where its quality is at least so much; NaN elsewhere.

        Parameters
        ----------
        least : float
            0 to 1.
        """
        return self.surface.where(self.quality >= least)

    def save(
        self,
        path: str | Path,
        survey: xr.DataArray,
        least: float = QUALITY,
        *,
        made: Sequence[str] = (),
        overwrite: bool = False,
    ) -> int:
        """Write the horizon where its quality is at least so much, with the quality where a file has room for it.

        Parameters
        ----------
        path : path-like
            Text, a surface or a GeoTIFF, by its suffix; see :func:`napari_fhn.surveys.out.save_trace_map`.
        survey : xarray.DataArray
            On which it was tracked.
        least : float
            Least quality, 0 to 1.
        made : sequence of str
            What made it, in lines.
        overwrite : bool
            Replace a file that this program has not written, or that was changed since.

        Returns
        -------
        int
            Traces that were written.

        Raises
        ------
        SurveyError
            When it cannot be written.
        ProjectError
            When the file is a part of a session; `WouldReplace` when it is somebody else's.
        """
        check_no_part(path)
        with own_files.writing(path, overwrite=overwrite):
            return self.write(Path(path), survey, least, made)

    def write(self, path: Path, survey: xr.DataArray, least: float, made: Sequence[str] = ()) -> int:
        """Do what `save` does, also where a session keeps what it made."""
        found = np.asarray(self.better(least))
        many = counted(self.picks, "picks")
        title = f"horizon {self.surface.name}: {self.event} tracked from {many}, quality {least:g} and more"
        extra = {"quality": np.where(np.isfinite(found), np.asarray(self.quality), np.nan)}
        return save_trace_map(path, found, survey, title, history=made, extra=extra)


def check_survey(survey: xr.DataArray) -> None:
    """Refuse a survey in which no horizon can be tracked.

    Raises
    ------
    ProjectError
        For a map, and for a survey whose vertical axis is not its last.
    """
    if not is_seismic(survey) or vertical_axis(survey) != survey.ndim - 1:
        raise ProjectError(
            "horizons are followed in a seismic volume (inline, crossline, time or depth) or along a line of traces, "
            f"and its axes are {', '.join(map(str, survey.dims))}",
            "Name its axes with --axes, time or depth the last",
        )


def check(least: float, reach: float | None, event: str | None) -> None:
    """Refuse what makes no sense.

    Raises
    ------
    ProjectError
        In a sentence.
    """
    if not 0 <= least <= 1:
        raise ProjectError(f"a least quality of {least:g} is none", "Give one from 0 to 1")
    if reach is not None and not reach > 0:
        raise ProjectError(f"a reach of {reach:g} traces leads nowhere", "Give one above 0")
    if event is not None and event not in EVENTS:
        raise ProjectError(f"no event is called '{event}'", f"Use {', '.join(EVENTS)}")


def picks_of(surface: xr.DataArray, survey: xr.DataArray) -> Picks:
    """Return the picks of a horizon that was read onto a survey.

    Parameters
    ----------
    surface : xarray.DataArray
        As :func:`napari_fhn.labels.read_horizon` gives it; NaN where there is no pick.
    survey : xarray.DataArray
        The survey.

    Raises
    ------
    ProjectError
        When none lies between its first and its last sample.
    """
    values = np.asarray(surface, np.float64)
    samples = samples_of(values, survey)
    with np.errstate(invalid="ignore"):
        there = (samples >= 0) & (samples <= survey.sizes[survey.dims[-1]] - 1)
    if not there.any():
        raise ProjectError(
            f"no pick of '{surface.name}' lies within the survey's {survey.dims[-1]}", "Check its unit and its place"
        )
    return Picks(np.argwhere(there), samples[there])


def samples_of(values: NDArray[np.float64], survey: xr.DataArray) -> NDArray[np.float64]:
    """Return times or depths as samples of a survey, from the first, between them too."""
    axis = np.asarray(survey[survey.dims[-1]], np.float64)
    return np.asarray((values - axis[0]) / _step(axis))


def tracker(
    survey: xr.DataArray,
    data: Any,
    picks: Picks,
    dips: DipSource | None,
    *,
    event: Event | None = None,
    reach: float | None = None,
    snap_picks: bool = False,
) -> Tracker:
    """Begin to track a horizon.

    Parameters
    ----------
    survey : xarray.DataArray
        Whose traces they are.
    data : array-like
        Its amplitudes, with the vertical axis last.
    picks : Picks
        Where it begins.
    dips : DipSource or None
        Of the survey.
    event : str, optional
        What is followed; told by where most picks lie.
    reach : float, optional
        Longest way, in traces.
    snap_picks : bool
        Move picks to the nearest event of that kind first.

    Raises
    ------
    ProjectError
        For picks that cannot be.
    """
    check_survey(survey)
    try:
        begun = Tracker(data, picks, dips, event=event, reach=reach)
        if not snap_picks:
            return begun
        traces = np.stack(
            [np.asarray(data[(*(int(at) for at in trace), slice(None))], np.float32) for trace in picks.traces]
        )
        moved = picks._replace(samples=snapped(traces, picks.samples, begun.event))
        return Tracker(data, moved, dips, event=begun.event, reach=reach)
    except ValueError as error:
        if isinstance(error, ProjectError):
            raise
        raise ProjectError(str(error), "Check the picks") from error


def grown(begun: Tracker, progress: Callable[[float], None] | None = None) -> Horizon:
    """Track to the end.

    Parameters
    ----------
    begun : Tracker
        See :func:`tracker`.
    progress : callable, optional
        Told the share of the survey's traces that it has come to; what it raises ends the work.
    """
    told = 0
    for found in begun.grow():
        if progress is not None and _BARS * found // begun.traces > told:
            told = _BARS * found // begun.traces
            progress(found / begun.traces)
    done = begun.finish()
    if progress is not None:
        progress(1.0)
    return done


def on_survey(horizon: Horizon, survey: xr.DataArray, name: str, picks: int) -> TrackedHorizon:
    """Return a horizon in the units of its survey, on its traces."""
    axis = np.asarray(survey[survey.dims[-1]], np.float64)
    lateral = survey.dims[:-1]
    coords = {dim: survey[dim] for dim in lateral}
    attrs = {"units": str(survey[survey.dims[-1]].attrs.get("units", "")), "event": horizon.event}
    values = axis[0] + horizon.samples.astype(np.float64) * _step(axis)
    return TrackedHorizon(
        xr.DataArray(values, dims=lateral, coords=coords, name=name, attrs=attrs),
        xr.DataArray(horizon.quality, dims=lateral, coords=coords, name="quality"),
        horizon.event,
        picks,
    )


def track_horizon(
    survey: xr.DataArray,
    data: Any,
    surface: xr.DataArray,
    dips: DipSource | None,
    *,
    event: Event | None = None,
    reach: float | None = None,
    snap_picks: bool = False,
    progress: Callable[[float], None] | None = None,
) -> TrackedHorizon:
    """Track a horizon from picks that were read onto a survey; parameters as in :func:`tracker` and `picks_of`.

    Raises
    ------
    ProjectError
        For picks that cannot be, and a survey without reflectors.
    """
    check_survey(survey)
    check(0, reach, event)
    picks = picks_of(surface, survey)
    begun = tracker(survey, data, picks, dips, event=event, reach=reach, snap_picks=snap_picks)
    return on_survey(grown(begun, progress), survey, str(surface.name), len(picks.samples))


def amplitudes(project: Project) -> tuple[Any, DipField]:
    """Return the amplitudes of the survey of a session, and its dips, which are kept there by its writer.

    What was copied into the session is read; where nothing was and somebody else writes there, the survey itself.

    Raises
    ------
    ProjectError
        When neither the survey nor a copy is at hand.
    """
    from napari_fhn.structure.dips import DipField

    session, vertical = project.session, project.vertical_axis
    if session.lock.held:
        found = project.stage()
    else:
        try:
            found = inputs.copies(session, project.shape)
        except ProjectError:
            if project.surveys is None:
                raise
            data = Lazily(project.surveys.first)
            return data, DipField.open(data)
    last = len(project.shape) - 1 if vertical is None else vertical
    return amplitudes_of(found, last), dips_of(found, last, session.structure if session.lock.held else None)


class Lazily:
    """The amplitudes of a survey that was opened, read where they are sliced; what is missing is NaN.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.
    """

    def __init__(self, survey: xr.DataArray) -> None:
        self._values = plain.values(survey)
        self.shape = tuple(survey.shape)

    def __getitem__(self, where: Any) -> NDArray[np.float32]:
        return np.asarray(self._values[where], np.float32)


def _step(axis: NDArray[np.float64]) -> float:
    return float(axis[1] - axis[0]) if axis.size > 1 else 1.0
