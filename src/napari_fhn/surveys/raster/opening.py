"""Hyperspectral cubes and maps through GDAL: ENVI, GeoTIFF and the grids of interpreters' programs, (band, y, x)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from rasterio.enums import MaskFlags

from napari_fhn.regular import odd_beside
from napari_fhn.sentence import counted
from napari_fhn.surveys import reaching
from napari_fhn.surveys.assemble import check_values
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.idle import OF_REAL, IdleOption
from napari_fhn.surveys.lazy import LazyArray, one_line
from napari_fhn.surveys.maps.grids import GDAL_ERRORS, place
from napari_fhn.surveys.missions import aviris, dlr
from napari_fhn.surveys.raster import categories, envi_header, tiff, virtual
from napari_fhn.surveys.raster.bands import of_bands
from napari_fhn.surveys.raster.control_points import grid_of_dataset
from napari_fhn.surveys.raster.values import PARTS, Bands, ComplexPart, Part

_TIFF = (".tif", ".tiff")
#: Grids that GDAL reads whole or refuses: suffix, how the file begins, GDAL's driver.
_GRIDS: dict[str, tuple[tuple[bytes, str], ...]] = {
    ".asc": ((rb"\s*ncols\b", "AAIGrid"),),
    ".grd": ((rb"DSAA", "GSAG"), (rb"DSBB", "GSBG"), (rb"DSRB", "GS7BG")),
    ".ers": ((rb"\s*DatasetHeader\s+Begin", "ERS"),),
    ".img": ((rb"EHFA_HEADER_TAG", "HFA"),),
    ".jp2": ((rb"\x00\x00\x00\x0cjP  ", "JP2OpenJPEG"),),
    ".vrt": ((rb"\s*<VRTDataset\b", "VRT"),),
    ".png": ((rb"\x89PNG\r\n\x1a\n", "PNG"),),
}
_ESRI = (".hdr", rb"\s*(?:BYTEORDER|LAYOUT|NROWS|NCOLS|NBANDS|NBITS|ULXMAP|XLLCORNER)\b", "EHdr")
#: Raw values with a header of text beside them: suffix of the header, how it begins, GDAL's driver.
_HEADED: dict[str, tuple[str, bytes, str]] = {
    ".sdat": (".sgrd", rb"\s*(?:NAME|DESCRIPTION)\b", "SAGA"),
    ".rst": (".rdc", rb"\s*file format", "RST"),
    **dict.fromkeys((".bil", ".bip", ".bsq", ".flt"), _ESRI),
}
_ENVI = (".hdr", ".bsq", ".bil", ".bip")
SUFFIXES = tuple(dict.fromkeys((*_TIFF, *_ENVI, *_GRIDS, *_HEADED)))


def can_open(path: Path) -> bool:
    """Say whether a path is a TIFF or another grid by its first bytes, or one of the two files of an ENVI image."""
    if path.suffix.lower() in _TIFF:
        return tiff.is_tiff(path)
    return _grid_driver(path) is not None or envi_header.pair(path) is not None


def open(
    path: Path,
    *,
    wavelength_units: str | None = None,
    page: int | None = None,
    axes: tuple[str, ...] | None = None,
    part: Part | None = None,
    follow: bool = False,
) -> xr.DataArray:
    """Open an ENVI image, a GeoTIFF or another grid lazily.

    Parameters
    ----------
    path : Path
        A TIFF, either file of an ENVI image (data, with or without suffix, or ``.hdr``), an ESRI or Surfer
        grid, an ESRI ``.bil`` or ``.flt``, SAGA, IDRISI, ER Mapper, ERDAS Imagine, JPEG 2000, a PNG (with its world
        file, where it has one) or a GDAL virtual raster.
    wavelength_units : str, optional
        Of wavelengths that come without units.
    page : int, optional
        Which image (from 1) of a TIFF that holds several.
    axes : tuple of str, optional
        What the images of a TIFF are: ``("band", "y", "x")``, ``("date", "y", "x")``, or the axes of a volume.
    part : {"magnitude", "phase", "real", "imaginary"}, optional
        What to take of complex numbers.
    follow : bool
        Whether values may come from outside the folder of the file, where it names such: files elsewhere, servers.

    Returns
    -------
    xarray.DataArray
        Dims ``(band, y, x)``, values as stored; bands counted from 1, y and x as pixel centres in map units,
        in the order of the file (y mostly falls). On ``band``, where the file tells: ``wavelength`` and
        ``fwhm`` in nanometres, ``good`` (False: on the bad-band list, or an alpha channel), ``band_name``,
        ``band_unit``, ``scale`` and ``offset`` (see `napari_fhn.surveys.lazy.physical`). CRS and transform
        through ``.rio``. Attributes, besides those of `napari_fhn.surveys.open`: ``nodata`` (the value, or
        None), ``classes`` (names by code, where the file has them). Where a mask hides pixels the values are floats
        with NaN.

    Raises
    ------
    AmbiguousAxes
        When a TIFF holds several images and nothing says what they are.
    ReachesOut
        When it names what lies outside its folder, and `follow` does not say that it may.
    SurveyError
        When GDAL cannot read it or the file is shorter than its header promises.
    """
    path = Path(path)
    if path.suffix.lower() in _TIFF:
        _look(path, path, follow)
        pages = tiff.pages(path)
        if len(pages) > 1 and page is None:
            return tiff.open_pages(path, pages, axes, part)
        _check_named(path, axes)
        if page is not None and not 1 <= page <= len(pages):
            raise SurveyError(
                path, f"it holds {counted(len(pages), 'images')}, and no number {page}", "Choose one of them"
            )
        found = _open(path, path, "GTiff", pages[page - 1] if page and len(pages) > 1 else str(path), None,
                      wavelength_units, part)  # fmt: skip
        return dlr.with_metadata(path, found, wavelength_units)
    _check_named(path, axes)
    if page is not None:
        raise IdleOption(path, "page")
    driver = _grid_driver(path)
    if driver is not None:
        _look(path, path, follow)
        return _open(path, path, driver, str(path), None, wavelength_units, part)
    pair = envi_header.pair(path)
    if pair is None:
        raise SurveyError(path, *_why_not(path))
    data, header_path = pair
    _look(path, data, follow)
    header = envi_header.read_header(header_path)
    found = _open(path, data, "ENVI", str(data), header, wavelength_units, part)
    return _brought_onto_map(path, data, header, found)


def _check_named(path: Path, axes: tuple[str, ...] | None) -> None:
    """Refuse names for the axes of what is a map, with bands or with none."""
    if axes is not None:
        raise IdleOption(path, "axes", "those of a raster are band, y and x")


def _brought_onto_map(path: Path, data: Path, header: envi_header.EnviHeader, scene: xr.DataArray) -> xr.DataArray:
    """Bring an image in the geometry of its sensor onto the map, where the table for it lies beside it."""
    beside = aviris.table_beside(data, header)
    if beside is not None:
        named, about = beside[0], envi_header.read_header(beside[1])
        _look(named, named, False)
        table = _open(named, named, "ENVI", str(named), about, None, None)
        return aviris.on_map(path, scene, table, about)
    beside = aviris.places_beside(data, header)
    if beside is not None:
        named, about = beside[0], envi_header.read_header(beside[1])
        _look(named, named, False)
        return aviris.by_places(path, scene, _open(named, named, "ENVI", str(named), about, None, None))
    return scene


def open_named(path: Path, address: str, wavelength_units: str | None, part: Part | None) -> xr.DataArray:
    """Open a GeoTIFF that GDAL has another name for than a path: by address, see `napari_fhn.surveys.remote`."""
    return _open(path, path, "GTiff", address, None, wavelength_units, part)


def _open(
    path: Path,
    data: Path,
    driver: str,
    address: str,
    header: envi_header.EnviHeader | None,
    wavelength_units: str | None,
    part: Part | None,
) -> xr.DataArray:
    notes: list[str] = []
    if header is not None:
        longer = envi_header.check_size(data, header)
        notes += [*header.notes, *([longer] if longer else [])]
    try:
        with tiff.opened(address, driver=driver) as dataset:
            shape = (dataset.count, dataset.height, dataset.width)
            check_values(path, np.dtype("f4"), shape)
            _check_file(path, data, dataset, header)
            notes += tiff.check_blocks(path, dataset)
            coords, said = of_bands(dataset, header, wavelength_units)
            nodata, masked, more = _missing(dataset, header)
            notes += said + more
            grid, told = grid_of_dataset(dataset)
            notes += told
            kinds = set(dataset.dtypes)
            listed = () if header is None else header.items("class names")
            classes = dict(enumerate(listed)) or categories.named(data, dataset)
            by_pixel = dataset.interleaving is not None and dataset.interleaving.name == "pixel"
            packed = by_pixel and dataset.compression is not None
    except SurveyError:
        raise
    except GDAL_ERRORS as error:
        reason = re.sub(r"\s*Set GDAL_\w+.*", "", str(error))
        raise SurveyError(path, f"GDAL cannot read it ({reason})", "Export it again as GeoTIFF or ENVI") from error
    if len(kinds) > 1:
        raise SurveyError(path, f"its bands are of unlike types ({', '.join(sorted(kinds))})", "Save them in one type")
    if not grid.placed and grid.crs is None:
        notes.append("It has no map coordinates; x and y count pixels.")
    if grid.transform.b or grid.transform.d:
        notes += [f"The grid is rotated or sheared; {dim} counts pixels." for dim in ("y", "x")]
    dtype = np.dtype(kinds.pop())
    values: LazyArray = Bands(path, address, driver, shape, dtype, masked, packed)
    if part is not None and dtype.kind != "c":
        raise IdleOption(path, "part", OF_REAL)
    if dtype.kind == "c":
        if part not in PARTS:
            known = " or ".join(map(repr, PARTS))
            raise SurveyError(path, "it holds complex numbers", f"Say which part: part={known}")
        values = ComplexPart(path, values.variable(("band", "y", "x")), part)
    attrs: dict[str, Any] = {} if nodata is None else {"_FillValue": nodata}
    source = tiff.SHORT.get(driver, driver)
    if classes:
        attrs["classes"] = classes
    attrs |= {
        "source": str(data.absolute()),
        "kind": "hyperspectral" if "wavelength" in coords else "maps",
        "format": f"{source}, {dtype}" + (f", {header.interleave}" if header is not None else ""),
        "nodata": nodata,
        "notes": tuple(notes),
    }
    array = xr.DataArray(values.variable(("band", "y", "x")), name=path.stem, attrs=attrs)
    array = array.assign_coords({"band": ("band", np.arange(1, shape[0] + 1)), **coords})
    try:
        return place(array, grid)
    except GDAL_ERRORS as error:
        what = f"its CRS is not understood ({one_line(error)})"
        raise SurveyError(path, what, "Export it with another") from error


def _check_file(path: Path, data: Path, dataset: rasterio.DatasetReader, header: envi_header.EnviHeader | None) -> None:
    """Hold what GDAL understood against the header, or against the bytes of a raw file."""
    shape = (dataset.count, dataset.height, dataset.width)
    item = np.dtype(dataset.dtypes[0]).itemsize
    if header is not None:
        promised = (header.bands, header.lines, header.samples)
        if shape != promised or dataset.dtypes[0] != header.dtype:
            raise SurveyError(
                path,
                f"its header can be read in two ways: {promised} {header.dtype}, or {shape} {dataset.dtypes[0]}",
                "Write each field once, in whole numbers",
            )
    elif dataset.driver == "ERS":
        raw = data.with_suffix("")
        size = raw.stat().st_size if raw.is_file() else 0
        if size < int(np.prod(shape, dtype=np.float64)) * item:
            raise SurveyError(
                path, f"its data file {raw.name} has {size} bytes, too few for {shape} values of {item} bytes",
                "Copy both files again",
            )  # fmt: skip


def _missing(
    dataset: rasterio.DatasetReader, header: envi_header.EnviHeader | None
) -> tuple[float | None, bool, list[str]]:
    """Return the "no data" value, whether pixels have to be masked instead, and notes."""
    if header is not None:
        value, note = envi_header.ignore_value(header)
        return value, False, [note] if note else []
    values = set(dataset.nodatavals)
    if len(values) > 1 and not all(v is not None and np.isnan(v) for v in values):
        return None, True, ["Its bands have unlike 'no data' values; what is missing is NaN."]
    flags = {flag for flags in dataset.mask_flag_enums for flag in flags}
    if MaskFlags.per_dataset in flags:
        return None, True, ["A mask hides pixels; they are NaN."]
    return dataset.nodata, False, []


def _grid_driver(path: Path) -> str | None:
    """GDAL's driver for a grid, by suffix and first bytes."""
    suffix = path.suffix.lower()
    beside = _HEADED.get(suffix)
    if beside is not None:
        for header in (path.with_suffix(beside[0]), path.with_suffix(beside[0].upper())):
            if header.is_file():
                with header.open("rb") as file:
                    return beside[2] if re.match(beside[1], file.read(64), re.IGNORECASE) else None
    kinds = _GRIDS.get(suffix)
    if not kinds:
        return None
    with path.open("rb") as file:
        begin = file.read(64)
    return next((driver for magic, driver in kinds if re.match(magic, begin, re.IGNORECASE)), None)


