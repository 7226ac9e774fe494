"""Coarser copies of a survey in bricks, for the view in 3D: means of two neighbours along every long axis."""

from __future__ import annotations

import itertools
import math
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.record.aside import settle
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.copied import open_bricks
from napari_fhn.surveys.bricks.copying import Copied
from napari_fhn.surveys.bricks.plan import UNIT_BYTES, Plan
from napari_fhn.surveys.moving import sentences, sync
from napari_fhn.surveys.remote.target import Target
from napari_fhn.surveys.swapping import put_in_place

#: An axis is long above this; what is no longer than this along every axis is small enough for the view.
LONG = 256
_LEVELS = "levels"


@dataclass(frozen=True)
class Level:
    """One resolution of a survey.

    Attributes
    ----------
    array : xarray.DataArray
        Lazy; coordinates are those of the middle of what was averaged.
    scale : tuple of float
        Voxels of the survey in one of this level, per axis; 1 along an axis that was not averaged.
    """

    array: xr.DataArray
    scale: tuple[float, ...]


def build_pyramid(
    path: str | Path, *, how: Literal["mean", "nearest"] = "mean", stop: threading.Event | None = None
) -> Iterator[Copied]:
    """Add coarser levels to a survey in bricks, each from the one before.

    A level halves every axis that is longer than 256, until none is. Levels appear in the store when all of them are
    complete, with OME-Zarr 0.5 metadata; a survey that is small already gets none.

    Parameters
    ----------
    path : str or Path
        As `napari_fhn.surveys.bricks.copy_bricks` made it.
    how : {"mean", "nearest"}
        "mean": of what is there, without missing values (NaN). "nearest": the first of each pair,
        for classes, whose means mean nothing.
    stop : threading.Event, optional
        Looked at between steps; what was made until then is removed.

    Yields
    ------
    Copied
        Bytes read so far, and in all.

    Raises
    ------
    SurveyError
        When it is no survey in bricks, or the disk is full.
    """
    import zarr

    path = Path(path)
    survey = store.load(path)
    shapes = _shapes(survey.shape)
    total = sum(math.prod(shape) for shape in shapes[:-1]) * survey.dtype.itemsize
    done = 0
    # Beside the store: what is half written in it would keep it from being opened after a power cut.
    new, aside = (path.with_name(f".{path.name}.{_LEVELS}.{word}") for word in ("partial", "replaced"))
    with sentences(path):
        for old in (new, aside, path / f".{_LEVELS}.partial"):  # the last as earlier versions left it
            shutil.rmtree(old, ignore_errors=True)
        try:
            yield Copied(0, total)
            zarr.create_group(new)
            finer = survey
            for k, shape in enumerate(shapes[1:], start=1):
                factor = [math.ceil(a / b) for a, b in zip(finer.shape, shape, strict=True)]
                outline = _outline(finer, factor)
                plan = Plan.of(outline, budget=UNIT_BYTES // math.prod(factor))
                out = store.create(new / str(k), outline, plan.dtype, plan.brick)
                for box in plan.boxes():
                    if stop is not None and stop.is_set():
                        return
                    wide = tuple(
                        slice(part.start * f, min(part.stop * f, n))
                        for part, f, n in zip(box, factor, finer.shape, strict=True)
                    )
                    fine = np.asarray(finer[wide])
                    out[box] = _halved(fine, factor, how)
                    done += fine.nbytes
                    yield Copied(done, total)
                finer = store.load(new / str(k))
            if len(shapes) > 1:
                sync(new)
                put_in_place(new, path / _LEVELS, aside)
                settle(path)
            # Not by zarr: of a file that it has just renamed nothing need be on the disk.
            target = Target(path)
            said = target.read_json("zarr.json")
            said["attributes"]["ome"] = _ome(survey, shapes)
            target.write("zarr.json", record.to_bytes(said))
            target.sweep()
        finally:
            for old in (new, aside):  # which of them it is depends on what the system can do
                shutil.rmtree(old, ignore_errors=True)


def levels(path: str | Path) -> list[Level]:
    """List the resolutions of a survey in bricks, the survey itself first.

    Parameters
    ----------
    path : str or Path
        The store.

    Returns
    -------
    list of Level
        Of length 1 where no pyramid was built.

    Raises
    ------
    SurveyError
        When it is no survey in bricks.
    """
    path = Path(path)
    survey = open_bricks(path)
    found = [Level(survey, (1.0,) * survey.ndim)]
    for k in range(1, len(_shapes(survey.shape))):
        if not store.is_store(path / _LEVELS / str(k)):
            break
        array = store.load(path / _LEVELS / str(k))
        found.append(Level(array, _scale(survey.shape, k)))
    return found


def _shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    shapes = [shape]
    while max(shapes[-1]) > LONG:
        shapes.append(tuple(math.ceil(n / 2) if n > LONG else n for n in shapes[-1]))
    return shapes


def _scale(shape: tuple[int, ...], k: int) -> tuple[float, ...]:
    """Return how much coarser level `k` of a survey is along each axis."""
    steps = list(itertools.pairwise(_shapes(shape)[: k + 1]))
    return tuple(float(2 ** sum(a[axis] != b[axis] for a, b in steps)) for axis in range(len(shape)))


def _outline(finer: xr.DataArray, factor: list[int]) -> xr.DataArray:
    """Describe the next level: coordinates in the middle of what is averaged, attributes as they were."""
    shape = tuple(math.ceil(n / f) for n, f in zip(finer.shape, factor, strict=True))
    coords: dict[str, Any] = {}
    halved = {str(dim): f for dim, f in zip(finer.dims, factor, strict=True) if f > 1}
    for name, coordinate in finer.coords.items():
        if not set(map(str, coordinate.dims)) & set(halved):
            coords[str(name)] = coordinate.variable
        elif coordinate.dims == (name,) and coordinate.dtype.kind in "iuf":
            values = np.asarray(coordinate, dtype=np.float64)
            step = values[1] - values[0]
            # Also behind an odd end, where half of what is averaged is not there: levels must lie on even grids.
            coords[str(name)] = xr.Variable(
                name, values[::2] + step / 2, {k: v for k, v in coordinate.attrs.items() if k != "_FillValue"}
            )
    nothing = np.broadcast_to(np.zeros((), dtype=finer.dtype), shape)
    return xr.DataArray(nothing, dims=finer.dims, coords=coords, name=finer.name, attrs=dict(finer.attrs))


def _halved(fine: NDArray[Any], factor: list[int], how: str) -> NDArray[Any]:
    """Take two neighbours together along the axes with a factor of 2; a last one without a neighbour stays as it is."""
    if how == "nearest":
        return fine[tuple(slice(None, None, f) for f in factor)]
    # A mean of integers needs more digits than they have.
    enough = fine.dtype.itemsize <= (4 if fine.dtype.kind == "f" else 2)
    values: NDArray[Any] = fine.astype(np.float32 if enough else np.float64, copy=False)
    for axis, f in enumerate(factor):
        if f == 1:
            continue
        first, second = (values[(slice(None),) * axis + (slice(k, None, 2),)] for k in (0, 1))
        values = first.copy()
        paired = values[(slice(None),) * axis + (slice(second.shape[axis]),)]
        paired += second
        paired /= 2
        if np.isnan(paired).any():
            one = first[(slice(None),) * axis + (slice(second.shape[axis]),)]
            lone = np.isnan(one) != np.isnan(second)
            paired[lone] = np.where(np.isnan(one), second, one)[lone]
    return (np.rint(values) if fine.dtype.kind in "iu" else values).astype(fine.dtype, copy=False)


def _ome(survey: xr.DataArray, shapes: list[tuple[int, ...]]) -> dict[str, Any]:
    """Metadata by which OME-Zarr readers find the levels."""
    kinds = {"band": "channel", "date": "time"}
    axes = [{"name": str(dim), "type": kinds.get(str(dim), "space")} for dim in survey.dims]
    step, start = [], []
    for dim in survey.dims:
        values = np.asarray(survey[dim], dtype=np.float64) if dim in survey.coords else np.arange(survey.sizes[dim])
        step.append(float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0)
        start.append(float(values[0]))
    datasets = []
    for k in range(len(shapes)):
        scale = _scale(survey.shape, k)
        moved = [s + 0.5 * (f - 1) * d for s, f, d in zip(start, scale, step, strict=True)]
        datasets.append(
            {
                "path": store.VALUES if k == 0 else f"{_LEVELS}/{k}/{store.VALUES}",
                "coordinateTransformations": [
                    {"type": "scale", "scale": [f * d or 1.0 for f, d in zip(scale, step, strict=True)]},
                    {"type": "translation", "translation": moved},
                ],
            }
        )
    return {"version": "0.5", "multiscales": [{"name": str(survey.name or ""), "axes": axes, "datasets": datasets}]}
