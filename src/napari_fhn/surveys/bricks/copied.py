"""A survey copied into bricks: time slices and blocks at the speed of the disk, whatever the sorting of its file.

The copy is made beside its final name and may be interrupted at any moment: what is there is known from the files of
the bricks and from ``values/bricks.json``, and the next call goes on from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, release
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.plan import Box, Plan, checksum, missing
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import lock, sentences, sync, write_json

# In the folder of the array, where no reader of Zarr takes it for a member of the group.
MANIFEST = f"{store.VALUES}/bricks.json"
#: Of the folders; any other name does as well.
SUFFIXES = (".zarr",)
_VERSION = 1
_HEAD_BYTES = 2**16


@dataclass(frozen=True)
class Copied:
    """How far a copy is.

    Attributes
    ----------
    done, total : int
        Bytes of the survey's values.
    """

    done: int
    total: int


def copy_bricks(
    survey: xr.DataArray,
    path: str | Path,
    *,
    stop: threading.Event | None = None,
    brick: tuple[int, ...] | None = None,
) -> Iterator[Copied]:
    """Copy a survey into bricks, a few rows of bricks at a time.

    The source is read in the order of its file (whole inlines or whole crosslines, all samples). Nothing appears
    under `path` before it is complete. Drive the generator from any thread or process; to cancel, set `stop` or
    close it. What was copied then stays beside `path` and the next call goes on from there, as it does after the
    process was killed; `discard` removes it.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gave it.
    path : str or Path
        The store to make, mostly ``.zarr``. A complete and current copy that is there already is left alone; one of
        another survey, or of an older state of the file, is replaced.
    stop : threading.Event, optional
        Looked at between steps (about 64 MB each).
    brick : tuple of int, optional
        Shape of the bricks; chosen from shape and type when absent.

    Yields
    ------
    Copied
        Once at the beginning (more than 0 done when it goes on), and after each step.

    Raises
    ------
    SurveyError
        When somebody else is copying to the same place, the disk is full, or the survey's file changes meanwhile.
    """
    path = Path(path)
    with sentences(path):
        _give_back(path)
        if path.exists() and not store.is_store(path) and (path.is_file() or any(path.iterdir())):
            raise SurveyError(path, "something else than a survey in bricks is there", "Choose another name")
        origin = _fingerprint(survey)
        reading = _reading(survey)
        plan = Plan.of(survey, brick)
        if origin is not None and _same(_read_manifest(path), origin, reading, plan) and not missing(path, plan):
            yield Copied(plan.total, plan.total)
            return
        beside = path.with_name(f".{path.name}.lock")
        held = lock(beside)
        if held is None:
            raise SurveyError(path, "another process is copying to this place", "Wait for it, or choose another name")
        try:
            partial = _partial(path)
            yield from _fill(survey, survey, partial, plan, origin, reading, stop)
            if stop is not None and stop.is_set():
                return
            if _fingerprint(survey) != origin:
                shutil.rmtree(partial)
                raise SurveyError(
                    path, "the survey's file has changed while it was copied", "Copy it again once it is complete"
                )
            sync(partial)
            _move(partial, path)
        finally:
            with suppress(OSError):
                beside.unlink()
            held.close()


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
    array.attrs["bricks"] = str(path.absolute())
    stale = changed(path)
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
    manifest = _read_manifest(Path(path)) or {}
    then = manifest.get("source")
    if not then or not Path(then["path"]).exists():
        return ""
    if survey is not None and manifest.get("reading") != _reading(survey):
        return f"What was copied of {Path(then['path']).name} is not this survey."
    now = _fingerprint_of(Path(then["path"]))
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
    manifest = _read_manifest(path)
    copy = store.load(path)
    if manifest is None:
        raise SurveyError(path, f"it has no checksums ({MANIFEST} is missing)", "Copy the survey again")
    plan = Plan.of_manifest(manifest)
    done = 0
    for k, box in enumerate(plan.boxes()):
        if stop is not None and stop.is_set():
            return
        for what, array in (("the copy", copy), ("the source", survey)):
            if array is not None and checksum(_values(array, box, plan.dtype)) != manifest["checksums"].get(str(k)):
                where = ", ".join(_range(copy, axis, part) for axis, part in enumerate(box))
                raise SurveyError(path, f"{what} is not what was copied, at {where}", "Copy the survey again")
        done += plan.nbytes(box)
        yield Copied(done, plan.total)


def discard(path: str | Path) -> None:
    """Remove what a cancelled copy left beside `path`."""
    shutil.rmtree(_partial(Path(path)), ignore_errors=True)


def write_bricks(folder: Path, values: ArrayLike, template: xr.DataArray) -> Iterator[Copied]:
    """Write values into a new store, a few rows of bricks at a time.

    Parameters
    ----------
    folder : Path
        Not there yet.
    values : ArrayLike
        Read a box at a time.
    template : xarray.DataArray
        Of the same shape: dims, coordinates and attributes. Its values are not looked at.

    Yields
    ------
    Copied
        After each step.
    """
    yield from _fill(template, values, folder, Plan.of(template), None, "", None)


def _fill(
    survey: xr.DataArray,
    values: ArrayLike,
    partial: Path,
    plan: Plan,
    origin: dict[str, Any] | None,
    reading: str,
    stop: threading.Event | None,
) -> Iterator[Copied]:
    """Copy what is not there yet."""
    manifest = _read_manifest(partial)
    if origin is not None and _same(manifest, origin, reading, plan):
        assert manifest is not None
        import zarr

        bricks = zarr.open_array(partial / store.VALUES, mode="r+", config={"write_empty_chunks": True})
        lacking = missing(partial, plan)
    else:
        shutil.rmtree(partial, ignore_errors=True)
        bricks = store.create(partial, survey, plan.dtype, plan.brick)
        manifest = {"version": _VERSION, "source": origin, "reading": reading, **plan.described(), "checksums": {}}
        lacking = set()
    boxes = list(plan.boxes())
    known = {k for k in range(len(boxes)) if str(k) in manifest["checksums"] and k not in lacking}
    done = sum(plan.nbytes(boxes[k]) for k in known)
    yield Copied(done, plan.total)
    for k, box in enumerate(boxes):
        if k in known:
            continue
        if stop is not None and stop.is_set():
            return
        part = _values(values, box, plan.dtype)
        bricks[box] = part
        release(values)
        manifest["checksums"][str(k)] = checksum(part)
        write_json(partial / MANIFEST, manifest)
        done += plan.nbytes(box)
        del part
        yield Copied(done, plan.total)


def _values(array: ArrayLike, box: Box, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array[box], dtype=dtype)


def _fingerprint(survey: xr.DataArray) -> dict[str, Any] | None:
    source = survey.attrs.get("source")
    return _fingerprint_of(Path(source)) if source and Path(source).exists() else None


def _fingerprint_of(source: Path) -> dict[str, Any]:
    """Size, time of change and a hash of the first bytes of a file (of its description, for a Zarr folder)."""
    told = source
    if source.is_dir():
        told = next((source / n for n in ("zarr.json", ".zmetadata", ".zgroup", ".zarray") if (source / n).exists()),
                    source)  # fmt: skip
    status = told.stat()
    head = b""
    if told.is_file():
        with told.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    return {
        "path": str(source.absolute()),
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "head": hashlib.sha256(head).hexdigest(),
    }


def _reading(survey: xr.DataArray) -> str:
    """Hash what tells two surveys out of one file apart: how they were read, which array, where they lie."""
    how = [survey.attrs.get("read_as"), survey.attrs.get("variable"), survey.dims, survey.shape]
    digest = hashlib.sha256(json.dumps(how, sort_keys=True, default=str).encode())
    for name in sorted(map(str, survey.coords)):
        values = survey[name].values
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values.astype(str) if values.dtype.kind == "O" else values).tobytes())
    return digest.hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("version") == _VERSION else None


def _same(manifest: dict[str, Any] | None, origin: dict[str, Any], reading: str, plan: Plan) -> bool:
    if manifest is None:
        return False
    told = {"source": origin, "reading": reading, **plan.described()}
    return all(manifest.get(key) == value for key, value in told.items())


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.replaced")


def _give_back(path: Path) -> None:
    """Undo what a process left that was killed between the two moves."""
    if _aside(path).exists() and not path.exists():
        os.replace(_aside(path), path)


def _move(partial: Path, path: Path) -> None:
    if path.exists():
        shutil.rmtree(_aside(path), ignore_errors=True)
        os.replace(path, _aside(path))
    os.replace(partial, path)
    shutil.rmtree(_aside(path), ignore_errors=True)


def _range(array: xr.DataArray, axis: int, part: slice) -> str:
    coordinate = array[array.dims[axis]].values
    return f"{array.dims[axis]} {coordinate[part.start]:g} to {coordinate[part.stop - 1]:g}"
