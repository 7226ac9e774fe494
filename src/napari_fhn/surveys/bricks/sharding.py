"""A survey copied into shards of bricks where it will stay: a folder or an object store, by one process or by many.

`copying` makes copies for one machine, a file for each brick, beside their final name. Surveys of terabytes have too
many bricks for that, and object stores move nothing: here the copy grows in place, and says until its end that it is
not whole.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any, cast

import numpy as np
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

_STORES = (".zarr", ".mdio")
"""Suffixes of surveys that are such stores."""

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
    copy = ShardCopy(survey, path, brick)
    done = copy.begin()
    yield Copied(copy.bytes_of(done), copy.total)
    for number in (part or Part()).of(copy.shards.count):
        if number in done:
            continue
        if stop is not None and stop.is_set():
            return
        copy.copy(number)
        done.add(number)
        yield Copied(copy.bytes_of(done), copy.total)
    # Others may have been at work meanwhile, or will be.
    if copy.finish() and len(done) < copy.shards.count:
        yield Copied(copy.total, copy.total)


class ShardCopy:
    """A copy in shards, a shard at a time.

    Parameters
    ----------
    survey, path, brick
        As in `copy_shards`.

    Attributes
    ----------
    shards : Shards
        How the survey is cut.
    total : int
        Bytes of its values.
    """

    def __init__(
        self, survey: xr.DataArray, path: str | os.PathLike[str], brick: tuple[int, ...] | None = None
    ) -> None:
        _check_name(path)
        self._survey = survey
        self._target = Target(path)
        self._plan = Plan.of(survey, brick)
        self._origin = fingerprint(survey)
        self._marks = Marks(self._target, _MARKS)
        reading = reading_of(survey)
        self._head = {"version": VERSION, "source": self._origin, "reading": reading, **self._plan.described()}
        self._array: Any = None
        self._whole = False
        self.shards = Shards(self._plan.shape, self._plan.unit)
        self.total = self._plan.total

    def bytes_of(self, numbers: Iterable[int]) -> int:
        """Return the bytes of shards."""
        return sum(self._plan.nbytes(self.shards.box(number).slices) for number in numbers)

    def begin(self) -> set[int]:
        """Make the store, or go on with it; return the shards that are there.

        Raises
        ------
        SurveyError
            When something else is there, or it cannot be written.
        """
        with sentences(self._target.about):
            self._whole = _is_whole(self._target, self._head)
            if self._whole:
                self._marks.clear()
                return set(range(self.shards.count))
            self._marks.begin(self._head, "another survey, or another state of this one,")
            self._array = _array(self._target, self._survey, self._plan)
            return self._marks.done()

    def copy(self, number: int) -> None:
        """Copy a shard, and remember that it is there.

        Raises
        ------
        SurveyError
            When it cannot be read or written, or the disk is full.
        """
        with sentences(self._target.about):
            box = self.shards.box(number).slices
            values = self._plan.values(self._survey, box)
            self._array[box] = values
            release(self._survey)
            self._target.settle("/".join((store.VALUES, "c", *map(str, self.shards.place(number)))))
            self._marks.finish(number, checksum(values))

    def finish(self) -> bool:
        """Make the store whole where all shards are there; tell whether it is.

        Raises
        ------
        SurveyError
            When the survey's file has changed meanwhile.
        """
        if self._whole:
            return True
        with sentences(self._target.about):
            if len(self._marks.done()) < self.shards.count:
                return False
            if fingerprint(self._survey) != self._origin:
                what = "the survey's file has changed while it was copied"
                way_out = "Remove the copy, and make it again once the file is complete"
                raise SurveyError(self._target.about, what, way_out)
            _finish(self._target, self._head, self._marks, self.shards.count)
            self._whole = True
        return True


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
    if target.read_json(f"{store.VALUES}/zarr.json") is None:
        shard = tuple(-(-u // b) * b for u, b in zip(plan.unit, plan.brick, strict=True))
        create_shards(target, survey, plan.dtype, plan.brick, shard)
    # Empty bricks are written too: a shard whose values are all alike is there as well.
    return open_shards(target, empty=True)


def open_shards(target: Target, *, empty: bool = False) -> Any:
    """Open the values of a store for writing.

    Parameters
    ----------
    target : Target
        The store.
    empty : bool
        Whether bricks that hold nothing but what is read where there are none are written too.

    Returns
    -------
    zarr.Array
    """
    import zarr

    return zarr.open_array(target.store(), path=store.VALUES, mode="r+", config={"write_empty_chunks": empty})


def create_shards(
    target: Target,
    survey: xr.DataArray,
    dtype: np.dtype[Any],
    brick: tuple[int, ...],
    shard: tuple[int, ...],
    fill: float | None = None,
) -> None:
    """Make an empty store that is not whole yet, see `napari_fhn.surveys.bricks.store.create`.

    Its array of values says that it is made: it is there when all else is on the disk.
    """
    target.forget_torn()
    with warnings.catch_warnings():
        # That the folder of the marks is no part of the hierarchy.
        warnings.simplefilter("ignore")
        store.create(target.store(), survey, dtype, brick, shard=shard, fill=fill, settled=target.settle_all)
    target.settle_all()


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
    target.sweep()
    said = target.read_json("zarr.json")
    said["attributes"][store.KEY].pop(store.UNFINISHED, None)
    target.write("zarr.json", record.to_bytes(said))


def _check_name(path: str | os.PathLike[str]) -> None:
    """Refuse the name of a file of another kind, as which nobody could open the store."""
    from napari_fhn.surveys.opening import OPENERS

    suffix = PurePath(path).suffix.lower()
    if suffix and suffix not in _STORES and any(suffix in opener.SUFFIXES for opener in OPENERS):
        what = f"bricks are a store in Zarr, and '{suffix}' is the suffix of other files"
        raise SurveyError(os.fspath(path), what, "Choose a name that ends in .zarr")
