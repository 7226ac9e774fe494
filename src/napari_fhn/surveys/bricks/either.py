"""A survey and its copy in bricks as one: every piece is read from where it lies closer together.

A line of traces is one piece of the file and runs through hundreds of bricks; for a time slice or a block it is the
other way round.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from napari_fhn.surveys.bricks.copied import changed, open_bricks
from napari_fhn.surveys.bricks.plan import Plan
from napari_fhn.surveys.grid import Grid

#: What it costs to read from another place, in bytes read meanwhile: between a hard disk's megabyte and an SSD's few
#: kilobytes.
JUMP_BYTES = 2**17
#: The least that is read.
PAGE_BYTES = 2**12
#: A byte from a brick has to be decompressed.
DECODING = 1.5


def with_bricks(survey: xr.DataArray, path: str | Path) -> xr.DataArray:
    """Join a seismic survey with its copy in bricks.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gave it.
    path : str or Path
        Its copy, as `napari_fhn.surveys.bricks.copy_bricks` made it.

    Returns
    -------
    xarray.DataArray
        Lazy, with all that `survey` has, and ``attrs["bricks"]``. Just `survey` where the copy is of another shape or
        type, at another place, of another array of the file, or the file has changed since.

    Raises
    ------
    SurveyError
        When the copy is none, or damaged.
    """
    copy = open_bricks(path)
    alike = copy.dims == survey.dims and copy.shape == survey.shape and copy.dtype == survey.dtype
    if changed(path, survey) or not alike or Grid.of(survey).apart(Grid.of(copy)):
        return survey
    if survey.attrs.get("kind") != "seismic":
        # How the values of other files lie is not known here.
        return copy
    values = _Either(survey, copy, Plan.of(survey))
    joined = xr.DataArray(
        xr.Variable(survey.dims, indexing.LazilyIndexedArray(values)),
        coords=survey.coords,
        name=survey.name,
        attrs={**survey.attrs, "bricks": copy.attrs["bricks"]},
    )
    return joined


class _Either(BackendArray):
    """Values of two equal arrays."""

    def __init__(self, survey: xr.DataArray, copy: xr.DataArray, plan: Plan) -> None:
        self.survey, self.copy, self.plan = survey.variable, copy.variable, plan
        self.shape, self.dtype = survey.shape, survey.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        if isinstance(key, indexing.BasicIndexer):
            # xarray's adapter stumbles over empty slices with negative steps.
            return self._read(key.tuple)
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> Any:
        shape = [len(range(n)[k]) for k, n in zip(key, self.shape, strict=True) if isinstance(k, slice)]
        if 0 in shape:
            return np.empty(shape, self.dtype)
        return (self.copy if self.in_bricks(key) else self.survey)[key].values

    def in_bricks(self, key: tuple[int | slice, ...]) -> bool:
        """Say whether a basic key, not empty, is better read from the bricks."""
        ranges = [
            range(n)[k] if isinstance(k, slice) else range(int(k) % n, int(k) % n + 1)
            for k, n in zip(key, self.shape, strict=True)
        ]
        spans = [(min(r[0], r[-1]), max(r[0], r[-1]) + 1) for r in ranges]
        size = self.dtype.itemsize
        bricks = math.prod(-(-b // n) - a // n for (a, b), n in zip(spans, self.plan.brick, strict=True))
        of_bricks = bricks * (DECODING * size * math.prod(self.plan.brick) + JUMP_BYTES)
        order = [self.plan.outer, *(axis for axis in range(len(spans)) if axis != self.plan.outer)]
        lengths = [spans[axis][1] - spans[axis][0] for axis in order]
        sizes = [self.shape[axis] for axis in order]
        # Axes that are read as a whole join the piece of the one before them.
        whole = len(order) - 1
        while whole > 0 and lengths[whole] == sizes[whole]:
            whole -= 1
        piece = math.prod(lengths[whole:]) * size
        of_file = math.prod(lengths[:whole]) * (max(piece, PAGE_BYTES) + JUMP_BYTES)
        return of_bricks < of_file
