"""A horizon out of a few picks: tracked, put onto its event, and how far it can be trusted on each trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.tracking.events import Event, nearest_event, period_of
from napari_fhn.structure.tracking.growing import Growth, Picks, TrackSettings
from napari_fhn.structure.tracking.trust import trust


class Horizon(NamedTuple):
    """A horizon over the traces of a survey.

    Parameters
    ----------
    samples : ndarray of float32, shape (inline, crossline) or (trace,)
        Where it lies, in samples from the first; NaN where it was not found.
    quality : ndarray of float32, same shape
        About the chance that it is the same event as at the picks, where that is above a third: 1 at picks, less with
        the distance from them, and much less beyond faults and chaos; 0 where it was not found.
    event : str
        What was followed: a peak, a trough, a zero crossing or the waveform.
    """

    samples: NDArray[np.float32]
    quality: NDArray[np.float32]
    event: Event

    def better(self, least: float) -> Horizon:
        """Return the same without the traces on which its quality is less.

        Examples
        --------
        >>> found = Horizon(np.array([3.0, 4.0]), np.array([0.9, 0.2]), "peak")
        >>> found.better(0.5).samples.tolist()
        [3.0, nan]
        """
        with np.errstate(invalid="ignore"):
            keep = (self.quality >= least) & np.isfinite(self.samples)
        nothing = np.float32(np.nan)
        return Horizon(np.where(keep, self.samples, nothing), np.where(keep, self.quality, 0), self.event)

    def without(self, gone: NDArray[np.bool_]) -> Horizon:
        """Return the same without some traces.

        Examples
        --------
        >>> found = Horizon(np.array([3.0, 4.0]), np.array([0.9, 0.2]), "peak")
        >>> found.without(np.array([False, True])).samples.tolist()
        [3.0, nan]
        """
        return Horizon(np.where(gone, np.float32(np.nan), self.samples), np.where(gone, 0, self.quality), self.event)


class Tracker:
    """Tracks a horizon, step by step; see :func:`track`.

    Parameters
    ----------
    data, picks, dips, event, reach, settings
        As in :func:`track`.

    Attributes
    ----------
    event : str
        What is followed.
    traces : int
        Of the survey.
    """

    def __init__(
        self,
        data: Any,
        picks: Picks,
        dips: DipSource | None = None,
        *,
        event: Event | None = None,
        reach: float | None = None,
        settings: TrackSettings | None = None,
    ) -> None:
        self._settings = settings or TrackSettings()
        self._growth = Growth(data, picks, dips, event=event, reach=reach, settings=self._settings)
        self._line = len(data.shape) == 2
        self.event = self._growth.event
        self.traces = int(np.prod(self._growth.shape[:2]))

    def grow(self) -> Iterator[int]:
        """Go on until nothing is alike any more; yields how many traces have the horizon, now and then."""
        yield from self._growth.grow()

    @property
    def so_far(self) -> Horizon:
        """The horizon as far as it has come: not on its event yet, and of a quality that is still to be found out."""
        return self._given(self._growth.samples, self._growth.quality)

    def finish(self) -> Horizon:
        """Return what has grown, on its event, with its quality; picks are where they were, exactly."""
        growth = self._growth
        found = growth.events(max(self._settings.snap * growth.period, 0.75))
        sure = trust(growth.windows, np.isfinite(growth.samples), growth.traces)
        return self._given(found, np.where(np.isfinite(found), sure, np.float32(0)))

    def _given(self, samples: NDArray[np.float32], quality: NDArray[np.float32]) -> Horizon:
        return Horizon(samples[0], quality[0], self.event) if self._line else Horizon(samples, quality, self.event)


def track(
    data: Any,
    picks: Picks,
    dips: DipSource | None = None,
    *,
    event: Event | None = None,
    reach: float | None = None,
    settings: TrackSettings | None = None,
) -> Horizon:
    """Track a horizon from a few picks over a survey.

    It follows the dips, corrected by what traces look like, and then takes the nearest peak, trough or zero crossing;
    where there is none it has a gap. All of the survey that hangs together is reached, round faults and over dead
    traces: :meth:`Horizon.better` leaves out what should not be believed.

    Parameters
    ----------
    data : array-like, shape (inline, crossline, sample) or (trace, sample)
        Amplitudes in any unit; read in small boxes where the horizon comes by. What is not finite is no data.
    picks : Picks
        Where it was seen, at one trace or more. They stay where they are.
    dips : DipSource, optional
        Of the same survey, such as :class:`napari_fhn.structure.dips.DipField`; without any it is led by waveforms.
    event : {"peak", "trough", "rising", "falling", "waveform"}, optional
        What it follows; told by where most picks lie when it is not said.
    reach : float, optional
        Longest way from a pick, in traces, longer where traces are not alike (default: any).
    settings : TrackSettings, optional
        How.

    Returns
    -------
    Horizon

    Raises
    ------
    ValueError
        For picks outside the survey, or two on one trace, and for dips of another survey.

    Examples
    --------
    A peak that falls by a quarter of a sample from crossline to crossline, from one pick:

    >>> inline, crossline, sample = np.mgrid[:12, :16, :80]
    >>> data = np.cos(0.6 * (sample - 40 - 0.25 * crossline))
    >>> found = track(data, Picks(np.array([[2, 3]]), np.array([40.75])))
    >>> found.event, [round(float(at), 1) for at in found.samples[8, [0, 8, 15]]]
    ('peak', [40.0, 42.0, 43.8])
    """
    tracker = Tracker(data, picks, dips, event=event, reach=reach, settings=settings)
    for _ in tracker.grow():
        pass
    return tracker.finish()


def snapped(traces: NDArray[Any], at: NDArray[Any], event: Event) -> NDArray[np.float64]:
    """Move picks to the nearest event of their traces.

    Parameters
    ----------
    traces : ndarray, shape (n, samples)
        Amplitudes.
    at : ndarray of float, shape (n,)
        The picks, in samples.
    event : str
        As in :func:`track`.

    Returns
    -------
    ndarray of float64, shape (n,)
        In samples; where there is none within half a period, the picks as they were.
    """
    values = np.nan_to_num(np.asarray(traces, np.float32))
    found = nearest_event(values, np.asarray(at), event, 0.55 * period_of(values))
    return np.where(np.isfinite(found), found, at)
