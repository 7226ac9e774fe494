"""A made-up area for the guide: three rocks, maps of unlike grids over them, and patches where someone has walked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter, zoom

ROWS, COLUMNS, CELL = 160, 200, 50.0
CORNER = (420_000.0, 7_510_000.0)
CRS = "EPSG:3067"
COVER = {1: "till", 2: "peat", 3: "outcrop"}


@dataclass(frozen=True)
class Area:
    """What was made.

    Parameters
    ----------
    rasters : tuple of Path
        Magnetics (50 m), gravity (200 m), potassium and thorium (100 m), and land cover as classes (50 m).
    polygons : Path
        An old geological map that knows two of the three rocks, and their contacts only roughly.
    patches : ndarray of uint8
        ``(rows, columns)``: rock 1 to 3 where someone has walked, else 0.
    truth : ndarray of uint8
        The rocks everywhere.
    """

    rasters: tuple[Path, ...]
    polygons: Path
    patches: NDArray[np.uint8]
    truth: NDArray[np.uint8]


def make(folder: Path) -> Area:
    """Make the area; it comes out the same each time."""
    rng = np.random.default_rng(7)
    field, other = (smooth(rng, 18), smooth(rng, 14))
    truth = np.where(field > 0.45, 3, np.where(other > 0.1, 2, 1)).astype(np.uint8)
    texture = smooth(rng, 1.5)
    magnetics = np.choose(truth - 1, [0.0, 0.6, -0.4]) + np.where(truth == 3, 1.2, 0.25) * texture
    gravity = gaussian_filter(np.choose(truth - 1, [0.0, 1.0, 0.6]), 6) + 0.1 * smooth(rng, 6)
    cover = np.digitize(smooth(rng, 9), [-0.3, 0.6]).astype(np.uint8) + 1
    damping = np.choose(cover - 1, [0.5, 0.2, 1.0])  # gamma rays are lost in peat
    potassium = damping * np.choose(truth - 1, [1.0, 2.2, 1.4]) + 0.2 * smooth(rng, 1)
    thorium = damping * np.choose(truth - 1, [1.2, 1.0, 2.4]) + 0.2 * smooth(rng, 1)
    rasters = (
        tiff(folder / "magnetics.tif", magnetics, 1),
        tiff(folder / "gravity.tif", gravity, 4),
        tiff(folder / "potassium.tif", potassium, 2),
        tiff(folder / "thorium.tif", thorium, 2),
        tiff(folder / "cover.tif", cover, 1),
    )
    patches = np.zeros_like(truth)
    for row, column in rng.integers((8, 8), (ROWS - 8, COLUMNS - 8), (24, 2)):
        window = (slice(row - 3, row + 4), slice(column - 3, column + 4))
        patches[window] = truth[window]
    return Area(rasters, old_map(folder / "geology.gpkg", truth), patches, truth)


def smooth(rng: np.random.Generator, width: float) -> NDArray[np.float64]:
    """Return noise as wide as that many cells, of unit deviation."""
    values = gaussian_filter(rng.standard_normal((ROWS, COLUMNS)), width)
    return np.asarray(values / values.std())


def tiff(path: Path, values: NDArray[np.generic], coarser: int) -> Path:
    """Write a raster whose cells are so many times as wide."""
    coarse = values if coarser == 1 else zoom(values, 1 / coarser, order=1)
    coarse = coarse if coarse.dtype == np.uint8 else coarse.astype(np.float32)
    with rasterio.open(
        path, "w", driver="GTiff", height=coarse.shape[0], width=coarse.shape[1], count=1, dtype=coarse.dtype,
        crs=CRS, transform=from_origin(*CORNER, CELL * coarser, CELL * coarser),
    ) as file:  # fmt: skip
        file.write(coarse, 1)
    return path


def old_map(path: Path, truth: NDArray[np.uint8]) -> Path:
    """Write the polygons of a map that took the first two rocks for one and drew smooth contacts."""
    two = (gaussian_filter((truth == 3).astype(float), 5) > 0.5).astype(np.uint8)
    found = [
        (shapely.geometry.shape(shape), "granite" if value else "schist")
        for shape, value in shapes(two, transform=from_origin(*CORNER, CELL, CELL))
    ]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([polygon for polygon, _ in found], object)),
        [np.array([rock for _, rock in found], object)], ["rock"], geometry_type="Polygon", crs=CRS,
    )  # fmt: skip
    return path
