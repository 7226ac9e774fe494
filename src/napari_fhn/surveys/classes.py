"""Classes, truths and masks out of files, on the grid of a survey: the one reader of what lies voxel by voxel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.surveys.arrays import npy
from napari_fhn.surveys.assemble import assemble
from napari_fhn.surveys.axes import AXES, AmbiguousAxes, known_axes
from napari_fhn.surveys.blocks import pieces
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.grid import Grid, Placed, PlaceError, onto
from napari_fhn.surveys.idle import without_idle
from napari_fhn.surveys.opening import open as open_survey
from napari_fhn.surveys.opening import options_of
from napari_fhn.surveys.remote.addresses import path_of
from napari_fhn.surveys.remote.opening import at_hand
from napari_fhn.surveys.stored_classes import StoredClasses, as_bytes, missing, values_beside

#: The largest value of a class.
MAX_VALUE = 255
#: Options that name a part of the survey's file, which another file may not have.
_PARTS = ("variable", "page", "part", "wavelength_units")


def stored_classes(path: str | Path, survey: xr.DataArray | Grid, **reading: Any) -> StoredClasses:
    """Open labels or true classes on the grid of a survey, with the codes that the file has.

    Parameters
    ----------
    path, survey, **reading
        As in `read_classes`.

    Raises
    ------
    PlaceError
        When they do not lie on the survey.
    SurveyError
        When the file cannot be read.
    """
    path = path_of(path)
    return StoredClasses(open_onto(path, survey, classes=True, **reading), path)


def read_classes(
    path: str | Path, survey: xr.DataArray | Grid, *, codes: Mapping[int, int] | None = None, **reading: Any
) -> Placed:
    """Read labels or true classes onto the grid of a survey.

    Parameters
    ----------
    path : str or Path
        Any file, or address, that `napari_fhn.surveys.open` reads, of whole numbers.
    survey : xarray.DataArray or Grid
        On whose grid they are wanted.
    codes : mapping of int to int, optional
        Label value of each code that the file may hold, as `napari_fhn.labels.ClassTable.by_code`; codes are values
        where it is absent.
    **reading
        Options of `napari_fhn.surveys.open` with which the survey was read. Those that the file takes as well hold for
        it too: axes of an array in the same order as the survey's are turned as the survey was. A `Grid`, and a survey,
        know the axes that they were read with.

    Returns
    -------
    Placed
        uint8 in memory, 0 where nothing is labelled: where the file says "no data", NaN or nothing. `Placed.words` says
        what was done to bring them onto the grid, and what was left out.

    Raises
    ------
    PlaceError
        When they do not lie on the survey.
    SurveyError
        When the file cannot be read, or holds something else than classes.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> path = surveys.save("facies.sgy", sample_data.seismic_truth(), survey)
    >>> part = survey[3:5, ::-1]
    >>> bool((surveys.read_classes(path, part).values.values == sample_data.seismic_truth()[3:5, ::-1]).all())
    True
    """
    stored = stored_classes(path, survey, **reading)
    if codes is None:
        found = stored.codes()
        if max(found, default=0) > MAX_VALUE:
            raise SurveyError(
                stored.path,
                f"its values run from {found[0]} to {found[-1]}" if len(found) > 1 else f"it holds {found[0]}",
                f"Classes are whole numbers from 1 to {MAX_VALUE}, and 0 is unlabelled, unless a table names others",
            )
        codes = {code: code for code in found}
    placed = stored.values(codes)
    return replace(placed, words=" ".join(part for part in (placed.words, *stored.words(codes)) if part))


def stored_array(values: xr.DataArray, survey: xr.DataArray | Grid) -> StoredClasses:
    """Bring classes that are at hand onto the grid of a survey, with the codes that they have.

    Parameters
    ----------
    values : xarray.DataArray
        Whole numbers with coordinates, as `napari_fhn.surveys.open` gives them.
    survey : xarray.DataArray or Grid
        On whose grid they are wanted.

    Raises
    ------
    PlaceError
        When they do not lie on the survey.

    Examples
    --------
    >>> import xarray as xr
    >>> magnetics = xr.DataArray(np.zeros((4, 3), np.float32), dims=("y", "x"), coords={"y": [9, 8, 7, 6]})
    >>> known = xr.DataArray(np.eye(4, 3, dtype=int), dims=("y", "x"), coords={"y": [6, 7, 8, 9]})
    >>> found = stored_array(known * 10, magnetics)
    >>> found.codes(), found.values({10: 1}).values.values[:, 0].tolist()
    ((10,), [0, 0, 0, 1])
    """
    grid = survey if isinstance(survey, Grid) else Grid.of(survey)
    source = Path(str(values.attrs.get("source") or values.name or "array"))
    return StoredClasses(onto(_flat(values, source, len(grid.shape)), grid, classes=True, name=source.name), source)


def read_mask(path: str | Path, survey: xr.DataArray | Grid, **reading: Any) -> Placed:
    """Read a mask onto the grid of a survey.

    Parameters
    ----------
    path, survey, **reading
        As in `read_classes`; any numbers.

    Returns
    -------
    Placed
        uint8 in memory: 1 where the file has another value than 0, 0 elsewhere, and where it says "no data", NaN or
        nothing.

    Raises
    ------
    SurveyError
        As `read_classes` does.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> path = surveys.save("facies.sgy", sample_data.seismic_truth(), survey)
    >>> surveys.read_mask(path, survey[3:5]).values.values.max().item()
    1
    """
    placed = open_onto(path, survey, classes=True, **reading)
    out = np.zeros(placed.values.shape, np.uint8)
    for piece in pieces(placed.values):
        slab = np.asarray(placed.values[piece])
        out[piece] = ~missing(slab, placed.values.attrs.get("nodata")) & (slab != 0)
    words = placed.words
    if not out.any() and placed.before and any(beside.any() for beside in values_beside(placed.before, [0])):
        words += f" {path_of(path).name}: nothing is left of it on the grid of the survey, which is coarser."
    return replace(placed, values=as_bytes(placed.values, out), words=words)


def open_onto(path: str | Path, survey: xr.DataArray | Grid, *, classes: bool, **reading: Any) -> Placed:
    """Open a file of one value for each voxel and bring it onto the grid of a survey, still lazy.

    Parameters
    ----------
    path, survey, **reading
        As in `read_classes`.
    classes : bool
        As in `napari_fhn.surveys.grid.onto`.

    Returns
    -------
    Placed
        Stored values, without an axis ``band``.

    Raises
    ------
    SurveyError
        As `read_classes` does.
    """
    path = at_hand(path, agreed=bool(reading.pop("fetch", False)))
    grid = survey if isinstance(survey, Grid) else Grid.of(survey)
    axes = _ours(tuple(reading.pop("axes", None) or grid.options.get("axes") or ()))
    values = _flat(_open(path, grid, axes, reading), path, len(grid.shape))
    words = ""
    named = _for_array(axes, values.ndim)
    if not Grid.of(values).placed and named and set(named) == set(grid.dims) and _takes_axes(path):
        # A file without names of its own is taken to lie as the survey's file does.
        turned = _flat(_open(path, grid, (), {**reading, "axes": named}), path, len(grid.shape))
        if turned.shape == grid.shape:
            if named != grid.dims:
                words = f"{path.name}: its axes were taken to be {', '.join(named)}, as those of the survey's file."
            values = turned
        elif values.shape == grid.shape:
            words = f"{path.name}: it does not lie as the survey's file ({', '.join(named)}) but as the survey itself."
    placed = onto(values, grid, classes=classes, name=path.name)
    return replace(placed, words=" ".join(part for part in (words, placed.words) if part))


def classes_onto(values: Any, survey: xr.DataArray, grid: xr.DataArray, *, name: str = "labels") -> Placed | None:
    """Bring an array of classes that was made for one survey onto the grid of another, still lazy.

    Parameters
    ----------
    values : ndarray or another array that xarray takes
        Of the shape of `survey`, or of its grid.
    survey : xarray.DataArray
        On which they lie.
    grid : xarray.DataArray
        On which they are wanted.
    name : str, optional
        What sentences call them.

    Returns
    -------
    Placed or None
        None where they cannot be brought there.
    """
    place = Grid.of(survey)
    if values.shape == survey.shape:
        dims = [str(dim) for dim in survey.dims]
    elif values.shape == place.shape:
        dims = list(place.dims)
    else:
        return None
    made = xr.DataArray(xr.Variable(dims, values))
    if "band" in dims:
        if made.sizes["band"] != 1:
            return None
        made = made.isel(band=0, drop=True)
    try:
        return onto(place.put(made), grid, classes=True, name=name)
    except SurveyError:
        return None


def _takes_axes(path: Path) -> bool:
    """Whether the axes of a file can be named."""
    return "axes" in options_of(path)


def _ours(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The names of axes as the survey has them, whatever a person called them."""
    return tuple(name if name in AXES else known or name for name, known in zip(axes, known_axes(axes), strict=True))


