"""What is said of a training and taken along from it: scores, a report, its network, the command that does it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from napari_fhn.project import NeedsConsent, Project, ProjectError, Run
from napari_fhn.project.sessions import layout
from napari_fhn.report.runs import evaluate, write_report
from napari_fhn.training.job import JobError
from napari_fhn.training.machine import leaving
from napari_fhn.training.models.transfer import copy_network
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext

_T = TypeVar("_T")


class Reporting:
    """Scores, reports and hands out what the current run holds.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._messages = context.messages

    def command(self) -> str | None:
        """Return the commands that train and predict as was clicked, for a shell; None before a first training."""
        run, session = self._trained(), self._context.project.session
        if run is None or session is None:
            return None
        job, folder = shlex.quote(str(run.folder / layout.JOB)), shlex.quote(str(session.folder))
        return f"napari-fhn train --job {job} && napari-fhn predict --session {folder}"

    def save_model(self, folder: Path) -> None:
        """Copy the trained network to a folder of its own."""
        run, messages = self._trained(), self._messages
        if run is None:
            return

        def write(operation: Operation) -> None:
            operation.check()
            copy_network(run.model, folder)

        def failed(error: BaseException) -> None:
            if isinstance(error, OSError | JobError):
                messages.fail(f"The network could not be saved: {error}.")
            else:
                messages.report(error)

        self._context.attempt(
            Operation("Saving the network", writes=True),
            write,
            lambda _: messages.say(f"The network is saved in {folder}."),
            failed,
        )

    def export_network(self, path: Path) -> None:
        """Write the trained network for other programs, in a process of its own: this one has no torch.

        A file that is there is replaced: the dialog has asked.
        """
        run, context = self._trained(), self._context
        if run is None:
            return
        given = ("export-network", str(run.model), str(path), "--overwrite")
        command = leaving.command("napari_fhn.cli", *given, interrupt=True)

        def write(_: object) -> str:
            done = leaving.run(command)
            said = " ".join(line.removeprefix("napari-fhn: ") for line in done.stderr.splitlines()[-3:])
            if done.returncode:
                raise JobError(said or "its process ended without a word")
            return said

        self._messages.say(f"Writing {path.name} …")
        context.attempt(
            Operation(f"Writing {path.name}"),
            write,
            lambda said: context.messages.say(f"The network is written: {path}. {said}".rstrip()),
            lambda error: context.messages.fail(f"The network could not be written: {error}"),
        )

    def score(self) -> None:
        """Score the prediction on each body held out, and say it."""
        self._attempt(
            "Scoring on the labels held out …",
            lambda project, run, partial: evaluate(project, run, partial=partial),
            lambda found: "\n".join([*(one.words for one in found.evaluations), *_doubts(found.notes)]),
            "The prediction could not be scored",
        )

    def report(self) -> None:
        """Write the report of the run as one HTML file, and say where it is."""
        self._attempt(
            "Writing the report …",
            lambda project, run, partial: write_report(project, run, partial=partial),
            lambda path: f"The report is {path}.",
            "The report could not be written",
        )

    def _attempt(
        self,
        begin: str,
        work: Callable[[Project, Run, bool], _T],
        words: Callable[[_T], str],
        fail: str,
    ) -> None:
        """Do something with the prediction; one that is not whole, or stale, only where the person wants it so."""
        context, run, project = self._context, self._trained(), self._context.project.project
        if run is None or project is None:
            return

        def attempt(partial: bool) -> None:
            context.messages.say(begin)
            context.attempt(
                Operation(begin.rstrip(" .")),
                lambda _: work(project, run, partial),
                lambda found: context.messages.say(words(found)),
                failed,
            )

        def failed(error: BaseException) -> None:
            if isinstance(error, NeedsConsent):
                if context.consent(error):
                    attempt(True)
                else:
                    context.messages.say("Nothing was done. Predict fills in the whole survey.")
            elif isinstance(error, JobError) and "to score on" in str(error):
                context.messages.fail(
                    "No labels were held out of the last training: choose some at Hold out and train."
                )
            elif isinstance(error, ProjectError | JobError):
                context.messages.fail(str(error))
            else:
                context.messages.fail(f"{fail}: {error}.")

        attempt(False)

    def _trained(self) -> Run | None:
        run = self._context.project.current
        if run is None or not run.has_model:
            self._messages.say("Train first: there is no network yet.")
            return None
        return run


def _doubts(notes: Sequence[str]) -> list[str]:
    return [f"Mind that {'; '.join(notes)}."] if notes else []
