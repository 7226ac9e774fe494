"""Steps of labelling as files: a line that says what it is, sums of both parts, the record, then values of boxes.

Record and values have a checksum each. The record is read when a session is opened, the values when they are needed; a
file that is cut off or changed is found out either way, and what it says is believed only within the label volume.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.labels.volumes.changes import Change, Patch
from napari_fhn.project.labelling import horizons as horizon_file
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.sessions.manifest import ClassEntry, entries_of, table_of
from napari_fhn.project.undo.steps import VOLUMES, SectionReference, Step

DOING, DONE, UNDOING, UNDONE = "doing", "done", "undoing", "undone"
"""Suffixes that say how a step stands."""

_FIRST = b"napari-fhn step 1\n"
_SUM = 64
_LENGTH = 16
_HEAD = len(_FIRST) + 2 * (_SUM + 1) + 2 * (_LENGTH + 1)


class StepDamaged(ValueError):
    """A step that cannot be read."""


@dataclass(frozen=True)
class _Patch:
    volume: str
    start: tuple[int, ...]
    stop: tuple[int, ...]
    old: int
    new: int


@dataclass(frozen=True)
class _Place:
    axis: int
    index: int
    title: str


@dataclass(frozen=True)
class _Step:
    title: str
    shape: tuple[int, ...]
    patches: tuple[_Patch, ...]
    program: str = ""
    place: _Place | None = None
    classes: tuple[tuple[ClassEntry, ...], tuple[ClassEntry, ...]] | None = None
    wells: tuple[dict[str, Any], dict[str, Any]] | None = None
    horizons: tuple[dict[str, Any], dict[str, Any]] | None = None


def to_bytes(step: Step) -> bytes:
    """Return a step as the content of a file."""
    patches = [(name, patch) for name, change in step.volumes.items() for patch in change.patches]
    content = _Step(
        step.title,
        step.shape,
        tuple(_Patch(name, one.box.start, one.box.stop, len(one.old), len(one.new)) for name, one in patches),
        step.program,
        None if step.place is None else _Place(step.place.axis, step.place.index, step.place.title),
        None if step.classes is None else (entries_of(step.classes[0]), entries_of(step.classes[1])),
        None if step.wells is None else (well_file.content_of(step.wells[0]), well_file.content_of(step.wells[1])),
        None if step.horizons is None else tuple(map(horizon_file.content_of, step.horizons)),  # type: ignore[arg-type]
    )
    head = record.to_bytes(record.encode(content))
    values = b"".join(part for _, patch in patches for part in (patch.old, patch.new))
    sums = (f"{hashlib.sha256(part).hexdigest()}\n{len(part):{_LENGTH}d}\n".encode() for part in (head, values))
    return b"".join((_FIRST, *sums, head, values))


def read(path: Path) -> Step:
    """Read a step whole.

    Raises
    ------
    StepDamaged
        When it is cut off, changed, or none.
    """
    return _read(path, whole=True)


def read_record(path: Path) -> Step:
    """Read what a step is about, without the values: its changes are empty.

    Raises
    ------
    StepDamaged
        When it is cut off, changed, or none.
    """
    return _read(path, whole=False)


def _read(path: Path, *, whole: bool) -> Step:
    try:
        with path.open("rb") as file:
            first = file.read(_HEAD)
            if len(first) != _HEAD or not first.startswith(_FIRST):
                raise StepDamaged("it is no step")
            head_sum, head_length, sum_, length = first[len(_FIRST) :].split(b"\n")[:4]
            sizes = int(head_length), int(length)
            if os.fstat(file.fileno()).st_size != _HEAD + sum(sizes) or not 0 < sizes[0] <= record.LONGEST:
                raise StepDamaged("it is not as long as it says")
            head = _checked(file.read(sizes[0]), head_sum)
            found = record.decode(_Step, record.parse(head))
            step = _described(found)
            return replace(step, volumes=_volumes(found, _checked(file.read(sizes[1]), sum_))) if whole else step
    except StepDamaged:
        raise
    except (OSError, ValueError) as error:
        raise StepDamaged(str(error)) from error


def _checked(data: bytes, wanted: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest().encode() != wanted:
        raise StepDamaged("its checksum is another")
    return data


def _described(found: _Step) -> Step:
    place = found.place
    return Step(
        found.title,
        {},
        found.shape,
        None if found.classes is None else (table_of(found.classes[0]), table_of(found.classes[1])),
        None if found.wells is None else (well_file.of_content(found.wells[0]), well_file.of_content(found.wells[1])),
        None if place is None else SectionReference(place.axis, place.index, place.title),
        found.program,
        None if found.horizons is None else tuple(map(horizon_file.of_content, found.horizons)),  # type: ignore[arg-type]
    )


def _volumes(found: _Step, values: bytes) -> dict[str, Change]:
    at, changes = 0, dict[str, list[Patch]]()
    for one in found.patches:
        box = Box(one.start, one.stop)
        inside = len(box.start) == len(found.shape) and all(
            0 <= a < b <= n for a, b, n in zip(box.start, box.stop, found.shape, strict=True)
        )
        if not inside or one.volume not in VOLUMES or min(one.old, one.new) < 0:
            raise StepDamaged("it changes what is not there")
        middle, end = at + one.old, at + one.old + one.new
        changes.setdefault(one.volume, []).append(Patch(box, values[at:middle], values[middle:end]))
        at = end
    if at != len(values):
        raise StepDamaged("it is not as long as it says")
    return {name: Change(tuple(patches)) for name, patches in changes.items()}
