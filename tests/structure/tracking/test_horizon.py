"""Horizons tracked from a few picks: along dips, over noise, and not over faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.dips import DipField
from napari_fhn.structure.tracking.events import nearest_event
from napari_fhn.structure.tracking.growing import Picks
from napari_fhn.structure.tracking.horizon import Horizon, Tracker, snapped, track
from samples import family
from samples.seismogram import record
from structure.layered import KnownDips, from_surface


def _seismic(surface: np.ndarray, depth: int = 96, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Beds parallel to a surface at which a bright peak lies, in samples."""
    rng = np.random.default_rng(seed)
    column = np.convolve(rng.standard_normal(3 * depth), [0.25, 0.5, 0.25], "same")
    along = np.arange(3 * depth)
    pulse = np.exp(-0.5 * ((along - depth) / 2.2) ** 2)
    column = 0.5 * np.gradient(np.convolve(column, np.hanning(7), "same")) + 3 * (pulse - 0.5 * np.roll(pulse, 5))
    top = nearest_event(column[np.newaxis], np.array([depth]), "peak", 4)[0]
    at = np.arange(depth) - surface[..., np.newaxis] + top
    clean = np.interp(at, along, column)
    return (clean + noise * rng.standard_normal(clean.shape)).astype(np.float32)


def _fold(lines: int = 24, traces: int = 32) -> np.ndarray:
    x, y = np.mgrid[:lines, :traces]
    return 45 + 6 * np.sin(x / 9) + 0.3 * y


def _pick(surface: np.ndarray, *traces: tuple[int, ...]) -> Picks:
    return Picks(np.array(traces), np.array([surface[trace] for trace in traces]))


def test_one_pick_is_followed_over_a_fold_in_noise() -> None:
    surface = _fold()
    data = _seismic(surface, noise=0.3)
    found = track(data, _pick(surface, (4, 5)), from_surface(surface, 96), event="peak")
    off = np.abs(found.samples - surface)
    assert np.isfinite(off).mean() > 0.95
    assert np.nanmean(off) < 0.5
    assert np.nanmax(off) < 4
    assert found.quality[4, 5] == 1
    assert found.quality[20, 28] < found.quality[4, 8]
    assert ((found.quality > 0) == np.isfinite(found.samples)).all()


def test_the_event_is_told_by_the_picks() -> None:
    surface = _fold()
    data = _seismic(surface)
    for sign, event in ((1, "peak"), (-1, "trough")):
        assert Tracker(sign * data, _pick(surface, (4, 5), (9, 20))).event == event


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_picks_stay_where_they_are_and_turning_the_survey_turns_the_horizon(data: st.DataObject) -> None:
    slope = [data.draw(st.floats(-1, 1)) for _ in range(2)]
    x, y = np.mgrid[:11, :13]
    surface = 44 + slope[0] * (x - 5) + slope[1] * (y - 6)
    volume, dips = _seismic(surface), from_surface(surface, 96)
    places = data.draw(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 12)), min_size=1, max_size=4, unique=True))
    moved = data.draw(st.lists(st.floats(-1, 1), min_size=len(places), max_size=len(places)))
    picks = Picks(np.array(places), np.array([surface[one] for one in places]) + moved)
    found = track(volume, picks, dips, event="peak")
    at = tuple(np.array(places).T)
    assert np.array_equal(found.samples[at], picks.samples.astype(np.float32))
    assert (found.quality[at] == 1).all()
    free = np.ones(surface.shape, bool)
    free[at] = False
    assert np.nanmax(np.abs(found.samples - surface)[free]) < 1
    axis = data.draw(st.sampled_from([0, 1]))
    back = KnownDips(np.flip(dips.slopes, axis + 1).copy(), dips.coherence)
    back.slopes[axis] *= -1
    last = np.array(surface.shape) - 1
    mirrored = np.where(np.arange(2) == axis, last - picks.traces, picks.traces)
    other = track(np.flip(volume, axis), Picks(mirrored, picks.samples), back, event="peak")
    np.testing.assert_allclose(np.flip(other.samples, axis), found.samples, atol=0.05)


def test_a_tilt_is_followed_with_dips_of_its_own() -> None:
    surface = 20 + 1.6 * np.arange(36)[np.newaxis] + 0.4 * np.arange(20)[:, np.newaxis]
    data = _seismic(surface)
    found = track(data, _pick(surface, (3, 4)), DipField.open(data, threads=1), event="peak")
    assert np.nanmean(np.abs(found.samples - surface)) < 0.3
    assert np.isfinite(found.samples).mean() > 0.9


def test_beyond_a_fault_it_is_not_trusted() -> None:
    surface = _fold(30, 40)
    surface[:, 20:] += 11.3
    data = _seismic(surface, noise=0.2)
    found = track(data, _pick(surface, (14, 6)), DipField.open(data, threads=1), event="peak")
    off = np.abs(found.samples - surface)
    near = found.better(0.5)
    assert np.isfinite(near.samples[:, :18]).mean() > 0.8
    assert np.nanmean(off[:, :18]) < 0.5
    assert np.isfinite(near.samples[:, 22:]).mean() < 0.05
    # A pick on the other side, and both sides are.
    both = track(data, _pick(surface, (14, 6), (14, 30)), DipField.open(data, threads=1), event="peak").better(0.5)
    assert np.isfinite(both.samples).mean() > 0.8
    assert np.nanmean(np.abs(both.samples - surface)) < 0.6


