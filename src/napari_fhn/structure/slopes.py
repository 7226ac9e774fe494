"""Slopes and coherence of a block of data: the structure tensor at two scales, made exact by neighbouring traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted

from .planes import APART, Agreement, Traces, agreement, coherence, corrected
from .tensor import Scale, clearest, first_slopes
from .windows import Field, radius

_NOTHING = 8
"""So many equal samples on end are no data: a dead trace, a mute, the fill below a survey."""


_FULL = Scale(derivative=(1.0, 1.0), window=(2.5, 5.0))
_LOW = Scale(derivative=(1.0, 2.0), window=(2.5, 5.0))


class Dips(NamedTuple):
    """How reflectors lie in a box.

    Parameters
    ----------
    slopes : ndarray of float32, shape (lateral axes, *box.shape)
        Samples per trace along each lateral axis; positive where reflectors are deeper at the next trace.
    coherence : ndarray of float32, shape box.shape
        1 where neighbouring traces are alike along the slopes, 0 in chaos and noise, across faults and without data.

    Examples
    --------
    >>> import numpy as np
    >>> dips = Dips(np.zeros((2, 4, 5, 6), np.float32), np.ones((4, 5, 6), np.float32))
    >>> dips.section(0, 2).slopes.shape
    (1, 5, 6)
    """

    slopes: Field
    coherence: Field

    def section(self, axis: int, index: int) -> Dips:
        """Return the dips within one section of a volume: index `index` of lateral axis `axis`."""
        kept = [one for one in range(len(self.slopes)) if one != axis]
        if len(kept) == len(self.slopes):
            raise ValueError(f"axis {axis} is no lateral axis of dips along {counted(len(self.slopes), 'axes')}")
        return Dips(np.take(self.slopes[kept], index, axis + 1), np.take(self.coherence, index, axis))


@dataclass(frozen=True)
class DipSettings:
    """How slopes are found; the defaults are good for survey data from 3 to 30 samples a period.

    Parameters
    ----------
    full, low : Scale
        The structure tensor of all frequencies, and that of the low ones, in which steep reflectors are not aliased.
    agreement : tuple of float
        Window over which traces are compared, in traces and samples (standard deviations).
    correction : tuple of float
        Window over which slopes are corrected, the same.
    rounds : int
        How often slopes are corrected; 0 leaves the structure tensor alone.
    steepest : float
        Steepest slope, in samples per trace; steeper ones are cut off here.
    """

    full: Scale = _FULL
    low: Scale = _LOW
    agreement: tuple[float, float] = (1.5, 4.0)
    correction: tuple[float, float] = (2.0, 4.0)
    rounds: int = 1
    steepest: float = 12.0

    @property
    def halo(self) -> tuple[int, int]:
        """Traces and samples around a block on which its dips depend."""
        lateral, vertical = (max(pair) for pair in zip(self.full.reach, self.low.reach, strict=True))
        # Neighbouring traces are read as far up and down as the steepest slope leads.
        vertical = max(vertical, APART * int(np.ceil(self.steepest)) + 2)
        vertical += _NOTHING  # a run of equal samples may reach out of the block
        # Windows follow on one another: each choice compares, each round corrects, and then moves by a place.
        agree, correct = (
            np.array([radius(one[0]), 2 * radius(one[1] / 2)]) for one in (self.agreement, self.correction)
        )
        more = (1 + self.rounds) * agree + self.rounds * correct + max(0, self.rounds - 1) * np.array([1, 2])
        return int(max(lateral, APART) + more[0]), 2 * int(-(-(vertical + more[1] + 2) // 2))


def dips_of(data: NDArray[np.generic], settings: DipSettings | None = None) -> Dips:
    """Find slopes and coherence of a whole block.

    Two structure tensors, of all frequencies and of the low ones, each give a first slope; whichever the neighbouring
    traces agree with is corrected by what they still differ, and the correction is kept where they agree better.

    Parameters
    ----------
    data : ndarray, shape (inline, crossline, sample) or (trace, sample)
        Amplitudes in any unit; NaN, infinities and runs of equal samples are no data.
    settings : DipSettings, optional
        How slopes are found.

    Returns
    -------
    Dips
        Slopes in samples per trace, never NaN: 0 where nothing is near.

    Examples
    --------
    A plane that deepens by half a sample from trace to trace:

    >>> import numpy as np
    >>> trace, sample = np.mgrid[:40, :80]
    >>> dips = dips_of(np.sin(0.6 * (sample - 0.5 * trace)))
    >>> round(float(dips.slopes[0, 20, 40]), 2), bool(dips.coherence[20, 40] > 0.99)
    (0.5, True)
    """
    nodes = node_dips(data, settings or DipSettings())
    return Dips(*(at_samples(part)[..., : data.shape[-1]] for part in nodes))


def node_dips(data: NDArray[np.generic], settings: DipSettings) -> Dips:
    """Return the dips at nodes between samples ``2 j`` and ``2 j + 1``; see :func:`dips_of`."""
    amplitude, weight = _prepared(data)
    lateral = amplitude.ndim - 1
    near, wide = (
        (one[0],) * lateral + (one[1] / 2,)  # nodes are two samples apart
        for one in (settings.agreement, settings.correction)
    )

    traces = Traces(amplitude, weight)

    def looked_at(slopes: Field) -> _Answer:
        found = agreement(traces, slopes)
        return _Answer(slopes, found._replace(lines=[]), coherence(found, near))  # lines have said what they know

    answer = looked_at(first_slopes(amplitude, weight, settings.full, settings.steepest))
    answer.improve(looked_at(first_slopes(amplitude, weight, settings.low, settings.steepest)))
    for number in range(settings.rounds):
        start = looked_at(clearest(answer.slopes, answer.sure)[0]) if number else answer
        answer.improve(looked_at(corrected(start.slopes, start.found, wide, settings.steepest)))
    # A fault, or a slope that is not found, along one axis is one whatever the other says.
    return Dips(answer.slopes, answer.coherence.min(axis=0))


@dataclass
class _Answer:
    """Slopes, and what neighbouring traces say of them."""

    slopes: Field
    found: Agreement
    coherence: Field
    """Along each lateral axis."""

    @property
    def sure(self) -> Field:
        """How well traces agree, all axes together."""
        return np.asarray(self.coherence.mean(axis=0))

    def improve(self, other: _Answer) -> None:
        """Take another answer wherever the traces agree better along its slopes."""
        better = other.sure > self.sure
        np.copyto(self.slopes, other.slopes, where=better)
        np.copyto(self.coherence, other.coherence, where=better)
        np.copyto(self.found.vertical, other.found.vertical, where=better)
        for mine, theirs in zip(self.found.across, other.found.across, strict=True):
            np.copyto(mine, theirs, where=better)


def _prepared(data: NDArray[np.generic]) -> tuple[Field, Field | None]:
    """Return amplitudes of the order of 1, even samples of them, and where there are any (None: everywhere)."""
    amplitude = np.array(data, np.float32)
    if amplitude.shape[-1] % 2:
        amplitude = np.concatenate([amplitude, amplitude[..., -1:]], axis=-1)
    known = np.isfinite(amplitude)
    known &= ~_constant(amplitude)
    weight = None
    if not known.all():
        weight = known.astype(np.float32)
        amplitude[~known] = 0
    # A power of two changes no digit: blocks that are scaled differently give the same slopes.
    largest = float(np.abs(amplitude).max(initial=0.0))
    return np.ldexp(amplitude, -int(np.frexp(largest)[1])), weight


def _constant(amplitude: Field) -> NDArray[np.bool_]:
    """Tell which samples lie in a run of :data:`_NOTHING` equal ones."""
    if amplitude.shape[-1] < _NOTHING:
        return np.zeros(amplitude.shape, bool)
    same = amplitude[..., 1:] == amplitude[..., :-1]
    # Starts of runs: where this difference and the next ones are all zero.
    runs = same[..., : same.shape[-1] - (_NOTHING - 2)].copy()
    for later in range(1, _NOTHING - 1):
        runs &= same[..., later : later + runs.shape[-1]]
    constant = np.zeros(amplitude.shape, bool)
    if runs.any():
        for later in range(_NOTHING):
            constant[..., later : later + runs.shape[-1]] |= runs
    return constant


def at_samples(nodes: Field) -> Field:
    """Interpolate nodes ``(..., n)`` to samples ``(..., 2 n)``."""
    before = np.concatenate([nodes[..., :1], nodes[..., :-1]], axis=-1)
    after = np.concatenate([nodes[..., 1:], nodes[..., -1:]], axis=-1)
    values = np.empty((*nodes.shape[:-1], 2 * nodes.shape[-1]), np.float32)
    values[..., 0::2] = 0.75 * nodes + 0.25 * before
    values[..., 1::2] = 0.75 * nodes + 0.25 * after
    return values
