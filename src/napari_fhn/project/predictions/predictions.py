"""What became of a prediction: whether it is whole and of this network, tidied, taken back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.clock import now
from napari_fhn.labels.volumes.tidy_slabs import tidied
from napari_fhn.project.data.opening import Finder
from napari_fhn.project.errors import NeedsConsent, ProjectError
from napari_fhn.project.runs.run import Run
from napari_fhn.project.sessions import stamps
from napari_fhn.project.sessions.session import Session
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.training.files import inside, removing
from napari_fhn.training.job import Job
from napari_fhn.training.models import earlier
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.provenance import Provenance, Tidied

PARTIAL = "partial"
"""Consent to use a prediction that is not whole, or not of the network and the data of now."""


@dataclass(frozen=True)
class Standing:
    """How a prediction stands.

    Parameters
    ----------
    run : Run
        Whose it is.
    made : Provenance or None
        What made it; None where nothing was predicted.
    doubts : tuple of str
        Why it is not to be taken for the whole prediction of this network on these data; empty where it is.
    """

    run: Run
    made: Provenance | None
    doubts: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it is what the network of now says of all of the survey as it is now."""
        return self.made is not None and not self.doubts

    def words(self) -> list[str]:
        """Say in a few lines what made it: for headers, reports and people."""
        if self.made is None:
            return [f"{self.run.name}: nothing was predicted yet"]
        return [f"run: {self.run.name} ({self.run.id})", *self.made.words(), *self.doubts]


def standing(session: Session, run: Run) -> Standing:
    """Look at the prediction of a run.

    Parameters
    ----------
    session : Session
        Whose surveys are looked at, where they are at hand: one that has changed since makes the prediction stale.
    run : Run
        One of its runs.
    """
    made = run.provenance()
    if made is None or not made.parts:
        return Standing(run, made, ())
    doubts = []
    if not made.complete:
        share = 100 * made.missing / max(1, int(np.prod(made.shape)))
        doubts.append(f"{share:.0f} % of the survey is not predicted" if share >= 1 else "it is not finished")
    description = run.description()
    sha256 = "" if description is None else description.sha256
    if any(part.model != sha256 for part in made.parts):
        live = any(not part.model for part in made.parts)
        doubts.append(
            "parts of it were predicted while the network was still learning"
            if live
            else "the network has changed since"
        )
    if changed := other_data(session, made):
        doubts.append(changed)
    return Standing(run, made, tuple(doubts))


def other_data(session: Session, made: Provenance) -> str:
    """Say that a prediction was made from other data than there are now; empty where it was made from these.

    Parameters
    ----------
    session : Session
        Whose surveys are looked at, where they are at hand.
    made : Provenance
        What made the prediction.
    """
    known = {entry.content: entry for entry in session.manifest.inputs if entry.content}
    if known and any(one.stamp and one.stamp not in known for one in made.inputs):
        return "it was made from other data than the session has now"
    return "a survey has changed on the disk since" if _changed_on_disk(session) else ""


def check(session: Session, run: Run, *, partial: bool = False) -> Standing:
    """Return the standing of a prediction that is about to be scored, reported or exported.

    Parameters
    ----------
    session : Session
        Whose it is.
    run : Run
        One of its runs.
    partial : bool
        Whether it was asked for though it may not be whole, or stale.

    Raises
    ------
    ProjectError
        When nothing was predicted.
    NeedsConsent
        When it is not whole or stale, and nobody asked for such a one.
    """
    found = standing(session, run)
    if found.made is None or not found.made.parts:
        raise ProjectError(f"nothing was predicted by '{run.name}' yet", "Predict first", path=session.folder)
    if found.doubts and not partial:
        raise NeedsConsent(
            f"the prediction of '{run.name}' is not to be taken for the whole: {'; '.join(found.doubts)}",
            "Predict the whole survey first, or ask for it as it is with --partial",
            consent=PARTIAL,
            path=session.folder,
        )
    return found


def check_job(job: Job, *, partial: bool = False) -> list[str]:
    """Return what made the prediction of a job that lies in no session, in lines for people.

    Parameters
    ----------
    job : Job
        Its prediction is about to be scored or exported.
    partial : bool
        Whether it was asked for though it may not be whole.

    Raises
    ------
    ProjectError
        When nothing was predicted.
    NeedsConsent
        When it is not whole and nobody asked for such a one.
    """
    path = Path(job.prediction)
    made = provenance.read(path)
    if made is None and mapped.is_there(path):
        return ["what made it is not known"]
    if made is None or not made.parts:
        raise ProjectError("nothing was predicted by it yet", "Predict first", path=path)
    doubts = [] if made.complete else ["not all of the survey is predicted"]
    if any(not part.model for part in made.parts):
        doubts.append("parts of it were predicted while the network was still learning")
    if doubts and not partial:
        raise NeedsConsent(
            f"the prediction is not to be taken for the whole: {'; '.join(doubts)}",
            "Predict the whole survey first, or ask for it as it is with --partial",
            consent=PARTIAL,
            path=path,
        )
    return [*made.words(), *doubts]


