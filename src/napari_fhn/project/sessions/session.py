"""The folder of a piece of work: manifest, labels, copies of surveys, runs; one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import __version__, labels, mapped
from napari_fhn.clock import now
from napari_fhn.labels import ClassTable
from napari_fhn.project.errors import ProjectError, SessionInUse
from napari_fhn.project.runs.runs import Runs
from napari_fhn.project.sessions import damage, layout, migration, rights, sweeping
from napari_fhn.project.sessions.disk import identity, size_of
from napari_fhn.project.sessions.lock import Holder, SessionLock
from napari_fhn.project.sessions.manifest import FILE as MANIFEST
from napari_fhn.project.sessions.manifest import Manifest
from napari_fhn.project.undo.step_log import StepLog
from napari_fhn.project.undo.steps import VOLUMES, pack_volumes


class Session:
    """One folder of work.

    Everything in it is on disk as soon as it is made, and every path in it is relative to it: moved, copied, renamed or
    sent elsewhere it works as before.

    Parameters
    ----------
    folder : path-like
        Made when something is written and it is not there; what it holds is kept.

    Raises
    ------
    ProjectError
        For an address: a folder of that name would be made here.

    Examples
    --------
    >>> import tempfile
    >>> session = Session(tempfile.mkdtemp())
    >>> with session.writing("an example"):
    ...     known = session.label_volume((4, 5))
    ...     known[0, 0] = 1
    >>> session.has_labels, len(session.runs.all())
    (True, 0)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = rights.here(folder)
        self.lock = SessionLock(self.folder)
        self.notes: list[str] = []
        self.only_look = False
        self.steps = StepLog(self)
        self._manifest: Manifest | None = None
        self._place: tuple[int, int] | None = None
        self._changing = threading.RLock()

    @classmethod
    def existing(cls, folder: str | Path) -> Session:
        """Return the session in a folder.

        Raises
        ------
        ProjectError
            When there is none, or the folder may not be looked into.
        """
        session = cls(folder)
        try:
            holds_one = session.exists
        except OSError as error:
            what = f"it cannot be looked into ({error.strerror or error})"
            raise ProjectError(what, "Ask whoever owns it for the right to read it", path=folder) from error
        if not holds_one:
            if session.folder.is_file():
                raise ProjectError(
                    "it is a file, and no session", "Name the folder that holds session.json", path=folder
                )
            there = "it is no session" if session.folder.is_dir() else "there is no such folder"
            raise ProjectError(there, "Train in it first, or name the folder that holds session.json", path=folder)
        return session

    @property
    def exists(self) -> bool:
        """Whether the folder holds a session, of this version or of an earlier one."""
        return layout.is_session(self.folder)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.folder.name

    @property
    def labels(self) -> Path:
        """The label volume that the viewer paints into and training reads."""
        return layout.array_in(self.folder, layout.LABELS)

    @property
    def weights(self) -> Path:
        """How much each label counts, in percent; no file, or 0 in it, where all count fully."""
        return layout.array_in(self.folder, layout.WEIGHTS)

    @property
    def accepted(self) -> Path:
        """Where labels were taken over from a prediction and are no observation."""
        return layout.array_in(self.folder, layout.ACCEPTED)

    @property
    def carried(self) -> Path:
        """What was carried along the reflectors: labels that are no observation, and may be carried anew."""
        return layout.array_in(self.folder, layout.CARRIED)

    @property
    def structure(self) -> Path:
        """Folder of what is found out once about the structure of the surveys, such as the dips of their reflectors."""
        return self.folder / layout.STRUCTURE

    @property
    def inputs(self) -> Path:
        """Folder of the copies of the surveys."""
        return self.folder / layout.INPUTS

    @property
    def kept(self) -> Path:
        """Folder of the predictions that were kept to compare others with."""
        return self.folder / layout.KEPT

    @property
    def has_labels(self) -> bool:
        """Whether there is a label volume."""
        return mapped.is_there(self.labels)

    @property
    def runs(self) -> Runs:
        """The trainings, and which of them predicts."""
        return Runs(self)

    # The manifest ----------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """What the session knows about itself, as it is on disk.

        Raises
        ------
        ProjectError
            When it is of a later version. A damaged one is made out of what else the session holds.
        """
        if self._manifest is None or not (self.lock.held or self.gone):
            self._manifest = migration.manifest_of(self.folder)
        return self._manifest

    def change(self, **changes: Any) -> Manifest:
        """Write fields of the manifest.

        Parameters
        ----------
        **changes
            Fields of `Manifest`.

        Returns
        -------
        Manifest
            As it is now.

        Raises
        ------
        ProjectError
            When somebody else writes here, or has taken it over.
        """
        with self._changing:  # a window writes what is clicked while a thread of it copies surveys
            self.check_writer()
            found = self.manifest
            new = {} if found.created else {"created": now(), "program": f"napari-fhn {__version__}"}
            changed = replace(found, **(new | changes))  # who puts a manifest back says these, too
            if changed != self._manifest or not layout.has_manifest(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                changed.save(self.folder)
            self._manifest = changed
            return changed

    def clear(self) -> None:
        """Remove the manifest of a session in which nothing has come about."""
        (self.folder / MANIFEST).unlink(missing_ok=True)
        self._manifest = None

    @property
    def classes(self) -> ClassTable | None:
        """The classes; None before any was named."""
        return self.manifest.table

    def set_classes(self, table: ClassTable) -> None:
        """Keep these classes."""
        self.change(classes=self.manifest.with_table(table).classes)

    # One writer ------------------------------------------------------------------------------------------------------

    def acquire(self, program: str, *, take_over: bool = False) -> None:
        """Become the one who writes here; a session of an earlier version is brought into the form of this one.

        Parameters
        ----------
        program : str
            As a person knows it.
        take_over : bool
            Even though another process writes here.

        Raises
        ------
        OnlyToLook
            When somebody else does, or nothing can be written there.
        ProjectError
            When it cannot be made, is of a later version, or a link in it leads out of it.
        """
        made = not self.folder.exists()
        rights.make(self.folder)
        self.lock.acquire(program, take_over=take_over)
        self._place = identity(self.folder)
        try:
            self._manifest = None
            rights.check(self.folder)
            self.check_plain(pipes=True)  # what is no file is no record, and put aside as such
            self.notes += rights.own(self.folder)
            damaged = damage.put_aside(self.folder)
            self.notes = [one for one in self.notes if not any(more.startswith(one) for more in damaged)] + damaged
            self.check_plain()
            self.notes += migration.bring_up_to_date(self.folder)
            self._manifest = migration.manifest_of(self.folder)
            sweeping.sweep(self.folder)
            self.notes += self.steps.recover()
            if layout.has_manifest(self.folder) and self.manifest != Manifest.before(self.folder):
                self.manifest.keep(self.folder)
            self.notes += self.runs.repair()
        except BaseException:
            self.release()
            if made:
                layout.remove_if_empty(self.folder)
            raise

    def check_plain(self, *, pipes: bool = False) -> None:
        """Refuse to write where something of the session is a link, which leads to files of others.

        Parameters
        ----------
        pipes : bool
            Whether pipes and devices are taken: whoever opens one waits without an end.

        Raises
        ------
        ProjectError
            With its name.
        """
        found = layout.stray(self.folder, pipes=pipes)
        if found is not None:
            raise ProjectError(found.why, found.advice, path=found.path)

    def release(self) -> None:
        """Let others write here."""
        self.steps.close()
        if not self.gone and self.lock.held:
            pack_volumes(self.folder)
        self.lock.release()
        self._place = None

    def check_writer(self) -> None:
        """Refuse to write where somebody else does.

        Raises
        ------
        SessionInUse
            When another program writes here.
        ProjectError
            When one has taken it over, and may have changed anything; when it was opened to look at only.
        """
        if self.only_look:
            raise ProjectError("it was opened to look at only", "Open it again to change it", path=self.folder)
        if self.gone:
            raise ProjectError(
                "the folder of the session was removed, renamed or replaced while it was open",
                "Put it back, or work in another one",
                path=self.folder,
            )
        other = self.lock.holder()
        if other is not None:
            raise SessionInUse(self.folder, other.words())
        if self.lock.lost:
            raise ProjectError("another program has taken it over meanwhile", "Open it again", path=self.folder)

    @property
    def gone(self) -> bool:
        """Whether the folder that this object writes in is not at its place any more: what is written is nowhere."""
        return self._place is not None and identity(self.folder) != self._place

    def holder(self) -> Holder | None:
        """Return who else writes here now; None for nobody."""
        return self.lock.holder()

    @contextmanager
    def writing(self, program: str, *, take_over: bool = False) -> Iterator[None]:
        """Be the one who writes here for a while; a folder that was made for it and stayed empty goes again.

        Parameters
        ----------
        program, take_over
            As for :meth:`acquire`.

        Raises
        ------
        OnlyToLook
            When somebody else does, or nothing can be written there.
        """
        if self.lock.held:
            yield
            return
        made = not self.folder.exists()
        self.acquire(program, take_over=take_over)
        try:
            yield
        finally:
            self.release()
            if made:
                layout.remove_if_empty(self.folder)

    # Arrays ----------------------------------------------------------------------------------------------------------

    def label_volume(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the session's label volume, memory-mapped for writing; made when it is not there.

        Raises
        ------
        labels.LabelError
            When there is one of another shape: it is never overwritten.
        """
        rights.make(self.folder)
        return labels.volume.create(layout.array_in(self.folder, layout.LABELS, shape), shape)

    def weight_volume(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the weights of the session's labels, memory-mapped for writing; made when they are not there.

        Raises
        ------
        labels.LabelError
            When there are some of another shape: they are never overwritten.
        """
        return labels.volume.create(layout.array_in(self.folder, layout.WEIGHTS, shape), shape)

    def known(self) -> NDArray[np.uint8]:
        """Return the label volume for reading.

        Raises
        ------
        ProjectError
            When there is none, or it cannot be read.
        """
        if not self.has_labels:
            raise ProjectError("nothing is labelled in it yet", "Label something first", path=self.folder)
        try:
            return mapped.open(self.labels)
        except (OSError, ValueError, EOFError) as error:
            raise ProjectError(f"it cannot be read ({error})", "Put a copy back", path=self.labels) from error

    def volume(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return what is kept of the labels, for reading.

        Parameters
        ----------
        name : {"labels", "weights", "carried", "accepted"}
            Which of the volumes that a step may change.
        shape : tuple of int
            Of the labels; what is not there is 0 throughout.

        Raises
        ------
        labels.LabelError
            When it cannot be read, or has another shape.
        """
        path = layout.array_in(self.folder, VOLUMES[name])
        if not mapped.is_there(path):
            return np.broadcast_to(np.zeros((), np.uint8), shape)
        found = labels.volume.open(path, "r")
        if found.shape != shape:
            raise labels.LabelError(
                f"it is of another survey (shape {found.shape}, not {shape})", "It was left as it is", path=path
            )
        return found

    def disk_used(self) -> int:
        """Return the bytes that the session takes on its disk."""
        return size_of(self.folder)
