"""Maps over the traces of a seismic survey: horizons, depths, thicknesses, as points, surfaces or GeoTIFF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.transform import Affine

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out.fitting import without_bands
from napari_fhn.surveys.out.history import PROGRAM, forget, lines_of, plain
from napari_fhn.surveys.out.horizons import places_header, places_of
from napari_fhn.surveys.out.surfaces import IRAP, check_surface, vertical_words, write_surface
from napari_fhn.surveys.out.surfaces import SUFFIXES as SURFACES

TIFF = (".tif", ".tiff")
TEXT = (".xyz", ".csv", ".dat", ".txt")
SUFFIXES = (*TEXT, *SURFACES, *TIFF)


def save_trace_map(
    path: str | Path,
    values: NDArray[np.floating],
    like: xr.DataArray,
    title: str,
    *,
    z: str = "",
    column: str = "",
    history: Sequence[str] = (),
    extra: dict[str, NDArray[np.floating]] | None = None,
) -> int:
    """Write a number for each trace of a survey.

    Parameters
    ----------
    path : str or Path
        Where to:

        * ``.irap``: Irap classic (ASCII), turned on the map as the survey is, with a text file beside it that says what
          it is;
        * ``.zmap``: ZMAP+, whose nodes run east and north, interpolated where the survey lies turned;
        * ``.tif``: GeoTIFF of float32, a pixel for each trace, turned as the survey is, with its CRS where it has one;
        * ``.csv``: a table with a header; ``.xyz``, ``.dat`` and ``.txt`` text whose lines that begin with ``#`` name
          the columns.
    values : ndarray of float, shape (inline, crossline) or (trace,)
        NaN where there is none.
    like : xarray.DataArray
        The survey.
    title : str
        What it is, in one line.
    z : str, optional
        What the numbers are and their unit, in words; without it those of the survey's vertical axis.
    column : str, optional
        The same as the name of a column: ``"thickness [m]"``; without it that of the vertical axis.
    history : sequence of str, optional
        What made it.
    extra : dict of str to ndarray, optional
        Further columns of a text file, and further bands of a GeoTIFF.

    Returns
    -------
    int
        How many traces have a number.

    Raises
    ------
    SurveyError
        When no trace has one, the suffix is none of these, or a surface is asked for along a line or of a survey
        without map coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> save_trace_map("flat.csv", np.full(survey.shape[:2], 800.0), survey, "A flat horizon")
    24576
    """
    path, extra, like = Path(path), dict(extra or {}), without_bands(like)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known", f"Use {', '.join(SUFFIXES)}")
    if tuple(values.shape) != like.shape[:-1]:
        given, own = (" x ".join(map(str, shape)) for shape in (values.shape, like.shape[:-1]))
        raise SurveyError(path, f"there are numbers for {given} traces, and the survey has {own}", "Give its own")
    if suffix in (*SURFACES, *TIFF):
        check_surface(path, like)
    found = np.asarray(values, np.float64)
    count = int(np.isfinite(found).sum())
    if not count:
        raise SurveyError(path, f"there is nothing to write: {title} has no value on any trace", "Ask for another")
    z = z or vertical_words(like)
    with replacing(path) as new:
        if suffix in SURFACES:
            write_surface(new, found, like, [title], lines_of(history), z)
        elif suffix in TIFF:
            _write_tiff(new, found, like, (title, z), extra, list(lines_of(history)))
        else:
            _write_text(new, found, like, title, column, extra, list(lines_of(history)))
    if suffix not in IRAP:
        forget(path)
    return count


def _write_text(
    new: Path,
    values: NDArray[np.float64],
    like: xr.DataArray,
    title: str,
    column: str,
    extra: dict[str, NDArray[np.floating]],
    history: list[str],
) -> None:
    places = np.nonzero(np.isfinite(values))
    columns = places_of(like, places)
    names = [*places_header(like, column), *extra]
    table = np.stack([*columns.values(), values[places], *(np.asarray(one)[places] for one in extra.values())], axis=1)
    formats = [*("%.2f" if name in "xy" else "%.10g" for name in columns), "%.10g", *("%.4g" for _ in extra)]
    csv = new.suffix.lower() == ".csv"
    with new.open("w", encoding="ascii", errors="replace") as file:
        if csv:
            # A table is read by its header alone, in which a unit is a part of the name.
            file.write(",".join(name.replace(" [", "_").replace("]", "") for name in names) + "\n")
        else:
            file.writelines(f"# {plain(line)}\n" for line in [*history, title, ", ".join(names)])
        np.savetxt(file, table, fmt=formats, delimiter="," if csv else " ")


def _write_tiff(
    new: Path,
    values: NDArray[np.float64],
    like: xr.DataArray,
    said: tuple[str, str],
    extra: dict[str, NDArray[np.floating]],
    history: list[str],
) -> None:
    geometry: SurveyGeometry = like.attrs["geometry"]
    one, other = (np.asarray(like[dim], np.float64) for dim in like.dims[:2])
    x, y = geometry.to_xy([one[0], one[-1], one[0]], [other[0], other[0], other[-1]])
    down = np.array([x[1] - x[0], y[1] - y[0]]) / (one.size - 1)
    across = np.array([x[2] - x[0], y[2] - y[0]]) / (other.size - 1)
    corner = np.array([x[0], y[0]]) - down / 2 - across / 2
    transform = Affine(across[0], down[0], corner[0], across[1], down[1], corner[1])
    bands = {said[0]: values, **extra}
    with rasterio.open(
        new, "w", driver="GTiff", compress="deflate", width=other.size, height=one.size, count=len(bands),
        dtype="float32", nodata=float("nan"), transform=transform, crs=_crs(like),
    ) as file:  # fmt: skip
        for number, (name, band) in enumerate(bands.items(), 1):
            file.write(np.asarray(band, np.float32), number)
            file.set_band_description(number, plain(name))
        lines = [*said, *history]
        file.update_tags(
            TIFFTAG_SOFTWARE=PROGRAM, TIFFTAG_IMAGEDESCRIPTION="\n".join(map(plain, lines)), history="\n".join(lines)
        )


def _crs(like: xr.DataArray) -> CRS | None:
    said = like.coords["spatial_ref"].attrs.get("crs_wkt", "") if "spatial_ref" in like.coords else ""
    named = str(said or like.attrs.get("crs") or "")
    try:
        return CRS.from_user_input(named) if named else None
    except CRSError:
        return None
