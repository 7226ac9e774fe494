"""Attributes of traces: what the analytic signal says, energy in a window, and the amplitude at single frequencies.

Pure functions of arrays; along `axis` runs two-way time or depth. Gaps (NaN) are bridged before and are gaps after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.attributes.gaps import filled_traces

Values = NDArray[np.float32]

_SMOOTH = 2.0
"""Samples (standard deviation) over which instantaneous frequencies are averaged, weighted by energy."""

_QUALITY = 4.0
"""A frequency over the standard deviation of the frequencies that count for it: the wavelet lasts some two cycles."""


def analytic(traces: NDArray[np.floating], axis: int = -1) -> NDArray[np.complex64]:
    """Return the analytic signal of traces: themselves, and their Hilbert transform as imaginary part.

    Parameters
    ----------
    traces : ndarray of float
        Of any shape.
    axis : int
        Along which they run.
    """
    from scipy import fft

    values = filled_traces(traces, axis)
    size = values.shape[axis]
    length = fft.next_fast_len(size + min(size, 64))  # the end of a trace does not reach its beginning
    spectrum = fft.fft(values, length, axis=axis)
    step = np.zeros(length, np.float32)
    step[0], step[1 : (length + 1) // 2] = 1, 2
    if length % 2 == 0:
        step[length // 2] = 1
    spectrum *= _along(step, axis, values.ndim)
    found = fft.ifft(spectrum, axis=axis, overwrite_x=True)
    out: NDArray[np.complex64] = np.take(found, np.arange(size), axis=axis).astype(np.complex64, copy=False)
    return out


def envelope(traces: NDArray[np.floating], axis: int = -1) -> Values:
    """Return the instantaneous amplitude of traces, in their unit.

    Parameters
    ----------
    traces : ndarray of float
        Of any shape; NaN where there are none.
    axis : int
        Along which they run.

    Examples
    --------
    A cosine that is cut off at its ends has an amplitude of 1 between them:

    >>> import numpy as np
    >>> wave = 3 * np.cos(2 * np.pi * np.arange(400) / 16)
    >>> bool(abs(envelope(wave)[50:350] - 3).max() < 0.05)
    True
    """
    return _masked(np.abs(analytic(traces, axis)), traces)


def phase_cosine(traces: NDArray[np.floating], axis: int = -1) -> Values:
    """Return the cosine of the instantaneous phase, -1 in troughs to 1 on peaks, however weak they are.

    Parameters
    ----------
    traces, axis
        As for `envelope`.
    """
    signal = analytic(traces, axis)
    size = np.abs(signal)
    return _masked(np.divide(signal.real, size, out=np.zeros_like(size), where=size > 0), traces)


def instantaneous_frequency(traces: NDArray[np.floating], interval: float = 1.0, axis: int = -1) -> Values:
    """Return the instantaneous frequency, averaged over a few samples by their energy.

    Parameters
    ----------
    traces, axis
        As for `envelope`.
    interval : float
        From one sample to the next: in seconds for hertz.

    Returns
    -------
    ndarray of float32
        From 0 to half a cycle per sample, in cycles per unit of `interval`; 0 where there is no signal at all.
    """
    from scipy.ndimage import gaussian_filter1d

    signal = np.moveaxis(analytic(traces, axis), axis, -1)
    turned = signal[..., 1:] * np.conj(signal[..., :-1])
    # The turn from each sample to the next, at both of them.
    both = np.zeros(signal.shape, np.complex64)
    both[..., 1:] += turned
    both[..., :-1] += turned
    mean = gaussian_filter1d(both.real, _SMOOTH, mode="nearest") + 1j * gaussian_filter1d(
        both.imag, _SMOOTH, mode="nearest"
    )
    found = np.clip(np.angle(mean) / (2 * np.pi * interval), 0, 0.5 / interval)
    return _masked(np.moveaxis(found, -1, axis), traces)


def rms(traces: NDArray[np.floating], window: int, axis: int = -1) -> Values:
    """Return the root of the mean square in a window, in the unit of the traces.

    Parameters
    ----------
    traces, axis
        As for `envelope`; gaps count for nothing.
    window : int
        Samples, odd: as many above as below.
    """
    from scipy.ndimage import uniform_filter1d

    known = np.isfinite(traces)
    squares = np.where(known, traces, 0).astype(np.float32) ** 2
    sums = uniform_filter1d(squares, window, axis, mode="constant")
    counts = uniform_filter1d(known.astype(np.float32), window, axis, mode="constant")
    means = np.divide(np.maximum(sums, 0), counts, out=np.zeros_like(sums), where=counts > 0.5 / window)
    return _masked(np.sqrt(means), traces)


def sweetness(traces: NDArray[np.floating], interval: float = 1.0, axis: int = -1) -> Values:
    """Return the envelope over the root of the instantaneous frequency: large for strong events of low frequency.

    Parameters
    ----------
    traces, interval, axis
        As for `instantaneous_frequency`. Frequencies count at least a fiftieth of a cycle per sample.
    """
    least = np.float32(0.02 / interval)
    frequency = instantaneous_frequency(traces, interval, axis).clip(least)
    found: Values = (envelope(traces, axis) / np.sqrt(frequency)).astype(np.float32, copy=False)
    return found


def amplitudes_at(
    traces: NDArray[np.floating], frequencies: Sequence[float], interval: float = 1.0, axis: int = -1
) -> Values:
    """Return the amplitude at single frequencies, by Gabor wavelets of some two cycles: short where it is high.

    Parameters
    ----------
    traces, interval, axis
        As for `instantaneous_frequency`.
    frequencies : sequence of float
        Cycles per unit of `interval`, up to half a cycle per sample.

    Returns
    -------
    ndarray of float32
        ``(frequencies, *traces.shape)``, in the unit of the traces: of a cosine at that frequency it is its amplitude.
    """
    from scipy import fft

    values = filled_traces(traces, axis)
    size = values.shape[axis]
    lowest = min(frequencies)
    reach = int(np.ceil(3 * _QUALITY / (2 * np.pi * lowest * interval)))
    length = fft.next_fast_len(size + min(reach, size))
    spectrum = fft.fft(values, length, axis=axis)
    at = fft.fftfreq(length, interval)
    out = np.empty((len(frequencies), *values.shape), np.float32)
    for k, frequency in enumerate(frequencies):
        width = frequency / _QUALITY
        # Negative frequencies are left out, and the positive ones count twice: the amplitude of what is real.
        response = np.where(at > 0, 2 * np.exp(-0.5 * ((at - frequency) / width) ** 2), 0).astype(np.float32)
        found = fft.ifft(spectrum * _along(response, axis, values.ndim), axis=axis, overwrite_x=True)
        out[k] = _masked(np.abs(np.take(found, np.arange(size), axis=axis)), traces)
    return out


def typical_frequencies(
    blocks: Sequence[NDArray[np.floating]], count: int, interval: float = 1.0, axis: int = -1
) -> tuple[float, ...]:
    """Return frequencies that share the amplitude of traces evenly among them.

    Parameters
    ----------
    blocks : sequence of ndarray
        Traces from all over the data.
    count : int
        How many.
    interval : float
        As for `instantaneous_frequency`.
    axis : int
        Along which traces run.

    Returns
    -------
    tuple of float
        Rising; the same as in `amplitudes_at`.
    """
    from scipy import fft

    length = max(64, *(block.shape[axis] for block in blocks))
    total: NDArray[np.float64] = np.zeros(length // 2 + 1)
    for block in blocks:
        values = np.moveaxis(filled_traces(block, axis), axis, -1).reshape(-1, block.shape[axis]).copy()
        values -= values.mean(axis=-1, keepdims=True)
        total += np.abs(fft.rfft(values, length, axis=-1)).sum(axis=0, dtype=np.float64)
    total[0] = 0
    if not total.any():
        total[1:] = 1
    share = np.cumsum(total) / total.sum()
    wanted = (np.arange(count) + 0.5) / count
    found = np.interp(wanted, share, fft.rfftfreq(length, interval))
    return tuple(float(max(one, 1 / (length * interval))) for one in found)


def _along(values: Values, axis: int, ndim: int) -> Values:
    return values.reshape([-1 if k == axis % ndim else 1 for k in range(ndim)])


def _masked(found: NDArray[np.floating], traces: NDArray[np.floating]) -> Values:
    """Return it with the gaps of the data; a trace that says nothing (all zeros at its ends too) is no gap."""
    return np.where(np.isfinite(traces), found, np.nan).astype(np.float32, copy=False)
