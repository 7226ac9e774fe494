"""Lessons for `scripts/pretrain.py`: some sections of a generated survey, a few wells in them, and what is asked.

The surveys are those of the family, made unlike each other and unlike themselves: stretched, turned over, smoothed,
clipped, levelled and noisy. What the classes are changes from lesson to lesson too: those of the story, or layers
between horizons drawn at random, so that no class can be known by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from . import family
from .processes import Field

Labels = NDArray[np.int64]

RADIUS = 3
"""Traces on either side of a well that are labelled with it."""

_COVER, _RIVER = 1, 10
"""Bits of `family.Model.block`."""

_CELL = 8
"""Sections are as long as so many voxels, or a multiple."""

_MOST = (96, 176)
"""Traces and samples of a section."""

_SIGMAS = 5.0
"""Amplitudes beyond this are clipped, as training clips them."""


@dataclass(frozen=True)
class Rocks:
    """A survey as lessons are drawn of it, ``(inline, crossline, sample)`` each.

    Parameters
    ----------
    amplitude : ndarray of float16
        0 in the middle, 1 for what 16 and 84 of 100 lie apart, halved.
    truth : ndarray of uint8
        Classes of the story, from 1.
    age : ndarray of float32
        Stratigraphic depth; what lies above an unconformity is younger than all below it.
    salt, river : ndarray of bool
        Where age says nothing, and where it says little.
    """

    amplitude: NDArray[np.float16]
    truth: NDArray[np.uint8]
    age: Field
    salt: NDArray[np.bool_]
    river: NDArray[np.bool_]

    @classmethod
    def of(cls, seed: int) -> Rocks:
        """Make those of a survey of the family."""
        model, recorded = family.modelled(seed)
        values = recorded.astype(np.float32)
        low, middle, high = np.percentile(values, (16, 50, 84))
        amplitude = np.clip(2 * (values - middle) / max(high - low, 1e-6), -_SIGMAS, _SIGMAS)
        salt = ~np.isfinite(model.level)
        cover = (model.block >> _COVER & 1).astype(bool) & ~salt
        river = (model.block >> _RIVER & 1).astype(bool) & ~salt
        age = np.where(salt, 0, np.where(cover, model.level - 2000, model.level))
        return cls(amplitude.astype(np.float16), model.classes, age.astype(np.float32), salt, river)

    def turned(self) -> Rocks:
        """Return it with its lateral axes exchanged."""
        return Rocks(*(np.swapaxes(part, 0, 1) for part in vars(self).values()))


@dataclass(frozen=True)
class Episode:
    """A lesson; the first sections show wells, and all of them are asked for.

    Parameters
    ----------
    data : ndarray of float32, shape (sections, 4, traces, samples)
        A section, its two neighbours, and where a sample lies along the vertical axis.
    truth : ndarray of int64, shape (sections, traces, samples)
        Classes from 1.
    known : ndarray of int64, shape (sections, traces, samples)
        What the wells say; 0 elsewhere.
    shown : int
        Sections with wells, which come first.
    """

    data: Field
    truth: Labels
    known: Labels
    shown: int


def episode(rocks: Rocks, rng: np.random.Generator, *, asked: int = 3) -> Episode:
    """Draw a lesson.

    Parameters
    ----------
    rocks : Rocks
        Of the survey.
    rng : numpy.random.Generator
        Source of chance.
    asked : int
        Sections without wells.

    Returns
    -------
    Episode
    """
    if rng.random() < 0.5:
        rocks = rocks.turned()
    lines, traces, samples = rocks.truth.shape
    count = int(rng.integers(2, 9))
    shown = min(3, count)
    wells = np.array_split(rng.integers(RADIUS, traces - RADIUS, count), shown)
    inside = np.arange(1, lines - 1)
    drawn = np.concatenate([rng.choice(inside, shown), rng.choice(inside, asked)])
    truth = classes(rocks, drawn, rng)
    known = np.zeros_like(truth)
    for section, places in enumerate(wells):
        for place in places:
            there = slice(max(0, place - RADIUS), place + RADIUS + 1)
            known[section, there] = truth[section, there]
    amplitude = np.stack([rocks.amplitude[line - 1 : line + 2] for line in drawn]).astype(np.float32)
    down, along = (float(np.exp(rng.uniform(np.log(0.6), np.log(2.0)))) for _ in range(2))
    size = (int(traces * along), int(samples * down))
    amplitude = _stretched(_stretched(amplitude, size[0], 2), size[1], 3)
    rows, columns = (
        np.linspace(0, one - 1, new).round().astype(int) for one, new in zip((traces, samples), size, strict=True)
    )
    truth, known = truth[:, rows][:, :, columns], known[:, rows][:, :, columns]
    data = np.concatenate([_worn(amplitude, rng), _depths(amplitude, rng)], axis=1)
    return _cut(data, truth, known, shown, [int(places[0] * along) for places in wells], rng)


def classes(rocks: Rocks, lines: NDArray[np.int64], rng: np.random.Generator) -> Labels:
    """Return the classes of some sections: those of the story, or layers between horizons; two may be one."""
    if rng.random() < 0.45:
        found = rocks.truth[lines].astype(np.int64)
    else:
        few = (slice(None, None, 3),) * 3
        count = int(rng.integers(3, 9))
        horizons = np.unique(np.quantile(rocks.age[few][~rocks.salt[few]], np.sort(rng.random(count - 1))))
        found = np.digitize(rocks.age[lines], horizons) + 1
        for what, often in ((rocks.salt, 0.8), (rocks.river, 0.6)):
            if rng.random() < often:
                found[what[lines]] = count = count + 1
    if rng.random() < 0.25:
        one, other = rng.permutation(found.max() + 1)[:2]
        if min(one, other) > 0:
            found[found == one] = other
    return found


def aged(
    rocks: Rocks, rng: np.random.Generator
) -> tuple[Field, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Return the amplitudes of a survey, stretched and worn as a lesson's are, and where its voxels lie in the rocks.

    Returns
    -------
    amplitude : ndarray of float32, shape (inline, crossline, sample)
        0 in the middle, as of `Rocks`.
    places : tuple of ndarray
        Indices of the rocks along each axis.
    """
    shape = rocks.truth.shape
    down, along = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in ((0.7, 1.6), (0.8, 1.4)))
    size = (shape[0], int(shape[1] * along), int(shape[2] * down))
    values = _stretched(_stretched(rocks.amplitude.astype(np.float32), size[1], 1), size[2], 2)
    places = [np.linspace(0, one - 1, new).round().astype(np.int64) for one, new in zip(shape, size, strict=True)]
    return _worn(values[np.newaxis], rng)[0], (places[0], places[1], places[2])


