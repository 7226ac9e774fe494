"""Values that are read when they are asked for: axes reordered, pieces put together, missing ones as NaN."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from napari_fhn.surveys.errors import BRING_BACK, GONE, SurveyError

#: Larger magnitudes are no measurements: programs write them where there is none, often without saying so.
ABSURD = 1e30

Box = tuple[slice, ...]


class LazyArray(BackendArray):
    """An array read box by box; a subclass says how in `read`.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    shape : tuple of int
        Lengths of the axes.
    dtype : dtype
        Of the values handed out.
    """

    def __init__(self, path: Path, shape: Sequence[int], dtype: DTypeLike) -> None:
        self.path = path
        self.shape = tuple(int(n) for n in shape)
        self.dtype = np.dtype(dtype)
        self._there = os.path.exists(path)  # not so of what lies at an address, or in another file

    @abstractmethod
    def read(self, box: Box) -> NDArray[Any]:
        """Read a box: one slice per axis, not empty, inside the array, with a positive step."""

    def variable(self, dims: Sequence[str], attrs: Mapping[str, Any] | None = None) -> xr.Variable:
        """Return the array with named axes, as xarray keeps what it has not read."""
        return xr.Variable(tuple(dims), indexing.LazilyIndexedArray(self), attrs)

    def __deepcopy__(self, memo: dict[int, Any]) -> LazyArray:
        # Nothing in it changes, and rioxarray copies deeply wherever it adds an attribute: what is memory-mapped
        # would be read.
        return self

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        if isinstance(key, indexing.BasicIndexer):
            # xarray's adapter stumbles over empty slices with negative steps; `_read_key` takes any basic key.
            return self._read_key(key.tuple)
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read_key)

    def _read_key(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        ranges = [
            range(n)[k] if isinstance(k, slice) else range(int(k) % n, int(k) % n + 1)
            for k, n in zip(key, self.shape, strict=True)
        ]
        shape = tuple(len(r) for r in ranges)
        if 0 in shape:
            values = np.empty(shape, self.dtype)
        else:
            forward = [r if r.step > 0 else r[::-1] for r in ranges]
            values = self._read_checked(tuple(slice(r[0], r[-1] + 1, r.step) for r in forward))
            values = values[tuple(slice(None, None, -1 if r.step < 0 else 1) for r in ranges)]
        values = np.asarray(values[tuple(slice(None) if isinstance(k, slice) else 0 for k in key)])
        return values.astype(self.dtype, copy=False)

    def _read_checked(self, box: Box) -> NDArray[Any]:
        try:
            return self.read(box)
        except SurveyError:
            raise
        except MemoryError as error:
            size = " x ".join(str(-(-(part.stop - part.start) // part.step)) for part in box)
            raise SurveyError(self.path, f"there is no memory for {size} values of it", "Open a part of it") from error
        except Exception as error:
            if self._there and not os.path.exists(self.path):
                raise SurveyError(self.path, GONE, BRING_BACK) from error
            # Damage inside a file shows only here, and the libraries below have an exception of their own each.
            what = f"a part of it cannot be read ({type(error).__name__}: {one_line(error)})"
            raise SurveyError(self.path, what, "It seems to be damaged: copy or export it again") from error


class Reordered(LazyArray):
    """Anything that takes slices (numpy, memory maps, zarr, xarray variables), its axes in another order.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    source : array_like
        With ``shape``, ``dtype`` and slicing.
    order : sequence of (int or None)
        For each axis of the result the axis of the source; None for a new one of length 1. Axes of the
        source that are not named must have the length 1, and are dropped.
    """

    def __init__(self, path: Path, source: Any, order: Sequence[int | None]) -> None:
        self.source = source
        self.order = tuple(order)
        super().__init__(path, [1 if k is None else source.shape[k] for k in order], source.dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box in the order of the source and turn it."""
        key: list[slice] = [slice(0, 1)] * len(self.source.shape)
        kept = []
        for k, part in zip(self.order, box, strict=True):
            if k is not None:
                key[k] = part
                kept.append(k)
        values = np.asarray(self.source[tuple(key)])
        dropped = tuple(k for k in range(values.ndim) if k not in kept)
        values = values.squeeze(dropped).transpose(np.argsort(np.argsort(kept)))
        return np.expand_dims(values, tuple(k for k, axis in enumerate(self.order) if axis is None))


