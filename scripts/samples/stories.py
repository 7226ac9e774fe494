"""What happened to each survey of the family: drawn from its seed, and different from one to the next.

A number from 0 to 15 says which of four things happened: salt rose, the land was worn down and covered anew, rivers
ran, and the layers were folded hard. Consecutive seeds walk through all sixteen before one comes again; all else
(layers, faults, frequency, noise, wells) is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .processes import BIN, Diapir, Fault, River, Unit
from .seismogram import Acquisition

TUNING = tuple(range(10))
"""Seeds of the surveys on which recipes may be tuned."""
TESTING = tuple(range(100, 110))
"""Seeds of those that say how well it went, on which nothing is tuned."""

PRETRAINING = tuple(range(1000, 1500))
"""Those of which the network is made that comes with the program, `scripts/pretrain.py`."""

_LAYERS = (
    ("Marine shale", "#117733", 4.9, 2.0, 0.030, 0.85, 500.0),
    ("Turbidites", "#cc6677", 5.4, 2.2, 0.150, 0.35, 220.0),
    ("Carbonates", "#332288", 6.3, 3.8, 0.150, 0.95, 1200.0),
    ("Rift clastics", "#aa4499", 6.2, 2.4, 0.180, 0.10, 120.0),
    ("Deltaic sands", "#44aa99", 5.2, 3.0, 0.120, 0.60, 400.0),
    ("Coal measures", "#882255", 5.0, 1.6, 0.220, 0.75, 300.0),
    ("Marls", "#6699cc", 5.6, 2.8, 0.060, 0.95, 900.0),
    ("Volcanics", "#661100", 7.2, 4.5, 0.200, 0.20, 180.0),
)
"""What layers may be made of: name, colour, impedance, bed, contrast, continuity and patch as in `Unit`."""
_COVER = Unit(0, "Marine cover", "#88ccee", 4.7, 2.0, 0.075, 0.93, 900.0)
_CHANNEL = Unit(0, "Channel fill", "#ddcc77", 5.0, 3.0, 0.19, 0.30, 110.0)
_SALT = Unit(0, "Salt", "#999933", 8.6, 5.0, 0.010, 0.0, 150.0)


@dataclass(frozen=True)
class Fold:
    """A train of folds.

    Parameters
    ----------
    height : float
        From the mean to a crest, in samples.
    wave : float
        Metres from crest to crest.
    strike : float
        Direction of the axes, in degrees from the inline-number axis towards the other.
    phase : float
        Where a crest lies, in radians.
    plunge : float
        Metres along the axes over which the folds grow and die.
    """

    height: float
    wave: float
    strike: float
    phase: float
    plunge: float


@dataclass(frozen=True)
class Story:
    """All that is decided about a survey before it is drawn.

    Parameters
    ----------
    seed : int
        Of it.
    shape : tuple of int
        Inlines, crosslines and samples.
    layers : tuple of (Unit, float)
        The old column from top to bottom: each unit and its base in stratigraphic samples.
    fold, tilt : Fold, tuple of float
        How the old column lies; the tilt in samples per metre along both axes.
    faults : tuple of Fault
        That offset it.
    diapir, salt : Diapir and Unit, or None
        Salt that pierces it.
    cover : Unit or None
        What lies on the unconformity, where there is one.
    unconformity, relief : float
        Mean depth of the unconformity, and the standard deviation of its hills, in samples.
    rivers, channel : tuple of River, Unit or None
        What cut down, and its fill; into the cover, or else into the top layer.
    flood_plain : float
        From where they cut down, in samples of that column.
    acquisition : Acquisition
        Frequency and noise.
    wells : int
        How many are drilled.
    """

    seed: int
    shape: tuple[int, int, int]
    layers: tuple[tuple[Unit, float], ...]
    fold: Fold
    tilt: tuple[float, float]
    faults: tuple[Fault, ...]
    diapir: Diapir | None
    salt: Unit | None
    cover: Unit | None
    unconformity: float
    relief: float
    rivers: tuple[River, ...]
    channel: Unit | None
    flood_plain: float
    acquisition: Acquisition
    wells: int

    @property
    def units(self) -> tuple[Unit, ...]:
        """Every unit, in the order of the classes: from the youngest to the oldest, and salt."""
        young = (self.cover, self.channel)
        return tuple(u for u in (*young, *(unit for unit, _ in self.layers), self.salt) if u is not None)


def story(seed: int, attempt: int = 0) -> Story:
    """Draw what happened to a survey.

    Parameters
    ----------
    seed : int
        Of the survey; those of `TUNING` and `TESTING` have a mix of their own among their ten.
    attempt : int
        Draw again what is drawn, where the first survey came out with a class of next to nothing.

    Examples
    --------
    >>> story(3).diapir is None, len(story(3).units)
    (False, 7)
    """
    rng = np.random.default_rng([seed, attempt])
    mix = (5 * seed + 3 * (seed // 100)) % 16
    salty, covered, rivers, folded = (bool(mix >> bit & 1) for bit in range(4))
    shape = (48 + 8 * int(rng.integers(3)), 72 + 8 * int(rng.integers(4)), 96 + 16 * int(rng.integers(3)))
    depth = float(shape[2])
    top = depth * rng.uniform(0.26, 0.36) if covered else 0.0
    height = float(rng.uniform(8.0, 14.0) if folded else rng.uniform(1.0, 3.5))
    fold = Fold(height, *(float(rng.uniform(*span)) for span in ((700, 1500), (0, 180), (0, 2 * np.pi), (1500, 4000))))
    young = covered + rivers
    classes = int(rng.integers(4 + (young == 2), 9))
    layers = _layers(rng, max(2, classes - young - salty), top, depth, height, first=young + 1)
    cover, channel, salt = (
        replace(unit, value=value) if there else None
        for unit, value, there in (
            (_COVER, 1, covered),
            (_CHANNEL, 1 + covered, rivers),
            (_SALT, young + len(layers) + 1, salty),
        )
    )
    return Story(
        seed,
        shape,
        layers,
        fold,
        (float(rng.normal(0.0, 0.004)), float(rng.normal(0.0, 0.006))),
        tuple(_fault(rng, shape) for _ in range(int(rng.choice(4, p=(0.2, 0.3, 0.3, 0.2))))),
        _diapir(rng, shape, top) if salty else None,
        salt,
        cover,
        top,
        float(rng.uniform(1.5, 4.0)),
        _rivers(rng, shape) if rivers else (),
        channel,
        float(top * rng.uniform(0.15, 0.3) if covered else layers[0][1] * rng.uniform(0.2, 0.3)),
        _acquisition(rng, shape),
        int(rng.integers(3, 9)),
    )


def _layers(
    rng: np.random.Generator, count: int, top: float, depth: float, height: float, *, first: int
) -> tuple[tuple[Unit, float], ...]:
    """Draw the old column between two depths, its thinnest layer not less than half as thick as the mean."""
    parts = rng.uniform(0.55, 1.45, count)
    bases = top + (depth + 0.5 * height - top) * np.cumsum(parts) / parts.sum()
    made = []
    for value, kind in enumerate(rng.permutation(len(_LAYERS))[:count].tolist(), first):
        name, color, impedance, bed, contrast, continuity, patch = _LAYERS[kind]
        # No two places lay down the same rock.
        impedance *= float(np.exp(0.05 * rng.standard_normal()))
        bed *= float(np.exp(0.15 * rng.standard_normal()))
        contrast *= float(np.exp(0.2 * rng.standard_normal()))
        continuity = float(np.clip(continuity + 0.08 * rng.standard_normal(), 0.05, 0.98))
        made.append(Unit(value, name, color, impedance, bed, contrast, continuity, patch))
    return tuple(zip(made, [*bases[:-1].tolist(), np.inf], strict=True))


def _fault(rng: np.random.Generator, shape: tuple[int, int, int]) -> Fault:
    at = (float(rng.uniform(0.2, 0.8)) * shape[0] * BIN[0], float(rng.uniform(0.2, 0.8)) * shape[1] * BIN[1])
    throw, half_length, rollover = (float(rng.uniform(*span)) for span in ((6, 18), (500, 1600), (500, 1300)))
    moved_again = float(rng.uniform(0.1, 0.3)) if rng.random() < 0.3 else 0.0
    return Fault(at, float(rng.uniform(0, 360)), throw, half_length, rollover, moved_again)


def _diapir(rng: np.random.Generator, shape: tuple[int, int, int], top: float) -> Diapir:
    """Draw salt half as wide as the bundled survey's, with its crest just below the unconformity or a third down."""
    depth = float(shape[2])
    at = (float(rng.uniform(0.3, 0.7)) * shape[0] * BIN[0], float(rng.uniform(0.3, 0.7)) * shape[1] * BIN[1])
    crest = max(top + rng.uniform(-4.0, 4.0), depth * rng.uniform(0.25, 0.4))
    share = np.array((0.0, 0.0, 0.03, 0.08, 0.16, 0.3, 0.5, 0.7, 0.85, 1.0))
    depths = crest + share * (depth - crest)
    depths[0] = 0.0
    radii = np.array((0, 0, 110, 290, 405, 420, 340, 320, 420, 600)) * rng.uniform(0.42, 0.6)
    lean = tuple(float(drift) for drift in rng.uniform(-1.2, 1.2, 2))
    return Diapir(
        at,
        float(crest + 1.0),
        depth * 0.55,
        (lean[0], lean[1]),
        tuple(depths.tolist()),
        tuple(radii.tolist()),
        dragged=float(rng.uniform(8, 18)),
        sunk=float(rng.uniform(2, 6)),
        reach=float(rng.uniform(60, 120)),
        rim=300.0,
        rim_width=140.0,
    )


def _rivers(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[River, ...]:
    made = []
    for _ in range(int(rng.integers(1, 3))):
        along = int(rng.integers(2))
        start = [-150.0, -150.0]
        start[1 - along] = float(rng.uniform(0.25, 0.75)) * shape[1 - along] * BIN[1 - along]
        heading = 90.0 * along + float(rng.normal(0.0, 12.0))
        swing, wave, half_width = (float(rng.uniform(*span)) for span in ((0.4, 0.95), (700, 1300), (90, 160)))
        made.append(River((start[0], start[1]), heading, swing, wave, 3500.0, half_width, float(rng.uniform(9, 15))))
    return tuple(made)


def _acquisition(rng: np.random.Generator, shape: tuple[int, int, int]) -> Acquisition:
    peak = float(rng.uniform(26.0, 44.0))
    village = (
        float(rng.uniform(0, shape[0])),
        float(rng.uniform(0, shape[1])),
        float(rng.uniform(5, 10)),
        float(rng.uniform(8, 18)),
    )
    noise = float(np.exp(rng.uniform(np.log(0.6), np.log(2.6))))
    return Acquisition((peak, peak * float(rng.uniform(0.6, 0.8))), noise, village if rng.random() < 0.5 else None)
