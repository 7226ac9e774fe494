"""Surveys of a session as training takes them: copied to plain arrays, or named where they lie (`in_place`).

A copy is known by a digest of all its values, taken while they are copied. A survey that has changed on the disk, in
whichever place, is copied again; one that was merely moved or unpacked is found to be the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn import mapped, record
from napari_fhn.leftovers import part_of
from napari_fhn.project.data import in_place
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.sessions import stamps
from napari_fhn.project.sessions.manifest import FileStamp, SurveyEntry
from napari_fhn.sentence import counted, named
from napari_fhn.surveys import summary
from napari_fhn.surveys.plain import BandsLast, good_bands, values
from napari_fhn.training.data import stored
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input

_CHANNEL = "band"
_SHORT = 8


@dataclass(frozen=True)
class Staged:
    """A copy, or what says where a survey lies.

    Parameters
    ----------
    path : Path
        A ``.npy`` whose first axis is the channel axis, if there is one; a ``.json`` as `in_place` writes it.
    channel_axis : int or None
        Which it is.
    content : str
        Digest of its values, shape and type; of the state of the store, where nothing was copied.
    stamp : FileStamp
        Of the survey's file when it was copied; empty where there is none.
    """

    path: Path
    channel_axis: int | None
    content: str
    stamp: FileStamp

    def input(self, name: str) -> Input:
        """Return it as an input of a job."""
        return Input(str(self.path), self.channel_axis, name, self.content)


def check_cube(name: str, survey: xr.DataArray) -> None:
    """Refuse a survey without bands to a network that reads a map from a cube.

    Raises
    ------
    JobError
    """
    if _CHANNEL not in survey.dims:
        raise JobError(f"a map is to be read from a cube, and {name!r} has no bands: choose another recipe")


def shape_of_cubes(surveys: SurveySet) -> tuple[int, ...]:
    """Return the shape in which surveys are staged for a network that reads a map from cubes: bands last.

    Parameters
    ----------
    surveys : SurveySet
        What is learnt from.

    Raises
    ------
    JobError
        When one has no bands, or they have not as many.
    """
    for name, survey in zip(surveys.names, surveys.surveys, strict=True):
        check_cube(name, survey)
    bands = [len(good_bands(survey)) for survey in surveys.surveys]
    if len(set(bands)) > 1:
        have = [f"{name!r} has {counted(count, 'bands')}" for name, count in zip(surveys.names, bands, strict=True)]
        raise JobError(f"a map is to be read from cubes of the same bands, and {named(have)}: choose another recipe")
    return (*surveys.shape, bands[0])


def stage(
    folder: Path,
    name: str,
    survey: xr.DataArray,
    known: SurveyEntry | None = None,
    *,
    cube: bool = False,
    stays: bool | None = None,
    progress: Callable[[float], None] | None = None,
) -> Staged:
    """Copy a survey, or say where it lies: its good bands as channels, its missing values as NaN.

    Parameters
    ----------
    folder : Path
        Where copies lie.
    name : str
        What the person calls it.
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gives it. An axis ``band`` becomes the channel axis, without the bands whose
        ``good`` coordinate is False. Values equal to ``attrs["nodata"]`` become NaN.
    known : SurveyEntry, optional
        What is known of an earlier copy: it is taken where the file of the survey is the same as then.
    cube : bool
        Keep the bands as the last axis of space, for a network that reads a map from a cube; always a copy.
    stays : bool, optional
        Whether it is read where it lies, as far as its store gives boxes; absent, as it was read before, and a new one
        where it is large.
    progress : callable, optional
        Told the share that is done; what it raises ends the copying and leaves no copy.

    Returns
    -------
    Staged

    Raises
    ------
    JobError
        When it holds no numbers, no band of it is good, a cube is asked for where there are no bands, or the disk has
        no room for the copy.
    """
    if survey.dtype.kind not in "biuf":
        raise JobError(f"{name!r} holds {survey.dtype} values; numbers are needed")
    if cube:
        check_cube(name, survey)
    channels = good_bands(survey) if _CHANNEL in survey.dims else None
    if channels is not None and not channels:
        raise JobError(f"every band of {name!r} is on its bad-band list: correct the list in its header")
    channel_axis = None if channels is None or cube else 0
    now = _stamp_of(survey)
    earlier = _earlier(folder, known, survey, cube)
    if not cube and in_place.may_stay(survey) and _stays(stays, survey, known, earlier):
        return _named(folder, name, survey, channel_axis, now)
    if earlier is not None and earlier.suffix == stored.SUFFIX:
        earlier = None  # no copy
    as_then = known is not None and known.file is not None and known.file.stamp == now and bool(now.checksum)
    if earlier is not None and known is not None and as_then:
        return Staged(earlier, channel_axis, known.content, now)
    folder.mkdir(parents=True, exist_ok=True)
    part = part_of(folder / f"{_words(name)}.npy")
    try:
        content = _copy(part, _source(survey, channels, cube), progress)
        path = folder / f"{_words(name)}-{content[:_SHORT]}.npy"
        if path.exists() and known is not None and known.content == content:
            part.unlink()  # the same values: whoever has the earlier copy mapped keeps it
        else:
            os.replace(part, path)
    except mapped.NoRoom as error:
        raise JobError(f"a copy of {name!r} does not fit into {folder} ({error.strerror}): make room there") from error
    finally:
        part.unlink(missing_ok=True)
    noted = path.with_suffix(".txt")
    # For people, and for the report: the survey itself may lie elsewhere tomorrow. Of a copy of a copy nothing is new.
    if not (noted.exists() and _is_in(folder, survey)):
        record.write_text(noted, "\n".join(summary(survey)) + "\n")
    return Staged(path, channel_axis, content, now)


def _stays(wanted: bool | None, survey: xr.DataArray, known: SurveyEntry | None, earlier: Path | None) -> bool:
    if wanted is not None:
        return wanted
    if earlier is not None and known is not None:
        return Path(known.staged).suffix == stored.SUFFIX
    return in_place.size_of(survey) >= in_place.LARGE_BYTES


def _named(folder: Path, name: str, survey: xr.DataArray, channel_axis: int | None, now: FileStamp) -> Staged:
    """Say where a survey lies: what stands for its values is the state of its store."""
    folder.mkdir(parents=True, exist_ok=True)
    content = in_place.content_of(in_place.described(survey, folder))
    path = folder / f"{_words(name)}-{content[:_SHORT]}{stored.SUFFIX}"
    in_place.note(path, survey)
    return Staged(path, channel_axis, content, now)


def _is_in(folder: Path, survey: xr.DataArray) -> bool:
    return Path(str(survey.attrs.get("source", ""))).parent == folder


def _stamp_of(survey: xr.DataArray) -> FileStamp:
    source = source_of(survey)
    try:
        return stamps.stamp(Path(source)) if source and stamps.is_kept(source) else FileStamp()
    except OSError:
        return FileStamp()


def _earlier(folder: Path, known: SurveyEntry | None, survey: xr.DataArray, cube: bool) -> Path | None:
    """The copy that is there already, if it is one of this survey read in this way."""
    if known is None or not known.staged or known.cube != cube:
        return None
    if dict(known.read_as) != plain_options(survey):
        return None
    path = folder.parent / known.staged
    return path if path.is_file() else None


def source_of(survey: xr.DataArray) -> str:
    """Return the file that a survey is read from again: its own, else the copy in bricks that is left of it."""
    source, bricks = str(survey.attrs.get("source", "")), str(survey.attrs.get("bricks", ""))
    return bricks if bricks and not (source and stamps.is_kept(source)) else source


def plain_options(survey: xr.DataArray) -> dict[str, Any]:
    """Return how a survey was read, as JSON has it."""
    source = source_of(survey)
    of_copy = bool(source) and source == str(survey.attrs.get("bricks", ""))
    read_as = {} if of_copy else survey.attrs.get("read_as") or {}
    return {str(key): list(value) if isinstance(value, tuple) else value for key, value in dict(read_as).items()}


class _Row:
    """Slices of the axis that is copied along, as arrays of the copy."""

    def __init__(self, array: Any, axis: int, rows: list[int]) -> None:
        self.array, self.axis, self.rows = array, axis, rows
        self.dtype = np.dtype(array.dtype)
        self.shape = (len(rows), *(size for a, size in enumerate(array.shape) if a != axis))

    def __getitem__(self, number: int) -> np.ndarray[Any, Any]:
        return np.asarray(self.array[(slice(None),) * self.axis + (self.rows[number],)])


def _source(survey: xr.DataArray, channels: list[int] | None, cube: bool) -> _Row:
    if channels is None:
        array = values(survey)
        return _Row(array, 0, list(range(array.shape[0])))
    if cube:
        last = BandsLast(survey)
        return _Row(last, 0, list(range(last.shape[0])))
    return _Row(values(survey), survey.dims.index(_CHANNEL), channels)


def _copy(path: Path, rows: _Row, progress: Callable[[float], None] | None) -> str:
    out = mapped.create(path, rows.shape, rows.dtype)
    digest = hashlib.blake2b(f"{rows.shape}|{rows.dtype.str}".encode(), digest_size=16)
    for done in range(rows.shape[0]):
        row = rows[done]
        out[done] = row
        digest.update(np.ascontiguousarray(row).data)
        if progress is not None:
            progress((done + 1) / rows.shape[0])
    mapped.sync(out)  # on the disk before it has its name
    return digest.hexdigest()


def _words(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "survey"
