"""The values of a raster, read through GDAL when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.windows import Window
from xarray.backends import CachingFileManager
from xarray.backends.locks import SerializableLock

from napari_fhn.surveys.lazy import Box, LazyArray
from napari_fhn.surveys.maps.grids import KEPT_BYTES
from napari_fhn.surveys.raster import tiff
from napari_fhn.surveys.remote.gdal import fetching

#: What becomes of complex numbers.
Part = Literal["magnitude", "phase", "real", "imaginary"]
PARTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "magnitude": np.abs, "phase": np.angle, "real": np.real, "imaginary": np.imag}  # fmt: skip


class Bands(LazyArray):
    """The bands of a raster through GDAL; floats with NaN where a mask hides pixels.

    Where bands are interleaved by pixel in packed blocks, each band costs the unpacking of all. Of such files several
    bands are read together, and kept for the next ones that are asked for.
    """

    def __init__(
        self,
        path: Path,
        address: str,
        driver: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        masked: bool,
        packed: bool = False,
    ) -> None:
        self.address = address
        self.masked = masked
        self.packed = packed
        self._kept: tuple[Any, NDArray[Any]] | None = None
        # xarray's file manager closes the least recently used of many files, and survives pickling.
        self._manager = CachingFileManager(tiff.opened, address, mode="r", kwargs={"driver": driver})
        self._lock = SerializableLock()
        wide = np.dtype("f8") if dtype.itemsize > 2 and dtype != np.float32 else np.dtype("f4")
        super().__init__(path, shape, wide if masked else dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a window of some bands."""
        bands, rows, columns = box
        window = Window(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        wanted = range(bands.start, bands.stop, bands.step)
        with self._lock:
            values = self._one_of_many(wanted[0], window) if self.packed and len(wanted) == 1 else None
            if values is None:
                values = self._read_bands(wanted, window)
        return np.asarray(values[:, :: rows.step, :: columns.step])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}

    def _read_bands(self, bands: range, window: Window) -> NDArray[Any]:
        with fetching(self.address):
            values = self._manager.acquire().read([band + 1 for band in bands], window=window, masked=self.masked)
        return np.asarray(values.astype(self.dtype).filled(np.nan) if self.masked else values)

    def _one_of_many(self, band: int, window: Window) -> NDArray[Any] | None:
        """Return a band out of those read together; None where no two of them fit into what may be kept."""
        run = min(self.shape[0], int(KEPT_BYTES // (window.width * window.height * self.dtype.itemsize)))
        if run < 2:
            return None
        first = band // run * run
        key = (first, window)
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = key, self._read_bands(range(first, min(first + run, self.shape[0])), window)
        return self._kept[1][band - first : band - first + 1]


class ComplexPart(LazyArray):
    """One real part of complex numbers; float32, or float64 for those of double precision."""

    def __init__(self, path: Path, source: xr.Variable, part: Part) -> None:
        self.source, self.part = source, part
        super().__init__(path, source.shape, np.empty(0, source.dtype).real.dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read complex numbers and take the part."""
        return np.asarray(PARTS[self.part](np.asarray(self.source[box].values)))
