"""Points: labelled pixels of a map, labelled traces or samples of a survey."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.classes.codes import means_nothing
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.horizons.horizon_values import on_axis
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.map_coordinates import ask_for_degrees, map_transform, on_survey, said_crs, to_cells
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.fill_values import fill_values, without
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.text import is_null
from napari_fhn.labels.volumes.fall_off import check, percent
from napari_fhn.labels.wells.vertical import of_domain, of_way
from napari_fhn.sentence import counted, counted_of
from napari_fhn.surveys.kinds import is_line, is_seismic


@dataclass(frozen=True)
class Point:
    """One labelled pixel: row, column (from 0) and label value; in a volume also the sample.

    On a line the row is the trace, the column 0.
    """

    row: int
    col: int
    value: int
    sample: int | None = None


def read_points(
    path: str | Path | Table,
    table: ClassTable,
    survey: xr.DataArray | None = None,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    crs: str | None = None,
    survey_crs: str | None = None,
    z: str | None = None,
) -> list[Point]:
    """Read labelled points.

    Parameters
    ----------
    path : str, Path or Table
        A table of ``class`` (name or value) with ``row`` and ``col`` (from 0); on a map also with ``x`` and ``y``, or
        longitude and latitude; in a volume or on a line with ``inline`` and ``crossline``, ``x`` and ``y``, or
        longitude and latitude, on a line also with ``trace`` or ``cdp``, and ``twt``, ``time`` or ``z`` (``depth`` in a
        depth survey).
    table : ClassTable
        The classes.
    survey : xarray.DataArray, optional
        Map ``(y, x)`` (bands allowed), volume ``(inline, crossline, vertical)`` or line ``(trace, vertical)`` that
        coordinates are held against; not needed for rows and columns.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them.
    crs : str, optional
        Of the map coordinates, such as ``"EPSG:32633"``; that of the survey when absent, and WGS 84 for longitude and
        latitude.
    survey_crs : str, optional
        Of the survey's own coordinates, where it does not say it.
    z : {"down", "up"}, optional
        Which way depths or times grow, as of horizons (`read_horizons`).

    Returns
    -------
    list of Point
        Those given by coordinates and outside the survey are left out with a `LabelWarning`.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns or units cannot be told.
    LabelError
        With file, line and column.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data
    >>> table = labels.ClassTable.from_csv(sample_data.HYPERSPECTRAL.classes)
    >>> labels.read_points(sample_data.HYPERSPECTRAL.labels, table)[0]
    Point(row=53, col=119, value=1, sample=None)
    """
    source = sniffed(path)
    path = source.path
    upright = survey is not None and is_seismic(survey)
    found = Columns(source, columns, units, survey if upright else None)
    source.warn()
    crs = said_crs(crs, source.crs, survey, survey_crs)
    if survey is None:
        groups: list[tuple[str, ...]] = [("row", "col")]
    elif upright:
        vertical = (*of_domain(found, survey.dims, "points"), "z")
        along = [*Traces.of(survey).places(), *([("lon", "lat")] if found.has("lon") and found.has("lat") else [])]
        groups = [(*place, v) for place in along for v in vertical]
    else:
        groups = [("row", "col"), ("x", "y"), ("lon", "lat")]
    roles = found.first(*(("class", *group) for group in groups))
    picked = {role: found.index(role) for role in roles}
    values: list[int] = []
    places: list[tuple[float, ...]] = []
    points: list[Point] = []
    without = 0
    for row in source.rows(picked):
        if means_nothing(row.text("class")):
            without += 1
            continue
        try:
            value = table.value_of(row.text("class"))
        except LabelError as error:
            raise error if error.path else row.error(error.what, error.way_out) from error
        if "row" in roles:
            points.append(Point(row.integer("row"), row.integer("col"), value))
        else:
            values.append(value)
            places.append(tuple(row.number(role) for role in roles[1:]))
    if without:
        many = "points have no class, or a negative number for one, and were"
        one = "point has no class, or a negative number for one, and was"
        words = f"{path.name}: {counted(without, many, one)} left out."
        warnings.warn(words, LabelWarning, stacklevel=2)
    if survey is None or "row" in roles:
        return points
    if not places:
        return []
    at = np.array(places, dtype=np.float64)
    placed, at = on_survey(roles[1:], at, survey, path, crs, survey_crs)
    unit = found.table.units[found.index("x")] if roles[1] == "x" and crs is None else ""
    index = _in_depth(at, ("class", *placed), found, survey, path, unit, z) if upright else _on_map(at, survey)
    if crs is None and roles[1] == "x" and not _within(index, survey).any():
        ask_for_degrees(at, survey, path)
    return _inside(index, values, survey, path)


def point_classes(path: str | Path | Table, *, columns: Mapping[str, str | int] | None = None) -> tuple[str, ...]:
    """Return the classes that a table of points names, in the order in which it does.

    Raises
    ------
    AmbiguousColumns
        When the column of the class cannot be told.
    LabelError
        With file and line.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data
    >>> labels.point_classes(sample_data.HYPERSPECTRAL.labels)
    ('Unchanged', 'Changed')
    """
    source = sniffed(path)
    column = Columns(source, columns).index("class")
    cells = dict.fromkeys(row.text("class") for row in source.rows({"class": column}))
    return tuple(cell for cell in cells if not means_nothing(cell))


def burn_points(
    points: Sequence[Point],
    out: NDArray[Any],
    radius: float = 0.0,
    *,
    overwrite: bool = False,
    fall_off: float | None = None,
    weights: NDArray[Any] | None = None,
    on_line: bool = False,
) -> int:
    """Write points into a label map or volume, as discs of a radius.

    Parameters
    ----------
    points : sequence of Point
        The points. A pixel takes the nearest; of two on one pixel the first, or the last with `overwrite`.
    out : ndarray or memmap of uint8, shape (y, x), (inline, crossline, sample) or (trace, sample)
        Written in place.
    radius : float, optional
        Pixels or traces around a point, at its own sample in a volume, that are labelled too.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled pixels are filled.
    fall_off : float, optional
        Distance from a point, in pixels, at which labels count 61 %: see
        :func:`~napari_fhn.labels.volumes.fall_off.percent`.
    weights : ndarray or memmap of uint8, shape of `out`, optional
        Percent, written in place wherever a label is and a fall-off is given.
    on_line : bool, optional
        Whether the labels are those of a 2D line, where what lies around a point are traces at its own sample.

    Returns
    -------
    int
        Number of pixels written.

    Raises
    ------
    LabelError
        Before anything is written: when a point lies outside, or has a sample on a map or none in a volume.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.zeros((3, 4), np.uint8)
    >>> burn_points([Point(1, 1, 2), Point(2, 3, 1)], out, radius=1)
    8
    >>> out.tolist()
    [[0, 2, 0, 0], [2, 2, 2, 1], [0, 2, 1, 1]]
    """
    if on_line and out.ndim == 2:
        # A line: a volume of one crossline, so that what lies around a point are its neighbours at the same sample.
        out, weights = out[:, np.newaxis], None if weights is None else weights[:, np.newaxis]
    if out.ndim not in (2, 3) or (out.ndim == 3 and not (points and points[0].sample is not None)):
        raise LabelError(f"points lie on a map (y, x), not on labels of shape {out.shape}", "Open a map")
    check(fall_off, weights, out)
    for point in points:
        if (point.sample is None) != (out.ndim == 2):
            what = "have times and lie in a volume" if out.ndim == 2 else "have no times and lie on a map"
            raise LabelError(f"the points {what}, not on labels of shape {out.shape}", "Use points of this survey")
        if not (0 <= point.row < out.shape[0] and 0 <= point.col < out.shape[1]):
            raise LabelError(
                f"the point at row {point.row}, col {point.col} lies outside the map of {out.shape[0]} "
                f"rows and {counted(out.shape[1], 'columns')}",
                "Rows and columns count from 0 at the upper left",
            )
        if point.sample is not None and not 0 <= point.sample < out.shape[2]:
            raise LabelError(f"sample {point.sample} lies outside the {out.shape[2]} of the volume", "Count from 0")
    if not points:
        return 0
    pixels, owners, away = _discs(points, out.shape, radius, last=overwrite)
    free = overwrite | (out[pixels] == 0)
    pixels = tuple(axis[free] for axis in pixels)
    out[pixels] = np.array([point.value for point in points], np.uint8)[owners[free]]
    if weights is not None and fall_off is not None:
        weights[pixels] = percent(away[free], fall_off)
    return int(free.sum())


def _discs(
    points: Sequence[Point], shape: tuple[int, ...], radius: float, last: bool
) -> tuple[tuple[NDArray[np.intp], ...], NDArray[np.intp], NDArray[np.float64]]:
    """Pixels around points, each once: their indices, the point that is nearest, and how far it is."""
    span = int(radius)
    offsets = np.stack(np.meshgrid(*[np.arange(-span, span + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    distance = np.hypot(*offsets.T)
    # The slack keeps the rim of the disc, where the distance is the radius up to rounding.
    offsets, distance = offsets[distance <= radius + 1e-9], distance[distance <= radius + 1e-9]
    places = np.array([(p.row, p.col, p.sample or 0)[: len(shape)] for p in points], np.intp)
    cells = np.repeat(places, len(offsets), axis=0)
    cells[:, :2] += np.tile(offsets, (len(points), 1))
    owner, away = np.repeat(np.arange(len(points)), len(offsets)), np.tile(distance, len(points))
    inside = ((cells >= 0) & (cells < np.array(shape))).all(axis=1)
    cells, owner, away = cells[inside], owner[inside], away[inside]
    flat = np.ravel_multi_index(tuple(cells.T), shape)
    order = np.lexsort((-owner if last else owner, away, flat))
    first = order[np.concatenate([[True], np.diff(flat[order]) != 0])]
    return tuple(cells[first].T), owner[first], away[first]


def _on_map(at: NDArray[np.float64], survey: xr.DataArray) -> NDArray[np.float64]:
    """Fractional row and column of map coordinates."""
    return to_cells(map_transform(survey), at)[:, ::-1]


def _in_depth(
    at: NDArray[np.float64],
    roles: tuple[str, ...],
    found: Columns,
    survey: xr.DataArray,
    path: Path,
    unit: str,
    down: str | None,
) -> NDArray[np.float64]:
    """Fractional inline, crossline and sample index; on a line trace and sample index."""
    traces = Traces.of(survey)
    lateral = traces.by_roles(roles[1:-1], at, unit, path.name)
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    z = at[:, -1] * of_way(found, roles[-1])
    z = without(np.where([is_null(one) for one in z], np.nan, z), fill_values(z))
    vertical = on_axis(z, lambda of, evidence: found.unit(roles[-1], of, evidence), survey, down, path)
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    return np.column_stack([lateral, (vertical - axis[0]) / step])


def _within(index: NDArray[np.float64], survey: xr.DataArray) -> NDArray[np.bool_]:
    """Which fractional indices are those of a voxel."""
    shape = [size for dim, size in survey.sizes.items() if dim != "band"]
    nearest = np.floor(index + 0.5)
    with np.errstate(invalid="ignore"):
        return np.asarray(((nearest >= 0) & (nearest < np.array(shape))).all(axis=1))


def _inside(index: NDArray[np.float64], values: list[int], survey: xr.DataArray, path: Path) -> list[Point]:
    """Points at the nearest voxels, without those that lie outside."""
    nearest, within = np.floor(index + 0.5), _within(index, survey)
    upright = is_line(survey)
    if not within.any():
        raise LabelError(
            f"all its {counted(len(values), 'points lie', 'point lies')} outside the survey",
            "Check their coordinates",
            path=path,
        )
    if not within.all():
        untold = bool(np.isnan(index).any())
        several = "lie outside the survey" + ", or have no depth or time," * untold + " and were left out"
        one = "lies outside the survey" + ", or has no depth or time," * untold + " and was left out"
        words = counted_of(int((~within).sum()), len(values), "points", several, one)
        warnings.warn(f"{path.name}: {words}.", LabelWarning, stacklevel=3)
    points = []
    for place, value, ok in zip(nearest, values, within, strict=True):
        if ok:
            at = [int(v) for v in place]
            points.append(
                Point(at[0], 0, value, at[1])
                if upright
                else Point(at[0], at[1], value, at[2] if len(at) == 3 else None)
            )
    return points
