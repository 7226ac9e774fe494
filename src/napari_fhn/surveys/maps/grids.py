"""Whether two rasters lie on one grid, and how one is brought onto the grid of another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import rasterio.warp
import xarray as xr
from numpy.typing import NDArray
from rasterio import Affine
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray, one_line, physical
from napari_fhn.surveys.rio import rio, transform_of

#: What rasterio raises for damaged files and definitions; some errors of GDAL pass through it as they are.
GDAL_ERRORS = (RasterioError, CPLE_BaseError, OSError, ValueError)
#: Corners may differ by this part of a cell before two grids are two.
TOLERANCE = 0.01
#: A cell this much larger takes in so many small ones that one of them does not stand for all.
COARSER = 1.5
#: Bands that cost much to read are kept for the next look, in bytes.
KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Grid:
    """A regular grid of cells on a map.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    transform : Affine
        From (column, row) to (x, y); the identity where the raster has no place on a map.
    crs : CRS or None
        Of x and y.
    """

    shape: tuple[int, int]
    transform: Affine
    crs: CRS | None

    @property
    def placed(self) -> bool:
        """Whether the raster has map coordinates."""
        return not self.transform.is_identity

    @property
    def cell(self) -> tuple[float, float]:
        """Size of a cell along x and y, in units of the CRS."""
        t = self.transform
        return float(np.hypot(t.a, t.d)), float(np.hypot(t.b, t.e))

    def __str__(self) -> str:
        rows, columns = self.shape
        if not self.placed:
            return f"{rows} x {columns} cells without map coordinates"
        unit = f" {map_units(self.crs)}".rstrip()
        size = " x ".join(f"{side:.6g}" for side in dict.fromkeys(np.round(self.cell, 9)))
        return f"{rows} x {columns} cells of {size}{unit}, {self.crs.to_string() if self.crs else 'no CRS'}"


def map_units(crs: CRS | None) -> str:
    """Return the unit of a CRS where it is a common one: "m", "ft" or "deg"; else an empty string."""
    if crs is None:
        return ""
    if crs.is_geographic:
        return "deg"
    units = crs.linear_units.lower()
    return {"metre": "m", "meter": "m", "foot": "ft", "us survey foot": "ft"}.get(units, "")


def grid_of(survey: xr.DataArray) -> Grid:
    """Return the grid of a raster.

    Parameters
    ----------
    survey : xarray.DataArray
        With axes ``y`` and ``x``, as `napari_fhn.surveys.open` gives it, or a part of such a survey.

    Raises
    ------
    SurveyError
        When it has no such axes.
    """
    if not {"y", "x"} <= set(survey.dims):
        raise SurveyError(source_of(survey), f"it is no map: its axes are {', '.join(map(str, survey.dims))}",
                          "Choose a raster with rows and columns")  # fmt: skip
    shape = (survey.sizes["y"], survey.sizes["x"])
    kept = transform_of(survey)
    # Of a rotated grid the transform is all there is; of others the coordinates also hold for a part.
    rotated = bool(kept.b or kept.d)
    transform = kept if rotated else rio(survey).transform(recalc=True)
    return Grid(shape, transform, rio(survey).crs)


def same_crs(one: CRS | None, other: CRS | None) -> bool:
    """Whether two systems of coordinates are one, as far as both are known."""
    if one is None or other is None or one == other:
        return True
    # Some formats spell a system out without its name, which makes it another one to GDAL.
    codes = one.to_epsg(), other.to_epsg()
    return codes[0] is not None and codes[0] == codes[1]


def difference(one: Grid, other: Grid) -> str:
    """Say in what two grids differ; empty where they are the same."""
    if not same_crs(one.crs, other.crs):
        assert one.crs is not None
        assert other.crs is not None
        return f"{other.crs.to_string()} instead of {one.crs.to_string()}"
    if one.placed != other.placed:
        return "map coordinates on one side only"
    if one.shape != other.shape:
        return f"{other.shape[0]} x {other.shape[1]} cells instead of {one.shape[0]} x {one.shape[1]}"
    if not one.placed:
        return ""
    rows, columns = one.shape
    side = min(one.cell)
    apart = _corners_apart(one.transform, other.transform, one.shape)
    if apart <= TOLERANCE * side:
        return ""
    for words, turned in (
        ("its rows are stored from the bottom up", Affine(1, 0, 0, 0, -1, rows)),
        ("its columns are stored from right to left", Affine(-1, 0, columns, 0, 1, 0)),
        ("its rows and columns are stored the other way round", Affine(-1, 0, columns, 0, -1, rows)),
    ):
        if _corners_apart(one.transform, other.transform @ turned, one.shape) <= TOLERANCE * side:
            return words
    x, y = np.subtract(other.transform * (0, 0), one.transform * (0, 0))
    cells = [" x ".join(f"{side:.6g}" for side in dict.fromkeys(np.round(g.cell, 9))) for g in (other, one)]
    if max(abs(a - b) / b for a, b in zip(other.cell, one.cell, strict=True)) > TOLERANCE:
        unit = f" {map_units(one.crs)}".rstrip()
        return f"cells of {cells[0]}{unit} instead of {cells[1]}{unit}"
    moved = _corners_apart(one.transform, Affine.translation(-x, -y) @ other.transform, one.shape) <= TOLERANCE * side
    if moved and apart >= side:
        return f"shifted {_shift(float(x), float(y), one)}"
    return f"cells up to {apart / side:.3g} of their size apart"


def _corners_apart(one: Affine, other: Affine, shape: tuple[int, int]) -> float:
    """How far the farthest of the four corners of a map lies from that of another, in units of the map."""
    rows, columns = shape
    corners = [(0, 0), (columns, 0), (0, rows), (columns, rows)]
    return float(max(np.hypot(*np.subtract(one * corner, other * corner)) for corner in corners))


def _shift(x: float, y: float, grid: Grid) -> str:
    """A shift in words: "30 km east, 2 km south"."""
    unit = map_units(grid.crs)
    words = []
    for amount, there, back in ((x, "east", "west"), (y, "north", "south")):
        if abs(amount) <= TOLERANCE * min(grid.cell):
            continue
        far = f"{abs(amount) / 1000:.6g} km" if unit == "m" and abs(amount) >= 1000 else f"{abs(amount):.6g} {unit}"
        words.append(f"{far.rstrip()} {there if amount > 0 else back}")
    return ", ".join(words)


def cell_metres(grid: Grid) -> float:
    """Side of a cell in the middle of a grid, in metres: the root of its area; in units of the map without a CRS."""
    width, height = grid.cell
    if grid.crs is None or not grid.placed:
        return float(np.sqrt(width * height))
    if grid.crs.is_geographic:
        rows, columns = grid.shape
        latitude = (grid.transform * (columns / 2, rows / 2))[1]
        # A degree of latitude; finer than that does not change which grid is the finest.
        return float(np.sqrt(width * height * np.cos(np.radians(latitude)))) * 111_200.0
    return float(np.sqrt(width * height)) * float(grid.crs.linear_units_factor[1])


def onto(survey: xr.DataArray, grid: Grid, resampling: Resampling) -> xr.DataArray:
    """Bring a raster onto another grid, band by band when they are looked at.

    Parameters
    ----------
    survey : xarray.DataArray
        ``(band, y, x)`` with map coordinates, as `napari_fhn.surveys.open` gives it.
    grid : Grid
        Where to.
    resampling : Resampling
        How.

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` float32 on `grid`, NaN where the raster has no value. Coordinates along ``band`` stay,
        ``scale`` and ``offset`` are applied.

    Raises
    ------
    SurveyError
        When only one of the two has a place on a map or a CRS, so that nothing says where cells lie.
    """
    source = grid_of(survey)
    if not source.placed or not grid.placed or (source.crs is None) != (grid.crs is None):
        raise SurveyError(
            source_of(survey),
            f"it has {source}, and cannot be brought onto {grid}",
            "Give both of them map coordinates and a CRS",
        )
    stored = physical(survey)
    values = Resampled(source_of(survey), stored.variable, source, grid, resampling)
    coords = {name: one for name, one in stored.coords.items() if "band" in one.dims}
    result = xr.DataArray(values.variable(("band", "y", "x")), coords=coords, name=survey.name, attrs=stored.attrs)
    return place(result, grid)


def place(survey: xr.DataArray, grid: Grid) -> xr.DataArray:
    """Give an array with axes ``y`` and ``x`` the coordinates, transform and CRS of a grid."""
    rows, columns = np.arange(grid.shape[0]) + 0.5, np.arange(grid.shape[1]) + 0.5
    t = grid.transform
    if t.b or t.d:
        y, x = rows - 0.5, columns - 0.5
    else:
        y, x = t.f + t.e * rows, t.c + t.a * columns
    units = {"units": map_units(grid.crs)} if map_units(grid.crs) else {}
    survey = survey.assign_coords(y=("y", y, units), x=("x", x, units))
    if grid.crs is not None:
        survey = cast(xr.DataArray, rio(survey).write_crs(grid.crs))
    return cast(xr.DataArray, rio(survey).write_transform(t)) if grid.placed else survey


class Resampled(LazyArray):
    """Bands of a raster on another grid; the last few stay in memory."""

    def __init__(self, path: Path, source: xr.Variable, old: Grid, new: Grid, resampling: Resampling) -> None:
        self.source, self.old, self.new, self.resampling = source, old, new, resampling
        self._kept: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()
        super().__init__(path, (source.shape[0], *new.shape), np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def read(self, box: Box) -> NDArray[Any]:
        """Resample the bands of a box as a whole and cut the box out of them."""
        bands = range(box[0].start, box[0].stop, box[0].step)
        return np.stack([self._band(band)[box[1:]] for band in bands])

    def _band(self, band: int) -> NDArray[np.float32]:
        with self._lock:
            if band in self._kept:
                self._kept.move_to_end(band)
                return self._kept[band]
        values = np.full(self.new.shape, np.nan, dtype=np.float32)
        try:
            rasterio.warp.reproject(
                np.ascontiguousarray(self.source[band].values, dtype=np.float32),
                values,
                src_transform=self.old.transform,
                # Without a CRS on either side the map coordinates are those of one plane.
                src_crs=self.old.crs or "EPSG:3857",
                src_nodata=np.nan,
                dst_transform=self.new.transform,
                dst_crs=self.new.crs or "EPSG:3857",
                dst_nodata=np.nan,
                resampling=self.resampling,
            )
        except GDAL_ERRORS as error:
            raise SurveyError(
                self.path, f"it cannot be brought onto the other grid ({one_line(error)})", "Check its CRS"
            ) from error
        with self._lock:
            self._kept[band] = values
            while len(self._kept) > 1 and len(self._kept) * values.nbytes > KEPT_BYTES:
                self._kept.popitem(last=False)
        return values


def source_of(survey: xr.DataArray) -> Path:
    """Return the file that sentences about a survey name."""
    return Path(str(survey.attrs.get("source") or survey.name or "survey"))
