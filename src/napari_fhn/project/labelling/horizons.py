"""The horizons of a session, ``horizons.json``: their picks, and the surfaces that were tracked from them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_fhn import mapped, record
from napari_fhn.labels import LabelError
from napari_fhn.leftovers import part_of
from napari_fhn.record import set_aside
from napari_fhn.structure.tracking.events import EVENTS, Event
from napari_fhn.structure.tracking.growing import Picks
from napari_fhn.structure.tracking.horizon import Horizon

if TYPE_CHECKING:
    from napari_fhn.project.sessions.session import Session

FILE = "horizons.json"
_KIND = "horizons"
_VERSION = 1
_MOST = 24
"""Surfaces that are kept in a session: what was tracked last, so that a step back finds it again."""


@dataclass(frozen=True)
class Pick:
    """Where somebody has seen a horizon.

    Parameters
    ----------
    trace : tuple of int
        Inline and crossline, or trace, as indices.
    sample : float
        In samples from the first.
    """

    trace: tuple[int, ...]
    sample: float


@dataclass(frozen=True)
class KeptHorizon:
    """A horizon of a session.

    Parameters
    ----------
    name : str
        As people call it; no two have the same.
    picks : tuple of Pick
        One on each trace at most.
    event : str
        What it follows.
    least : float
        Quality below which it is not shown and not used, 0 to 1.
    surface : str
        Names the file of what was tracked; empty where nothing was.
    """

    name: str
    picks: tuple[Pick, ...] = ()
    event: str = "peak"
    least: float = 0.5
    surface: str = ""

    @property
    def follows(self) -> Event:
        """What it follows; a peak, where a file says something else."""
        return next((event for event in EVENTS if event == self.event), "peak")

    def with_pick(self, pick: Pick) -> KeptHorizon:
        """Return the horizon with a pick in place of any that is on the same trace."""
        others = tuple(one for one in self.picks if one.trace != pick.trace)
        return self._with((*others, pick))

    def without(self, trace: tuple[int, ...]) -> KeptHorizon:
        """Return the horizon without the pick on a trace."""
        return self._with(tuple(one for one in self.picks if one.trace != trace))

    def _with(self, picks: tuple[Pick, ...]) -> KeptHorizon:
        # What was tracked from other picks stays in sight until it is tracked again.
        return KeptHorizon(self.name, picks, self.event, self.least, self.surface)

    def to_track(self) -> Picks:
        """Return the picks as the tracker takes them."""
        return Picks(
            np.array([one.trace for one in self.picks], np.int64), np.array([one.sample for one in self.picks])
        )


@dataclass(frozen=True)
class KeptHorizons:
    """The horizons of a session, in the order in which they were made."""

    horizons: tuple[KeptHorizon, ...] = ()

    def named(self, name: str) -> KeptHorizon | None:
        """Return the horizon of a name."""
        return next((one for one in self.horizons if one.name == name), None)

    def put(self, horizon: KeptHorizon, name: str | None = None) -> KeptHorizons:
        """Return them with a horizon in place of the one of its name, or of the name that it had; else at the end."""
        at = next((k for k, one in enumerate(self.horizons) if one.name == (name or horizon.name)), len(self.horizons))
        return KeptHorizons((*self.horizons[:at], horizon, *self.horizons[at + 1 :]))

    def without(self, name: str) -> KeptHorizons:
        """Return them without one."""
        return KeptHorizons(tuple(one for one in self.horizons if one.name != name))

    def new_name(self) -> str:
        """Return a name that none has."""
        taken = {one.name for one in self.horizons}
        return next(name for k in range(1, len(taken) + 2) if (name := f"Horizon {k}") not in taken)


def save(folder: Path, kept: KeptHorizons) -> None:
    """Write the horizons of a session; the file before stays whole until this one is.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    record.write(folder / FILE, _KIND, _VERSION, content_of(kept))


