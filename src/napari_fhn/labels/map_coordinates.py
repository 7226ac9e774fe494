"""Where the cells of a map lie."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.sentence import in_one_line

if TYPE_CHECKING:
    from rasterio.crs import CRS

#: In which longitude and latitude are taken to be, unless somebody says another.
WGS84 = "EPSG:4326"


def map_transform(survey: xr.DataArray) -> NDArray[np.float64]:
    """Return the affine map from cells to map coordinates.

    Parameters
    ----------
    survey : xarray.DataArray
        With the axes ``y`` and ``x``, their coordinates at the middles of cells, and a ``spatial_ref`` where it has a
        rotated grid.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        ``x, y = transform @ (col, row, 1)``, where whole cols and rows are the middles of cells.
    """
    said = str(survey.coords["spatial_ref"].attrs.get("GeoTransform", "")) if "spatial_ref" in survey.coords else ""
    parts = said.split()
    if len(parts) == 6:
        x0, a, b, y0, d, e = map(float, parts)
        # The transform of a file counts from the corners of cells.
        return np.array([[a, b, x0 + (a + b) / 2], [d, e, y0 + (d + e) / 2]])
    x, y = (np.asarray(survey[dim], dtype=np.float64) for dim in ("x", "y"))
    dx, dy = (float(v[-1] - v[0]) / (v.size - 1) if v.size > 1 else 1.0 for v in (x, y))
    return np.array([[dx, 0.0, x[0]], [0.0, dy, y[0]]])


def to_cells(transform: NDArray[np.float64], xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return fractional col and row, shape (n, 2), of map coordinates x and y, shape (n, 2)."""
    return np.asarray(np.linalg.solve(transform[:, :2], (xy - transform[:, 2]).T).T, dtype=np.float64)


def crs_of(text: str, path: Path | None = None) -> CRS:
    """Return the CRS that a person names.

    Raises
    ------
    LabelError
        When there is none of that name.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_user_input(text)
    except (CRSError, ValueError) as error:
        raise LabelError(f"there is no CRS '{text}' ({error})", "Name it as in EPSG:32633", path=path) from error


def named_crs(text: str) -> str:
    """Return what people call a CRS, for a sentence: its code, else its name; WKT fills a page.

    Parameters
    ----------
    text : str
        As a person or a file says it.

    Examples
    --------
    >>> named_crs('LOCAL_CS["Grid of the field",UNIT["metre",1]]'), named_crs("EPSG:32633")
    ('Grid of the field', 'EPSG:32633')
    """
    if "[" not in text:
        return text
    code = crs_of(text).to_epsg(confidence_threshold=100)
    name = re.search(r'"([^"]+)"', text)
    return f"EPSG:{code}" if code else in_one_line(name[1]) if name else "a CRS of its own"


def on_survey(
    roles: tuple[str, ...],
    at: NDArray[np.float64],
    survey: xr.DataArray,
    path: Path,
    crs: str | None = None,
    survey_crs: str | None = None,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Bring places that are coordinates of another CRS to those of a survey; others stay as they are.

    Parameters
    ----------
    roles : tuple of str
        What the first columns are: ``lon`` and ``lat``, ``x`` and ``y``, or numbers.
    at : ndarray of float64, shape (n, at least 2)
        The columns.
    survey, path, survey_crs
        As in `to_map`.
    crs : str, optional
        Of the coordinates, where somebody has said it; longitudes and latitudes are those of WGS 84 without.

    Returns
    -------
    roles : tuple of str
        With ``x`` and ``y`` in place of longitude and latitude.
    at : ndarray of float64
        The columns.
    """
    if not roles or not (roles[0] == "lon" or (roles[0] == "x" and crs is not None)):
        return roles, at
    brought = to_map(at[:, :2], survey, path, crs or WGS84, survey_crs)
    return ("x", "y", *roles[2:]), np.column_stack([brought, at[:, 2:]])


def to_map(
    at: NDArray[np.float64], survey: xr.DataArray, path: Path, crs: str, survey_crs: str | None = None
) -> NDArray[np.float64]:
    """Bring coordinates of another CRS to those of a survey; a `LabelWarning` says so.

    Parameters
    ----------
    at : ndarray of float64, shape (n, 2)
        x and y, or longitude and latitude in degrees.
    survey : xarray.DataArray
        A map, or another survey with a place on the map.
    path : Path
        The file that sentences are about.
    crs : str
        Of the coordinates.
    survey_crs : str, optional
        Of the survey's own coordinates, over what it says.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        x and y of the survey.

    Raises
    ------
    Undeclared
        With option ``"survey_crs"``, when the survey does not say its CRS.
    LabelError
        When these are no degrees, or there is no such CRS.
    """
    source = crs_of(crs, path)
    with np.errstate(invalid="ignore"):
        wrong = (np.abs(at[:, 0]) > 360) | (np.abs(at[:, 1]) > 90)
    if source.is_geographic and wrong.any():
        raise LabelError(
            f"its longitudes and latitudes hold {at[wrong][0][0]:g}, {at[wrong][0][1]:g}, which are no degrees",
            "Say which columns are x and y, and their CRS",
            path=path,
        )
    target = own_crs(survey, path, crs, survey_crs)
    moved = transformed(at, source, target, path)
    words = f"{path.name}: its coordinates ({named_crs(crs)}) were brought to the CRS of the {_called(survey)}."
    warnings.warn(words, LabelWarning, stacklevel=3)
    return moved


