"""What shapes rocks: beds that are laid down, faults, salt that rises, and rivers that cut down.

Distances are metres, structural depths are samples of 4 ms two-way time (about 5 m of rock each).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float32]
BIN = (25.0, 12.5)
"""Distance in metres between two inlines, and between two traces of one inline."""
FINE = 2
"""Fine samples per survey sample: the rocks are built at 2 ms, so that thin beds interfere as they should."""
METRES_PER_SAMPLE = 5.0
"""Rock seen by one 4 ms sample at about 2500 m/s; used only to give faults a believable dip."""


@dataclass(frozen=True)
class Unit:
    """One geological unit: a class of the sample, and the character of its bedding.

    Parameters
    ----------
    value, name, color
        The class as users see it; the colour is a hex string.
    impedance : float
        Mean acoustic impedance in 10^6 kg m^-2 s^-1.
    bed : float
        Typical bed thickness in samples (4 ms each).
    contrast : float
        Standard deviation of the log impedance from bed to bed.
    continuity : float
        Share of a bed's contrast that is the same everywhere (1: railway tracks, 0: all patches).
    patch : float
        Size in metres of the patches the rest is made of.
    """

    value: int
    name: str
    color: str
    impedance: float
    bed: float
    contrast: float
    continuity: float
    patch: float


@dataclass(frozen=True)
class Fault:
    """A normal fault, steep at the top and flattening with depth.

    Parameters
    ----------
    at : tuple of float
        A point of its trace at sample 60, in metres along the inline and crossline number axes.
    dips_to : float
        Direction it dips to, in degrees from the first axis towards the second.
    throw : float
        Largest throw, in samples.
    half_length : float
        Distance along strike, in metres, at which the throw has fallen to a third.
    rollover : float
        Distance from the fault, in metres, over which the hanging wall comes back up.
    reactivated : float
        Share of the throw that also offsets the younger cover.
    """

    at: tuple[float, float]
    dips_to: float
    throw: float
    half_length: float
    rollover: float
    reactivated: float = 0.0


@dataclass(frozen=True)
class Diapir:
    """A body of salt: a pedestal at the base, a neck, a bulb with an overhang, and a rounded crest.

    Parameters
    ----------
    at : tuple of float
        Its axis at the depth `upright`, in metres along the inline and crossline number axes.
    crest : float
        Depth above which there is no salt, in samples.
    upright : float
        Depth at which the axis passes `at`, in samples.
    lean : tuple of float
        Metres by which the axis moves for each sample of depth.
    depths, radii : tuple of float
        Its outline: radii in metres at depths in samples.
    dragged, sunk : float
        Samples by which the beds at its flank were dragged up, and those of the rim syncline around it went down.
    reach, rim, rim_width : float
        Metres over which the drag dies out, and where and how wide the rim syncline is.
    """

    at: tuple[float, float]
    crest: float
    upright: float
    lean: tuple[float, float]
    depths: tuple[float, ...]
    radii: tuple[float, ...]
    dragged: float = 26.0
    sunk: float = 9.0
    reach: float = 130.0
    rim: float = 480.0
    rim_width: float = 230.0


@dataclass(frozen=True)
class River:
    """A river that cut down from one flood plain.

    Parameters
    ----------
    start : tuple of float
        Where it comes in, in metres.
    heading : float
        Where it goes, in degrees from the first axis towards the second.
    swing : float
        By how many radians its direction swings to either side.
    wave, length : float
        Metres from bend to bend, and of the whole.
    half_width, deepest : float
        Metres, and samples.
    """

    start: tuple[float, float]
    heading: float
    swing: float
    wave: float
    length: float
    half_width: float
    deepest: float


class Rocks(NamedTuple):
    """What :func:`build_rocks` makes, on the fine grid (inline, crossline, 2 ms sample)."""

    classes: NDArray[np.uint8]
    """Class of every point, 1 to 7."""
    impedance: Field
    """Natural logarithm of the acoustic impedance (10^6 kg m^-2 s^-1)."""
    shadow: Field
    """How badly the salt above spoils the picture, 0 to 1."""


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: tuple[float, ...]) -> Field:
    """Gaussian random field with zero mean and unit standard deviation, smooth over `sigma` grid cells."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    field = gaussian_filter(noise, sigma, mode="reflect", truncate=3.0)
    field -= field.mean()
    return np.asarray(field / field.std(), dtype=np.float32)


