"""What a session holds, in a few words and a picture, without opening it: to be recognised in a list."""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import dataclass
from pathlib import Path

from napari_fhn.project.data import stack_sources
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.labelling import wells
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.manifest import SurveyEntry
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import counted

_WEEK = 7


@dataclass(frozen=True)
class Outline:
    """What is told of a session in a list.

    Parameters
    ----------
    folder : Path
        Where it lies.
    survey : str
        Names of the surveys that are learnt from.
    source : str
        File of the first of them, as it was last found; empty where it came from none.
    changed : datetime.datetime
        When something was labelled in it last, by the clock of this machine; else when it was changed last.
    wells : int
        Wells that it holds.
    classes : int
        Classes that have a name.
    labelled : bool
        Whether there is a label volume.
    step : int
        Steps behind the network that predicts; 0 where there is none.
    score : float or None
        Mean IoU of that network on the labels held out; None where nothing was.
    files : tuple of str
        Of all that is learnt from: the surveys, or the rasters of which a stack was made.
    stacked : bool
        Whether these are maps of a stack.
    """

    folder: Path
    survey: str
    source: str
    changed: datetime.datetime
    wells: int = 0
    classes: int = 0
    labelled: bool = False
    step: int = 0
    score: float | None = None
    files: tuple[str, ...] = ()
    stacked: bool = False

    @classmethod
    def of(cls, folder: Path) -> Outline | None:
        """Look at the records of a session; None where there is none, or none that this version can read.

        Parameters
        ----------
        folder : Path
            Of the session; nothing in it is changed.
        """
        session = Session(folder)
        try:
            if not session.exists:
                return None
            manifest, run = session.manifest, session.runs.current
        except (ProjectError, OSError):
            return None
        count = 0
        with contextlib.suppress(ValueError, OSError):  # damaged wells are told of when it is opened
            count = len(wells.read(session.folder).wells)
        inputs = manifest.inputs
        first = inputs[0].file if inputs else None
        return cls(
            session.folder,
            manifest.called,
            "" if first is None else first.absolute,
            _changed(session),
            count,
            len(manifest.classes),
            session.has_labels,
            0 if run is None else run.step,
            None if run is None else run.score,
            tuple(file for entry in inputs for file in (_maps(entry) or _own(entry))),
            any(map(_maps, inputs)),
        )

    @property
    def picture(self) -> Path:
        """Its picture, whether it is there or not."""
        return self.folder / layout.PICTURE

    @property
    def words(self) -> str:
        """Return what is known and learnt in it: ``"6 wells, network of step 114, held-out IoU 0.63"``."""
        known = []
        if self.wells:
            known.append(counted(self.wells, "wells"))
        elif self.labelled:
            known.append(counted(self.classes, "classes") if self.classes else "labels")
        if self.step:
            known.append(f"network of step {self.step}")
        if self.score is not None:
            known.append(f"held-out IoU {self.score:.2f}")
        return ", ".join(known) or "nothing labelled yet"

    def day(self, today: datetime.date) -> str:
        """Return when it was changed last, as one says it: ``"yesterday"``, ``"on Monday"``, ``"on 3 May 2026"``."""
        return day(self.changed.date(), today)


def _own(entry: SurveyEntry) -> tuple[str, ...]:
    return () if entry.file is None else (entry.file.absolute,)


def _maps(entry: SurveyEntry) -> tuple[str, ...]:
    """The rasters of a stack; polygons are no layers that could be opened again."""
    if entry.stack:
        return tuple(one.file.absolute for one in entry.stack if not one.class_field)
    return () if entry.file is None else stack_sources.noted(Path(entry.file.absolute))


def day(then: datetime.date, today: datetime.date) -> str:
    """Return a day as one says it.

    Parameters
    ----------
    then : datetime.date
        The day.
    today : datetime.date
        The day on which it is said.

    Examples
    --------
    >>> today = datetime.date(2026, 5, 4)
    >>> [day(today - datetime.timedelta(ago), today) for ago in (1, 3, 33)]
    ['yesterday', 'on Friday', 'on 1 April 2026']
    """
    ago = (today - then).days
    if ago in (0, 1):
        return ("today", "yesterday")[ago]
    if 0 < ago < _WEEK:
        return f"on {then:%A}"
    return f"on {then.day} {then:%B %Y}"


def _changed(session: Session) -> datetime.datetime:
    """When labels were changed last; of a session without labels when it was."""
    folder = session.folder
    files = (session.labels, folder / wells.FILE) if session.has_labels else (folder / "session.json", folder)
    times = []
    for path in files:
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return datetime.datetime.fromtimestamp(max(times, default=0.0))
