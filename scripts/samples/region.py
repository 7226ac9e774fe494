"""A region to map aquifers in: what lies below it, and what airborne surveys and geologists say of it.

A made-up relative of the region of Peters, Haber & Lensink (2024), section 4.2. Deep basins between ranges in the
south-west, a plateau of flat beds in the north-east, and a front between them that wanders. Whether there is an aquifer
follows from rules that no map shows alone: fill that is deep enough below flat ground, or a thick sandstone on the
plateau. The geological maps are what somebody drew: units with sharp borders, some of them a little off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, map_coordinates, median_filter
from scipy.spatial import cKDTree

Field = NDArray[np.float32]
Codes = NDArray[np.uint8]

SHAPE = (848, 1456)
"""Rows and columns of the region as large as the paper's."""
CELL = 500.0
"""Side of a cell in metres."""
AGES, ROCKS = 20, 32
"""Units of the two geological maps: 52 maps of zero and one."""
CLASSES = ((1, "Aquifer", "#4477aa"), (2, "No aquifer", "#ddcc77"))

_FILL, _VOLCANIC, _HARD, _SANDSTONE, _TIGHT = (range(a, b) for a, b in ((0, 6), (6, 12), (12, 20), (20, 25), (25, 32)))
"""Rock types by kind: fill of basins, volcanic rocks, granite and gneiss, sandstones, and shale, limestone and salt."""


@dataclass(frozen=True)
class Region:
    """What is known of the region, and the truth.

    Parameters
    ----------
    maps : dict of str to ndarray of float32, shape (y, x)
        Magnetics (nT), two gravity grids (mGal) and topography (m).
    geology : dict of str to ndarray of uint8, shape (y, x)
        Rock ages 1 to `AGES` and rock types 1 to `ROCKS`.
    truth : ndarray of uint8, shape (y, x)
        1 aquifer, 2 none.
    """

    maps: dict[str, Field]
    geology: dict[str, Codes]
    truth: Codes


@dataclass(frozen=True)
class Patch:
    """A square that an expert has annotated.

    Parameters
    ----------
    row, column, size : int
        Its first cell and its side in cells.
    validation : bool
        Whether it is kept for the score.
    """

    row: int
    column: int
    size: int
    validation: bool


def draw_region(seed: int = 11, shape: tuple[int, int] = SHAPE) -> Region:
    """Draw the region.

    Parameters
    ----------
    seed : int
        Of everything that is drawn.
    shape : (int, int)
        Rows and columns; a smaller one is the same kind of country in larger cells.

    Returns
    -------
    Region

    Examples
    --------
    >>> made = draw_region(shape=(106, 182))
    >>> sorted(made.maps), made.truth.shape
    (['gravity_bouguer', 'gravity_isostatic', 'magnetics', 'topography'], (106, 182))
    """
    rng = np.random.default_rng(seed)
    scale = shape[1] / SHAPE[1]
    row, column = np.indices(shape).astype(np.float32) / np.float32(shape[0])
    plateau = _step(column - row - 0.45 + 0.16 * _smooth(rng, shape, 110 * scale), 0.03)
    # Basins and ranges strike north-north-west: noise that is longer one way, seen through turned axes.
    stripes = _turned(_smooth(rng, shape, (120 * scale, 20 * scale)), 28.0)
    basin = np.clip(1.1 * stripes - 0.1 + 0.25 * _smooth(rng, shape, 14 * scale), 0.0, None) * (1 - plateau)
    sandstone = np.clip(0.5 + 0.8 * _smooth(rng, shape, 70 * scale), 0.0, None) * plateau
    roughness = (1 - plateau) * np.exp(-3.0 * basin) + 0.15 * plateau
    ridges = np.abs(_turned(_smooth(rng, shape, (26 * scale, 9 * scale)), 28.0)) + 0.3 * _smooth(rng, shape, 5 * scale)
    topography = 400.0 + 1300.0 * plateau + 750.0 * roughness * ridges
    topography = topography + 120.0 * _smooth(rng, shape, 60 * scale) + 6.0 * _smooth(rng, shape, 1.0)
    topography = np.maximum(topography, 30.0 + 8.0 * _smooth(rng, shape, 2.0))

    rocks, ages = _mapped(rng, shape, scale, plateau, basin, sandstone)
    regional = gaussian_filter(topography, 60 * scale)
    density = _table(rng, rocks, {_FILL: -0.25, _VOLCANIC: 0.05, _HARD: 0.12, _SANDSTONE: -0.08, _TIGHT: 0.02}, 0.03)
    body = gaussian_filter(-24.0 * basin + 55.0 * density, 4 * scale)
    isostatic = body + 3.0 * _smooth(rng, shape, 45 * scale) + 0.5 * _smooth(rng, shape, 1.5)
    bouguer = isostatic - 0.09 * (regional - 400.0) + 0.5 * _smooth(rng, shape, 1.5)
    magnetised = _table(rng, rocks, {_FILL: 0.0, _VOLCANIC: 0.9, _HARD: 0.5, _SANDSTONE: 0.02, _TIGHT: 0.02}, 0.35)
    buried = gaussian_filter(magnetised * np.exp(-0.6 * basin), 6 * scale)
    north = np.gradient(buried, axis=0) / scale
    magnetics = (
        420.0 * buried
        - 2200.0 * scale * north
        + 60.0 * _smooth(rng, shape, 80 * scale)
        + 6.0 * _smooth(rng, shape, 1.0)
    )

    flat = gaussian_gradient_magnitude(topography, 2.0) * scale < 26.0
    in_fill = (basin + 0.12 * _smooth(rng, shape, 12 * scale) > 0.45) & flat & ~np.isin(rocks, _values(_VOLCANIC))
    on_plateau = (sandstone + 0.12 * _smooth(rng, shape, 12 * scale) > 0.55) & ~np.isin(rocks, _values(_TIGHT)[:3])
    window = 2 * max(1, round(4 * scale)) + 1
    water = median_filter((in_fill | on_plateau).astype(np.uint8), window)
    maps = {
        "magnetics": magnetics,
        "gravity_bouguer": bouguer,
        "gravity_isostatic": isostatic,
        "topography": topography,
    }
    return Region(
        {name: np.asarray(values, np.float32) for name, values in maps.items()},
        {"rock_age": ages, "rock_type": rocks},
        np.asarray(2 - water, np.uint8),
    )