def beds(rng: np.random.Generator, depth: Field, column: tuple[tuple[Unit, float], ...]) -> Field:
    """Log impedance of a pile of bedded units, looked up at stratigraphic `depth` (samples)."""
    lines, traces, _ = depth.shape
    low = float(np.floor(depth.min())) - 1.0
    rows = int((float(np.ceil(depth.max())) + 2.0 - low) * FINE)
    table = np.empty((rows, lines, traces), dtype=np.float32)
    row = 0
    for unit, base in column:
        last = rows if np.isinf(base) else min(rows, max(row, round((base - low) * FINE)))
        sign = 1.0
        while row < last:
            # Log-normal thickness; contrasts alternate in sign more often than not, as sand follows shale.
            thick = unit.bed * float(np.exp(0.3 * rng.standard_normal()))
            stop = min(last, row + max(1, round(thick * FINE)))
            sign = -sign if rng.random() < 0.9 else sign
            same = sign * (0.6 + 0.6 * abs(rng.standard_normal()))
            patch = smooth_noise(rng, (lines, traces), (unit.patch / BIN[0] / 2, unit.patch / BIN[1] / 2))
            share = np.sqrt(unit.continuity)
            contrast = share * same + np.sqrt(1.0 - unit.continuity) * patch
            table[row:stop] = np.log(unit.impedance) + unit.contrast * contrast
            row = stop
    place = (depth - low) * FINE
    lower = place.astype(np.int32)
    part = place - lower
    # Flat indices into the table: much quicker than three broadcast index arrays.
    trace = np.arange(lines * traces, dtype=np.int32).reshape(lines, traces, 1)
    index = lower * (lines * traces) + trace
    flat = table.ravel()
    return np.asarray(flat[index] * (1 - part) + flat[index + lines * traces] * part, dtype=np.float32)


def rotate(x: Field, y: Field, degrees: float) -> tuple[Field, Field]:
    """Distances in metres along and across a direction given from the first axis towards the second."""
    angle = np.deg2rad(degrees)
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def throw(fault: Fault, x: Field, y: Field, t: Field) -> Field:
    """How far down (samples) each point of the hanging wall has come; zero in the footwall."""
    ahead, strike = rotate(x - fault.at[0], y - fault.at[1], fault.dips_to)
    # A fault trace is never straight in map view, and the plane flattens downwards.
    ahead = ahead + 45.0 * np.sin(strike / 420.0) + 0.00006 * strike**2
    run = METRES_PER_SAMPLE * (t - 60.0) * (0.55 + 0.002 * t)
    distance = ahead[:, :, None] - run
    bell = np.exp(-1.1 * (strike / fault.half_length) ** 2)[:, :, None]
    throw = fault.throw * bell * np.exp(-np.maximum(distance, 0.0) / fault.rollover)
    return np.where(distance > 0, throw, 0.0).astype(np.float32)


def salt_edge(diapir: Diapir, rng: np.random.Generator, x: Field, y: Field, t: Field) -> Field:
    """Distance in metres to the flank of the diapir, negative inside it (a smooth stand-in, not exact)."""
    lean = (t - diapir.upright)[None, None, :]
    from_x, from_y = (
        (place - at)[:, :, None] - drift * lean for place, at, drift in zip((x, y), diapir.at, diapir.lean, strict=True)
    )
    along, across = rotate(from_x, from_y, 35.0)
    stretch = 1.45
    radius = np.hypot(along / stretch, across)
    angle = np.arctan2(across, along / stretch)
    neck = np.interp(t, diapir.depths, diapir.radii)
    lobes = 1.0 + 0.13 * np.cos(3 * angle + 0.8) + 0.07 * np.cos(5 * angle + 0.03 * lean)
    rough = 16.0 * smooth_noise(rng, (x.size, y.size, t.size), (3.0, 6.0, 12.0))
    edge = radius - neck.astype(np.float32) * lobes + rough
    # No salt above the crest, however the roughness falls.
    return np.asarray(np.where(t < diapir.crest, np.maximum(edge, 40.0), edge), dtype=np.float32)


def uplift(diapir: Diapir, edge: Field, t: Field) -> Field:
    """Samples by which beds were dragged up beside the salt; negative in the rim syncline around it."""
    away = np.maximum(edge, 0.0)
    drag = diapir.dragged * np.exp(-away / diapir.reach)
    drag = drag - diapir.sunk * np.exp(-(((away - diapir.rim) / diapir.rim_width) ** 2))
    return np.asarray(drag * (0.35 + 0.65 * np.clip(t / 110.0, 0, 1)), dtype=np.float32)


def meander(river: River) -> Field:
    """Points (metres) of a sine-generated river: its direction, not its offset, swings as a sine."""
    step = 10.0
    s = np.arange(0.0, river.length, step)
    # A second, slower sine keeps the bends from all being alike.
    angle = np.deg2rad(river.heading) + river.swing * np.sin(2 * np.pi * s / river.wave) * (
        1 + 0.25 * np.sin(s / 1300.0)
    )
    points = np.stack([np.cumsum(np.cos(angle)), np.cumsum(np.sin(angle))], axis=1) * step
    return np.asarray(points + np.asarray(river.start), dtype=np.float32)


def channels(
    rivers: Sequence[River], flood_plain: float, rng: np.random.Generator, x: Field, y: Field, depth: Field
) -> NDArray[np.bool_]:
    """Points inside rivers that cut down from one flood plain, at a `depth` of their column (samples)."""
    inside = np.zeros(depth.shape, dtype=np.bool_)
    bank = 1.0 + 0.12 * smooth_noise(rng, (x.size, y.size), (4.0, 8.0))
    for river in rivers:
        distance = np.full((x.size, y.size), np.inf, dtype=np.float32)
        for px, py in meander(river):
            np.minimum(distance, (x - px) ** 2 + (y - py) ** 2, out=distance)
        away = np.sqrt(distance) / river.half_width * bank
        cut = river.deepest * np.clip(1.0 - away**2.4, 0.0, None)
        inside |= (depth >= flood_plain) & (depth < (flood_plain + cut)[:, :, None])
    return inside
