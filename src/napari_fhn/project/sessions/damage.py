"""Records of a session that cannot be read: each costs what it said, and never the session.

They are looked for when a session is opened. Whoever only looks is told of them; whoever writes puts them aside, so
that the next record of that name does not replace what is left of them, and makes them anew as far as others tell the
same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_fhn import record
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.labelling import horizons, wells
from napari_fhn.project.runs.run import Run, RunRecord, is_run, number_of, read_record
from napari_fhn.project.sessions import layout, manifest, view_record
from napari_fhn.project.sessions.lock import SessionLock
from napari_fhn.project.sessions.manifest import Damaged, Manifest
from napari_fhn.project.sessions.recovery import job_of, recovered, run_recovered
from napari_fhn.project.sessions.view_record import ViewRecord
from napari_fhn.project.undo.step_files import DOING, UNDOING
from napari_fhn.training.job import Job
from napari_fhn.training.models import description
from napari_fhn.training.prediction import provenance

_LEFT_OUT = "leave-one-out.json"
_MANIFEST = (
    "surveys, classes and settings are taken from the newest training, as far as there is one: open the files of the "
    "surveys again, and look at the classes"
)
_MANIFEST_BEFORE = (
    "surveys, classes and settings are those of when the session was last opened, or of a training since: look at the "
    "classes"
)


Anew = Callable[[], object]


@dataclass(frozen=True)
class _Kind:
    """A kind of record.

    Parameters
    ----------
    path : Path
        Of the record.
    read : callable
        Raises when it cannot be read.
    mend : callable
        Returns what is lost without it, and what makes it anew out of others: None where nothing does. Asked only where
        it cannot be read.
    stays : bool
        Whether it is left in its place, where nobody takes it for something that can be used.
    """

    path: Path
    read: Callable[[], object]
    mend: Callable[[], tuple[str, Anew | None]]
    stays: bool = False


@dataclass(frozen=True)
class _Damage:
    """A record that cannot be read, why, what is lost, and what makes it anew."""

    path: Path
    what: str
    lost: str
    anew: Anew | None
    stays: bool

    def words(self, folder: Path) -> str:
        return f"{self.path.relative_to(folder).as_posix()} cannot be read ({self.what}): {self.lost}."


def found(folder: Path) -> list[str]:
    """Return what cannot be read in a session, and what is half done, a sentence each; nothing is changed.

    Parameters
    ----------
    folder : Path
        Of the session.

    Examples
    --------
    >>> folder = Path("work")
    >>> folder.mkdir()
    >>> _ = (folder / "desk.json").write_text("{}")
    >>> found(folder)
    ['desk.json cannot be read (it is no napari-fhn desk): how it was looked at is not known.']
    """
    return [damage.words(folder) for damage in _damaged(folder)] + _cut_off(folder)


def put_aside(folder: Path) -> list[str]:
    """Put aside what cannot be read in a session, and say so; only the one who writes in it may.

    Parameters
    ----------
    folder : Path
        Of the session.

    Returns
    -------
    list of str
        As :func:`found`, with where the file is kept.

    Raises
    ------
    OSError
        When a record that is made anew cannot be written; what was there is kept.
    """
    said = []
    for damage in _damaged(folder):
        words = damage.words(folder)
        if not damage.stays:
            aside = record.set_aside(damage.path, stays=damage.anew is not None)
            if damage.anew is not None:
                damage.anew()
            words += f" The file is kept as {aside.name}."
        said.append(words)
    return said


def is_kept_aside(folder: Path, name: str) -> bool:
    """Whether a record of this name was put aside in a folder: then what it referred to is not known to be unused."""
    return any(folder.glob(f"{name}{record.ASIDE}*"))


def _cut_off(folder: Path) -> list[str]:
    """Say of changes that are half written that nobody ends them, where that is so."""
    found = [path for state in (DOING, UNDOING) for path in (folder / layout.HISTORY).glob(f"*.{state}")]
    if not found or SessionLock(folder).holder() is not None:
        return []
    return ["a change of the labels was cut off, and is half done until the session is opened where it can be written."]


def _damaged(folder: Path) -> Iterator[_Damage]:
    for kind in _kinds(folder):
        if not os.path.lexists(kind.path):
            continue
        try:
            kind.read()
        except (ValueError, OSError) as error:
            if isinstance(error, ProjectError) and not isinstance(error, Damaged):
                continue  # a session of a later version, which is refused as a whole
            what = str(error).removeprefix(f"{kind.path}: ").removeprefix("it cannot be read: ")
            yield _Damage(kind.path, what.split(". ")[0].rstrip("."), *kind.mend(), kind.stays)


def _kinds(folder: Path) -> Iterator[_Kind]:
    """The records that a session may have. The manifest comes last: it is made again out of others."""
    yield _Kind(folder / view_record.FILE, lambda: ViewRecord.load(folder), _lost("how it was looked at is not known"))
    burnt = "the labels of its wells are whole, and to burn them anew the wells are to be brought in again"
    yield _Kind(folder / wells.FILE, lambda: wells.read(folder), _lost(burnt))
    drawn = "labels that were made of its horizons are whole, and these are to be picked again"
    yield _Kind(folder / horizons.FILE, lambda: horizons.load(folder, aside=False), _lost(drawn))
    top = folder / layout.RUNS
    runs = [path for path in (top.iterdir() if top.is_dir() else ()) if is_run(path)]
    for path in sorted(runs, key=lambda one: number_of(one.name)):
        yield from _of_a_run(path)
    kept = folder / layout.KEPT
    for path in sorted([*kept.glob("*.npy"), *kept.glob("*.zarr")]) if kept.is_dir() else ():
        made = provenance.path_of(path)
        yield _Kind(made, _reading(provenance.read, path), _lost("nobody knows what made that prediction"))
    yield _Kind(
        folder / manifest.FILE,
        lambda: Manifest.load(folder),
        _mend_manifest(folder),
    )


def _of_a_run(folder: Path) -> Iterator[_Kind]:
    run = Run(folder, RunRecord(folder.name, ""))
    for path in (folder / layout.JOB, run.model / layout.JOB):
        yield _Kind(path, _reading(_any_job, path), _mend_job(run, path))
    network = "that network cannot be used before the file is put back"
    yield _Kind(run.model / description.FILE, _reading(description.read, run.model), _lost(network), stays=True)
    made = "nobody knows what made that prediction, and it has to be made again"
    yield _Kind(provenance.path_of(run.prediction), _reading(provenance.read, run.prediction), _lost(made))
    scores = folder / _LEFT_OUT
    yield _Kind(scores, _reading(_plain, scores), _lost("labels have to be left out again"))
    told = "its name is lost, and how it came about is taken from its job and its log"
    yield _Kind(
        folder / layout.RUN, _reading(read_record, folder), lambda: (told, lambda: run.save(run_recovered(folder)))
    )


def _lost(words: str) -> Callable[[], tuple[str, Anew | None]]:
    return lambda: (words, None)


def _mend_manifest(folder: Path) -> Callable[[], tuple[str, Anew | None]]:
    words = _MANIFEST if Manifest.before(folder) is None else _MANIFEST_BEFORE
    return lambda: (words, lambda: recovered(folder).save(folder))


def _mend_job(run: Run, path: Path) -> Callable[[], tuple[str, Anew | None]]:
    def mend() -> tuple[str, Anew | None]:
        job = job_of(run)
        if job is None:
            return "that training can neither go on nor be repeated", None
        return "it is taken from its copy", lambda: job.save(path)

    return mend


def _reading(read: Callable[[Path], object], path: Path) -> Callable[[], object]:
    return lambda: read(path)


def _any_job(path: Path) -> None:
    """Look at a job; one that writes elsewhere is whole, and refused by whoever is to do it."""
    Job.load(path, trusted=True)


def _plain(path: Path) -> None:
    """Look at a record whose content is the matter of another room."""
    if not path.is_file():
        raise record.RecordError("it is no file")
    if not isinstance(record.parse(path.read_bytes()), dict):
        raise record.RecordError("it holds no names and values")