def draw_patches(truth: Codes, count: int = 30, validation: int = 10, seed: int = 12) -> tuple[Patch, ...]:
    """Draw squares that an expert annotates: apart from each other, and each class in a third of them at least.

    Parameters
    ----------
    truth : ndarray of uint8, shape (y, x)
        Of a region.
    count, validation : int
        Patches to learn from, and patches to score on.
    seed : int
        Of their places.
    """
    rng = np.random.default_rng(seed)
    size = max(4, round(0.05 * truth.shape[0]))
    taken = np.zeros(truth.shape, bool)
    patches: list[Patch] = []
    needed = {1: (count + validation) // 3, 2: (count + validation) // 3}
    while len(patches) < count + validation:
        row, column = (int(rng.integers(0, extent - size)) for extent in truth.shape)
        around = tuple(slice(max(0, first - size // 2), first + size + size // 2) for first in (row, column))
        main = int(np.bincount(truth[row : row + size, column : column + size].ravel(), minlength=3).argmax())
        left = count + validation - len(patches)
        if taken[around].any() or (needed[main] <= 0 and left <= sum(max(0, n) for n in needed.values())):
            continue
        taken[row : row + size, column : column + size] = True
        needed[main] -= 1
        patches.append(Patch(row, column, size, False))
    kept = set(rng.permutation(len(patches))[:validation].tolist())
    return tuple(Patch(p.row, p.column, p.size, k in kept) for k, p in enumerate(patches))


def _mapped(
    rng: np.random.Generator, shape: tuple[int, int], scale: float, plateau: Field, basin: Field, sandstone: Field
) -> tuple[Codes, Codes]:
    """Draw the two geological maps: units around seeds, whose rock follows from what lies there."""
    count = max(6 * ROCKS, round(1100 * scale))
    seeds = rng.uniform(0.0, 1.0, (count, 2)) * np.array(shape)
    places = np.indices(shape).reshape(2, -1).T.astype(np.float64)
    wander = np.stack([_smooth(rng, shape, 8 * scale).ravel(), _smooth(rng, shape, 8 * scale).ravel()], axis=1)
    # Seen through other axes units are longer along the strike.
    turned = np.array([[1.0, 0.35], [-0.9, 2.0]])
    _, unit = cKDTree(seeds @ turned.T).query((places + 11 * scale * wander) @ turned.T)
    rows, columns = np.clip(seeds.astype(int), 0, np.array(shape) - 1).T
    deep, high, thick = basin[rows, columns], plateau[rows, columns], sandstone[rows, columns]
    kind = np.empty(count, np.uint8)
    for k in range(count):
        fill, hard = (0.85, 0.08) if deep[k] > 0.3 else (0.12, 0.62)
        if high[k] > 0.5:
            weights = [0.04, 0.12, 0.04, 0.25 + 0.5 * min(1.0, float(thick[k])), 0.4]
        else:
            weights = [fill, 0.18, hard, 0.03, 0.12]
        which = rng.choice(5, p=np.array(weights) / sum(weights))
        kind[k] = 1 + rng.choice((_FILL, _VOLCANIC, _HARD, _SANDSTONE, _TIGHT)[which])
    kind[:ROCKS] = 1 + np.arange(ROCKS)  # each occurs
    # Old rocks are hard and young ones fill: ages follow rocks, within a few steps.
    middle = 1 + (kind.astype(int) - 1) * (AGES - 1) // (ROCKS - 1)
    age = np.clip(middle + rng.integers(-2, 3, count), 1, AGES).astype(np.uint8)
    age[:AGES] = 1 + np.arange(AGES)
    return kind[unit].reshape(shape), age[unit].reshape(shape)


def _values(kind: range) -> list[int]:
    return [1 + value for value in kind]


def _table(rng: np.random.Generator, rocks: Codes, means: dict[range, float], spread: float) -> Field:
    """Look a property up by rock type, which differs a little between rocks of one kind."""
    values = np.zeros(ROCKS + 1, np.float32)
    for kind, mean in means.items():
        for value in kind:
            values[1 + value] = mean * (1.0 + spread * rng.standard_normal()) + 0.1 * spread * rng.standard_normal()
    return values[rocks]


def _smooth(rng: np.random.Generator, shape: tuple[int, int], sigma: float | tuple[float, float]) -> Field:
    """Smooth random field with zero mean and unit standard deviation."""
    field = gaussian_filter(rng.standard_normal(shape).astype(np.float32), sigma, mode="reflect")
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _step(values: Field, width: float) -> Field:
    return np.asarray(1.0 / (1.0 + np.exp(-values / width)), dtype=np.float32)


def _turned(field: Field, degrees: float) -> Field:
    """Look at a field through turned axes."""
    angle = np.deg2rad(degrees)
    middle = (np.array(field.shape) - 1)[:, None, None] / 2
    places = np.indices(field.shape) - middle
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    places = np.einsum("ij,jyx->iyx", turn, places) + middle
    return np.asarray(map_coordinates(field, places, order=1, mode="reflect"), dtype=np.float32)
