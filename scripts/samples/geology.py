"""The rocks of the seismic sample: where every unit lies, and how hard it is.

The model is built the way the geology came about, read backwards. For every point of the survey we ask where
it was before the last thing happened to it: undo the salt's uplift, undo the faults, undo the folds, and what
is left is a stratigraphic coordinate in which every layer is flat. Class and impedance are then looked up in
that flat column. Above the unconformity a second, younger column takes over, and a river has cut into it.

Distances are metres, structural depths are samples of 4 ms two-way time (about 5 m of rock each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

Field = NDArray[np.float32]

SHAPE = (128, 192, 160)
"""Inlines, crosslines and samples of the survey."""
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


UNITS = (
    Unit(1, "Marine cover", "#88ccee", 4.7, 2.0, 0.075, 0.93, 900.0),
    Unit(2, "Channel fill", "#ddcc77", 5.0, 3.0, 0.19, 0.30, 110.0),
    Unit(3, "Turbidites", "#cc6677", 5.4, 2.2, 0.150, 0.35, 220.0),
    Unit(4, "Shale", "#117733", 5.3, 2.0, 0.022, 0.80, 500.0),
    Unit(5, "Carbonates", "#332288", 6.3, 3.8, 0.150, 0.95, 1200.0),
    Unit(6, "Rift clastics", "#aa4499", 6.2, 2.4, 0.180, 0.10, 120.0),
    Unit(7, "Salt", "#999933", 8.6, 5.0, 0.010, 0.0, 150.0),
)
COVER, CHANNEL, TURBIDITES, SHALE, CARBONATES, RIFT, SALT = UNITS

FOLDED_BASES = ((TURBIDITES, 72.0), (SHALE, 99.0), (CARBONATES, 134.0), (RIFT, np.inf))
"""The folded column from top to bottom: each unit and its base, in stratigraphic samples."""


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


FAULTS = (
    Fault((1150.0, 1500.0), 128.0, 27.0, 1900.0, 1500.0),
    Fault((900.0, 640.0), -52.0, 19.0, 900.0, 900.0, 0.18),
    Fault((2500.0, 1750.0), 62.0, 17.0, 1100.0, 800.0),
)


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


def build_rocks(seed: int = 7) -> Rocks:
    """Build the whole model.

    Parameters
    ----------
    seed : int
        Seed of every random choice in the rocks; the large structures are fixed.

    Returns
    -------
    Rocks
        Arrays of shape (128, 192, 320).
    """
    rng = np.random.default_rng(seed)
    x = (np.arange(SHAPE[0], dtype=np.float32) * BIN[0])[:, None]
    y = (np.arange(SHAPE[1], dtype=np.float32) * BIN[1])[None, :]
    t = np.asarray(np.arange(SHAPE[2] * FINE) / FINE, dtype=np.float32)

    edge = _salt_edge(rng, x, y, t)
    young = _reactivation(x, y, t)
    cover_depth, unconformity = _cover_column(rng, x, y, t, edge, young)
    old_depth = _folded_column(rng, x, y, t, edge)

    classes = np.empty(old_depth.shape, dtype=np.uint8)
    top = -np.inf
    for unit, base in FOLDED_BASES:
        classes[(old_depth >= top) & (old_depth < base)] = unit.value
        top = base
    impedance = _beds(rng, old_depth, FOLDED_BASES)

    parts, _ = label(edge < 0)
    # Roughness can pinch off crumbs of salt; only the diapir itself stays.
    salt = parts == np.bincount(parts[parts > 0]).argmax()
    classes[salt] = SALT.value
    chaos = smooth_noise(rng, salt.shape, (2.0, 4.0, 4.0))
    inside = np.float32(np.log(SALT.impedance)) + np.float32(SALT.contrast) * chaos
    impedance = np.where(salt, inside, impedance)
    del old_depth

    cover = cover_depth < unconformity[:, :, None]
    classes[cover] = COVER.value
    impedance = np.where(cover, _beds(rng, cover_depth, ((COVER, np.inf),)), impedance)

    channel = _channel(rng, x, y, cover_depth)
    classes[channel] = CHANNEL.value
    # Bars inside the fill lean and wobble, so its beds do not run parallel to those of the cover.
    wobble = cover_depth + 2.5 * smooth_noise(rng, channel.shape, (2.5, 5.0, 6.0))
    impedance = np.where(channel, _beds(rng, wobble, ((CHANNEL, np.inf),)), impedance)

    under = np.maximum.accumulate(gaussian_filter((salt & ~cover).astype(np.float32), (2, 4, 6)), axis=2)
    return Rocks(classes, np.asarray(impedance, dtype=np.float32), np.clip(under, 0.0, 1.0))


def _beds(rng: np.random.Generator, depth: Field, column: tuple[tuple[Unit, float], ...]) -> Field:
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


def _folded_column(rng: np.random.Generator, x: Field, y: Field, t: Field, edge: Field) -> Field:
    """Stratigraphic depth (samples) of the old, folded and faulted layers at every point."""
    along, across = _rotate(x, y, 24.0)
    wander = smooth_noise(rng, (x.size, y.size), (16.0, 32.0))
    # Two folds of unequal size that plunge, a regional dip, and the unevenness every real horizon has.
    fold = 31.0 * np.sin(2 * np.pi * (across + 160.0 * wander) / 1750.0 + 0.9)
    fold = fold * (0.75 + 0.35 * np.sin(2 * np.pi * along / 5200.0 + 0.6))
    fold += 11.0 * np.sin(2 * np.pi * along / 2300.0 + 2.0) + (along - 1500.0) * 0.009
    fold += 2.2 * smooth_noise(rng, (x.size, y.size), (5.0, 10.0))
    shift = np.zeros(edge.shape, dtype=np.float32)
    for fault in FAULTS:
        shift += _throw(fault, x, y, t)
    growth = (0.72 + 0.28 * t / t[-1]).astype(np.float32)
    depth = t + 14.0 + fold.astype(np.float32)[:, :, None] * growth - shift
    depth += _uplift(edge, t)
    # The shale thickens into the synclines and the rift fill fans out towards the big fault.
    fan = (0.35 * smooth_noise(rng, (x.size, y.size), (20.0, 40.0)))[:, :, None]
    below = np.maximum(depth - FOLDED_BASES[2][1], 0.0)
    depth += np.clip(fan, -0.35, 0.6) * below
    # Rift beds are lenses and slumps: they wobble at the scale of a few traces.
    depth += np.clip(below / 8.0, 0.0, 1.0) * 1.8 * smooth_noise(rng, edge.shape, (2.0, 4.0, 8.0))
    return np.asarray(depth, dtype=np.float32)


def _rotate(x: Field, y: Field, degrees: float) -> tuple[Field, Field]:
    """Distances in metres along and across a direction given from the first axis towards the second."""
    angle = np.deg2rad(degrees)
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _throw(fault: Fault, x: Field, y: Field, t: Field) -> Field:
    """How far down (samples) each point of the hanging wall has come; zero in the footwall."""
    ahead, strike = _rotate(x - fault.at[0], y - fault.at[1], fault.dips_to)
    # A fault trace is never straight in map view, and the plane flattens downwards.
    ahead = ahead + 45.0 * np.sin(strike / 420.0) + 0.00006 * strike**2
    run = METRES_PER_SAMPLE * (t - 60.0) * (0.55 + 0.002 * t)
    distance = ahead[:, :, None] - run
    bell = np.exp(-1.1 * (strike / fault.half_length) ** 2)[:, :, None]
    throw = fault.throw * bell * np.exp(-np.maximum(distance, 0.0) / fault.rollover)
    return np.where(distance > 0, throw, 0.0).astype(np.float32)


def _reactivation(x: Field, y: Field, t: Field) -> Field:
    """Throw (samples) of the faults that moved again and offset the cover."""
    shift = np.zeros((x.size, y.size, t.size), dtype=np.float32)
    for fault in FAULTS:
        if fault.reactivated:
            shift += fault.reactivated * _throw(fault, x, y, t)
    return shift


def _salt_edge(rng: np.random.Generator, x: Field, y: Field, t: Field) -> Field:
    """Distance in metres to the flank of the diapir, negative inside it (a smooth stand-in, not exact)."""
    lean = (t - 90.0)[None, None, :]
    along, across = _rotate((x - 2080.0)[:, :, None] + 1.1 * lean, (y - 900.0)[:, :, None] + 0.9 * lean, 35.0)
    stretch = 1.45
    radius = np.hypot(along / stretch, across)
    angle = np.arctan2(across, along / stretch)
    # Pedestal at the base, a neck, a bulb with an overhang, and a rounded crest.
    depths = [0, 43, 46, 52, 62, 78, 100, 125, 145, 160]
    neck = np.interp(t, depths, [0, 0, 110, 290, 405, 420, 340, 320, 420, 600])
    lobes = 1.0 + 0.13 * np.cos(3 * angle + 0.8) + 0.07 * np.cos(5 * angle + 0.03 * lean)
    rough = 16.0 * smooth_noise(rng, (x.size, y.size, t.size), (3.0, 6.0, 12.0))
    edge = radius - neck.astype(np.float32) * lobes + rough
    # No salt above the crest, however the roughness falls.
    return np.asarray(np.where(t < 44.0, np.maximum(edge, 40.0), edge), dtype=np.float32)


def _uplift(edge: Field, t: Field) -> Field:
    """Samples by which beds were dragged up beside the salt; negative in the rim syncline around it."""
    away = np.maximum(edge, 0.0)
    drag = 26.0 * np.exp(-away / 130.0) - 9.0 * np.exp(-(((away - 480.0) / 230.0) ** 2))
    return np.asarray(drag * (0.35 + 0.65 * np.clip(t / 110.0, 0, 1)), dtype=np.float32)


def _cover_column(
    rng: np.random.Generator, x: Field, y: Field, t: Field, edge: Field, young: Field
) -> tuple[Field, Field]:
    """Depth (samples) in the young column at every point, and the depth of the unconformity in it.

    The old land surface had hills and a valley; the cover's beds keep only a faint drape of them, so they
    onlap the hills. The salt went on rising a little and domes the cover above it.
    """
    along, across = _rotate(x, y, -38.0)
    hills = smooth_noise(rng, (x.size, y.size), (14.0, 28.0))
    valley = 13.0 * np.exp(-(((across - 1750.0 + 170.0 * np.sin(along / 500.0)) / 330.0) ** 2))
    surface = 45.0 + 5.0 * hills + valley + 0.0042 * (x - 1600.0) - 0.004 * (y - 1200.0)
    level = 48.0
    drape = 0.15 * gaussian_filter(surface - level, (4.0, 8.0)) + 0.0030 * (x + 0.6 * y - 2300.0)
    crest = np.hypot((x - 2080.0 - 45.0) / 1.3, y - 900.0 - 35.0)
    dome = 9.0 * np.exp(-((crest / 430.0) ** 2))
    lines = t - (drape - dome)[:, :, None] - young
    return lines.astype(np.float32), (surface - drape).astype(np.float32)


def _meander(start: tuple[float, float], heading: float, swing: float, wave: float, length: float) -> Field:
    """Points (metres) of a sine-generated river: its direction, not its offset, swings as a sine."""
    step = 10.0
    s = np.arange(0.0, length, step)
    # A second, slower sine keeps the bends from all being alike.
    angle = np.deg2rad(heading) + swing * np.sin(2 * np.pi * s / wave) * (1 + 0.25 * np.sin(s / 1300.0))
    points = np.stack([np.cumsum(np.cos(angle)), np.cumsum(np.sin(angle))], axis=1) * step
    return np.asarray(points + np.asarray(start), dtype=np.float32)


def _channel(rng: np.random.Generator, x: Field, y: Field, depth: Field) -> NDArray[np.bool_]:
    """Points inside the river and its tributary, which cut down into the cover from one flood plain."""
    inside = np.zeros(depth.shape, dtype=np.bool_)
    rivers = (
        (_meander((-450.0, 620.0), 21.0, 0.98, 1900.0, 6000.0), 185.0, 21.0),
        (_meander((400.0, 2600.0), -62.0, 0.75, 1300.0, 1650.0), 120.0, 15.0),
    )
    bank = 1.0 + 0.12 * smooth_noise(rng, (x.size, y.size), (4.0, 8.0))
    for points, half_width, deepest in rivers:
        distance = np.full((x.size, y.size), np.inf, dtype=np.float32)
        for px, py in points:
            np.minimum(distance, (x - px) ** 2 + (y - py) ** 2, out=distance)
        away = np.sqrt(distance) / half_width * bank
        cut = deepest * np.clip(1.0 - away**2.4, 0.0, None)
        flood_plain = 17.0
        inside |= (depth >= flood_plain) & (depth < (flood_plain + cut)[:, :, None])
    return inside
