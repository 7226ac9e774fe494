"""Wells as labels: columns of a radius, and tubes along the paths of deviated wells."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.lateral import OFF_LINE, Traces
from napari_fhn.labels.volumes.fall_off import check, percent
from napari_fhn.labels.wells.well import DeviatedWell, Interval, Well
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.surveys.numbers import VERTICAL

#: A sample this close above an interval's edge, in samples, still counts as on it (rounding of written
#: times).
_ON_THE_EDGE = 1e-6
#: Points along a path lie closer than this, in trace spacings.
_STEP = 0.25
#: Wells that a sentence names.
_NAMED = 8


@dataclass(frozen=True)
class _Spots:
    """Where one well passes: one spot for each voxel on its way.

    Sample index, fractional lateral index and label value (0 where nothing is known), in the order of the samples.
    """

    sample: NDArray[np.intp]
    place: NDArray[np.float64]
    value: NDArray[np.uint8]


def burn(
    wells: Sequence[Well | DeviatedWell],
    survey: xr.DataArray,
    table: ClassTable,
    out: NDArray[Any],
    radius_traces: float = 0.0,
    *,
    overwrite: bool = False,
    fall_off: float | None = None,
    weights: NDArray[Any] | None = None,
    off_line_m: float | None = None,
) -> list[Box]:
    """Write wells into a label volume, as columns of a radius or along their paths.

    A sample belongs to an interval when its time lies in [top, base), so intervals that touch never share one. A
    deviated well labels the voxels that its path crosses, each with the class at the point of the path nearest to it,
    and at every sample the traces within the radius. A trace within the radius of two wells takes the nearer well.

    Parameters
    ----------
    wells : sequence of Well or DeviatedWell
        Those outside the survey are left out with a `LabelWarning` that names them.
    survey : xarray.DataArray
        Dims ``(inline, crossline, vertical)``, or ``(trace, vertical)`` for a 2D line; only its coordinates and its
        place on the map are used. A line takes the wells that lie within the radius, one trace spacing, or
        `off_line_m` of it, at the nearest trace.
    table : ClassTable
        The classes.
    out : ndarray or memmap of uint8, shape of `survey`
        Written in place.
    radius_traces : float, optional
        Traces whose distance from the well, counted in traces along both axes, is at most this are labelled;
        the nearest trace always is.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled voxels are filled.
    fall_off : float, optional
        Distance from a well, in traces, at which its labels count 61 %: see
        :func:`~napari_fhn.labels.volumes.fall_off.percent`.
    weights : ndarray or memmap of uint8, shape of `survey`, optional
        Percent, written in place wherever a label is and a fall-off is given.
    off_line_m : float, optional
        How far from a 2D line a well, or a part of its path, may lie to be projected onto it, in metres.

    Returns
    -------
    list of Box
        The bounding box of each well burnt.

    Raises
    ------
    LabelError
        Before anything is written: when the shapes differ, a class is unknown, or all wells lie outside.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn import labels, sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> table = labels.ClassTable.from_csv(sample_data.SEISMIC.classes)
    >>> wells = labels.read_wells(sample_data.SEISMIC.wells, sample_data.SEISMIC.tops, survey)
    >>> out = np.zeros(survey.shape, np.uint8)
    >>> len(labels.burn(wells, survey, table, out, radius_traces=1))
    6
    >>> int(np.count_nonzero(out.any(axis=2)))
    30
    """
    check(fall_off, weights, out)
    if not is_seismic(survey) or out.shape != survey.shape:
        raise LabelError(
            f"wells need labels on (inline, crossline, vertical), not shape {out.shape} on {survey.dims}",
            "Burn them into the label volume of a 3D survey or a 2D line",
        )
    values = {name: table.value_of(name) for well in wells for name in well.class_names}
    traces = Traces.of(survey)
    if values:
        _tell("nothing is known along them", [well.name for well in wells if not well.intervals])
        wells = [well for well in wells if well.intervals]
    reach = _reach(traces, max(radius_traces, OFF_LINE), off_line_m)
    found = {k: _spots(well, survey, traces, values, reach) for k, well in enumerate(wells)}
    inside = {k: spots for k, spots in found.items() if spots is not None}
    left_out = [_words(well, traces) for k, well in enumerate(wells) if k not in inside]
    if left_out:
        what = f"outside the survey ({traces.words()}): {', '.join(left_out)}"
        way_out = "Check their inline and crossline numbers, or x and y"
        if traces.is_line and traces.has_xy:
            limit = reach * traces.spacing * traces.metres
            what = f"farther than {limit:.0f} m from the line ({traces.words()}): {', '.join(left_out)}"
            way_out = "Check their places, or project wells onto the line from farther away"
        if not inside:
            raise LabelError(f"all wells lie {what}", way_out)
        warnings.warn(f"Wells left out, {what}.", LabelWarning, stacklevel=2)
    boxes: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}
    for owners, place, first, block in _runs(inside):
        cells, orders = _claims(place, out.shape[:-1], radius_traces)
        # The nearest spot has the first word at a cell; those that must have it as their own fill what it leaves.
        label = block[orders[0]]
        nearest = np.broadcast_to(orders[0][:, None], label.shape)
        for order in orders[1:]:
            fill = (label == 0) & (order >= 0)[:, None]
            label = np.where(fill, block[order], label)
            nearest = np.where(fill, order[:, None], nearest)
        where = (*cells.T, slice(first, first + block.shape[1]))
        part = out[where]
        write = (label != 0) & (overwrite | (part == 0))
        part[write] = label[write]
        out[where] = part
        if weights is not None and fall_off is not None:
            away = np.linalg.norm(cells[:, None] - place[nearest], axis=-1)
            sure = weights[where]
            sure[write] = percent(away, fall_off)[write]
            weights[where] = sure
        for spot, owner in enumerate(owners):
            _grow(boxes, owner, cells[(orders == spot).any(axis=0)], first + np.flatnonzero(block[spot]))
    axis = survey[survey.dims[-1]]
    span = f"{float(axis[0]):g} to {float(axis[-1]):g} {VERTICAL[str(axis.dims[0])]}".rstrip()
    without = [wells[k].name for k in inside if k not in boxes] if values else []
    _tell(f"what is known along them lies above or below the survey ({span})", without)
    return [Box(tuple(map(int, low)), tuple(map(int, high))) for _, (low, high) in sorted(boxes.items())]


def _tell(why: str, names: Sequence[str]) -> None:
    """Say which wells become no labels."""
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        warnings.warn(f"Wells left out, {why}: {', '.join(names[:_NAMED])}{more}.", LabelWarning, stacklevel=3)


def _reach(traces: Traces, reach: float, off_line_m: float | None) -> float:
    """How far from a line wells may lie, in trace spacings."""
    if off_line_m is None or not traces.is_line:
        return reach
    if not 0 <= off_line_m < math.inf:
        raise LabelError(f"wells cannot lie {off_line_m:g} m from a line", "Give a distance from 0")
    if not traces.has_xy:
        raise LabelError(
            f"the line '{traces.survey.name}' has no place on the map, so how far wells lie from it is not known",
            "Leave the distance out",
        )
    return max(reach, off_line_m / (traces.spacing * traces.metres))


def _words(well: Well | DeviatedWell, traces: Traces) -> str:
    if well.xy is not None:
        away = f", {traces.metres_off(*well.xy):.0f} m away" if traces.is_line and traces.has_xy else ""
        return f"{well.name} (x {well.xy[0]:g}, y {well.xy[1]:g}{away})"
    if well.trace is not None:
        return f"{well.name} (at {'no trace' if math.isnan(well.trace) else f'trace {well.trace:g}'})"
    return f"{well.name} ({well.inline:g}, {well.crossline:g})"


def _spots(
    well: Well | DeviatedWell, survey: xr.DataArray, traces: Traces, values: dict[str, int], reach: float
) -> _Spots | None:
    """Where a well passes; None where it lies outside."""
    n = survey.shape[-1]
    if isinstance(well, DeviatedWell):
        return _along(well, survey, traces, values, reach)
    at = traces.of_well(well, reach)
    if not traces.inside(at)[0]:
        return None
    value = np.zeros(n, np.uint8)
    for interval in well.intervals:
        start, stop = _samples(survey, interval)
        value[start:stop] = values[interval.class_name]
    return _Spots(np.arange(n), np.repeat(at, n, axis=0), value)


def _along(
    well: DeviatedWell, survey: xr.DataArray, traces: Traces, values: dict[str, int], reach: float
) -> _Spots | None:
    """Spots along a path: for each voxel that it crosses the point nearest to the voxel's middle."""
    if not traces.has_xy:
        raise LabelError(
            f"well '{well.name}' is deviated, and the survey '{survey.name}' has no place on the map to follow it on",
            "Use a survey with coordinates, or give the well without its deviation survey",
        )
    head = well.xy
    if head is None:
        if traces.is_line:
            at = traces.of_well(well, reach)[0, 0]
            if math.isnan(at):
                return None
            head = tuple(float(traces.survey[c].values[int(at)]) for c in "xy")  # type: ignore[assignment]
        else:
            x, y = traces.geometry.to_xy(well.inline, well.crossline)
            head = float(x), float(y)
    assert head is not None
    axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    stations = np.stack([head[0] + well.dx_m / traces.metres, head[1] + well.dy_m / traces.metres,
                         (well.vertical - axis[0]) / step, well.md_m], axis=1)  # fmt: skip
    points = _dense(stations, traces.spacing * _STEP)
    at = traces.by_xy(points[:, 0], points[:, 1], reach)
    sample = np.floor(points[:, 2] + 0.5)
    kept = traces.inside(at) & (sample >= 0) & (sample < axis.size)
    if not kept.any():
        return None
    at, points, sample = at[kept], points[kept], sample[kept].astype(np.intp)
    voxel = np.column_stack([sample, np.floor(at + 0.5).astype(np.intp)])
    distance = ((at - voxel[:, 1:]) ** 2).sum(axis=1) + (points[:, 2] - sample) ** 2
    order = np.lexsort((points[:, 3], distance, *voxel.T[::-1]))
    first = np.concatenate([[True], (np.diff(voxel[order], axis=0) != 0).any(axis=1)])
    nearest = order[first]
    value = np.zeros(len(nearest), np.uint8)
    for s in well.intervals:
        md = points[nearest, 3] + _ON_THE_EDGE
        value[(md >= s.top_m) & (md < s.base_m)] = values[s.class_name]
    return _Spots(sample[nearest], at[nearest], value)


