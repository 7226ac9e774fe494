"""A copy in bricks, opened: as the survey it was made from, held against its checksums and against its source."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.copying import Copied
from napari_fhn.surveys.bricks.manifest import MANIFEST, fingerprint_at, read_manifest, reading_of
from napari_fhn.surveys.bricks.plan import Plan, checksum
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.remote.addresses import url_of

#: Of the folders; any other name does as well.
SUFFIXES = (".zarr",)


def open_bricks(path: str | Path) -> xr.DataArray:
    """Open a copy in bricks lazily.

    Parameters
    ----------
    path : str or Path
        As given to `copy_bricks`, or what `napari_fhn.surveys.save` wrote as ``.zarr``.

    Returns
    -------
    xarray.DataArray
        With the dims, coordinates and attributes of the survey: ``attrs["source"]`` is still its file, so what is
        predicted on the copy is saved with the file's headers. ``attrs["bricks"]`` is the store. Where the file has
        changed since, ``attrs["notes"]`` says so.

    Raises
    ------
    SurveyError
        When it is none, or damaged.
    """
    path = Path(path)
    array = store.load(path)
    url = url_of(path)
    array.attrs["bricks"] = url or str(path.absolute())
    stale = changed(path) if url is None else ""
    if stale:
        array.attrs["notes"] = (*array.attrs.get("notes", ()), f"{stale} Copy it again.")
    return array


def can_open(path: Path) -> bool:
    """Say whether a folder is a survey in bricks."""
    return store.is_store(path)


def open(path: Path) -> xr.DataArray:
    """Open a copy in bricks; `open_bricks` by the name that all openers have."""
    return open_bricks(path)


def changed(path: str | Path, survey: xr.DataArray | None = None) -> str:
    """Say whether the file that a copy was made from has changed since.

    Parameters
    ----------
    path : str or Path
        The copy.
    survey : xarray.DataArray, optional
        What it should be a copy of: another array of the same file is not, nor is one read with other options.

    Returns
    -------
    str
        A sentence; empty when the file is the same (size, time of change, first bytes), is gone, or never was one.
    """
    manifest = read_manifest(Path(path)) or {}
    then = manifest.get("source")
    now = fingerprint_at(str(then["path"])) if then else None
    if not then or now is None:
        return ""
    if survey is not None and manifest.get("reading") != reading_of(survey):
        return f"What was copied of {Path(then['path']).name} is not this survey."
    if now == then:
        return ""
    what = "size" if now["bytes"] != then["bytes"] else "headers" if now["head"] != then["head"] else "time of change"
    return f"{Path(then['path']).name} is not what was copied (its {what} is another)."


def verify(
    path: str | Path, survey: xr.DataArray | None = None, *, stop: threading.Event | None = None
) -> Iterator[Copied]:
    """Hold a copy against the checksums of what was read from its source.

    Parameters
    ----------
    path : str or Path
        The copy.
    survey : xarray.DataArray, optional
        The source: its values are read again and held against the same checksums.
    stop : threading.Event, optional
        Looked at between steps.

    Yields
    ------
    Copied
        Bytes checked so far.

    Raises
    ------
    SurveyError
        At the first part that differs, with its place.
    """
    path = Path(path)
    manifest = read_manifest(path)
    copy = store.load(path)
    if manifest is None:
        raise SurveyError(path, f"it has no checksums ({MANIFEST} is missing)", "Copy the survey again")
    plan = Plan.of_manifest(manifest)
    done = 0
    for k, box in enumerate(plan.boxes()):
        if stop is not None and stop.is_set():
            return
        for what, array in (("the copy", copy), ("the source", survey)):
            if array is not None and checksum(plan.values(array, box)) != manifest["checksums"].get(str(k)):
                where = ", ".join(_range(copy, axis, part) for axis, part in enumerate(box))
                raise SurveyError(path, f"{what} is not what was copied, at {where}", "Copy the survey again")
        done += plan.nbytes(box)
        yield Copied(done, plan.total)


def _range(array: xr.DataArray, axis: int, part: slice) -> str:
    coordinate = array[array.dims[axis]].values
    return f"{array.dims[axis]} {coordinate[part.start]:g} to {coordinate[part.stop - 1]:g}"
