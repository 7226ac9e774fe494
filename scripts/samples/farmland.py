"""The land of the hyperspectral sample: parcels, a river, woods and roads, and what grew there on two dates.

The land is drawn four times finer than the sensor sees it, so that pixels on a field's edge are truly mixed.
Each parcel has a story: what covers it on either date, and whether that counts as a change. Crops that merely
ripen and soil that dries are not changes; a harvest, a ploughing, a new crop, a mown meadow and a flood are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .spectra import ASPHALT, DARK_SOIL, DRY, GREEN, LOAM, TREES, WATER, YOUNG

Field = NDArray[np.float32]

SHAPE = (112, 128)
"""Rows and columns of the scene."""
PIXEL = 30.0
"""Pixel size in metres."""
FINE = 4
"""Fine cells per pixel and axis."""
MATERIALS = 8

Cover = dict[int, float]


@dataclass(frozen=True)
class Story:
    """What happens on a parcel: cover (material to fraction) on the two dates, and whether it is a change."""

    name: str
    before: Cover
    after: Cover
    changed: bool
    share: float


WOOD = Story("wood stays", {TREES: 0.95, GREEN: 0.05}, {TREES: 0.97, GREEN: 0.03}, False, 6)
FLOOD = Story("meadow flooded", {GREEN: 0.60, YOUNG: 0.32, DRY: 0.08}, {WATER: 0.86, GREEN: 0.14}, True, 0)
STORIES = (
    # Not changes, though several of them look very different on the second date.
    Story(
        "wheat ripens",
        {GREEN: 0.70, YOUNG: 0.15, LOAM: 0.15},
        {YOUNG: 0.32, DRY: 0.55, LOAM: 0.13},
        False,
        15,
    ),
    Story("maize grows", {YOUNG: 0.42, LOAM: 0.58}, {GREEN: 0.72, LOAM: 0.28}, False, 12),
    Story("beet grows", {YOUNG: 0.55, DARK_SOIL: 0.45}, {GREEN: 0.80, DARK_SOIL: 0.20}, False, 7),
    Story(
        "meadow stays",
        {GREEN: 0.62, YOUNG: 0.30, DRY: 0.08},
        {GREEN: 0.50, YOUNG: 0.32, DRY: 0.18},
        False,
        12,
    ),
    Story(
        "fallow dries",
        {DARK_SOIL: 0.80, DRY: 0.12, YOUNG: 0.08},
        {LOAM: 0.78, DRY: 0.14, YOUNG: 0.08},
        False,
        8,
    ),
    WOOD,
    # Changes, some of them faint.
    Story("barley harvested", {YOUNG: 0.22, DRY: 0.66, LOAM: 0.12}, {DRY: 0.50, LOAM: 0.50}, True, 10),
    Story("rapeseed ploughed", {GREEN: 0.66, YOUNG: 0.24, LOAM: 0.10}, {DARK_SOIL: 0.82, DRY: 0.18}, True, 8),
    Story("meadow mown", {GREEN: 0.66, YOUNG: 0.26, DRY: 0.08}, {YOUNG: 0.42, DRY: 0.30, LOAM: 0.28}, True, 8),
    Story("fallow sown", {LOAM: 0.84, DRY: 0.16}, {YOUNG: 0.30, LOAM: 0.64, DRY: 0.06}, True, 9),
    FLOOD,
)
ROAD = Story("road", {ASPHALT: 0.85, YOUNG: 0.15}, {ASPHALT: 0.87, DRY: 0.13}, False, 0)
RIVER = Story("river", {WATER: 1.0}, {WATER: 1.0}, False, 0)
MARGIN = Story("margin", {GREEN: 0.5, YOUNG: 0.3, DRY: 0.2}, {GREEN: 0.4, YOUNG: 0.3, DRY: 0.3}, False, 0)
ALL_STORIES = (*STORIES, ROAD, RIVER, MARGIN)


class Land(NamedTuple):
    """What :func:`draw_land` makes."""

    before: Field
    """Fractions on the first date, shape (y, x, material)."""
    after: Field
    """Fractions on the second date, shape (y, x, material)."""
    changed: Field
    """Share of each pixel that changed, shape (y, x)."""
    parcel: NDArray[np.int32]
    """Parcel number of pixels that lie wholly in one field, 0 elsewhere, shape (y, x)."""
    story: NDArray[np.int32]
    """Index into ALL_STORIES of each parcel number."""


def smooth(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Field:
    """Smooth random field with zero mean and unit standard deviation."""
    field = gaussian_filter(rng.standard_normal(shape).astype(np.float32), sigma, mode="reflect")
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _parcels(rng: np.random.Generator, y: Field, x: Field) -> NDArray[np.int32]:
    """Cut the land into fields; 0 marks roads, -1 the grassy strips between some fields.

    Pieces are halved across their longer side again and again, as land is by heirs, until they are fields.
    """
    parcel = np.zeros(y.size, dtype=np.int32)
    queue = [(np.arange(y.size), 0)]
    count = 0
    while queue:
        cells, level = queue.pop()
        points = np.stack([y[cells], x[cells]])
        points = points - points.mean(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(points @ points.T / cells.size)
        hectares = cells.size * (PIXEL / FINE) ** 2 / 1e4
        if hectares < rng.uniform(13.0, 42.0) and values[1] < 14.0 * values[0]:
            count += 1
            parcel[cells] = count
            continue
        # Square pieces are cut either way; the jitter keeps the map from looking like a chessboard.
        axis = vectors[:, 1] if values[1] > 1.35 * values[0] or rng.random() < 0.5 else vectors[:, 0]
        angle = np.deg2rad(rng.normal(0.0, 6.0)) + (np.deg2rad(24.0) if level == 0 else 0.0)
        axis = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ axis
        along = axis @ points
        along = along - np.quantile(along, rng.uniform(0.36, 0.64))
        half_width = 8.0 if level < 2 else (5.0 if rng.random() < 0.45 else 0.0)
        parcel[cells[np.abs(along) < half_width]] = 0 if level < 3 else -1
        queue.append((cells[along >= half_width], level + 1))
        queue.append((cells[along <= -half_width] if half_width else cells[along < 0], level + 1))
    return parcel


def _choose(rng: np.random.Generator, count: int) -> NDArray[np.int32]:
    """A story for every parcel, in the given shares as nearly as whole parcels allow."""
    share = np.array([story.share for story in STORIES])
    wanted = np.repeat(np.arange(len(STORIES)), np.round(share / share.sum() * count).astype(int))
    rng.shuffle(wanted)
    extra = rng.choice(len(STORIES), size=max(0, count - wanted.size), p=share / share.sum())
    return np.asarray(np.concatenate([wanted, extra])[:count], dtype=np.int32)


def draw_land(seed: int = 5, shape: tuple[int, int] = SHAPE) -> Land:
    """Draw the land and look at it through pixels of 30 m.

    Parameters
    ----------
    seed : int
        Seed of parcels, stories and the unevenness within fields.
    shape : (int, int)
        Rows and columns of the scene.
    """
    rng = np.random.default_rng(seed)
    fine = (shape[0] * FINE, shape[1] * FINE)
    step = PIXEL / FINE
    row, column = np.indices(fine).astype(np.float32) * step
    # Field edges follow old paths and contours: bend the map a little before cutting it with straight lines.
    y = row + 45.0 * smooth(rng, fine, 60.0)
    x = column + 45.0 * smooth(rng, fine, 60.0)
    parcel = _parcels(rng, y.ravel(), x.ravel()).reshape(fine)
    stories = np.concatenate([[-1], _choose(rng, int(parcel.max()))]).astype(np.int32)

    story = stories[np.maximum(parcel, 0)]
    road, river_story, margin = (ALL_STORIES.index(kind) for kind in (ROAD, RIVER, MARGIN))
    wood_story, flood_story = ALL_STORIES.index(WOOD), ALL_STORIES.index(FLOOD)
    story[parcel == 0] = road
    story[parcel == -1] = margin
    bed = 1150.0 + 0.42 * column + 230.0 * np.sin(column / 520.0) + 70.0 * np.sin(column / 190.0 + 1.0)
    river = np.abs(row - bed) / (1.0 + 0.25 * np.cos(column / 300.0))
    # Trees stand along the banks; the flood reaches the low meadows in one bend.
    bank = 95.0 + 28.0 * smooth(rng, fine, 10.0)
    story[(river < bank) & (story != road)] = wood_story
    low = np.hypot(row - bed - 210.0, (column - 2480.0) / 1.7) + 60.0 * smooth(rng, fine, 14.0) < 300.0
    flooded = low & (river >= 60.0) & (row > bed)
    story[flooded] = flood_story
    story[river < 48.0] = river_story
    # The flood does not stop at fences: it and the river count as parcels of their own.
    parcel[river < bank + 10.0] = 0
    parcel[flooded & (river >= bank + 10.0)] = stories.size
    parcel[river < 48.0] = stories.size + 1
    stories = np.append(stories, [flood_story, river_story]).astype(np.int32)

    # Within a field cover is uneven, and neighbouring fields with the same story are not twins.
    uneven = 0.055 * smooth(rng, fine, 9.0) + 0.07 * rng.standard_normal(stories.size)[np.maximum(parcel, 0)]
    vigour: Field = np.asarray(uneven, dtype=np.float32)
    before = _fractions(story, vigour, "before")
    after = _fractions(story, np.asarray(0.8 * vigour, dtype=np.float32), "after")
    # The second scene is registered to a quarter of a pixel, no better.
    after = np.roll(after, 1, axis=1)
    changed = np.array([kind.changed for kind in ALL_STORIES], dtype=np.float32)[story]
    pure = _pure(np.where(np.isin(story, (road, margin)), 0, np.maximum(parcel, 0)))
    return Land(_pixels(before), _pixels(after), _pixels(changed[..., None])[..., 0], pure, stories)


def _fractions(story: NDArray[np.int32], vigour: Field, which: str) -> Field:
    """Fractions of the materials on the fine grid; vigour trades bare ground for leaves."""
    table = np.zeros((len(ALL_STORIES), MATERIALS), dtype=np.float32)
    for index, kind in enumerate(ALL_STORIES):
        for material, fraction in getattr(kind, which).items():
            table[index, material] = fraction
    cover = table[story]
    leaf = np.array([1, 1, 0.4, -1, -1, 0, 0.15, 0], dtype=np.float32)
    cover = cover * np.exp(2.0 * leaf * vigour[..., None])
    return np.asarray(cover / cover.sum(axis=-1, keepdims=True), dtype=np.float32)


def _pixels(fine: Field) -> Field:
    """Mean over each pixel's cells, after the blur of the optics."""
    blurred = gaussian_filter(fine, (1.6, 1.6, 0.0))
    rows, columns, last = fine.shape
    blocks = blurred.reshape(rows // FINE, FINE, columns // FINE, FINE, last)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def _pure(parcel: NDArray[np.int32]) -> NDArray[np.int32]:
    """Parcel number where a pixel and its eight neighbours all lie in one parcel, else 0."""
    rows, columns = parcel.shape
    blocks = parcel.reshape(rows // FINE, FINE, columns // FINE, FINE)
    low, high = blocks.min(axis=(1, 3)), blocks.max(axis=(1, 3))
    pure = np.where(low == high, low, 0)
    inner = np.zeros_like(pure)
    centre = pure[1:-1, 1:-1]
    same = np.ones(centre.shape, dtype=np.bool_)
    for i in range(3):
        for j in range(3):
            same &= pure[i : rows // FINE - 2 + i, j : columns // FINE - 2 + j] == centre
    inner[1:-1, 1:-1] = np.where(same, centre, 0)
    return inner.astype(np.int32)