class Concatenated(LazyArray):
    """Arrays one after the other along their first axis.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    parts : sequence of xarray.Variable
        Equal in all axes but the first.
    """

    def __init__(self, path: Path, parts: Sequence[xr.Variable]) -> None:
        self.parts = tuple(parts)
        self.starts = np.cumsum([0] + [len(part) for part in parts])
        dtype = np.result_type(*[part.dtype for part in parts])
        super().__init__(path, (int(self.starts[-1]), *parts[0].shape[1:]), dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read from each part what is in the box."""
        first, rest = box[0], box[1:]
        wanted = np.arange(first.start, first.stop, first.step)
        out = []
        for part, start in zip(self.parts, self.starts[:-1], strict=True):
            mine = wanted[(wanted >= start) & (wanted < start + len(part))] - start
            if mine.size:
                rows = slice(int(mine[0]), int(mine[-1]) + 1, first.step)
                out.append(np.asarray(part[(rows, *rest)].values, dtype=self.dtype))
        return np.concatenate(out)


class Physical(LazyArray):
    """What stored values stand for: NaN where there is none, scale and offset applied; float32.

    Parameters
    ----------
    path : Path
        The file that errors are about.
    source : xarray.Variable
        The stored values.
    nodata : float or None
        The stored value that means "none".
    scale, offset : ndarray of float64
        Per entry of the first axis (length 1: for all of them).
    """

    def __init__(
        self,
        path: Path,
        source: xr.Variable,
        nodata: float | None,
        scale: NDArray[np.float64],
        offset: NDArray[np.float64],
    ) -> None:
        self.source = source
        self.nodata = nodata
        self.scale, self.offset = (np.broadcast_to(v, source.shape[:1]) for v in (scale, offset))
        super().__init__(path, source.shape, np.float32)

    def read(self, box: Box) -> NDArray[Any]:
        """Read stored values and convert them."""
        stored = np.asarray(self.source[box].values)
        missing = np.zeros(stored.shape, bool)
        if stored.dtype.kind == "f":
            # Comparisons with NaN are false, so it is missing here as well.
            missing = ~(np.abs(stored) < ABSURD)
        if self.nodata is not None and np.isfinite(self.nodata) and holds(stored.dtype, self.nodata):
            missing |= stored == stored.dtype.type(self.nodata)
        column = (slice(None),) + (None,) * (stored.ndim - 1)
        # Missing values can be as large as floats are: they go before anything is multiplied.
        known = np.where(missing, stored.dtype.type(0), stored)
        values = known * self.scale[box[0]][column] + self.offset[box[0]][column]
        values[missing] = np.nan
        return np.asarray(values, dtype=np.float32)


def physical(survey: xr.DataArray) -> xr.DataArray:
    """Return what the stored values of a survey stand for, still lazy.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gives it. ``attrs["nodata"]`` and the coordinates ``scale`` and ``offset``
        along ``band``, where it has them, say how the values are stored.

    Returns
    -------
    xarray.DataArray
        The same axes and coordinates (without ``scale`` and ``offset``), float32. NaN where the value was "no
        data", not finite, or larger than any measurement (1e30). ``attrs["nodata"]`` is None.
    """
    scale, offset = (
        np.asarray(survey[name], dtype=np.float64) if name in survey.coords else np.array([default])
        for name, default in (("scale", 1.0), ("offset", 0.0))
    )
    source = Path(str(survey.attrs.get("source") or survey.name or "survey"))
    values = Physical(source, survey.variable, survey.attrs.get("nodata"), scale, offset)
    dims = [str(dim) for dim in survey.dims]
    result = xr.DataArray(values.variable(dims), coords=survey.coords, name=survey.name, attrs=dict(survey.attrs))
    result = result.drop_vars(["scale", "offset"], errors="ignore")
    result.attrs["nodata"] = None
    # rioxarray looks for these two before it looks at the values.
    result.attrs.pop("_FillValue", None)
    result.encoding.pop("_FillValue", None)
    return result


def holds(dtype: np.dtype[Any], value: float) -> bool:
    """Say whether a type of numbers can hold a value at all."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return float(value).is_integer() and limits.min <= value <= limits.max
    return dtype.kind == "f"


def guarded(path: Path, variable: xr.Variable) -> xr.Variable:
    """Return the same values, whose damage shows as a sentence."""
    return Reordered(path, variable, range(variable.ndim)).variable(list(map(str, variable.dims)))


def one_line(error: BaseException | str) -> str:
    """Return what a library says of an error, in one line that is not too long for a sentence."""
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
