"""Surveys opened to work on, in a session that keeps everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.api import given
from napari_fhn.api.holding import OPEN, undoing
from napari_fhn.api.wording import in_python
from napari_fhn.api.work import Work
from napari_fhn.project import Project, ProjectError, Session
from napari_fhn.project.data import standing_in

if TYPE_CHECKING:
    import tempfile

    from napari_fhn.project.data.together import Together

_NEW_PLACE = "put it back, or open the session with the file where it is now, open(file, session=...)"


def open(
    surveys: given.Surveys | None = None,
    *,
    session: str | Path | None = None,
    vertical_axis: int | None = None,
    categorical: Sequence[str | Path] = (),
    map_field: str | None = None,
    in_place: bool | None = None,
    read_only: bool = False,
    take_over: bool = False,
    **reading: Any,
) -> Work:
    """Open surveys to work on, in a session that keeps everything.

    Parameters
    ----------
    surveys : path-like, array, sequence or mapping of these, optional
        Files of any kind that `napari_fhn.surveys.open` reads, polygons, ``"sample:seismic"`` or
        ``"sample:hyperspectral"``, arrays of xarray as that function gives them, or of numpy. Several are channels.
        Of a session that is there it is not needed: each of its surveys is read again as it was.
    session : path-like, optional
        Folder of work; made where it is not there. Of a file ``NAME.fhn`` in the working folder when absent; an array
        then has a session that ends with the work.
    vertical_axis : int, optional
        Axis of two-way time or depth, where the survey names none.
    categorical : sequence of path-like
        Rasters whose whole numbers are classes: a channel for each.
    map_field : str, optional
        Field of polygons among the surveys that is their class.
    in_place : bool, optional
        Whether surveys in blocks (bricks, Zarr, MDIO, OpenVDS) are read where they lie, and not copied; those of 4 GB
        and more are when absent.
    read_only : bool
        Only look, also while another program works in the session. So it is with one on a disk that cannot be written,
        which is among the notes.
    take_over : bool
        Write in the session even though another program does; that one finds out, and can only look from then on.
    **reading
        Options of `napari_fhn.surveys.open`, such as ``axes=("y", "x", "band")``, which names those of numpy arrays
        too, or ``inline_byte=9``.

    Returns
    -------
    Work
        Close it, or use it in a ``with`` statement, so that others can write in the session.

    Raises
    ------
    SurveyError
        When a file cannot be read, or surveys do not go together.
    ProjectError
        When the session is damaged, is another's, or lies elsewhere than the surveys.

    Examples
    --------
    >>> import numpy as np, napari_fhn as fhn
    >>> magnetics = np.random.default_rng(0).normal(size=(24, 20)).astype("float32")
    >>> with fhn.open(magnetics, axes=("y", "x"), session="magnetics.fhn") as work:
    ...     work
    <Work magnetics.fhn: 24 × 20, nothing labelled, no runs>
    >>> with fhn.open(session="magnetics.fhn") as work:
    ...     work.shape
    (24, 20)
    """
    with in_python():
        if surveys is None and session is None:
            raise ProjectError("there is nothing to open", "Name a survey, or the session of an earlier work")
        named = [] if surveys is None else given.named_surveys(surveys)
        together = None if surveys is None else given.opened(named, categorical, map_field, reading)
        folder, own = given.session_folder(session, named)
        sample, order = given.sample_name(named), given.order_of(named, reading)
        work = _work(folder, together, vertical_axis, sample, order, own, read_only, take_over)
        work.project.stays = in_place
        return work


def _work(
    folder: Path,
    together: Together | None,
    vertical_axis: int | None,
    sample: str,
    order: tuple[str, ...],
    own: tempfile.TemporaryDirectory[str] | None,
    read_only: bool,
    take_over: bool,
) -> Work:
    """Open a session with its surveys, or with others, and become the one who writes in it, where that is possible."""
    earlier = OPEN.get(folder)
    if earlier is not None:
        earlier.close()
    session = Session(folder) if together is not None else Session.existing(folder)
    with undoing(session, read_only, take_over) as writes:
        project = Project.open(folder) if together is None else Project(session, together.surveys)
        session.notes += [words for words in project.session.notes if words not in session.notes]
        project.session = session
        if writes and (together is not None or vertical_axis is not None):
            chosen = session.manifest.vertical_axis if vertical_axis is None else vertical_axis
            if project.surveys is not None:
                project.surveys.check_vertical(vertical_axis)
                stacks = {} if together is None else together.stacks(folder)
                project.use(project.surveys, vertical_axis=chosen, stacks=stacks or _known_stacks(session))
    work = Work(project, sample, own, order, remembers=together is None, read_only=not writes)
    work.notes += [] if together is None else list(together.words)
    work.notes += standing_in.said(session, project.lost, _NEW_PLACE)
    if writes:
        OPEN[folder] = work
    return work


def _known_stacks(session: Session) -> dict[str, Any]:
    return {entry.name: entry.stack for entry in session.manifest.surveys if entry.stack}