def _changed_on_disk(session: Session) -> bool:
    finder = Finder(session.folder)
    files = [file for entry in session.manifest.inputs for file in (entry.file, *(one.file for one in entry.stack))]
    for file in files:
        if file is None or not file.stamp.checksum:
            continue
        path = finder.find(file)
        if path is not None:
            now_ = stamps.stamp(path)
            if url_of(path) is not None and not now_.checksum:
                continue  # nobody answers there now, which says nothing of what lies there
            # Another time alone says nothing: files are copied and unpacked.
            if (now_.size, now_.checksum) != (file.stamp.size, file.stamp.checksum):
                return True
    return False


@dataclass(frozen=True)
class Tidying:
    """How to tidy.

    Parameters
    ----------
    radius : int
        Of the majority vote, in voxels; 0 for none.
    smallest : int
        Voxels that a body must have to stay.
    largest : int
        Voxels of the largest hole that is closed.

    Examples
    --------
    >>> speck = np.ones((5, 5), np.uint8); speck[2, 2] = 2
    >>> int(Tidying(radius=0, smallest=3, largest=0).applied_to(speck).max())
    1
    """

    radius: int = 1
    smallest: int = 50
    largest: int = 50

    def applied_to(self, classes: NDArray[Any]) -> NDArray[np.uint8]:
        """Return tidied classes of any number of axes."""
        return np.concatenate([values for _, values in self.slabs(classes)])

    def slabs(self, classes: Any) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Yield tidied classes a slab at a time; see `napari_fhn.labels.volumes.tidy_slabs.tidied`."""
        return tidied(classes, self.radius, self.smallest, self.largest)


def tidy(run: Run, how: Tidying, *, check: Callable[[], None] = lambda: None) -> int:
    """Tidy the prediction of a run; what it was is kept for :func:`take_back`.

    Parameters
    ----------
    run : Run
        Whose prediction.
    how : Tidying
        What is done.
    check : callable
        Called after each slab, before anything is changed; what it raises ends it there.

    Returns
    -------
    int
        Voxels that have another class now.

    Raises
    ------
    ProjectError
        When nothing was predicted.
    """
    made = run.provenance()
    if made is None:
        raise ProjectError(f"nothing was predicted by '{run.name}' yet", "Predict first", path=run.folder)
    values = mapped.open(run.prediction, "r+")
    # What changes is little, and packed; it is known as a whole before the first voxel is written.
    changes: list[tuple[slice, bytes]] = []
    changed = 0
    for slab, swept in how.slabs(values):
        differs = swept ^ np.asarray(values[slab])
        changed += int(np.count_nonzero(differs))
        changes.append((slab, zlib.compress(differs.tobytes(), 1)))
        check()
    if made.tidied is None or not mapped.is_there(run.untidied):
        # Tidied twice, it is taken back to what the network said.
        mapped.copy(run.prediction, run.untidied)
    # Said before it is done: a prediction that is half tidied must not pass for what the network said.
    provenance.write(run.prediction, replace(made, tidied=Tidied(how.radius, how.smallest, how.largest, now())))
    for slab, packed in changes:
        before = np.array(values[slab])
        values[slab] = before ^ np.frombuffer(zlib.decompress(packed), np.uint8).reshape(before.shape)
    values.flush()
    mapped.pack(values)
    return changed


def can_take_back(run: Run) -> bool:
    """Whether the prediction of a run was tidied, or one that was stopped has taken the place of a whole one."""
    made = run.provenance()
    tidied = made is not None and made.tidied is not None and mapped.is_there(run.untidied)
    return tidied or (mapped.is_there(earlier.path_of(run.prediction)) and mapped.is_there(run.prediction))


def take_back(run: Run) -> bool:
    """Bring the prediction of a run back as it was before it was tidied, or before another began to take its place.

    Returns
    -------
    bool
        False where there is nothing to take back.
    """
    made = run.provenance()
    if made is None or made.tidied is None or not mapped.is_there(run.untidied):
        return can_take_back(run) and _whole_again(run)
    values = mapped.open(run.prediction, "r+")
    values[...] = mapped.open(run.untidied)
    values.flush()
    mapped.pack(values)
    provenance.write(run.prediction, replace(made, tidied=None))
    mapped.remove(run.untidied)
    return True


def _whole_again(run: Run) -> bool:
    """Put the whole prediction that was there in the place of one that was stopped."""
    kept = earlier.path_of(run.prediction)
    made = provenance.read(kept)
    if made is None:
        return False
    # What lies beside the classes is of the other one, as is the note of how far that came.
    beside = [path for path in inside.of_prediction(run.prediction)[2:] if path not in (kept, run.untidied)]
    removing.files(path for path in beside if path != provenance.path_of(kept))
    provenance.write(run.prediction, replace(made, parts=()))  # until all of it is there
    values = mapped.open(run.prediction, "r+")
    values[...] = mapped.open(kept)
    values.flush()
    provenance.write(run.prediction, made)
    earlier.forget_prediction(run.prediction)
    return True
