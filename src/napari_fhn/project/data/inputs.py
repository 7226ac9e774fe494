"""The surveys of a session as inputs of a job: named in the manifest, copied when they are new or have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import xarray as xr

from napari_fhn.project.data import in_place, standing_in
from napari_fhn.project.data.facts import bands_of
from napari_fhn.project.data.staging import Staged, plain_options, shape_of_cubes, source_of, stage
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.damage import is_kept_aside
from napari_fhn.project.sessions.manifest import FILE as MANIFEST
from napari_fhn.project.sessions.manifest import StackedMap, SurveyEntry, refer
from napari_fhn.project.sessions.session import Session
from napari_fhn.project.sessions.stamps import is_kept, stamp
from napari_fhn.surveys import kinds
from napari_fhn.surveys.plain import good_bands
from napari_fhn.training.data.stored import SUFFIX
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input, Job

Told = Callable[[float], None]


def entry_of(
    session: Session,
    name: str,
    survey: xr.DataArray,
    known: SurveyEntry | None = None,
    maps: Sequence[StackedMap] = (),
) -> SurveyEntry:
    """Return how the manifest refers to a survey; what is known of an earlier copy of it is kept.

    Parameters
    ----------
    session : Session
        Whose manifest.
    name : str
        As the person calls it.
    survey : xarray.DataArray
        Opened.
    known : SurveyEntry, optional
        As it stands there.
    maps : sequence of StackedMap
        That it was made of.
    """
    source = source_of(survey)
    file = refer(source, session.folder, stamp(Path(source))) if source and is_kept(source) else None
    fresh = SurveyEntry(
        name,
        file,
        plain_options(survey),
        str(kinds.kind_of(survey)),
        channels=len(good_bands(survey)) if "band" in survey.dims else 1,
        bands=bands_of(name, survey),
        # A stack that is shown again comes without its maps: they are those of before.
        stack=tuple(maps) or (known.stack if known is not None and file is None else ()),
    )
    if known is None or dict(known.read_as) != dict(fresh.read_as) or _other_file(known, fresh):
        return fresh
    if file is not None and known.file is not None and known.staged and known.file.stamp.checksum:
        # The stamp says as of when the copy is: it stays until the survey is copied again.
        file = replace(file, stamp=known.file.stamp)
    return replace(fresh, file=file, staged=known.staged, content=known.content, cube=known.cube)


def copied(
    session: Session,
    surveys: SurveySet,
    *,
    cube: bool = False,
    stays: bool | None = None,
    progress: Told | None = None,
) -> tuple[Input, ...]:
    """Copy surveys into a session, those that are not there yet or have changed, or say where they lie.

    Parameters
    ----------
    session : Session
        Written to.
    surveys : SurveySet
        Opened.
    cube : bool
        Keep bands as the last axis of space, for a network that reads a map from a cube.
    stays : bool, optional
        As in `napari_fhn.project.data.staging.stage`.
    progress : callable, optional
        Told the share of the survey under way; what it raises ends the copying.

    Returns
    -------
    tuple of Input
        For a job.

    Raises
    ------
    JobError
        When a survey cannot be learnt from.
    """
    if cube:
        shape_of_cubes(surveys)  # says what cannot be, before the first of them is copied
    known = {entry.name: entry for entry in session.manifest.surveys}
    inputs: list[Input] = []
    for name, survey in zip(surveys.names, surveys.surveys, strict=True):
        entry = known.get(name) or entry_of(session, name, survey)
        copy = stage(session.inputs, name, survey, entry, cube=cube, stays=stays, progress=progress)
        note_copy(session, copy.path)
        inputs.append(copy.input(name))
        known[name] = _with_copy(session, entry, copy, cube)
    others = (entry for name, entry in known.items() if name not in surveys.names)
    session.change(surveys=(*(known[name] for name in surveys.names), *others))
    sweep(session)
    return tuple(inputs)


def copies(session: Session, shape: tuple[int, ...], *, cube: bool = False) -> tuple[Input, ...]:
    """Return the copies that a session holds, where the surveys themselves are not at hand.

    Raises
    ------
    ProjectError
        When there are none, or none of the form that is needed.
    """
    entries = session.manifest.inputs
    paths = [session.folder / entry.staged for entry in entries]
    if not entries or not all(entry.staged and path.is_file() for entry, path in zip(entries, paths, strict=True)):
        return _of_a_run(session)
    if any(entry.cube != cube for entry in entries):
        raise ProjectError(
            f"{standing_in.not_at_hand(session)}, and their copies are not of the form that this recipe needs",
            "Open the surveys first",
            path=session.folder,
        )
    return tuple(
        Input(str(path), _channel_axis(path, shape, cube), entry.name, entry.content)
        for entry, path in zip(entries, paths, strict=True)
    )


def note_copy(session: Session, path: Path) -> None:
    """Write down that a file among the copies is one that this program has made: others are never removed."""
    known = session.manifest.copies
    if path.name not in known:
        session.change(copies=(*known, path.name))


def remove_copies(session: Session, names: Iterable[str]) -> None:
    """Remove copies of surveys, and attributes, as far as this program has made them."""
    known = session.manifest.copies
    goes = [name for name in names if name in known and Path(name).name == name]
    for name in goes:
        path = session.inputs / name
        path.unlink(missing_ok=True)
        path.with_suffix(".txt").unlink(missing_ok=True)
    if goes:
        session.change(copies=tuple(name for name in known if name not in goes))


def sweep(session: Session, keep: Sequence[str] = ()) -> None:
    """Remove copies of surveys, and attributes, to which neither the manifest nor any run refers.

    Parameters
    ----------
    session : Session
        Written to.
    keep : sequence of str
        Names of files that are used all the same.
    """
    if is_kept_aside(session.folder, MANIFEST):
        return  # nobody knows what it referred to
    used = {Path(entry.staged).name for entry in session.manifest.surveys if entry.staged} | set(keep)
    for run in session.runs.all():
        for path in (run.folder / layout.JOB, run.model / layout.JOB):
            try:
                used |= {Path(item.path).name for item in Job.load(path, trusted=True).inputs}
            except JobError:
                if path.exists() or is_kept_aside(path.parent, path.name):
                    return  # a job that cannot be read may name any of them
    remove_copies(session, [name for name in session.manifest.copies if name not in used])


def _of_a_run(session: Session) -> tuple[Input, ...]:
    """Inputs of the newest run whose files are there: a session of an earlier version names its copies only so."""
    for run in reversed(session.runs.all()):
        try:
            inputs = run.job().inputs
        except JobError:
            continue
        own = tuple(item for item in inputs if not item.attribute)
        if all(Path(item.path).is_file() for item in own):
            return own
    words = standing_in.gone(standing_in.lost(session))
    raise ProjectError(
        "neither its surveys nor copies of them are at hand" + (f" ({words})" if words else ""),
        "Open the session again with the survey where it is now",
        path=session.folder,
    )


def _with_copy(session: Session, entry: SurveyEntry, copy: Staged, cube: bool) -> SurveyEntry:
    file = entry.file
    if file is not None and copy.stamp.checksum:
        file = replace(file, stamp=copy.stamp)
    relative = copy.path.relative_to(session.folder).as_posix()
    return replace(entry, file=file, staged=relative, content=copy.content, cube=cube)


def _other_file(known: SurveyEntry, fresh: SurveyEntry) -> bool:
    if known.file is None or fresh.file is None:
        return known.file is not fresh.file
    same = known.file.absolute == fresh.file.absolute or known.file.path == fresh.file.path
    return not same and known.file.stamp.checksum != fresh.file.stamp.checksum


def _channel_axis(path: Path, shape: tuple[int, ...], cube: bool) -> int | None:
    """Return the channel axis of a copy: it has one where it has more axes than the labels."""
    axes = len(in_place.read(path).shape) if path.suffix == SUFFIX else open_array(str(path)).ndim
    return 0 if not cube and axes > len(shape) else None