def _dense(stations: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Points along a path of (x, y, sample, md): no longer lateral steps than this, and one at every whole sample."""
    parts = []
    for a, b in itertools.pairwise(stations):
        pieces = int(np.clip(np.ceil(np.hypot(*(b - a)[:2]) / step), 1, 100_000))
        share = [np.linspace(0, 1, pieces + 1)]
        low, high = sorted((a[2], b[2]))
        if high > low:
            # Bounded: times beyond any survey would make more crossings than there is memory for.
            whole = np.arange(math.ceil(max(low, -1.0)), math.floor(min(high, 1e6)) + 1)
            share.append((whole - a[2]) / (b[2] - a[2]))
        t = np.unique(np.concatenate(share))[:, None]
        parts.append(a + t * (b - a))
    return np.concatenate(parts)


def _runs(found: dict[int, _Spots]) -> Any:
    """Yield runs of samples through which every spot keeps its place.

    Owner of each spot, its lateral index (spot, axis), first sample, label values (spot, sample).
    """
    if not found:
        return
    sample = np.concatenate([spots.sample for spots in found.values()])
    place = np.concatenate([spots.place for spots in found.values()])
    value = np.concatenate([spots.value for spots in found.values()])
    owner = np.concatenate([np.full(spots.sample.size, k) for k, spots in found.items()])
    order = np.argsort(sample, kind="stable")
    sample, place, value, owner = sample[order], place[order], value[order], owner[order]
    layers = np.flatnonzero(np.concatenate([[True], np.diff(sample) != 0]))
    ends = np.append(layers[1:], sample.size)
    run: list[slice] = []
    for a, b in zip(layers, ends, strict=True):
        here = slice(a, b)
        if run and not (
            sample[a] == sample[run[-1].start] + 1
            and np.array_equal(owner[here], owner[run[0]])
            and np.array_equal(place[here], place[run[0]])
        ):
            yield owner[run[0]], place[run[0]], int(sample[run[0].start]), np.stack([value[r] for r in run], axis=1)
            run = []
        run.append(here)
    yield owner[run[0]], place[run[0]], int(sample[run[0].start]), np.stack([value[r] for r in run], axis=1)


def _claims(
    place: NDArray[np.float64], shape: tuple[int, ...], radius: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Cells around spots, and which spots have a claim on each.

    Returns the cells (cell, axis) and the spots by cell (order, cell): first the nearest, then those whose own cell
    it is, -1 where there are no more.
    """
    span = math.ceil(radius) + 1
    offsets = np.stack(np.meshgrid(*[np.arange(-span, span + 1)] * place.shape[1], indexing="ij"), axis=-1)
    own = np.clip(np.floor(place + 0.5), 0, np.array(shape) - 1).astype(np.intp)
    cells = own[:, None, :] + offsets.reshape(-1, place.shape[1])
    distance = np.sqrt(((cells - place[:, None, :]) ** 2).sum(axis=-1))
    is_own = (cells == own[:, None, :]).all(axis=-1)
    inside = ((cells >= 0) & (cells < np.array(shape))).all(axis=-1)
    # The slack keeps the rim of the disc, where the distance is the radius up to rounding.
    kept = inside & (is_own | (distance <= radius + 1e-9))
    spot = np.broadcast_to(np.arange(len(place))[:, None], kept.shape)[kept]
    flat = np.ravel_multi_index(tuple(cells[kept].T), shape)
    order = np.lexsort((spot, distance[kept], flat))
    flat, spot, is_own = flat[order], spot[order], is_own[kept][order]
    begins = np.concatenate([[True], np.diff(flat) != 0])
    group = np.cumsum(begins) - 1
    claim = begins | is_own
    flat, spot, group, begins = flat[claim], spot[claim], group[claim], begins[claim]
    starts = np.flatnonzero(begins)
    rank = np.arange(flat.size) - starts[group]
    orders = np.full((int(rank.max()) + 1, starts.size), -1, dtype=np.intp)
    orders[rank, group] = spot
    return np.stack(np.unravel_index(flat[starts], shape), axis=1), orders


def _grow(
    boxes: dict[int, tuple[NDArray[Any], NDArray[Any]]], owner: int, cells: NDArray[Any], samples: NDArray[Any]
) -> None:
    """Widen the box of a well by cells and samples."""
    if not len(cells) or not len(samples):
        return
    low = np.append(cells.min(axis=0), samples[0])
    high = np.append(cells.max(axis=0), samples[-1]) + 1
    if owner in boxes:
        low, high = np.minimum(low, boxes[owner][0]), np.maximum(high, boxes[owner][1])
    boxes[owner] = low, high


def _samples(survey: xr.DataArray, interval: Interval) -> tuple[int, int]:
    """Half-open sample range of an interval."""
    times = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = times[1] - times[0] if times.size > 1 else 1.0

    def index(time: float) -> int:
        return min(max(math.ceil(float((time - times[0]) / step) - _ON_THE_EDGE), 0), times.size)

    return index(interval.top_ms), index(interval.base_ms)
