"""The piece of work that is open in the dock: its project, whether one may write in it, and which run is shown."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn import mapped
from napari_fhn.large import is_large
from napari_fhn.project import OnlyToLook, Project, ProjectError, Run, Session, SessionInUse, SurveySet
from napari_fhn.project.predictions import predictions
from napari_fhn.project.sessions import damage, layout
from napari_fhn.training.updates import Done, Failed
from napari_fhn.widgets.messages import Messages

PROGRAM = "the desk"
"""What others are told who writes in a session."""

WATCH_MS = 3000
"""How often is looked whether somebody has taken the session over."""

_T = TypeVar("_T")


class Access(enum.Enum):
    """What may be done with the session."""

    NONE = "none is open"
    LOOKING = "another program writes in it, or nobody can"
    WRITING = "the desk writes in it"


class OpenProject:
    """Holds the project of the dock, and its lock.

    Parameters
    ----------
    messages : Messages
        Where it says what happened to it.

    Attributes
    ----------
    project : Project or None
        What is open.
    access : Access
        What may be done with it.
    why : str
        Why it can only be looked at, as a sentence begins with it; empty where the desk writes in it.
    in_use : bool
        Whether that is because another program writes in it, so that it can be taken over.
    changed : Signal
        Emitted when another project is open, or none, or the access is another.
    gone : Signal
        Emitted when the folder of the session is not there any more.
    runs_changed : Signal
        Emitted when a run has come, gone, ended, been chosen or renamed, or has predicted.
    """

    changed = Signal()
    gone = Signal()
    runs_changed = Signal()

    def __init__(self, messages: Messages) -> None:
        self.project: Project | None = None
        self.access = Access.NONE
        self.why = ""
        self._refused = ("", False)
        self.in_use = False
        self._messages = messages
        self._under_way: Run | None = None
        self._taken = ""
        self._timer = QTimer()
        self._timer.setInterval(WATCH_MS)
        self._timer.timeout.connect(self.watch)

    # What is open ----------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The folder of work; None before one is open."""
        return None if self.project is None else self.project.session

    @property
    def writable(self) -> bool:
        """Whether the desk is the one who writes in it."""
        return self.access is Access.WRITING

    def open(
        self, folder: Path, surveys: SurveySet, *, vertical_axis: int | None = None, take_over: bool = False
    ) -> Project:
        """Open the session of some surveys, for writing where nobody else writes in it and it can be written.

        Parameters
        ----------
        folder : Path
            Of the session; made when it is not there.
        surveys : SurveySet
            To work on.
        vertical_axis : int, optional
            Which axis is vertical, where the surveys name none.
        take_over : bool
            Write in it even though another program does.

        Raises
        ------
        ProjectError
            When it cannot be read, or belongs to surveys elsewhere. What was open is open still.
        OSError
            When the folder cannot be written.
        """
        session = Session(folder)
        writing = self.acquire(session, take_over=take_over)
        with self.undoing(session, writing):
            project = Project(session, surveys)
            if writing:
                project.use(surveys, vertical_axis=vertical_axis)
        self.take(project, writing)
        return project

    def acquire(self, session: Session, *, take_over: bool = False) -> bool:
        """Become the writer of a session; False where it can only be looked at, with the reason in :attr:`why`."""
        try:
            session.acquire(PROGRAM, take_over=take_over)
        except OnlyToLook as error:
            if not session.exists:
                raise
            self.why, self.in_use = self._refused = error.why, isinstance(error, SessionInUse)
            session.notes += damage.found(session.folder)
            return False
        self.why, self.in_use = "", False
        return True

    @staticmethod
    @contextlib.contextmanager
    def undoing(session: Session, writing: bool) -> Any:
        """Let go of a session again when what is inside fails."""
        try:
            yield
        except BaseException:
            if writing:
                session.release()
                layout.remove_if_empty(session.folder)
            raise

    def take(self, project: Project, writing: bool) -> None:
        """Put a project in the place of the one that is open."""
        if self.session is not None and self.session is not project.session:
            self.close()
        self.project = project
        self.access = Access.WRITING if writing else Access.LOOKING
        if not writing:  # also where another session was closed since
            self.why, self.in_use = self._refused
        self._timer.start()
        if project.session.notes:  # at once, for a note takes the place of the one before
            self._messages.say("\n".join(project.session.notes), note=True)
        project.session.notes.clear()
        self.changed.emit()
        self.runs_changed.emit()

    def use(self, surveys: SurveySet, vertical_axis: int | None = None) -> None:
        """Work on other surveys in the same session.

        Raises
        ------
        ProjectError
            When they lie elsewhere.
        """
        if self.project is None:
            return
        if self.writable:
            self.project.use(surveys, vertical_axis=vertical_axis)
        else:
            self.project = Project(self.project.session, surveys)

    def change(self, what: str, act: Callable[[Session], _T]) -> _T | None:
        """Write something in the session, where there is one and the desk may; what fails is said.

        Parameters
        ----------
        what : str
            For the sentence: ``"The classes"``.
        act : callable
            Writes it.

        Returns
        -------
        object
            What ``act`` returned; None where nothing was written.
        """
        session = self.session
        if session is None or not self.writable:
            return None
        try:
            return act(session)
        except SessionInUse:
            self.watch()
        except (ProjectError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._messages.say(f"{what} could not be kept in the session: {reason}.", note=True)
        return None

    def watch(self) -> None:
        """Look whether the session is gone, or somebody has taken it over; from then on the desk only shows it."""
        session = self.session
        if session is None or not self.writable:
            return
        if session.gone:
            self.why, self.in_use, self.access = "The folder of the session is gone", False, Access.LOOKING
            self._messages.fail(f"The folder of the session is not at {session.folder} any more.")
            self.changed.emit()
            self.gone.emit()
            return
        if not session.lock.lost:
            return
        other = session.holder()
        writer = "Another program" if other is None else other.words()
        self.why, self.in_use, self.access = f"{writer} is working in this session", True, Access.LOOKING
        self._taken = f"{writer} has taken the session over: here it can only be looked at now."
        self._messages.fail(self._taken)
        self.changed.emit()

    def take_over(self) -> None:
        """Become the one who writes: in place of another program, or where it can be written now."""
        if self.project is None or self.session is None or self.writable:
            return
        try:
            self.session.acquire(PROGRAM, take_over=True)
            if self.project.surveys is not None:
                self.project.use(self.project.surveys, vertical_axis=self.session.manifest.vertical_axis)
        except (ProjectError, OSError) as error:
            self._messages.fail(str(error))
            return
        self.why, self.in_use, self.access = "", False, Access.WRITING
        self._messages.over(self._taken)
        self.changed.emit()
        self.runs_changed.emit()

    def move_to(self, session: Session) -> None:
        """Go on in another folder of the same work, in which the desk writes already."""
        if self.project is None:
            return
        before, self.project = self.project.session, Project(session, self.project.surveys)
        before.release()
        self.why, self.in_use, self.access = "", False, Access.WRITING
        self.changed.emit()
        self.runs_changed.emit()

    def close(self, *, tell: bool = True) -> None:
        """Let go of the session, so that others may write in it.

        Parameters
        ----------
        tell : bool
            Whether the parts of the desk are told; they are not when they are closed themselves.
        """
        with contextlib.suppress(RuntimeError):  # at the end of the program Qt may have deleted the timer already
            self._timer.stop()
        session, self.project = self.session, None
        self._under_way = None
        if session is not None and self.access is Access.WRITING:
            session.release()
            layout.remove_if_empty(session.folder)
        self.access, self.why, self.in_use = Access.NONE, "", False
        if session is not None and tell:
            self.changed.emit()
            self.runs_changed.emit()

    # Runs ------------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Run | None:
        """The run whose network predicts."""
        try:
            return None if self.session is None else self.session.runs.current
        except ProjectError:
            return None

    @property
    def shown(self) -> Run | None:
        """The run whose prediction is shown: the one under way, else the current one."""
        return self._under_way or self.current

    @property
    def has_model(self) -> bool:
        """Whether there is a network to predict with."""
        run = self.current
        return run is not None and run.has_model

    @property
    def has_prediction(self) -> bool:
        """Whether the network that predicts has predicted anything."""
        run = self.current
        return run is not None and run.has_prediction

    def runs(self) -> list[Run]:
        """Return the runs of the session, the oldest first."""
        return [] if self.session is None else self.session.runs.all()

    def begun(self, run: Run) -> None:
        """Show the prediction of a run that is under way."""
        self._under_way = run
        self.runs_changed.emit()

    def ended(self, run: Run, end: Done | Failed | None, *, trained: bool) -> None:
        """Take note that training or predicting has ended.

        Parameters
        ----------
        run : Run
            Which was under way.
        end : Done, Failed or None
            The last that its process said.
        trained : bool
            Whether it was trained; else it has predicted.
        """
        self._under_way = None
        if trained:
            if not run.has_model:
                self.runs_changed.emit()  # nobody shows its file any more when it is removed
            self.change("What became of the training", lambda session: session.runs.finish(run, end))
        self.runs_changed.emit()

    def select(self, run: Run) -> None:
        """Let the network of a run predict from now on.

        Raises
        ------
        ProjectError
            When it has none.
        """
        if self.session is not None and self.writable:
            self.session.runs.select(run)
            self.runs_changed.emit()

    def at_step(self, run: Run, step: int) -> None:
        """Let the network predict that a run had at an earlier step, as a run of its own.

        Raises
        ------
        ProjectError, JobError
            When there is no such network, or it cannot be copied.
        """
        if self.session is not None and self.writable:
            self.session.runs.at_step(run, step)
            self.runs_changed.emit()

    def doubts(self) -> str:
        """Say why the prediction that is shown is not to be taken for the whole; empty where it is."""
        run, session = self.shown, self.session
        if run is None or session is None:
            return ""
        doubts = predictions.standing(session, run).doubts
        return f" Mind that {'; '.join(doubts)}." if doubts else ""

    def prediction(self, shape: tuple[int, ...], factor: str = "") -> NDArray[np.uint8]:
        """Return what the shown run has predicted, mapped for reading; zeros where that is nothing.

        Parameters
        ----------
        shape : tuple of int
            Of the survey.
        factor : str
            What this factor of the prediction says alone; empty for all together.
        """
        run = self.shown
        if run is not None:
            with contextlib.suppress(OSError, ValueError, EOFError):
                path = run.factor(factor) if factor else run.prediction
                values = mapped.open(path)
                if values.shape == shape and values.dtype == np.uint8:
                    return values if is_large(path) else np.asanyarray(values)
        # As large as the survey, and of one byte.
        return np.broadcast_to(np.zeros((), np.uint8), shape)
