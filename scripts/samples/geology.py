"""The rocks of the seismic sample: where every unit lies, and how hard it is.

The model is built the way the geology came about, read backwards. For every point of the survey we ask where
it was before the last thing happened to it: undo the salt's uplift, undo the faults, undo the folds, and what
is left is a stratigraphic coordinate in which every layer is flat. Class and impedance are then looked up in
that flat column. Above the unconformity a second, younger column takes over, and a river has cut into it.

Distances are metres, structural depths are samples of 4 ms two-way time (about 5 m of rock each).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, label

from .processes import (
    BIN,
    FINE,
    Diapir,
    Fault,
    Field,
    River,
    Rocks,
    Unit,
    beds,
    channels,
    rotate,
    salt_edge,
    smooth_noise,
    throw,
    uplift,
)

SHAPE = (128, 192, 160)
"""Inlines, crosslines and samples of the survey."""
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
FAULTS = (
    Fault((1150.0, 1500.0), 128.0, 27.0, 1900.0, 1500.0),
    Fault((900.0, 640.0), -52.0, 19.0, 900.0, 900.0, 0.18),
    Fault((2500.0, 1750.0), 62.0, 17.0, 1100.0, 800.0),
)
DIAPIR = Diapir(
    (2080.0, 900.0),
    44.0,
    90.0,
    (-1.1, -0.9),
    (0, 43, 46, 52, 62, 78, 100, 125, 145, 160),
    (0, 0, 110, 290, 405, 420, 340, 320, 420, 600),
)
RIVERS = (
    River((-450.0, 620.0), 21.0, 0.98, 1900.0, 6000.0, 185.0, 21.0),
    River((400.0, 2600.0), -62.0, 0.75, 1300.0, 1650.0, 120.0, 15.0),
)
FLOOD_PLAIN = 17.0
"""Depth of the rivers' flood plain in the young column, in samples."""


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

    edge = salt_edge(DIAPIR, rng, x, y, t)
    young = _reactivation(x, y, t)
    cover_depth, unconformity = _cover_column(rng, x, y, t, edge, young)
    old_depth = _folded_column(rng, x, y, t, edge)

    classes = np.empty(old_depth.shape, dtype=np.uint8)
    top = -np.inf
    for unit, base in FOLDED_BASES:
        classes[(old_depth >= top) & (old_depth < base)] = unit.value
        top = base
    impedance = beds(rng, old_depth, FOLDED_BASES)

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
    impedance = np.where(cover, beds(rng, cover_depth, ((COVER, np.inf),)), impedance)

    channel = channels(RIVERS, FLOOD_PLAIN, rng, x, y, cover_depth)
    classes[channel] = CHANNEL.value
    # Bars inside the fill lean and wobble, so its beds do not run parallel to those of the cover.
    wobble = cover_depth + 2.5 * smooth_noise(rng, channel.shape, (2.5, 5.0, 6.0))
    impedance = np.where(channel, beds(rng, wobble, ((CHANNEL, np.inf),)), impedance)

    under = np.maximum.accumulate(gaussian_filter((salt & ~cover).astype(np.float32), (2, 4, 6)), axis=2)
    return Rocks(classes, np.asarray(impedance, dtype=np.float32), np.clip(under, 0.0, 1.0))


def _folded_column(rng: np.random.Generator, x: Field, y: Field, t: Field, edge: Field) -> Field:
    """Stratigraphic depth (samples) of the old, folded and faulted layers at every point."""
    along, across = rotate(x, y, 24.0)
    wander = smooth_noise(rng, (x.size, y.size), (16.0, 32.0))
    # Two folds of unequal size that plunge, a regional dip, and the unevenness every real horizon has.
    fold = 31.0 * np.sin(2 * np.pi * (across + 160.0 * wander) / 1750.0 + 0.9)
    fold = fold * (0.75 + 0.35 * np.sin(2 * np.pi * along / 5200.0 + 0.6))
    fold += 11.0 * np.sin(2 * np.pi * along / 2300.0 + 2.0) + (along - 1500.0) * 0.009
    fold += 2.2 * smooth_noise(rng, (x.size, y.size), (5.0, 10.0))
    shift = np.zeros(edge.shape, dtype=np.float32)
    for fault in FAULTS:
        shift += throw(fault, x, y, t)
    growth = (0.72 + 0.28 * t / t[-1]).astype(np.float32)
    depth = t + 14.0 + fold.astype(np.float32)[:, :, None] * growth - shift
    depth += uplift(DIAPIR, edge, t)
    # The shale thickens into the synclines and the rift fill fans out towards the big fault.
    fan = (0.35 * smooth_noise(rng, (x.size, y.size), (20.0, 40.0)))[:, :, None]
    below = np.maximum(depth - FOLDED_BASES[2][1], 0.0)
    depth += np.clip(fan, -0.35, 0.6) * below
    # Rift beds are lenses and slumps: they wobble at the scale of a few traces.
    depth += np.clip(below / 8.0, 0.0, 1.0) * 1.8 * smooth_noise(rng, edge.shape, (2.0, 4.0, 8.0))
    return np.asarray(depth, dtype=np.float32)


def _reactivation(x: Field, y: Field, t: Field) -> Field:
    """Throw (samples) of the faults that moved again and offset the cover."""
    shift = np.zeros((x.size, y.size, t.size), dtype=np.float32)
    for fault in FAULTS:
        if fault.reactivated:
            shift += fault.reactivated * throw(fault, x, y, t)
    return shift


def _cover_column(
    rng: np.random.Generator, x: Field, y: Field, t: Field, edge: Field, young: Field
) -> tuple[Field, Field]:
    """Depth (samples) in the young column at every point, and the depth of the unconformity in it.

    The old land surface had hills and a valley; the cover's beds keep only a faint drape of them, so they
    onlap the hills. The salt went on rising a little and domes the cover above it.
    """
    along, across = rotate(x, y, -38.0)
    hills = smooth_noise(rng, (x.size, y.size), (14.0, 28.0))
    valley = 13.0 * np.exp(-(((across - 1750.0 + 170.0 * np.sin(along / 500.0)) / 330.0) ** 2))
    surface = 45.0 + 5.0 * hills + valley + 0.0042 * (x - 1600.0) - 0.004 * (y - 1200.0)
    level = 48.0
    drape = 0.15 * gaussian_filter(surface - level, (4.0, 8.0)) + 0.0030 * (x + 0.6 * y - 2300.0)
    crest = np.hypot((x - 2080.0 - 45.0) / 1.3, y - 900.0 - 35.0)
    dome = 9.0 * np.exp(-((crest / 430.0) ** 2))
    lines = t - (drape - dome)[:, :, None] - young
    return lines.astype(np.float32), (surface - drape).astype(np.float32)
