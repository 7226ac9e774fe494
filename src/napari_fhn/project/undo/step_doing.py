"""What a step of labelling writes: volumes first, then the classes and the wells that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_fhn import labels
from napari_fhn.labels import LabelError
from napari_fhn.project.labelling import horizons as horizon_file
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.sessions import layout
from napari_fhn.project.undo.steps import LABELS, VOLUMES, Step

if TYPE_CHECKING:
    from napari_fhn.project.sessions.session import Session


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    Parameters
    ----------
    step : Step
        Which one.
    voxels : int
        Labels that were changed.
    words : tuple of str
        What could not be.
    """

    step: Step
    voxels: int = 0
    words: tuple[str, ...] = ()


def put(session: Session, step: Step, *, again: bool) -> Outcome:
    """Write what a step says, wherever what it found still stands; to do so twice changes nothing.

    Parameters
    ----------
    session : Session
        Whose labels.
    step : Step
        With its values.
    again : bool
        Do it; else take it back.

    Raises
    ------
    ProjectError
        When somebody else writes in the session.
    LabelError, OSError
        When something cannot be written.
    """
    voxels, words = 0, []
    for name, file in VOLUMES.items():
        change = step.volumes.get(name)
        if change is None or not change.patches:
            continue
        volume = labels.volume.create(layout.array_in(session.folder, file, step.shape), step.shape)
        written = change.redo(volume) if again else change.undo(volume)
        volume.flush()
        if name == LABELS:
            voxels = written
    if step.classes is not None:
        before, after = step.classes if again else step.classes[::-1]
        try:
            session.set_classes((session.classes or before).carried(before, after))
        except LabelError as error:
            words.append(str(error))
    if step.wells is not None:
        words += _put_wells(session, step, again=again)
    if step.horizons is not None:
        words += _put_horizons(session, step, again=again)
    return Outcome(step, voxels, tuple(words))


def _put_horizons(session: Session, step: Step, *, again: bool) -> list[str]:
    assert step.horizons is not None
    before, after = step.horizons if again else step.horizons[::-1]
    kept, words = before, []
    try:
        kept = horizon_file.load(session.folder)
    except LabelError as error:  # put aside by now
        words.append(str(error))
    horizon_file.save(session.folder, horizon_file.carried(kept, before, after))
    return words


def _put_wells(session: Session, step: Step, *, again: bool) -> list[str]:
    assert step.wells is not None
    before, after = step.wells if again else step.wells[::-1]
    folder, kept, words = session.folder, before, []
    try:
        if (folder / well_file.FILE).exists():
            kept = well_file.load(folder)
    except LabelError as error:  # put aside by now
        words.append(str(error))
    kept = well_file.carried(kept, before, after)
    table = session.classes
    if step.classes is not None and table is not None:
        # They may be called otherwise since.
        values = {one.name: one.value for pair in step.classes for one in pair}
        kept = well_file.KeptWells(well_file.renamed(kept.wells, table, values), kept.radius, kept.fall_off)
    well_file.save(folder, kept)
    return words
