"""Attributes of traces against signals of which they are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.attributes import traces

INTERVAL = 0.004
TIME = np.arange(500) * INTERVAL
INSIDE = slice(100, 400)


def chirp(start: float, stop: float) -> tuple[np.ndarray, np.ndarray]:
    """A signal whose frequency rises evenly, and its frequencies."""
    rate = (stop - start) / TIME[-1]
    return np.cos(2 * np.pi * (start * TIME + rate * TIME**2 / 2)), start + rate * TIME


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 1000), st.floats(0, 6.28), st.floats(8, 60))
def test_a_cosine_has_its_amplitude_and_frequency_whatever_its_phase(amplitude, phase, frequency):
    wave = amplitude * np.cos(2 * np.pi * frequency * TIME + phase)
    np.testing.assert_allclose(traces.envelope(wave)[INSIDE], amplitude, rtol=0.05)
    np.testing.assert_allclose(traces.instantaneous_frequency(wave, INTERVAL)[INSIDE], frequency, rtol=0.03)
    np.testing.assert_allclose(
        traces.phase_cosine(wave)[INSIDE], np.cos(2 * np.pi * frequency * TIME + phase)[INSIDE], atol=0.06
    )


def test_the_frequency_of_a_chirp_is_followed():
    wave, frequency = chirp(10, 60)
    np.testing.assert_allclose(traces.instantaneous_frequency(wave, INTERVAL)[INSIDE], frequency[INSIDE], atol=1.0)
    np.testing.assert_allclose(traces.sweetness(wave, INTERVAL)[INSIDE], 1 / np.sqrt(frequency[INSIDE]), rtol=0.05)


def test_a_chirp_passes_the_frequencies_one_after_the_other():
    wave, frequency = chirp(10, 60)
    wanted = [20.0, 35.0, 50.0]
    found = traces.amplitudes_at(wave, wanted, INTERVAL)
    at = frequency[found.argmax(axis=1)]
    np.testing.assert_allclose(at, wanted, atol=2.5)


@pytest.mark.parametrize("frequency", [12.0, 30.0, 70.0])
def test_the_amplitude_at_the_frequency_of_a_cosine_is_its_own(frequency):
    wave = 7 * np.cos(2 * np.pi * frequency * TIME + 1)
    found = traces.amplitudes_at(wave, [frequency, frequency / 2], INTERVAL)
    np.testing.assert_allclose(found[0][INSIDE], 7, rtol=0.03)
    assert found[1][INSIDE].max() < 1


def test_rms_of_a_constant_and_of_a_spike():
    values = np.full((2, 30), -3.0)
    np.testing.assert_allclose(traces.rms(values, 9), 3)
    spike = np.zeros(31)
    spike[15] = 3.0
    found = traces.rms(spike, 9)
    np.testing.assert_allclose(found[11:20], 1.0, rtol=1e-5)
    assert found[10] == found[20] == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2), st.integers(0, 1000))
def test_any_axis_may_be_the_vertical_one(axis, seed):
    values = np.random.default_rng(seed).standard_normal((3, 4, 40)).astype(np.float32)
    turned = np.moveaxis(values, -1, axis)
    for call in (
        traces.envelope,
        traces.phase_cosine,
        lambda v, axis: traces.instantaneous_frequency(v, INTERVAL, axis),
        lambda v, axis: traces.sweetness(v, INTERVAL, axis),
        lambda v, axis: traces.rms(v, 7, axis),
        lambda v, axis: traces.amplitudes_at(v, [20.0], INTERVAL, axis)[0],
    ):
        np.testing.assert_allclose(call(turned, axis=axis), np.moveaxis(call(values, axis=-1), -1, axis), atol=1e-4)


def test_gaps_are_gaps_afterwards_and_do_no_harm_around():
    wave = np.tile(np.cos(2 * np.pi * 20 * TIME), (3, 1))
    wave[1] = np.nan
    wave[2, 200:205] = np.nan
    found = traces.envelope(wave)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[2, 200:205]).all()
    assert np.isfinite(found[0]).all()
    assert np.isfinite(found[2, :200]).all()
    np.testing.assert_allclose(found[2, 120:180], 1, atol=0.1)


def test_typical_frequencies_lie_where_the_energy_is():
    rng = np.random.default_rng(0)
    wave = sum(np.cos(2 * np.pi * f * TIME[None] + rng.uniform(0, 6, (8, 1))) for f in (20, 24, 28, 32))
    found = traces.typical_frequencies([wave], 4, INTERVAL)
    assert list(found) == sorted(found)
    assert 10 < found[0] < found[-1] < 45
    assert all(np.isfinite(traces.typical_frequencies([np.zeros((2, 50))], 4, INTERVAL)))