def test_on_a_generated_survey_what_is_trusted_is_right() -> None:
    told, model, _ = family._with_every_class(0)
    part = (slice(0, 36), slice(20, 76))
    data = record(model.rocks, 5, told.acquisition)[part].astype(np.float32)
    levels, blocks = model.level[part], model.block[part]
    dips = DipField.open(data, threads=1)
    rng = np.random.default_rng(2)
    right, count = 0, 0
    while count < 2500:
        inline, crossline = (int(rng.integers(4, size - 4)) for size in data.shape[:2])
        sample = int(np.abs(data[inline, crossline, 10:-10]).argmax()) + 10
        event = "peak" if data[inline, crossline, sample] > 0 else "trough"
        level = levels[inline, crossline, sample]
        same = blocks == blocks[inline, crossline, sample]
        if not np.isfinite(level):
            continue
        found = track(data, Picks(np.array([[inline, crossline]]), np.array([sample])), dips, event=event).better(0.5)
        there = np.isfinite(found.samples)
        here = np.rint(np.nan_to_num(found.samples)).astype(int)[..., np.newaxis]
        # Where the beds lie that were laid down at this level: within a quarter of a period.
        off = np.abs(np.take_along_axis(levels, here, -1)[..., 0] - level)
        there &= np.take_along_axis(same, here, -1)[..., 0]
        right, count = right + int((off[there] < 2).sum()), count + int(there.sum())
    assert right / count > 0.85, right / count


def test_a_line_is_tracked_and_dead_traces_are_gaps() -> None:
    surface = 40 + 5 * np.sin(np.arange(60) / 8)
    data = _seismic(surface)
    data[20] = 0
    data[40] = np.nan
    found = track(data, Picks(np.array([[5]]), surface[[5]]), from_surface(surface, 96), event="peak")
    assert found.samples.shape == (60,)
    gaps = np.isnan(found.samples)
    assert gaps[[20, 40]].all()
    assert not gaps[[19, 21, 39, 41, 59]].any()
    assert np.nanmax(np.abs(found.samples - surface)) < 1


def test_chaos_and_nothing_are_left_out() -> None:
    surface = _fold()
    data = _seismic(surface)
    data[:, 18:] = np.random.default_rng(1).standard_normal(data[:, 18:].shape)
    found = track(data, _pick(surface, (4, 5)), DipField.open(data, threads=1), event="peak").better(0.5)
    assert np.isfinite(found.samples[:, :15]).mean() > 0.9
    assert np.isfinite(found.samples[:, 22:]).mean() < 0.05
    data[:, 18:] = 0
    assert np.isnan(track(data, _pick(surface, (4, 5)), event="peak").samples[:, 20:]).all()


def test_reach_ends_it_and_it_can_be_watched_and_left() -> None:
    surface = _fold()
    data, dips = _seismic(surface), from_surface(surface, 96)
    found = track(data, _pick(surface, (4, 5)), dips, event="peak", reach=6)
    assert np.isfinite(found.samples[4, 10])
    assert np.isnan(found.samples[4, 13])
    tracker = Tracker(data, _pick(surface, (4, 5)), dips, event="peak")
    steps = tracker.grow()
    seen = [next(steps) for _ in range(3)]
    assert seen == sorted(seen)
    assert np.isfinite(tracker.so_far.samples).sum() == seen[-1] < tracker.traces
    assert np.isfinite(tracker.finish().samples).sum() <= seen[-1]


@pytest.mark.parametrize(
    ("traces", "samples", "words"),
    [
        ([[2, 40]], [10.0], "outside the survey"),
        ([[2, 4]], [200.0], "outside the survey"),
        ([[2, 4], [2, 4]], [10.0, 12.0], "one trace"),
        (np.zeros((0, 2)), [], "at one pick at least"),
        ([[2]], [10.0], "each with 2 indices"),
    ],
)
def test_picks_that_cannot_be_are_refused(traces, samples, words) -> None:
    with pytest.raises(ValueError, match=words):
        track(_seismic(_fold()), Picks(np.array(traces), np.array(samples)))


def test_other_dips_and_events_are_refused() -> None:
    data, picks = _seismic(_fold()), _pick(_fold(), (2, 3))
    with pytest.raises(ValueError, match="of one survey"):
        track(data, picks, from_surface(_fold(), 90))
    with pytest.raises(ValueError, match="no event is called"):
        track(data, picks, event="hill")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not over 1 axis"):
        track(data[0, 0], picks)


def test_picks_are_snapped_to_the_event_beside_them() -> None:
    surface = _fold()
    data = _seismic(surface)
    found = snapped(data[[4, 9], [5, 20]], surface[[4, 9], [5, 20]] + 2, "peak")
    np.testing.assert_allclose(found, surface[[4, 9], [5, 20]], atol=0.3)
    level = np.zeros((1, 40))
    assert snapped(level, np.array([7.5]), "peak").tolist() == [7.5]


def test_better_keeps_what_is_good_enough() -> None:
    found = Horizon(np.array([1.0, 2.0, np.nan], np.float32), np.array([0.9, 0.3, 0.0], np.float32), "peak")
    assert np.isnan(found.better(0.4).samples).tolist() == [False, True, True]
    assert np.isnan(found.better(0.0).samples).tolist() == [False, False, True]
