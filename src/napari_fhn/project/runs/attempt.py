"""Trying to begin a run: where it fails, the session is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from napari_fhn import mapped
from napari_fhn.project.data import inputs, masks
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.session import Session


def _volumes(session: Session) -> tuple[Path, ...]:
    return session.labels, session.weights, session.carried


@contextmanager
def attempt(session: Session, *, of_a_run: bool = True) -> Iterator[None]:
    """Undo what was written when no run comes of the work inside: manifest, labels, and all of a first try.

    A try that failed leaves nothing that the next one could stumble over.

    Parameters
    ----------
    session : Session
        Written to.
    of_a_run : bool
        Whether it is a run that is begun; else only what raises has failed.
    """
    new, before = not session.exists, session.manifest
    runs = [run.record for run in session.runs.all()]
    there = {path for path in _volumes(session) if mapped.is_there(path)}
    last = session.steps.last
    hidden = masks.kept(session)
    done = False
    try:
        yield
        done = not of_a_run
    finally:
        if not done and not session.gone and [run.record for run in session.runs.all()] == runs:
            # A volume that was there is not removed: somebody may look at it.
            session.steps.take_back_to(last)
            for path in ({*_volumes(session)} - there) | (masks.kept(session) - hidden):
                mapped.remove(path)
            layout.remove_if_empty(session.steps.folder)
            layout.remove_if_empty(session.folder / layout.MASKS)
            if new:
                inputs.remove_copies(session, session.manifest.copies)
                layout.remove_if_empty(session.inputs)
                session.clear()
            else:
                before = replace(before, copies=session.manifest.copies)  # those are there
                session.change(**{field.name: getattr(before, field.name) for field in fields(before)})
