"""A horizon grown from picks over a survey: trace by trace along the dips, the surest steps first. numpy alone.

Where the horizon should lie on a trace its neighbours tell, by the dips between them; what the trace looks like there,
compared with them and with the picks, puts that right by a part of the difference. Taken whole, or snapped to a peak at
each step, the differences would lead away: a peak fades, splits and merges, and the next one is as near. So events are
looked for at the end (`horizon`). Steps are made in waves, each over all traces that may be reached at that cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.sentence import counted, counted_of
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.tracking.events import EVENTS, Event, event_of, nearest_event, period_of, unit
from napari_fhn.structure.tracking.pages import Pages

_STEPS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)] + [(2, 0), (-2, 0), (0, 2), (0, -2)]
"""From a trace to those that it hears of: all around it, and over a dead trace."""
_AT_ONCE = 4096
"""Traces that are looked at together."""
_AROUND = 64
"""Samples around picks by which the period of the wave is told."""
_HALF = 150
"""Length of a way, in traces, at which quality has fallen to a half while it grows."""


@dataclass(frozen=True)
class TrackSettings:
    """How a horizon is tracked. The numbers were found on generated surveys.

    Attributes
    ----------
    window : float
        How much of a trace is compared, in periods of the wave.
    search : float
        How far above and below the place foretold a trace may be alike, in periods.
    gain : float
        Share of that difference by which the place is put right.
    least : float
        Least likeness of a step, 0 to 1: with less the horizon goes no farther there.
    shyness : float
        How many times longer, beside itself, a step is without any likeness.
    picks : float
        Share of the picks' own waveform in what a trace is compared with; the rest is that of its neighbours.
    snap : float
        How far from the place found the event may be, in periods.
    """

    window: float = 2.5
    search: float = 0.35
    gain: float = 0.3
    least: float = 0.3
    shyness: float = 6.0
    picks: float = 0.1
    snap: float = 0.25


class Picks(NamedTuple):
    """Where somebody has seen the horizon.

    Parameters
    ----------
    traces : ndarray of int, shape (n, lateral axes)
        Inline and crossline, or trace, as indices; each trace once.
    samples : ndarray of float, shape (n,)
        In samples from the first, between them too.
    """

    traces: NDArray[np.int64]
    samples: NDArray[np.float64]


class Growth:
    """Grows a horizon.

    Parameters
    ----------
    data : array-like, shape (inline, crossline, sample) or (trace, sample)
        Amplitudes; read in small boxes where the horizon comes by.
    picks : Picks
        Where it begins, at one trace or more.
    dips : DipSource or None
        Of the same survey; without any it goes on level, and only waveforms lead it.
    event : str or None
        What picks lie on; looked up in the data where it is not said.
    reach : float or None
        Longest way from a pick, in traces, longer where traces are not alike.
    settings : TrackSettings
        How.

    Attributes
    ----------
    event : str
        What is followed.
    period : float
        Of the wave, in samples.
    found : int
        Traces that have it.
    traces, picked : ndarray
        Of the picks: ``(inline, crossline)`` of each, and samples.

    Raises
    ------
    ValueError
        For picks outside the survey or two on one trace, and for dips of another survey.
    """

    def __init__(
        self,
        data: Any,
        picks: Picks,
        dips: DipSource | None,
        *,
        event: Event | None,
        reach: float | None,
        settings: TrackSettings,
    ) -> None:
        lateral = tuple(int(n) for n in data.shape[:-1])
        if len(lateral) not in (1, 2):
            raise ValueError(
                f"a horizon is tracked in a volume or along a line, not over {counted(len(data.shape), 'axes')}"
            )
        if dips is not None and tuple(dips.shape) != tuple(data.shape):
            raise ValueError(f"data of {tuple(data.shape)} samples and dips of {tuple(dips.shape)}: of one survey")
        if event not in (None, *EVENTS):
            raise ValueError(f"no event is called '{event}': {', '.join(EVENTS)}")
        self._line = len(lateral) == 1
        self.shape: tuple[int, int, int] = (1, *lateral, int(data.shape[-1]))[-3:]  # type: ignore[assignment]
        self._settings = settings
        self._reach = np.inf if reach is None else float(reach)
        traces, self.picked = _checked(picks, lateral, self.shape[2])
        if self._line:
            traces = np.column_stack([np.zeros(len(traces), np.int64), traces])
        self.traces = traces
        self._amplitudes = Pages(lambda box: self._read(data, box)[..., np.newaxis], self.shape)
        self._dips = None if dips is None else Pages(lambda box: self._slopes(dips, box), self.shape, 3)
        around = np.arange(-_AROUND, _AROUND + 1)
        near = self._amplitudes.at(traces[:, 0], traces[:, 1], np.rint(self.picked).astype(np.intp)[:, None] + around)
        self.period = period_of(near[..., 0])
        self.event: Event = event or event_of(near[..., 0], _AROUND + self.picked - np.rint(self.picked), self.period)
        self._half = max(3, round(settings.window * self.period / 2))
        self._search = max(1.0, settings.search * self.period)
        # A rim of two traces around the survey: no step leads out of the arrays.
        self._rim = (self.shape[0] + 4, self.shape[1] + 4)
        size = self._rim[0] * self._rim[1]
        self._at = np.full(size, np.nan, np.float32)
        self._way = np.full(size, np.inf, np.float32)
        self._like = np.zeros(size, np.float32)
        self._due = np.full(size, np.inf, np.float32)
        inside = np.zeros(self._rim, bool)
        inside[2:-2, 2:-2] = True
        self._open = inside.ravel()
        self._windows = np.zeros((size, 2 * self._half + 1), np.int8)
        self._offsets = np.array([i * self._rim[1] + j for i, j in _STEPS])
        self._lengths = np.array([np.hypot(i, j) for i, j in _STEPS], np.float32)
        self.found = 0
        self._begin((traces + 2) @ np.array([self._rim[1], 1]))

    @property
    def samples(self) -> NDArray[np.float32]:
        """Where it lies, shape (inline, crossline), in samples; NaN where it has not come. May be read as it grows."""
        return self._inner(self._at)

    @property
    def quality(self) -> NDArray[np.float32]:
        """How far it can be trusted for all that is known as it grows, 0 to 1."""
        return self._inner(self._like * np.exp2(-self._way / np.float32(_HALF)))

    @property
    def windows(self) -> NDArray[np.int8]:
        """What traces look like around the horizon, shape (inline, crossline, m), 127 for 1; 0 where it is not."""
        inner = self._windows.reshape(*self._rim, -1)[2:-2, 2:-2]
        return inner

    def grow(self) -> Iterator[int]:
        """Go on until nothing is near enough alike; yields how many traces have it, now and then.

        Whoever stops asking stops it.
        """
        level = 0.0
        waiting = np.flatnonzero(np.isfinite(self._due))
        while True:
            waiting = waiting[np.isfinite(self._due[waiting])]
            if not len(waiting):
                return
            due = self._due[waiting]
            level = max(level, float(due.min()))
            now = waiting[due <= level + 1]
            taken = np.concatenate([self._look(part, level + 1) for part in _parts(now)])
            if len(taken):
                waiting = np.union1d(waiting, self._tell(taken))
                self.found += len(taken)
                yield self.found

    def _inner(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.array(values.reshape(self._rim)[2:-2, 2:-2])

    def _begin(self, places: NDArray[np.int64]) -> None:
        self._at[places] = self.picked
        self._way[places] = 0
        self._like[places] = 1
        self._open[places] = False
        self._pattern = np.zeros(2 * self._half + 1, np.float32)
        windows = self._window(places, self._at[places], self._half)
        self._pattern = unit(windows.sum(axis=0))
        self._windows[places] = np.rint(127 * windows)
        self.found = len(places)
        self._tell(places)

    def _tell(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Let the neighbours of traces know that they may be next; returns those."""
        around = (places[:, np.newaxis] + self._offsets).ravel()
        due = (self._way[places][:, np.newaxis] + self._lengths).ravel()
        may = self._open[around] & (due <= self._reach)
        np.minimum.at(self._due, around[may], due[may])
        return np.unique(around[may])

    def _look(self, places: NDArray[np.intp], level: float) -> NDArray[np.intp]:
        """Look at traces; those on which it was found, on ways not longer than this, are returned."""
        ahead, template = self._foretold(places)
        reach = int(np.ceil(self._search))
        first = np.floor(ahead).astype(np.intp) - self._half - reach - 1
        traces = self._trace(places, first, 2 * (self._half + reach) + 4)
        lag, like = self._matched(traces, ahead - first, template, reach)
        at = ahead + self._settings.gain * lag
        at[(at < 0) | (at > self.shape[2] - 1)] = np.nan
        like = np.where(np.isfinite(at), like, 0).clip(0, 1)
        way = self._ways(places, like, np.nan_to_num(at))
        good = (like >= self._settings.least) & np.isfinite(way) & (way <= self._reach)
        taken = good & (way <= level)
        self._due[places] = np.where(good & ~taken, way, np.inf)
        mine = places[taken]
        self._at[mine], self._way[mine], self._like[mine] = at[taken], way[taken], like[taken]
        self._open[mine] = False
        self._due[mine] = np.inf
        self._windows[mine] = np.rint(127 * self._window(mine, self._at[mine], self._half))
        return mine

    def _foretold(self, places: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return where the horizon should lie on traces, in samples, and what the traces should look like there."""
        around = places[:, np.newaxis] + self._offsets
        way = self._way[around]
        best = way.min(axis=1, keepdims=True)
        weight = np.where(np.isfinite(way), np.exp(-(way - best) / 8) / self._lengths, 0)
        at = np.where(weight > 0, self._at[around] + self._rises(places, around, weight > 0), 0)
        nearest = np.take_along_axis(at, weight.argmax(axis=1)[:, np.newaxis], axis=1)
        # Of neighbours that disagree, as on both sides of a fault's tip, those that agree with the nearest count.
        weight = weight * (np.abs(at - nearest) <= self._search)
        weight /= weight.sum(axis=1, keepdims=True)
        ahead = (weight * at).sum(axis=1)
        seen = np.einsum("nk,nkm->nm", weight, self._windows[around].astype(np.float32))
        share = self._settings.picks
        return ahead.astype(np.float64), unit((1 - share) * unit(seen) + share * self._pattern)

    def _rises(self, places: NDArray[np.intp], around: NDArray[np.intp], there: NDArray[np.bool_]) -> NDArray[Any]:
        """Return by how much the horizon falls from neighbours to traces: the mean of the dips at both ends."""
        if self._dips is None:
            return np.zeros(around.shape, np.float32)
        here, other = np.nonzero(there)
        sample = np.rint(self._at[around[here, other]]).astype(np.intp)[:, np.newaxis]
        steps = -np.array(_STEPS, np.float32)[other]
        total = np.zeros(len(here), np.float32)
        for place in (around[here, other], places[here]):
            inline, crossline = self._numbers(place)
            dips = self._dips.at(inline, crossline, sample)[:, 0]
            total += (dips[:, :2] * steps).sum(axis=1) / 2
        out = np.zeros(around.shape, np.float32)
        out[here, other] = total
        return out

    def _matched(
        self, traces: NDArray[np.float32], ahead: NDArray[np.float64], template: NDArray[np.float32], reach: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return by how many samples traces lie below the place foretold, and how alike they are there."""
        lags = np.arange(-reach, reach + 1)
        base = np.floor(ahead).astype(np.intp)
        part = (ahead - base).astype(np.float32)[:, np.newaxis]
        rows = np.arange(len(traces))[:, np.newaxis]
        long = base[:, np.newaxis] + np.arange(-self._half - reach, self._half + reach + 1)
        moved = (1 - part) * traces[rows, long] + part * traces[rows, long + 1]
        windows = np.lib.stride_tricks.sliding_window_view(moved, 2 * self._half + 1, axis=1)
        likes = np.einsum("nlm,nm->nl", unit(windows), template)
        # Nearer ones count more: a wave looks much the same a period away.
        score = likes - 0.4 * (lags / (self._search + 1)) ** 2
        best = score.argmax(axis=1)
        row = np.arange(len(traces))
        low, mid, high = (score[row, (best + k).clip(0, len(lags) - 1)] for k in (-1, 0, 1))
        bend = low - 2 * mid + high
        inner = (best > 0) & (best < len(lags) - 1) & (bend < 0)
        part = np.where(inner, 0.5 * (low - high) / np.where(inner, bend, -1), 0).clip(-0.5, 0.5)
        return lags[best] + part.astype(np.float64), likes[row, best]

    def _ways(self, places: NDArray[np.intp], like: NDArray[Any], at: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the lengths of the shortest ways to picks over neighbours on the same side."""
        around = places[:, np.newaxis] + self._offsets
        clear = like
        if self._dips is not None:
            inline, crossline = self._numbers(places)
            sample = np.rint(at).astype(np.intp)[:, np.newaxis]
            clear = np.minimum(like, self._dips.at(inline, crossline, sample)[:, 0, 2])
        cost = 1 + self._settings.shyness * (1 - clear)
        ways = self._way[around] + cost[:, np.newaxis] * self._lengths
        return np.asarray(ways.min(axis=1), np.float32)

    def _numbers(self, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return inline and crossline of traces."""
        return places // self._rim[1] - 2, places % self._rim[1] - 2

    def events(self, within: float) -> NDArray[np.float32]:
        """Return the samples of the nearest event on each trace that has the horizon; NaN where none is near.

        Parameters
        ----------
        within : float
            How near, in samples.
        """
        out = np.full(self._at.shape, np.nan, np.float32)
        far = int(np.ceil(within)) + 2
        for part in _parts(np.flatnonzero(np.isfinite(self._at))):
            first = np.rint(self._at[part]).astype(np.intp) - far
            found = nearest_event(self._trace(part, first, 2 * far + 1), self._at[part] - first, self.event, within)
            found += first
            out[part] = np.where((found < 0) | (found > self.shape[2] - 1), np.nan, found)
        inner = self._inner(out)
        inner[tuple(self.traces.T)] = self.picked
        return inner

    def _trace(self, places: NDArray[np.intp], first: NDArray[np.intp], count: int) -> NDArray[np.float32]:
        inline, crossline = self._numbers(places)
        return self._amplitudes.at(inline, crossline, first[:, np.newaxis] + np.arange(count))[..., 0]

    def _window(self, places: NDArray[np.intp], at: NDArray[np.floating], half: int) -> NDArray[np.float32]:
        """Return what traces look like around places between samples, of length 1."""
        base = np.floor(at).astype(np.intp)
        part = (at - base).astype(np.float32)[:, np.newaxis]
        traces = self._trace(places, base - half, 2 * half + 2)
        return unit((1 - part) * traces[:, :-1] + part * traces[:, 1:])

    def _read(self, data: Any, box: Box) -> NDArray[np.float32]:
        where = box.slices[1:] if self._line else box.slices
        values = np.asarray(data[where], np.float32).reshape(box.shape)
        return np.where(np.isfinite(values), values, 0)

    def _slopes(self, dips: DipSource, box: Box) -> NDArray[np.float32]:
        found = dips.read(Box(box.start[1:], box.stop[1:]) if self._line else box)
        out = np.zeros((*box.shape, 3), np.float32)
        for axis, slope in zip((1,) if self._line else (0, 1), found.slopes, strict=True):
            out[..., axis] = np.nan_to_num(slope).reshape(box.shape)
        out[..., 2] = np.nan_to_num(found.coherence).reshape(box.shape)
        return out


def _checked(picks: Picks, lateral: tuple[int, ...], depth: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    traces, samples = np.asarray(picks.traces, np.int64), np.asarray(picks.samples, np.float64)
    if not len(samples) or traces.shape != (len(samples), len(lateral)):
        raise ValueError(
            f"a horizon begins at one pick at least, each with {counted(len(lateral), 'indices')} and a sample"
        )
    inside = ((traces >= 0) & (traces < lateral)).all(axis=1) & (samples >= 0) & (samples <= depth - 1)
    if not inside.all():
        raise ValueError(
            counted_of(int((~inside).sum()), len(samples), "picks", "lie outside the survey", "lies outside the survey")
        )
    if len(np.unique(traces, axis=0)) != len(traces):
        raise ValueError("two picks lie on one trace: a horizon is at one place on each")
    return traces, samples


def _parts(places: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for first in range(0, len(places), _AT_ONCE):
        yield places[first : first + _AT_ONCE]