def _stretched(values: Field, size: int, axis: int) -> Field:
    """Return values at so many places along an axis, interpolated linearly."""
    at = np.linspace(0, values.shape[axis] - 1, size)
    below = np.minimum(at.astype(int), values.shape[axis] - 2)
    share = np.asarray(at - below, np.float32).reshape([-1 if one == axis else 1 for one in range(values.ndim)])
    found: Field = values.take(below, axis) * (1 - share) + values.take(below + 1, axis) * share
    return found


def _worn(values: Field, rng: np.random.Generator) -> Field:
    """Return amplitudes as another survey, another processing and another writer would have left them."""
    way = rng.random()
    if way < 0.3:  # automatic gain control
        values = values / (gaussian_filter1d(np.abs(values), rng.uniform(8, 25), axis=3) + 0.2)
    elif way < 0.5:  # energy that was not put back with depth
        values = values * np.exp(rng.uniform(-0.7, 0.7) * np.linspace(-1, 1, values.shape[3], dtype=np.float32))
    for axis, most in ((3, 1.3), (2, 1.5)):
        if rng.random() < 0.3:
            values = gaussian_filter1d(values, rng.uniform(0.3, most), axis=axis)
    values = values * float(np.exp(rng.normal(0, 0.25))) * rng.choice([-1, 1])  # gain, and polarity
    noise = rng.standard_normal(values.shape, dtype=np.float32)
    if rng.random() < 0.5:  # in the band of the data
        noise = gaussian_filter1d(noise, rng.uniform(0.3, 1.5), axis=3)
        noise /= noise.std()
    values = values + rng.uniform(0, 0.6) * noise
    most = rng.uniform(1.2, 3) if rng.random() < 0.3 else _SIGMAS  # one byte a sample, badly scaled
    return np.clip(values, -most, most).astype(np.float32)


def _depths(values: Field, rng: np.random.Generator) -> Field:
    """Return where samples lie, from -1 to 1 over the survey, of which this may be a small part."""
    share = 1.0 if rng.random() < 0.5 else float(np.exp(rng.uniform(np.log(0.08), 0)))
    top = -1.0 if share == 1 else rng.uniform(-1, 1 - 2 * share)
    depth = np.linspace(top, top + 2 * share, values.shape[3], dtype=np.float32)
    return np.broadcast_to(depth, (len(values), 1, *values.shape[2:]))


def _cut(data: Field, truth: Labels, known: Labels, shown: int, wells: list[int], rng: np.random.Generator) -> Episode:
    """Cut sections down to whole cells: those with wells around their first one, all of them to the same samples."""
    size = tuple(min(most, one // _CELL * _CELL) for most, one in zip(_MOST, truth.shape[1:], strict=True))
    spare = [one - kept for one, kept in zip(truth.shape[1:], size, strict=True)]
    top = int(rng.integers(0, spare[1] + 1))
    parts: list[tuple[Any, ...]] = []
    way = slice(None, None, -1 if rng.random() < 0.5 else 1)
    for section in range(len(data)):
        low, high = 0, spare[0]
        if section < shown:
            low, high = max(0, wells[section] - size[0] + 1), min(wells[section], spare[0])
        first = int(rng.integers(min(low, high), high + 1))
        there = (slice(first, first + size[0]), slice(top, top + size[1]))
        parts.append((data[section][:, *there][:, way], truth[section][there][way], known[section][there][way]))
    found, truth, known = (np.ascontiguousarray(np.stack(part)) for part in zip(*parts, strict=True))
    return Episode(found, truth, known, shown)
