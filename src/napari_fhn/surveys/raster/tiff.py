"""What GDAL does not say about a TIFF: whether all of it is there, and what its pages are."""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from napari_fhn.sentence import counted
from napari_fhn.surveys.assemble import assemble
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice, check_axes
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.idle import OF_REAL, IdleOption
from napari_fhn.surveys.lazy import Box, LazyArray, one_line
from napari_fhn.surveys.maps.grids import GDAL_ERRORS
from napari_fhn.surveys.remote.gdal import PREFIXES

#: Names of GDAL's drivers as a person knows them.
SHORT = {
    "GTiff": "GeoTIFF", "AAIGrid": "ESRI ASCII grid", "GSAG": "Surfer ASCII grid", "GSBG": "Surfer binary grid",
    "GS7BG": "Surfer 7 grid", "ERS": "ER Mapper", "HFA": "ERDAS Imagine", "JP2OpenJPEG": "JPEG 2000",
    "VRT": "GDAL virtual raster", "SAGA": "SAGA grid", "RST": "IDRISI raster", "EHdr": "ESRI raster",
}  # fmt: skip
#: Blocks looked at, spread evenly, before a file is taken to be whole.
N_BLOCKS = 4096
#: Bytes of one block, unpacked.
LARGEST = 2**31
_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def opened(address: str | Path, mode: str = "r", *, driver: str) -> rasterio.DatasetReader:
    """Open a raster with one driver of GDAL; that it may have no place on a map is said elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        # Whole, so that nothing in it is taken for an address.
        told = str(address).startswith(("GTIFF_DIR:", *PREFIXES))
        whole = address if told else os.path.abspath(address)
        return rasterio.open(whole, mode, driver=driver, sharing=False)


def is_tiff(path: Path) -> bool:
    """Say whether a file begins as a TIFF or BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def pages(path: Path) -> list[str]:
    """Return GDAL's addresses of the images in a TIFF, overviews and masks left out.

    Raises
    ------
    SurveyError
        When GDAL cannot open it.
    """
    try:
        with opened(path, driver="GTiff") as dataset:
            named = list(dataset.subdatasets)
    except GDAL_ERRORS as error:
        raise SurveyError(
            path, f"GDAL cannot read it ({one_line(error)})", "Export it again as GeoTIFF or ENVI"
        ) from error
    # The list may come out of the file's own metadata, and name anything.
    if not all(re.fullmatch(r"GTIFF_DIR:(off:)?\d+:" + re.escape(str(path)), one) for one in named):
        raise SurveyError(path, "its metadata name images in other files", "Export it again as GeoTIFF")
    return named or [str(path)]


