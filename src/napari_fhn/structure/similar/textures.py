"""What seismic data look like around a place, in a few numbers: how strong, of which frequencies, how steep, how torn.

All are means over a window of some samples and traces. Of each channel: the energy, how it is shared by octaves of
wavelength along the trace, and what differences between samples and between neighbouring traces say together (the
gradients of the structure tensor): how steep it is, and how far one trace follows from the next, each way. Which way
it dips, and whether a peak or a trough lies at the very place, would tell a place and not a kind of rock.

A row of traces is worked on at a time, which stays in the caches of the processor, and is read once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.similar.channels import Channels
from napari_fhn.structure.similar.lattice import Lattice
from napari_fhn.structure.similar.windows import Window, averaged

FEATURES = 7
"""Numbers that describe one channel."""

TRACES = 5
"""On each side, that a description averages over; along a trace it is the cell with the one before and after."""

_FINEST = 2
_SAMPLES = 4
"""Traces of the smallest cell, and samples of every cell."""

_STEPS = (1, 2, 4)
"""Samples to the neighbours in the running means whose differences are octaves (the wavelets "with holes")."""

_FLOOR = 1e-6
"""Of the mean energy: what is weaker is as good as silent."""

_THINNED = 2**24
"""Values from which every second row is taken for all: neighbours say much the same."""

_MOST_VALUES = 2**25
"""Numbers of a description at most."""

_READ_AT_ONCE = 2**22
"""Values read at once."""


class Textures:
    """Describes volumes and sections.

    Parameters
    ----------
    channels : Channels
        The survey.
    vertical : int
        Axis along which traces run.
    most : int
        Cells at most.

    Attributes
    ----------
    lattice : Lattice
        The cells.
    apart : tuple of int
        Cells along each axis from one to the nearest that is described by other data.
    """

    def __init__(self, channels: Channels, vertical: int, most: int) -> None:
        self._channels = channels
        self._vertical = vertical
        shape = channels.shape
        self._lateral = [axis for axis in range(len(shape)) if axis != vertical]
        finest = tuple(_SAMPLES if axis == vertical else _FINEST for axis in range(len(shape)))
        most = max(1, min(most, _MOST_VALUES // (FEATURES * channels.count)))
        self.lattice = Lattice.covering(shape, finest, most, tuple(self._lateral))
        self.apart = tuple(
            3 if axis == vertical else max(1, 2 * TRACES // step) for axis, step in enumerate(self.lattice.cell)
        )

    def all(self, told: Callable[[float], None] | None = None) -> NDArray[np.float32]:
        """Return the description ``(features, *lattice)``; NaN where there are no data to speak of."""
        rows, size, count = self._lateral[0], self._channels.shape, self._channels.count
        loudness = self._loudness()
        centres = self.lattice.centres[rows]
        columns = Window(np.zeros(1, np.int64), 0, 1)
        if len(self._lateral) > 1:
            columns = Window(self.lattice.centres[self._lateral[1]], TRACES, size[self._lateral[1]])
        shape = (len(centres), len(columns.first), self.lattice.shape[self._vertical])
        found = np.empty((count * FEATURES, *shape), np.float32)
        every = 1 if count * np.prod(size) < _THINNED else 2
        fields: dict[int, NDArray[np.float32]] = {}
        at = -1
        pairs = self._pairs(Window(centres, TRACES, size[rows]), columns)
        for place, centre in enumerate(centres):
            first, last = max(0, int(centre) - TRACES), min(size[rows] - 1, int(centre) + TRACES)
            while at < last:
                at, row, beside = next(pairs)
                if at >= first and at % every == 0:
                    fields[at] = np.stack([_fields(*both, columns) for both in zip(row, beside, strict=True)])
            fields = {number: field for number, field in fields.items() if number >= first}
            means = np.mean(list(fields.values()), axis=0)
            for k, mean in enumerate(means):
                found[k * FEATURES : (k + 1) * FEATURES, place] = _described(mean, loudness[k])
            if told is not None:
                told((place + 1) / len(centres))
        if len(self._lateral) == 1:
            found = found[:, :, 0, :]
        return np.ascontiguousarray(np.moveaxis(found, -1, self._vertical + 1))

    def _pairs(self, ahead: Window, across: Window) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """Yield the rows that are needed, ascending, each ``(channels, traces, samples)`` with the one beside it."""
        before: tuple[int, NDArray[np.float32]] | None = None
        last = self._channels.shape[self._lateral[0]] - 1
        for at, row in self._rows(ahead, across):
            if before is not None and before[0] == at - 1:
                yield at - 1, before[1], row
            if at == last:
                # The last row has the one before it, if there is one; what differs is squared.
                yield at, row, before[1] if before is not None and before[0] == at - 1 else row
            before = at, row

    def _rows(self, ahead: Window, across: Window) -> Iterator[tuple[int, NDArray[np.float32]]]:
        channels, rows = self._channels, self._lateral[0]
        size = channels.shape
        plane = channels.count * int(np.prod(size)) // size[rows]
        step = max(2, _READ_AT_ONCE // max(1, plane))
        for begin, end in ahead.runs():
            for first in range(begin, end, step):
                start = [0] * len(size)
                stop = list(size)
                start[rows], stop[rows] = first, min(first + step, end)
                values = np.moveaxis(channels.read(Box(tuple(start), tuple(stop))), self._vertical + 1, -1)
                if values.ndim == 3:
                    values = values[:, :, None]
                for k in range(values.shape[1]):
                    row = values[:, k]
                    few = len(across.read) < row.shape[1]
                    yield first + k, np.ascontiguousarray(row[:, across.read] if few else row)

    def _loudness(self) -> list[float]:
        """Mean energy of each channel, from a few sections."""
        shape, rows, count = self._channels.shape, self._lateral[0], self._channels.count
        energy, counts = np.zeros(count), np.zeros(count)
        for row in np.unique(np.linspace(0, shape[rows] - 1, 8).astype(int)):
            start, stop = [0] * len(shape), list(shape)
            start[rows], stop[rows] = int(row), int(row) + 1
            values = self._channels.read(Box(tuple(start), tuple(stop))).reshape(count, -1)
            energy += np.nansum(values.astype(np.float64) ** 2, axis=1)
            counts += np.isfinite(values).sum(axis=1)
        return [float(e) for e in energy / np.maximum(counts, 1)]


def _fields(row: NDArray[np.float32], beside: NDArray[np.float32], across: Window) -> NDArray[np.float32]:
    """Return squares and products of a row of traces, averaged in it: ``(10, traces, cells)``."""
    there = np.isfinite(row)
    row, beside = np.nan_to_num(row), np.nan_to_num(beside)
    down = _down(row)
    parts = [there.astype(np.float32), *(part * part for part in _octaves(row)), down * down]
    for other, other_down in ((beside, _down(beside)), (_next(row), _next(down))):
        difference = other - row
        parts += [difference * difference, difference * (down + other_down) * np.float32(0.5)]
    cells = np.stack([_in_cells(part) for part in parts])
    # Padding of a survey is written as zeros as often as it is left out.
    cells[0] *= _in_cells(row * row) > 0
    return averaged(cells, across, 1)


def _in_cells(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of ``(traces, samples)`` over each cell with the one before and after; 0 beyond the ends."""
    lacking = -values.shape[1] % _SAMPLES
    if lacking:
        values = np.pad(values, ((0, 0), (0, lacking)))
    cells = np.zeros((len(values), values.shape[1] // _SAMPLES + 2), np.float32)
    for k in range(_SAMPLES):
        cells[:, 1:-1] += values[:, k::_SAMPLES]
    summed = cells[:, :-2] + cells[:, 1:-1] + cells[:, 2:]
    summed /= np.float32(3 * _SAMPLES)
    return summed


def _described(means: NDArray[np.float32], loudness: float) -> NDArray[np.float32]:
    """Return what the mean squares and products of a channel say: ``(FEATURES, places, places)``."""
    share, weight = means[0], np.maximum(means[0], 1e-6)
    octaves, vertical = means[1:5] / weight, means[5] / weight
    floor = np.float32(_FLOOR * loudness + 1e-30)
    steep: NDArray[np.float32] = np.zeros_like(share)
    torn = []
    for lateral, product in (means[6:8] / weight, means[8:10] / weight):
        steep += (product / (vertical + floor)) ** 2
        # What remains of the lateral difference when the dip has explained its part.
        rest = (lateral - product**2 / (vertical + floor)).clip(0)
        torn.append(np.log(rest / (vertical + floor) + 0.01))
    total = octaves.sum(axis=0) + floor
    # Relative to the whole, so that only one of the numbers is about loudness.
    tuned = np.log(octaves[:3] / total + 0.01)
    numbers = [np.log(total), *tuned, np.log(steep.clip(0, 1e4) + 0.01), *torn]
    described: NDArray[np.float32] = np.stack(numbers).astype(np.float32)
    described[:, (share < 0.5) | (total <= 2 * floor)] = np.nan
    return described


def _octaves(row: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    levels = [row]
    for step in _STEPS:
        wide = np.pad(levels[-1], ((0, 0), (step, step)), mode="edge")
        levels.append((wide[:, : -2 * step] + wide[:, step:-step] + wide[:, 2 * step :]) / np.float32(3))
    return [*(fine - coarse for fine, coarse in itertools.pairwise(levels)), levels[-1]]


def _down(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how values change from sample to sample."""
    found = np.zeros_like(row)
    found[:, 1:-1] = (row[:, 2:] - row[:, :-2]) * np.float32(0.5)
    return found


def _next(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the next trace of each; the last has none and stands for itself."""
    return np.concatenate([row[1:], row[-1:]])
