"""A survey copied into bricks: time slices and blocks at the speed of the disk, whatever the sorting of its file.

The copy is made beside its final name and may be interrupted at any moment: what is there is known from the files of
the bricks and from ``values/bricks.json``, and the next call goes on from it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn import leftovers, record
from napari_fhn.record.aside import settle
from napari_fhn.surveys.arrays.zarr_store import strangers
from napari_fhn.surveys.blocks import ArrayLike, release
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.manifest import MANIFEST, VERSION, fingerprint, read_manifest, reading_of, same
from napari_fhn.surveys.bricks.plan import Plan, checksum, missing
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import check_links, lock, sentences, sync
from napari_fhn.surveys.swapping import put_in_place


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
        strange = strangers(path)
        if strange:
            raise SurveyError(path, f"{strange[0]} lies in it, which would be lost", "Choose another name")
        origin = fingerprint(survey)
        reading = reading_of(survey)
        plan = Plan.of(survey, brick)
        if origin is not None and same(read_manifest(path), origin, reading, plan) and not missing(path, plan):
            yield Copied(plan.total, plan.total)
            return
        check_links([path])
        beside = path.with_name(f".{path.name}.lock")
        held = lock(beside)
        if held is None:
            raise SurveyError(path, "another process is copying to this place", "Wait for it, or choose another name")
        try:
            partial = _partial(path)
            yield from _fill(survey, survey, partial, plan, origin, reading, stop)
            if stop is not None and stop.is_set():
                return
            if fingerprint(survey) != origin:
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


def discard(path: str | Path) -> None:
    """Remove what a cancelled copy left beside `path`."""
    shutil.rmtree(_partial(Path(path)), ignore_errors=True)


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
    manifest = read_manifest(partial)
    if origin is not None and same(manifest, origin, reading, plan):
        assert manifest is not None
        import zarr

        bricks = zarr.open_array(partial / store.VALUES, mode="r+", config={"write_empty_chunks": True})
        lacking = missing(partial, plan)
        _sweep(partial)
    else:
        shutil.rmtree(partial, ignore_errors=True)
        bricks = store.create(partial, survey, plan.dtype, plan.brick)
        manifest = {"version": VERSION, "source": origin, "reading": reading, **plan.described(), "checksums": {}}
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
        part = plan.values(values, box)
        bricks[box] = part
        release(values)
        manifest["checksums"][str(k)] = checksum(part)
        record.write_bytes(partial / MANIFEST, record.to_bytes(manifest))
        done += plan.nbytes(box)
        del part
        yield Copied(done, plan.total)


def _sweep(partial: Path) -> None:
    """Take away what a killed copy was just writing: this one has the lock, and all that lies here is a copy's."""
    for folder in (partial, partial / store.VALUES):
        leftovers.sweep(folder)
    for path in (partial / store.VALUES).rglob("*.partial"):  # as zarr calls them
        with suppress(OSError):
            path.unlink()


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.replaced")


def _give_back(path: Path) -> None:
    """Undo what a process left that was killed between the two moves."""
    if _aside(path).exists() and not path.exists():
        os.replace(_aside(path), path)


def _move(partial: Path, path: Path) -> None:
    shutil.rmtree(_aside(path), ignore_errors=True)
    put_in_place(partial, path, _aside(path))
    settle(path.parent)
    for old in (_aside(path), partial):  # which of them it is depends on what the system can do
        shutil.rmtree(old, ignore_errors=True)