def _look(path: Path, data: Path, follow: bool) -> None:
    """Look at what GDAL would open beside a file, before it does."""
    odd = odd_beside(data)
    if odd is not None:
        raise SurveyError(path, *odd)
    reaching.check(path, virtual.targets(data, _is_whole), follow)


def _is_whole(path: Path) -> bool:
    """Say whether a file holds the values of a raster itself, whatever GDAL's other drivers may see in it."""
    with path.open("rb") as file:
        begin = file.read(64)
    if path.suffix.lower() in _TIFF:
        return tiff.is_tiff(path)
    if _grid_driver(path) is not None:
        return True
    # Of raw values: text would be something that one of GDAL's drivers understands.
    return envi_header.pair(path) is not None and not begin.decode("latin-1").isprintable()


def _why_not(path: Path) -> tuple[str, str]:
    suffix = path.suffix.lower()
    if suffix == ".hdr":
        if not envi_header.is_header(path):
            return "line 1 is not 'ENVI', so it is no ENVI header", "Open the ENVI header or a GeoTIFF"
        return "the data file that belongs to this ENVI header is not beside it", "Put it into the same folder"
    if suffix in _HEADED and suffix not in _ENVI:
        other = _HEADED[suffix][0]
        return f"its header {path.stem}{other} is not beside it, or is none", "Put it into the same folder"
    if suffix in _GRIDS and suffix != ".img":
        return f"it does not begin as a {suffix} file does", "Export it again as GeoTIFF"
    return "there is no ENVI header beside it", f"Put {path.stem}.hdr into the same folder"