def check_blocks(path: Path, dataset: rasterio.DatasetReader) -> list[str]:
    """Hold the places of a TIFF's strips or tiles against the length of the file.

    Returns
    -------
    list of str
        A note where some of them were never written.

    Raises
    ------
    SurveyError
        Where the file ends before they do, or none is there.
    """
    if dataset.driver != "GTiff":
        return []
    # What is fetched is found to be cut off when it is.
    size = math.inf if str(dataset.name).startswith(PREFIXES) else path.stat().st_size
    height, width = dataset.block_shapes[0]
    item = np.dtype(dataset.dtypes[0]).itemsize * (dataset.count if _by_pixel(dataset) else 1)
    if height * width * item > LARGEST:
        what = f"its blocks have {height * width * item / 2**30:,.0f} GB each"
        raise SurveyError(path, f"{what}, and would have to be unpacked whole", "Save it in tiles")
    across, down = -(-dataset.width // width), -(-dataset.height // height)
    # Interleaved by pixel, one block holds all bands.
    n_bands = 1 if _by_pixel(dataset) else dataset.count
    total = across * down * n_bands
    absent, end = 0, 0
    looked_at = np.unique(np.linspace(0, total - 1, min(total, N_BLOCKS)).astype(np.int64))
    for k in looked_at.tolist():
        band, place = divmod(k, across * down)
        y, x = divmod(place, across)
        offset, length = (
            dataset.get_tag_item(f"BLOCK_{what}_{x}_{y}", "TIFF", bidx=band + 1) for what in ("OFFSET", "SIZE")
        )
        if offset is None or length is None:
            absent += 1
        else:
            end = max(end, int(offset) + int(length))
    if end > size:
        raise SurveyError(path, f"it ends at byte {size}, but its image goes on to byte {end}", "Copy it again")
    if absent == len(looked_at):
        raise SurveyError(path, "it promises an image, but holds no values", "Export it again")
    if absent:
        share = 100 * absent / len(looked_at)
        instead = "0" if dataset.nodata is None else "'no data'"
        return [f"{share:.0f} % of its blocks were never written; they read as {instead}."]
    return []


def _by_pixel(dataset: rasterio.DatasetReader) -> bool:
    return dataset.interleaving is not None and dataset.interleaving.name == "pixel"


class _Pages(LazyArray):
    """The images of a TIFF as one array, shape (page, y, x)."""

    def __init__(self, path: Path, addresses: Sequence[str], shape: tuple[int, int], dtype: str) -> None:
        self.addresses = tuple(addresses)
        super().__init__(path, (len(addresses), *shape), dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a window of some of the images."""
        first, rows, cols = box
        window = Window(cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start)
        out = []
        for address in self.addresses[first]:
            with opened(address, driver="GTiff") as dataset:
                out.append(dataset.read(1, window=window)[:: rows.step, :: cols.step])
        return np.stack(out)


def open_pages(
    path: Path, addresses: Sequence[str], axes: Sequence[str] | None, part: str | None = None
) -> xr.DataArray:
    """Open a TIFF of several images as one array.

    Parameters
    ----------
    path : Path
        The file.
    addresses : sequence of str
        Of its images, from `pages`.
    axes : sequence of str, optional
        Their names: that of the images first.
    part : str, optional
        Of complex numbers, which several images together are not taken of.

    Raises
    ------
    AmbiguousAxes
        Where `axes` is not given, or the images are not alike.
    SurveyError
        Where a page cannot be read or the axes do not fit.
    """
    kinds, notes = [], list[str]()
    try:
        for address in addresses:
            with opened(address, driver="GTiff") as dataset:
                kinds.append((dataset.count, dataset.height, dataset.width, dataset.dtypes[0]))
                notes += check_blocks(path, dataset)
                nodata, crs, transform = dataset.nodata, dataset.crs, dataset.transform
    except SurveyError:
        raise
    except GDAL_ERRORS as error:
        raise SurveyError(
            path, f"GDAL cannot read it ({one_line(error)})", "Export it again as GeoTIFF or ENVI"
        ) from error
    singly = [
        ReadingChoice(
            f"image {k + 1}: {counted(height, 'rows')} x {counted(width, 'columns')}, {counted(count, 'bands')}",
            {"page": k + 1},
        )
        for k, (count, height, width, _) in enumerate(kinds)
    ]
    if len(set(kinds)) > 1 or kinds[0][0] != 1:
        raise AmbiguousAxes(path, f"it holds {counted(len(addresses), 'images')} that do not form one array", singly)
    _, height, width, dtype = kinds[0]
    if part is not None and not dtype.startswith("complex"):
        raise IdleOption(path, "part", OF_REAL)
    shape = (len(addresses), height, width)
    if axes is None:
        together = [
            ReadingChoice(words.format(n=shape[0]), {"axes": names})
            for words, names in (
                ("{n} bands of one scene", ("band", "y", "x")),
                ("one scene on {n} dates", ("date", "y", "x")),
                ("{n} slices of a volume, from the top down", ("z", "y", "x")),
                ("{n} inlines of a volume, time downwards", ("inline", "twt", "crossline")),
            )
        ]
        raise AmbiguousAxes(
            path, f"it holds {counted(len(addresses), 'images')} of {height} x {width}", [*together, *singly]
        )
    named = check_axes(path, axes, shape)
    values = _Pages(path, addresses, (height, width), dtype).variable(("page", "y", "x"))
    coords: dict[str, Any] = {}
    if not transform.is_identity and transform.b == transform.d == 0 and "y" in named and "x" in named:
        coords["y"] = (transform.f + transform.e * (np.arange(height) + 0.5), {})
        coords["x"] = (transform.c + transform.a * (np.arange(width) + 0.5), {})
    return assemble(
        path, values, named, name=path.stem, format=f"TIFF of {counted(len(addresses), 'images')}, {dtype}",
        notes=sorted(set(notes)), coords=coords, crs=crs, attrs={"nodata": nodata},
    )  # fmt: skip
