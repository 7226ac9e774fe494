"""Trace headers of large files that were all read once, kept for the next opening.

A file without a regular order has to have every header read, which takes as long as reading the file. One compressed
file for each survey lies in the user's cache folder and may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.surveys.segy.binary import Layout
from napari_fhn.surveys.segy.remembered import fingerprint

Ints = NDArray[np.int64]

VARIABLE = "NAPARI_FHN_CACHE"
#: Smaller files are read again: it takes no time, and nothing can be stale.
LEAST_BYTES = 2**29
#: Files kept; the oldest is removed first.
_MOST = 64


def folder() -> Path:
    """Return where they are kept: in ``$NAPARI_FHN_CACHE``, else in the platform's folder for caches."""
    given = os.environ.get(VARIABLE)
    return (Path(given) if given else Path(platformdirs.user_cache_dir("napari-fhn", False))) / "segy-headers"


def recall(layout: Layout, fields: tuple[int, ...]) -> list[Ints] | None:
    """Return fields of all trace headers as they were last read.

    Parameters
    ----------
    layout : Layout
        The file as it is now.
    fields : tuple of int
        First bytes of the fields.

    Returns
    -------
    list of ndarray of int64, shape (n_trace,), or None
        None where they are not kept, the file has changed since, or what is kept is damaged.
    """
    if not _is_large(layout):
        return None
    try:
        with np.load(_place(layout, fields), allow_pickle=False) as kept:
            found = [kept[f"byte{field}"].astype(np.int64) for field in fields]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if all(values.shape == (layout.n_traces,) for values in found) else None


def keep(layout: Layout, fields: tuple[int, ...], values: list[Ints]) -> None:
    """Keep fields of all trace headers; where that is not possible, nothing happens.

    Parameters
    ----------
    layout : Layout
        The file they were read from.
    fields : tuple of int
        First bytes of the fields.
    values : list of ndarray of int64, shape (n_trace,)
        They fit into four bytes each, as they do in the file.
    """
    if not _is_large(layout):
        return
    with contextlib.suppress(OSError):
        place = _place(layout, fields)
        place.parent.mkdir(parents=True, exist_ok=True)
        named: Any = {f"byte{field}": v.astype(np.int32) for field, v in zip(fields, values, strict=True)}
        with record.replacing(place) as file:
            np.savez_compressed(file, **named)
        for old in sorted(place.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)


def _is_large(layout: Layout) -> bool:
    return layout.n_traces * layout.trace_bytes >= LEAST_BYTES


def _place(layout: Layout, fields: tuple[int, ...]) -> Path:
    """Name the file by the survey's headers and the time it was last written, and by how it is read."""
    told = (
        fingerprint(layout.path),
        layout.path.stat().st_mtime_ns,
        layout.endian,
        layout.first_trace,
        layout.trace_bytes,
        layout.n_traces,
        fields,
    )
    return folder() / f"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}.npz"
