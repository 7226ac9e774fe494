"""Horizons out: where one class turns into another, as points in XYZ text or as a surface."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out import fitting, gocad
from napari_fhn.surveys.out.history import forget, lines_of, plain
from napari_fhn.surveys.out.surfaces import IRAP, SUFFIXES, check_surface, write_surface

Floats = NDArray[np.float64]
VSET = (".vs",)


def horizon(values: ArrayLike, above: int | Collection[int], below: int | Collection[int]) -> NDArray[np.int64]:
    """Find where a class turns into another on the way down.

    Parameters
    ----------
    values : ArrayLike of int, shape (..., sample)
        Classes; read a slab at a time.
    above, below : int or collection of int
        Value, or values, above and below the contact.

    Returns
    -------
    ndarray of int64, shape of `values` without its last axis
        Index of the first sample of `below` right under one of `above`; -1 where a trace has no such contact.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn.surveys.out import horizon
    >>> horizon(np.array([[1, 1, 2, 2], [1, 2, 1, 2], [2, 2, 2, 1]]), above=1, below=2)
    array([ 2,  1, -1])
    """
    found = [_contacts(slab, above, below) for _, slab in _slabs(values)]
    return np.concatenate(found) if found else np.empty(values.shape[:-1], np.int64)


def save_horizon(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    above: int | Collection[int],
    below: int | Collection[int],
    *,
    names: Mapping[int, str] | None = None,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> int:
    """Write the contact between two classes: a point for each trace that has it, or a surface.

    What is written is the two-way time in ms, or depth in m, of the first sample below the contact. As text, columns
    are inline and crossline (for a line the trace), x and y where the survey has a place on the map, and that; lines
    that begin with ``#`` name them.

    Parameters
    ----------
    path : str or Path
        Where to:

        * ``.irap``: Irap classic (ASCII), turned on the map as the survey is; traces without the contact are undefined.
          What it is, and its unit, stands in a text file beside it (``NAME.irap.history.txt``);
        * ``.zmap``: ZMAP+, whose nodes run east and north; on the traces where the survey does, else interpolated
          between them;
        * ``.vs``: GOCAD VSet, a vertex for each trace that has the contact, of a volume;
        * any other, mostly ``.xyz``: text.
    values : ArrayLike of int, shape (inline, crossline, sample) or (trace, sample)
        Classes on the grid of `like`; read a slab at a time.
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it.
    above, below : int or collection of int
        As in `horizon`.
    names : mapping of int to str, optional
        What the file calls the classes, by value; their values when absent.
    history : sequence of str, optional
        What made the classes: the first lines, each after a ``#``.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    int
        Number of traces written.

    Raises
    ------
    SurveyError
        When the shapes do not match, nothing in the survey points downwards, the contact occurs nowhere, or a surface
        is asked for along a line or of a survey without map coordinates.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> from napari_fhn.surveys.out import save_horizon
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> classes = sample_data.seismic_truth()
    >>> save_horizon("cover.xyz", classes, survey, above=1, below=2)
    5761
    >>> print(open("cover.xyz").readlines()[1].strip())
    # inline, crossline, x [m], y [m], twt [ms]
    """
    path = Path(path)
    like = fitting.check(path, "horizon", values.shape, like)
    if path.suffix.lower() in VSET and like.ndim != 3:
        raise SurveyError(path, "a GOCAD VSet is that of a volume, and the survey is a line", "Use .xyz")
    surface = path.suffix.lower() in SUFFIXES
    if surface:
        check_surface(path, like)
    title, written = horizon_title(like, above, below, names or {}), 0
    with replacing(path) as new:
        if surface:
            depths = depths_of(values, like, above, below, progress)
            written = int(np.isfinite(depths).sum())
            if written:
                write_surface(new, depths, like, [title], lines_of(history))
        elif path.suffix.lower() in VSET:
            name = title.partition(";")[0].partition(": ")[2]
            with new.open("w", encoding="ascii", errors="replace") as file:
                head = gocad.head("VSet", plain(name), like, [*lines_of(history), title])
                file.writelines(f"{line}\n" for line in head)
                for start, depths in _depths(values, like, above, below, progress):
                    written += _write_vertices(file, like, start, depths, written)
                file.write("END\n")
        else:
            with new.open("w", encoding="ascii", errors="replace") as file:
                file.writelines(f"# {plain(line)}\n" for line in [*lines_of(history), title, _header(like)])
                for start, depths in _depths(values, like, above, below, progress):
                    written += _write_points(file, like, start, depths)
        if not written:
            touching = f"{_called(above, names)} nowhere lies right above {_called(below, names)}"
            raise SurveyError(path, touching, "Choose classes that touch, upper first")
    if path.suffix.lower() not in IRAP:
        forget(path)
    return written


def depths_of(
    values: ArrayLike,
    like: xr.DataArray,
    above: int | Collection[int],
    below: int | Collection[int],
    progress: Told | None = None,
) -> Floats:
    """Return the time or depth of the contact on each trace, NaN where there is none; see `save_horizon`."""
    return np.concatenate([found for _, found in _depths(values, like, above, below, progress)])


def _depths(
    values: ArrayLike,
    like: xr.DataArray,
    above: int | Collection[int],
    below: int | Collection[int],
    progress: Told | None,
) -> Iterator[tuple[int, Floats]]:
    """Depths of the contact, NaN where there is none, a slab at a time, with the index of its first line."""
    down = np.asarray(like[like.dims[-1]], dtype=np.float64)
    for piece, slab in _slabs(values):
        index = _contacts(slab, above, below)
        yield piece.start, np.where(index >= 0, down[index], np.nan)
        release(values)
        if progress is not None:
            progress(piece.stop / values.shape[0])


def _write_points(file: TextIO, like: xr.DataArray, start: int, depths: Floats) -> int:
    """Write a line of text for each trace that has a depth; returns how many."""
    places = np.nonzero(np.isfinite(depths))
    columns = places_of(like, (places[0] + start, *places[1:]))
    table = np.stack([*columns.values(), depths[places]], axis=1)
    np.savetxt(file, table, fmt=[*("%.2f" if name in "xy" else "%.10g" for name in columns), "%.10g"])
    return len(table)


def _write_vertices(file: TextIO, like: xr.DataArray, start: int, depths: Floats, before: int) -> int:
    """Write a numbered vertex for each trace that has a depth; returns how many."""
    places = np.nonzero(np.isfinite(depths))
    columns = places_of(like, (places[0] + start, *places[1:]))
    first, second = ("x", "y") if "x" in columns else list(columns)[:2]
    numbers = before + 1 + np.arange(len(places[0]))
    table = np.stack([numbers, columns[first], columns[second], depths[places]], axis=1)
    np.savetxt(file, table, fmt="VRTX %d %.3f %.3f %.6g")
    return len(table)


def _slabs(values: ArrayLike) -> Iterator[tuple[slice, NDArray[Any]]]:
    for piece in pieces(values):
        yield piece, read(values, piece)


def _contacts(slab: NDArray[Any], above: int | Collection[int], below: int | Collection[int]) -> NDArray[np.int64]:
    upper, lower = (np.isin(slab, value if isinstance(value, int) else list(value)) for value in (above, below))
    contact = upper[..., :-1] & lower[..., 1:]
    if not contact.shape[-1]:
        return np.full(slab.shape[:-1], -1, np.int64)
    return np.where(contact.any(-1), contact.argmax(-1) + 1, -1)


def places_of(like: xr.DataArray, places: tuple[NDArray[np.intp], ...]) -> dict[str, Floats]:
    """Return what is known of the place of some traces: numbers, and map coordinates where there are some.

    Parameters
    ----------
    like : xarray.DataArray
        The survey.
    places : tuple of ndarray of int
        Indices along each lateral axis.
    """
    if like.ndim == 2:
        names = ["trace", *(name for name in ("inline", "crossline", "x", "y") if name in like.coords)]
        return {name: np.asarray(like[name], dtype=np.float64)[places[0]] for name in names}
    inline, crossline = (
        np.asarray(like[dim], dtype=np.float64)[index] for dim, index in zip(like.dims[:2], places, strict=True)
    )
    columns = {str(like.dims[0]): inline, str(like.dims[1]): crossline}
    geometry = like.attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry):
        columns["x"], columns["y"] = geometry.to_xy(inline, crossline)
    return columns


def horizon_title(like: xr.DataArray, above: Any, below: Any, names: Mapping[int, str]) -> str:
    """Say in a line what a contact is."""
    source = Path(str(like.attrs.get("source", ""))).name
    return f"horizon: first sample of {_called(below, names)} below {_called(above, names)}; survey {source}"


def _called(values: int | Collection[int], names: Mapping[int, str] | None) -> str:
    """Say which classes are meant."""
    listed = [values] if isinstance(values, int) else list(values)
    said = " or ".join((names or {}).get(value, str(value)) for value in listed)
    return f"class {said}" if len(listed) == 1 else f"classes {said}"


def _header(like: xr.DataArray) -> str:
    """Name the columns of the text."""
    return ", ".join(places_header(like))


def places_header(like: xr.DataArray, column: str = "") -> list[str]:
    """Return the names of the columns of a text file, with units.

    Parameters
    ----------
    like : xarray.DataArray
        The survey.
    column : str, optional
        Of what stands behind the place; without it the vertical axis.
    """
    vertical = like[like.dims[-1]]
    geometry = like.attrs.get("geometry")
    unit = geometry.units if isinstance(geometry, SurveyGeometry) else ""
    if like.ndim == 2 and "x" in like.coords:
        unit = str(like["x"].attrs.get("units", ""))
    nowhere = (np.array([], np.intp),) * (like.ndim - 1)
    names = [f"{name} [{unit}]" if name in "xy" and unit else name for name in places_of(like, nowhere)]
    units = vertical.attrs.get("units", "")
    own = f"{vertical.name} [{units}]" if units else str(vertical.name)
    return [*names, column or own]
