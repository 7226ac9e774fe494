"""What was done to labels, classes and wells, taken back and made again from outside of the dock."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions.session import Session
from napari_fhn.sentence import counted


@dataclass(frozen=True)
class Taken:
    """Steps that were taken back, or made again.

    Attributes
    ----------
    titles : tuple of str
        What they did, in the order in which they were taken.
    voxels : int
        How many values of the labels changed; those that were changed since by something else stay.
    words : tuple of str
        What there is to say of them.
    """

    titles: tuple[str, ...]
    voxels: int
    words: tuple[str, ...] = ()


def take_back(session: Session, count: int = 1) -> Taken:
    """Take the newest steps back that stand.

    Parameters
    ----------
    session : Session
        Whose writer calls.
    count : int
        How many, 1 or more.

    Returns
    -------
    Taken
        What was taken back.

    Raises
    ------
    ProjectError
        When there are fewer; nothing is taken back then.
    SessionInUse
        When somebody else writes in the session.
    """
    return _taken(session, count, back=True)


def make_again(session: Session, count: int = 1) -> Taken:
    """Make the steps again that were taken back last.

    Parameters and errors are those of :func:`take_back`.
    """
    return _taken(session, count, back=False)


def _taken(session: Session, count: int, *, back: bool) -> Taken:
    session.check_writer()
    steps = session.steps
    if count < 1:
        raise ProjectError(
            f"{counted(count, 'steps')} cannot be {'taken back' if back else 'made again'}", "Say 1 or more"
        )
    there = sum(one.undone is not back for one in steps.entries)
    # What was taken back can be made again as long as nothing was done after it.
    if count > there:
        one = there == 1
        done = f"stand{'s' if one else ''} in its history" if back else f"{'was' if one else 'were'} taken back last"
        raise ProjectError(
            f"{there or 'no'} step{'' if one else 's'} {done}, and {count} {'is' if count == 1 else 'are'} asked for",
            "'napari-fhn history' lists them",
            path=session.folder,
        )
    titles: list[str] = []
    voxels, words = 0, list[str]()
    for _ in range(count):
        entry = steps.undoable(None) if back else steps.redoable(None)
        if entry is None:
            break
        outcome = steps.toggle(entry)
        titles.append(entry.title)
        voxels += outcome.voxels
        words += outcome.words
    return Taken(tuple(titles), voxels, tuple(words))
