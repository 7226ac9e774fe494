"""Plain ``.npy`` arrays: values without names, so the axes get none either."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.surveys.errors import SurveyError

SUFFIXES = (".npy",)
_MAGIC = b"\x93NUMPY"


def can_open(path: Path) -> bool:
    """Say whether a path holds a npy array by its first bytes."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def open(path: Path) -> xr.DataArray:
    """Open a ``.npy`` file lazily (memory-mapped, read-only).

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    xarray.DataArray
        Dims ``(axis_0, axis_1, ...)`` with indices as coordinates: what the axes mean is not guessed.

    Raises
    ------
    SurveyError
        When it is damaged, cut short, scalar, or holds something else than numbers.
    """
    path = Path(path)
    try:
        # A read-only mapping: a byte painted into the viewer's copy must never reach the survey.
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OverflowError, SyntaxError) as error:
        raise SurveyError(path, f"it is not a whole npy array ({error})", "Save it again with numpy.save") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise SurveyError(path, "it holds something else than real numbers", "Save the values as integers or floats")
    if values.ndim == 0 or values.size == 0:
        raise SurveyError(path, f"it is empty (shape {values.shape})", "Save an array with values")
    dims = [f"axis_{k}" for k in range(values.ndim)]
    return xr.DataArray(
        values,
        dims=dims,
        coords={dim: np.arange(n, dtype=np.float64) for dim, n in zip(dims, values.shape, strict=True)},
        name=path.stem,
        attrs={
            "source": str(path.absolute()),
            "kind": "array",
            "format": f"npy, {values.dtype}",
            "notes": ("A npy file does not say what its axes are.",),
        },
    )
