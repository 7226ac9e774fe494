"""A survey copied into shards of bricks where it will stay: a folder or an object store, by one process or by many.

`copying` makes copies for one machine, a file for each brick, beside their final name. Surveys of terabytes have too
many bricks for that, and object stores move nothing: here the copy grows in place, and says until its end that it is
not whole.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any, cast

import xarray as xr

from napari_fhn import record
from napari_fhn.shards import Part, Shards
from napari_fhn.surveys.blocks import release
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.copying import Copied
from napari_fhn.surveys.bricks.manifest import MANIFEST, VERSION, fingerprint, read_manifest, reading_of
from napari_fhn.surveys.bricks.marks import Marks
from napari_fhn.surveys.bricks.plan import Plan, checksum
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import sentences
from napari_fhn.surveys.remote.target import Target

_MARKS = f"{store.VALUES}/shards"


def copy_shards(
    survey: xr.DataArray,
    path: str | os.PathLike[str],
    *,
    part: Part | None = None,
    stop: threading.Event | None = None,
    brick: tuple[int, ...] | None = None,
) -> Iterator[Copied]:
    """Copy a survey into shards (Zarr 3), a shard at a time.

    Killed, run again, or run by several processes at once, each with a part: what is written is not written again. The
    one that writes the last shard makes the store whole; until then nothing opens it as a survey. The source is read
    in the order of its file, about 64 MB at a time.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gave it.
    path : path-like
        Of the store: a folder, or an address that can be written to (``s3://``, ``gs://``, ``abfs://``).
    part : Part, optional
        What of it this process copies; all of it when absent.
    stop : threading.Event, optional
        Looked at between shards.
    brick : tuple of int, optional
        Shape of the bricks; chosen from shape and type when absent.

    Yields
    ------
    Copied
        Once at the beginning and after each shard: bytes that are there, of all parts.

    Raises
    ------
    SurveyError
        When something else is there, it cannot be written, or the survey's file changes meanwhile.
    """
    target = Target(path)
    part = part or Part()
    origin, plan = fingerprint(survey), Plan.of(survey, brick)
    shards = Shards(plan.shape, plan.unit)
    head = {"version": VERSION, "source": origin, "reading": reading_of(survey), **plan.described()}
    with sentences(target.about):
        marks = Marks(target, _MARKS)
        if _is_whole(target, head):
            marks.clear()
            yield Copied(plan.total, plan.total)
            return
        marks.begin(head, "another survey, or another state of this one,")
        array = _array(target, survey, plan)
        done = marks.done()
        sizes = [plan.nbytes(shards.box(k).slices) for k in range(shards.count)]
        copied = sum(sizes[k] for k in done)
        yield Copied(copied, plan.total)
        for k in part.of(shards.count):
            if k in done:
                continue
            if stop is not None and stop.is_set():
                return
            box = shards.box(k).slices
            values = plan.values(survey, box)
            array[box] = values
            release(survey)
            target.settle("/".join((store.VALUES, "c", *map(str, shards.place(k)))))
            marks.finish(k, checksum(values))
            copied += sizes[k]
            del values
            yield Copied(copied, plan.total)
        if len(marks.done()) < shards.count:
            return  # others are at work, or will be
        if fingerprint(survey) != origin:
            what = "the survey's file has changed while it was copied"
            raise SurveyError(target.about, what, "Remove the copy, and make it again once the file is complete")
        _finish(target, head, marks, shards.count)
        yield Copied(plan.total, plan.total)


def _is_whole(target: Target, head: dict[str, Any]) -> bool:
    """Tell whether the copy is there; anything else that is whole is left alone."""
    said = target.read_json("zarr.json") or {}
    ours = (said.get("attributes") or {}).get(store.KEY) if isinstance(said, dict) else None
    if not isinstance(ours, dict) or ours.get(store.UNFINISHED):
        return False
    there = target.read_json(MANIFEST) if target.url is not None else read_manifest(target.folder)
    if not isinstance(there, dict) or any(there.get(key) != value for key, value in _plain(head).items()):
        what = "another survey, or another state of this one, is there"
        raise SurveyError(target.about, what, "Remove it, or choose another name")
    return True


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """Return plain JSON types as they come back from a file."""
    return cast("dict[str, Any]", record.parse(record.to_bytes(said)))


def _array(target: Target, survey: xr.DataArray, plan: Plan) -> Any:
    """The array of the values, made where there is none yet."""
    import zarr

    where = target.store()
    if target.read(f"{store.VALUES}/zarr.json") is None:
        shard = tuple(-(-u // b) * b for u, b in zip(plan.unit, plan.brick, strict=True))
        with warnings.catch_warnings():
            # That the folder of the marks is no part of the hierarchy.
            warnings.simplefilter("ignore")
            store.create(where, survey, plan.dtype, plan.brick, shard=shard)
    # Empty bricks are written too: a shard whose values are all alike is there as well.
    return zarr.open_array(where, path=store.VALUES, mode="r+", config={"write_empty_chunks": True})


def _finish(target: Target, head: dict[str, Any], marks: Marks, count: int) -> None:
    """Make a store whole: its checksums in one file, and last the word that it is."""
    sums = {str(k): said for k, said in marks.said(range(count))}
    target.write(MANIFEST, record.to_bytes({**head, "checksums": sums}))
    whole(target)
    marks.clear()


def whole(target: Target) -> None:
    """Let a store that was written in place say that it is whole."""
    import zarr

    if target.url is not None:
        with warnings.catch_warnings():
            # That no other version of the format has it.
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(target.store())
    said = target.read_json("zarr.json")
    said["attributes"][store.KEY].pop(store.UNFINISHED, None)
    target.write("zarr.json", record.to_bytes(said))