def _for_array(axes: tuple[str, ...], ndim: int) -> tuple[str, ...]:
    """The axes of the survey's file that an array with one value for each voxel has; none where they do not fit."""
    if len(axes) != ndim:
        axes = tuple(axis for axis in axes if axis not in ("band", "date"))
    return axes if len(axes) == ndim else ()


def _open(path: Path, grid: Grid, axes: tuple[str, ...], reading: Mapping[str, Any]) -> xr.DataArray:
    """Open a file with those of the survey's options that hold for it; `axes` are taken where it leaves them open."""
    if path.suffix.lower() == ".npz":
        alone = npy.only_array(path)
        if alone is not None:
            named = reading.get("axes")
            if named is not None:
                return assemble(path, alone, named, name=path.stem, format=f"npz, {alone.dtype}")
            return xr.DataArray(alone, name=path.stem, attrs={"source": str(path.absolute())})
    known = options_of(path)
    given = {name: value for name, value in reading.items() if name in known}
    if "vertical" in known and "depth" in grid.dims:
        # Such a file cannot say it itself: what belongs to a survey in depth is in depth.
        given.setdefault("vertical", "depth")
    try:
        return without_idle(open_survey, path, given)[0]
    except AmbiguousAxes as error:
        ways = [{**given, **one.options} for one in error.choices]
        said = [way for way in ways if axes and tuple(way.get("axes", ())) in (axes, _for_array(axes, len(grid.shape)))]
        fitting = said or [way for way in ways if _fits(path, grid, way)]
        if len(fitting) != 1:
            raise
        return without_idle(open_survey, path, fitting[0])[0]
    except SurveyError:
        plain = {name: value for name, value in given.items() if name not in _PARTS}
        if plain == given:
            raise
        return without_idle(open_survey, path, plain)[0]


def _fits(path: Path, grid: Grid, options: Mapping[str, Any]) -> bool:
    try:
        return Grid.of(without_idle(open_survey, path, options)[0]).shape == grid.shape
    except SurveyError:
        return False


def _flat(values: xr.DataArray, path: Path, ndim: int) -> xr.DataArray:
    """Values without an axis of bands, or one more without a name, of which there is a single entry."""
    if "band" in values.dims:
        good = np.asarray(values.coords["good"]) if "good" in values.coords else np.ones(values.sizes["band"], bool)
        if good.sum() == 1:
            # What hides pixels has hidden them already.
            return values.isel(band=int(good.argmax()), drop=True)
        if values.sizes["band"] != 1:
            what = f"it has {values.sizes['band']} bands, and one value for each voxel is needed"
            raise PlaceError(path, what, "Save one of them alone")
        return values.isel(band=0, drop=True)
    single = next((dim for dim, n in values.sizes.items() if n == 1), None)
    if values.ndim == ndim + 1 and single is not None:
        return values.isel({single: 0}, drop=True)
    return values
