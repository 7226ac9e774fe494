"""Make the region of the aquifer example: ``python -m samples.make_region FOLDER [--small]`` in ``scripts``.

GeoTIFFs as a person would have them: magnetics, two gravity grids and topography as numbers, two geological maps as
codes of units, the annotated patches, and the truth. With ``--small`` cells are four times as wide.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin

from .region import CELL, CLASSES, SHAPE, draw_patches, draw_region

CORNER = (215_000.0, 4_050_000.0)
"""Easting and northing (m, UTM zone 12 north) of the upper left corner."""
SMALL = 4


def make(folder: Path, shape: tuple[int, int] = SHAPE) -> None:
    """Write every file of the region into `folder`.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    shape : (int, int)
        Rows and columns of the same ground.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cell = CELL * SHAPE[0] / shape[0]
    made = draw_region(shape=shape)
    patches = draw_patches(made.truth)
    known = np.zeros_like(made.truth)
    for patch in patches:
        window = (slice(patch.row, patch.row + patch.size), slice(patch.column, patch.column + patch.size))
        known[window] = made.truth[window]
    layers: dict[str, NDArray[Any]] = {**made.maps, **made.geology, "patches": known, "truth": made.truth}
    for name, values in layers.items():
        _write(folder / f"{name}.tif", values, cell)
    with (folder / "classes.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("value", "name", "color"), *CLASSES])
    with (folder / "patches.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("row", "column", "size", "for"))
        rows.writerows((p.row, p.column, p.size, "validation" if p.validation else "training") for p in patches)


def _write(path: Path, values: NDArray[Any], cell: float) -> None:
    """Write a map; codes have 0 for "none"."""
    whole = values.dtype == np.uint8
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs="EPSG:26912",
        transform=from_origin(*CORNER, cell, cell),
        nodata=0 if whole else None,
        compress="deflate",
        predictor=1 if whole else 3,
    ) as file:
        file.write(values, 1)


if __name__ == "__main__":
    small = "--small" in sys.argv
    named = [Path(argument) for argument in sys.argv[1:] if argument != "--small"]
    if len(named) != 1:
        sys.exit("Name a folder for the region.")
    make(named[0], (SHAPE[0] // SMALL, SHAPE[1] // SMALL) if small else SHAPE)