def transformed(at: NDArray[np.float64], source: CRS, target: CRS, path: Path) -> NDArray[np.float64]:
    """Bring coordinates from one CRS to another, shape (n, 2); NaN stays NaN.

    Raises
    ------
    LabelError
        When there is no way between the two.
    """
    # Here and not above: tables of other coordinates need no GDAL.
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    known = np.isfinite(at).all(axis=1)
    moved = np.full(at.shape, np.nan)
    try:
        x, y = transform(source, target, at[known, 0], at[known, 1])
    except (RasterioError, ValueError) as error:
        what = f"its places cannot be brought to another CRS ({error})"
        raise LabelError(what, "Give coordinates of the survey", path=path) from error
    moved[known] = np.column_stack([x, y])
    return np.where(np.isfinite(moved), moved, np.nan)


def said_crs(named: str | None, of_file: str, survey: xr.DataArray | None, survey_crs: str | None = None) -> str | None:
    """Return the CRS from which coordinates of a file are brought to those of a survey; None where they are the same.

    Parameters
    ----------
    named : str or None
        What a person has said, over what the file says.
    of_file : str
        What the file says; empty where it says nothing.
    survey : xarray.DataArray or None
        To whose coordinates.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.

    Returns
    -------
    str or None
        Metres of a file whose survey says no CRS are taken for those of the survey, as shapes are.
    """
    if named is not None or not of_file or survey is None:
        return named
    told = survey_crs or map_crs(survey)
    found = crs_of(of_file)
    if not told:
        return of_file if found.is_geographic else None
    return None if found == crs_of(told) else of_file


def own_crs(survey: xr.DataArray, path: Path, crs: str, said: str | None = None) -> CRS:
    """Return the CRS of a survey's own coordinates: as somebody says, else as the survey does.

    Raises
    ------
    Undeclared
        With option ``"survey_crs"``, when neither tells it.
    LabelError
        When there is no such CRS.
    """
    named = said or map_crs(survey)
    if not named:
        raise Undeclared(
            f"its coordinates are in {named_crs(crs)}, and the CRS of the {_called(survey)}'s own coordinates is not "
            "told",
            "Say it, as in EPSG:32631",
            option="survey_crs",
            path=path,
        )
    return crs_of(named, path)


def in_degrees(at: NDArray[np.float64]) -> bool:
    """Whether coordinates, shape (n, 2), may be longitudes and latitudes; whole numbers count something instead."""
    return _is_small(at) and bool((at != np.rint(at)).any())


def _is_small(at: NDArray[np.float64]) -> bool:
    known = at[np.isfinite(at).all(axis=1)]
    return bool(known.size and (np.abs(known[:, 0]) <= 360).all() and (np.abs(known[:, 1]) <= 90).all())


def ask_for_degrees(at: NDArray[np.float64], survey: xr.DataArray, path: Path) -> None:
    """Ask for the CRS of coordinates that lie outside a survey, and may be degrees where its own are none.

    Raises
    ------
    Undeclared
        With option ``"crs"``.
    """
    geometry = survey.attrs.get("geometry")
    own = [geometry.origin] if geometry is not None else []
    if {"x", "y"} <= set(survey.coords) and survey["x"].size and survey["y"].size:
        own = [(float(np.ravel(survey["x"])[0]), float(np.ravel(survey["y"])[0]))]
    if in_degrees(at) and own and not _is_small(np.array(own, dtype=np.float64)):
        raise Undeclared(
            f"its coordinates, such as {at[0, 0]:g} and {at[0, 1]:g}, may be longitudes and latitudes, and those of "
            "the survey are none",
            "Say their CRS; that of longitudes and latitudes is EPSG:4326 mostly",
            option="crs",
            path=path,
        )


def map_crs(survey: xr.DataArray) -> str:
    """Return the CRS of a survey as text, empty where it says none."""
    said = survey.coords["spatial_ref"].attrs.get("crs_wkt", "") if "spatial_ref" in survey.coords else ""
    return str(said or survey.attrs.get("crs") or "")


def _called(survey: xr.DataArray) -> str:
    return "map" if {"y", "x"} <= set(survey.dims) else "survey"
