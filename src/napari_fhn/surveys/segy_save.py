"""SEG-Y out: the headers of the source, the samples of a prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy import inspect
from napari_fhn.surveys.segy_grid import Grid
from napari_fhn.surveys.segy_layout import TRACE_HEADER_BYTES

_FORMAT_AT = 3224
_FORMATS: tuple[tuple[int, type[np.generic]], ...] = (
    (8, np.int8),
    (16, np.uint8),
    (3, np.int16),
    (2, np.int32),
)


def write_segy(path: Path, values: NDArray[Any], like: xr.DataArray, named: Path) -> None:
    """Write values as SEG-Y with the headers of the file `like` was opened from.

    Text, binary, extended and trace headers are copied byte for byte, in the source's trace and byte order;
    only the sample format code (bytes 3225-3226) is set anew. One line of traces is in memory at a time.

    Parameters
    ----------
    path : Path
        Where to write.
    values : ndarray, shape (inline, crossline, sample) or (trace, sample)
        On the grid of `like`, which must be the whole survey.
    like : xarray.DataArray
        As `napari_fhn.surveys.open` gave it; its source must still be there, unchanged.
    named : Path
        The name to use in sentences.

    Raises
    ------
    SurveyError
        When there is no SEG-Y source, or `like` is not the whole of it.
    """
    source = Path(str(like.attrs.get("source", "")))
    if not str(like.attrs.get("format", "")).startswith("SEG-Y"):
        raise SurveyError(named, "SEG-Y needs the headers of a SEG-Y survey, and this one is none", "Use .tif or .npy")
    if not source.is_file():
        raise SurveyError(named, f"the survey's file {source}, whose headers are needed, is gone", "Put it back")
    survey = inspect(source, *like.attrs.get("header_bytes", (189, 193)))
    layout, order = survey.layout, survey.order
    if isinstance(order, Grid):
        cube = values
        outer_is_inline = abs(order.inline_stride) >= abs(order.crossline_stride)
        shape: tuple[int, ...] = (*order.shape, layout.n_samples)
        same = (
            values.shape == shape
            and np.array_equal(like["inline"], order.inlines)
            and np.array_equal(like["crossline"], order.crosslines)
        )
    else:
        cube = values[np.newaxis]
        outer_is_inline = True
        shape = (order.n_traces, layout.n_samples)
        same = values.shape == shape
    if not same:
        raise SurveyError(
            named,
            f"values of shape {values.shape} are not the whole survey {source.name} ({shape})",
            "Save the prediction of the whole survey",
        )
    code, kind = _sample_format(values)
    stored = np.dtype(kind).newbyteorder(layout.endian)
    out_trace = np.dtype([("header", f"V{TRACE_HEADER_BYTES}"), ("samples", stored, (layout.n_samples,))])
    in_trace = np.dtype(
        [("header", f"V{TRACE_HEADER_BYTES}"), ("samples", f"V{layout.n_samples * layout.sample_bytes}")]
    )
    traces = np.memmap(source, dtype=in_trace, mode="r", offset=layout.first_trace, shape=(layout.n_traces,))
    with source.open("rb") as file:
        head = bytearray(file.read(layout.first_trace))
    head[_FORMAT_AT : _FORMAT_AT + 2] = code.to_bytes(2, layout.endian)
    lines = cube if outer_is_inline else cube.swapaxes(0, 1)
    if isinstance(order, Grid):
        strides = (order.inline_stride, order.crossline_stride)
        # In the order of the file, which may run against the ascending numbers along either axis.
        back = [stride < 0 for stride in (strides if outer_is_inline else strides[::-1])]
    else:
        back = [False, False]
    n_lines, n_across = lines.shape[:2]
    with path.open("wb") as out:
        out.write(head)
        for k in range(n_lines):
            line = lines[n_lines - 1 - k if back[0] else k]
            block = np.empty(n_across, dtype=out_trace)
            block["header"] = traces["header"][k * n_across : (k + 1) * n_across]
            block["samples"] = line[::-1] if back[1] else line
            block.tofile(out)


def _sample_format(values: NDArray[Any]) -> tuple[int, type[np.generic]]:
    """Smallest sample format that holds the values exactly if they are integers, IEEE float otherwise."""
    if values.dtype.kind == "b":
        return 8, np.int8
    if values.dtype.kind in "iu":
        # Slab by slab: the values may be a mapped file larger than memory.
        low = min(int(slab.min()) for slab in values)
        high = max(int(slab.max()) for slab in values)
        for code, kind in _FORMATS:
            limits = np.iinfo(kind)  # type: ignore[type-var]
            if limits.min <= low and high <= limits.max:
                return code, kind
    return 5, np.float32
