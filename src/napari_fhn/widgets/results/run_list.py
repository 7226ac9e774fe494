"""Every training of the session: which of them predicts, their names, what they differ in, and what they take."""

from __future__ import annotations

import datetime
from typing import ClassVar

import numpy as np
from psygnal import Signal

from napari_fhn.network.counting import in_words
from napari_fhn.project import ProjectError, Run
from napari_fhn.project.runs.comparing import Comparison as ComparedRuns
from napari_fhn.project.runs.comparing import compared
from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.results.comparison import Comparison

_MOST_DIFFERENCES = 8


class RunList:
    """Carries out what the list of runs asks for.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    comparison : Comparison
        Which shows where two predictions differ.

    Attributes
    ----------
    compared : Signal
        Emitted with two runs and what they differ in, when that is known.
    """

    compared: ClassVar[Signal] = Signal(object, object, object)

    def __init__(self, context: DeskContext, comparison: Comparison) -> None:
        self.context = context
        self._comparison = comparison
        self.changed = context.project.runs_changed

    def all(self) -> list[Run]:
        """Return the runs, the newest first."""
        return self.context.project.runs()[::-1]

    @property
    def current(self) -> Run | None:
        """The run whose network predicts."""
        return self.context.project.current

    def use(self, run: Run) -> None:
        """Let the network of a run predict; its prediction is shown, scored and exported from now on."""
        if not self._may():
            return
        try:
            self.context.project.select(run)
        except (ProjectError, OSError) as error:
            self.context.messages.fail(str(error))
            return
        self.context.messages.say(f"'{run.name}' predicts from now on. Its prediction is shown.")

    def rename(self, run: Run, name: str) -> None:
        """Give a run another name; one that cannot be is refused in a sentence."""
        if name == run.name or not self._may():
            return
        session = self.context.project.session
        try:
            if session is not None:
                session.runs.rename(run, name)
        except (ProjectError, OSError) as error:
            self.context.messages.fail(str(error))
        self.changed.emit()

    def delete(self, run: Run) -> None:
        """Remove a run with its network and its prediction."""
        session = self.context.project.session
        if session is None or not self._may():
            return
        try:
            deleted = session.runs.delete(run)
        except (ProjectError, OSError) as error:
            self.context.messages.fail(str(error))
            return
        finally:
            self.changed.emit()
        self.context.messages.say(
            f"'{run.name}' is deleted: {in_words(deleted.freed)} are free. {deleted.words}".rstrip()
        )

    def compare(self, run: Run) -> None:
        """Say in what a run differs from the current one, and show where their predictions do."""
        current, words = self.current, self.context.messages
        if current is None or current == run:
            words.say("Choose a run that is not the current one: it is compared with that.")
            return
        words.say(f"Comparing '{run.name}' with '{current.name}' …")

        def done(found: ComparedRuns) -> None:
            agree = (
                f"{100 * found.agreement:.1f} % of {found.voxels:,} voxels agree"
                if found.agreement is not None
                else "not both have predicted"
            )
            differs = ", ".join(one.what for one in found.differences[:_MOST_DIFFERENCES]) or "nothing"
            words.say(f"'{run.name}' and '{current.name}': {agree}. They differ in {differs}.")
            layer = self._comparison.add_run(run) if self.current == current else None
            if layer is not None and found.agreement is not None:
                self._comparison.show_difference(layer)
            self.compared.emit(run, current, found)

        def failed(error: BaseException) -> None:
            words.fail(f"The runs cannot be compared: {error}.")

        title = f"Comparing '{run.name}' with '{current.name}'"
        self.context.attempt(Operation(title), lambda _: compared(run, current), done, failed)

    def disk_used(self) -> int:
        """Return the bytes that the session takes."""
        session = self.context.project.session
        return 0 if session is None else session.disk_used()

    def _may(self) -> bool:
        if not self.context.state.activity.idle:
            self.context.messages.say("Stop what is under way first.")
            return False
        if not self.context.project.writable:
            self.context.messages.say("This session can only be looked at here.")
            return False
        return True


def date_of(run: Run) -> str:
    """Return when a run was begun, in as few letters as tell it: ``"15:20"`` of today, ``"28 Nov"``, ``"Nov 2025"``."""
    begun = _begun(run)
    if begun is None:
        return ""
    today = datetime.datetime.now().astimezone().date()
    if begun.date() == today:
        return begun.strftime("%H:%M")
    return f"{begun.day} {begun.strftime('%b')}" if begun.year == today.year else begun.strftime("%b %Y")


def _begun(run: Run) -> datetime.datetime | None:
    """When a run was begun, in the time of this place."""
    try:
        return datetime.datetime.fromisoformat(run.record.created).astimezone()
    except ValueError:
        return None


def steps_of(run: Run) -> str:
    """Return how far a run came: ``"45"``, or ``"45 / 120"`` where more were asked for."""
    done, asked = run.step, run.record.steps
    return f"{done}" if done >= asked or not asked else f"{done} / {asked}"


def disk_of(run: Run) -> str:
    """Return what a run takes on the disk, in few letters: ``"4 MB"``."""
    size = run.disk_used()
    if size < 999.5e6:
        return f"{max(size / 1e6, 1):.0f} MB"
    return f"{size / 1e9:.1f} GB"


def score_of(run: Run) -> str:
    """Return the mean IoU on what was held out; empty where nothing was."""
    score = run.score
    return "" if score is None or not np.isfinite(score) else f"{score:.2f}"


def details_of(run: Run) -> str:
    """Return what there is to know of a run, a line each."""
    made = run.record
    try:
        seed = f"seed {run.job().schedule.seed}"
    except JobError:
        seed = f"seed {made.seed}"
    begun = _begun(run)
    lines = [
        f"{run.name} ({run.id}): {made.state}" + ("" if begun is None else f", begun {begun:%Y-%m-%d %H:%M}"),
        f"recipe {made.recipe or '?'}, {run.step} of {counted(made.steps, 'steps')}, {seed}",
    ]
    if made.begun_with:
        lines.append(f"begun with the network of {made.begun_with}")
    if made.message:
        lines.append(made.message)
    if not run.has_prediction:
        lines.append("nothing was predicted yet")
    return "\n".join(lines)