def load(folder: Path, *, aside: bool = True) -> KeptHorizons:
    """Read the horizons of a session; none where there is no file.

    Parameters
    ----------
    folder : Path
        Of the session.
    aside : bool
        Put a file aside that cannot be read, for its writer; who only looks leaves it.

    Raises
    ------
    LabelError
        When the file is damaged or of a later version.
    """
    path = folder / FILE
    if not path.exists():
        return KeptHorizons()
    try:
        return of_content(record.read(path, _KIND, _VERSION))
    except ValueError as error:
        kept = f", and the file is kept as {set_aside(path).name}" if aside else ""
        raise LabelError(
            f"it cannot be read: {str(error).removeprefix(f'{path}: ').rstrip('.')}",
            f"Labels that were made of horizons are whole{kept}",
            path=path,
        ) from error


def content_of(kept: KeptHorizons) -> dict[str, Any]:
    """Return horizons as plain JSON types."""
    content: dict[str, Any] = record.encode(kept)
    return content


def of_content(content: Any) -> KeptHorizons:
    """Return the horizons that plain JSON types say.

    Raises
    ------
    RecordError, ValueError
        When they say none.
    """
    return record.decode(KeptHorizons, content)


def carried(kept: KeptHorizons, before: KeptHorizons, after: KeptHorizons) -> KeptHorizons:
    """Return horizons with the difference of two others; what was changed since then stays.

    Parameters
    ----------
    kept : KeptHorizons
        As they are.
    before, after : KeptHorizons
        What differs between them is what is changed.
    """
    if kept == before:
        return after
    for one in before.horizons:
        if after.named(one.name) is None and kept.named(one.name) == one:
            kept = kept.without(one.name)
    for one in after.horizons:
        if before.named(one.name) != one:
            kept = kept.put(one)
    return kept


def key_of(horizon: KeptHorizon, stamp: str, reach: float | None = None) -> str:
    """Return what a surface is called that is tracked from these picks in data of this stamp."""
    said = [sorted((one.trace, one.sample) for one in horizon.picks), horizon.event, stamp, reach]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def key_of_values(found: Horizon) -> str:
    """Return what a surface is called that was edited: told by all its values."""
    values = np.stack([found.samples, found.quality]).astype(np.float32)
    return hashlib.sha256(found.event.encode() + values.tobytes()).hexdigest()[:16]


def keep_surface(session: Session, key: str, found: Horizon) -> None:
    """Write what was tracked, beside other structure of the survey; of many the oldest go.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    folder = session.structure
    folder.mkdir(exist_ok=True)
    path = _path(folder, key)
    part = part_of(path)
    try:
        with part.open("wb") as file:
            np.save(file, np.stack([found.samples, found.quality]).astype(np.float32))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    known = sorted(folder.glob("horizon-*.npy"), key=lambda one: one.stat().st_mtime)
    wanted = {one.surface for one in load(session.folder, aside=False).horizons} | {key}
    for old in known[:-_MOST]:
        if not any(old == _path(folder, name) for name in wanted if name):
            old.unlink(missing_ok=True)


def surface_of(session: Session, horizon: KeptHorizon, lateral: tuple[int, ...]) -> Horizon | None:
    """Return what was tracked of a horizon; None where nothing was, or it is not there any more.

    Parameters
    ----------
    session : Session
        Whose horizon it is.
    horizon : KeptHorizon
        Which one.
    lateral : tuple of int
        How many traces the survey has along each axis.
    """
    if not re.fullmatch("[0-9a-f]{16}", horizon.surface):
        return None
    try:
        values = np.array(mapped.open(_path(session.structure, horizon.surface)), np.float32)
    except (OSError, ValueError, EOFError):
        return None
    if values.shape != (2, *lateral):
        return None
    return Horizon(values[0], np.nan_to_num(values[1]), horizon.follows)


def file_names(names: Sequence[str]) -> list[str]:
    """Return names of files for horizons, each another one, without what a file system does not take."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w\- ]+", "_", name).strip() or "horizon"
        found.append(plain if plain not in found else f"{plain} {len(found) + 1}")
    return found


def _path(folder: Path, key: str) -> Path:
    return folder / f"horizon-{key}.npy"
