"""What is said of a training and taken along from it: scores, a report, its network, the command that does it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from napari_fhn.project import NeedsConsent, ProjectError, Run, Session, layout, predictions
from napari_fhn.report import Evaluation, on_held_out
from napari_fhn.report.writing import write
from napari_fhn.training.job import JobError
from napari_fhn.training.transfer import copy_network
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
        self._words = context.words

    def command(self) -> str | None:
        """Return the commands that train and predict as was clicked, for a shell; None before a first training."""
        found = self._trained()
        if found is None:
            return None
        session, run = found
        job, folder = shlex.quote(str(run.folder / layout.JOB)), shlex.quote(str(session.folder))
        return f"napari-fhn train --job {job} && napari-fhn predict --session {folder}"

    def save_model(self, folder: Path) -> None:
        """Copy the trained network to a folder of its own."""
        found = self._trained()
        if found is None:
            return
        try:
            copy_network(found[1].model, folder)
        except (OSError, JobError) as error:
            self._words.fail(f"The network could not be saved: {error}.")
            return
        self._words.say(f"The network is saved in {folder}.")

    def score(self) -> None:
        """Score the prediction on each body held out, and say it."""
        self._checked(
            "Scoring on the labels held out ...",
            lambda run, standing: on_held_out(run.job()),
            lambda found, standing: in_words(found) + _doubts(standing),
            "The prediction could not be scored",
        )

    def report(self) -> None:
        """Write the report of the run as one HTML file, and say where it is."""
        self._checked(
            "Writing the report ...",
            lambda run, standing: write(run.folder),
            lambda path, standing: f"The report is {path}.{_doubts(standing)}",
            "The report could not be written",
        )

    def _checked(
        self,
        begin: str,
        work: Callable[[Run, predictions.Standing], _T],
        words: Callable[[_T, predictions.Standing], str],
        fail: str,
    ) -> None:
        """Do something with the prediction; one that is not whole, or stale, only where the person wants it so."""
        found = self._trained()
        if found is None:
            return
        session, run = found
        context = self._context
        context.words.say(begin)

        def attempt(partial: bool) -> tuple[_T, predictions.Standing]:
            standing = predictions.check(session, run, partial=partial)
            return work(run, standing), standing

        def begin_at(partial: bool) -> None:
            context.background.run(lambda: attempt(partial), done, failed)

        def done(outcome: tuple[Any, predictions.Standing]) -> None:
            context.words.say(words(*outcome))

        def failed(error: BaseException) -> None:
            if isinstance(error, NeedsConsent):
                if context.consent(error):
                    begin_at(True)
                else:
                    context.words.say("Nothing was done. Predict fills in the whole survey.")
            elif isinstance(error, JobError) and "held out" in str(error):
                context.words.fail("No labels were held out of the last training: choose some at Hold out and train.")
            elif isinstance(error, ProjectError | JobError):
                context.words.fail(str(error))
            else:
                context.words.fail(f"{fail}: {error}.")

        begin_at(False)

    def _trained(self) -> tuple[Session, Run] | None:
        project = self._context.project
        run = project.current
        if project.session is None or run is None or not run.has_model:
            self._words.say("Train first: there is no network yet.")
            return None
        return project.session, run


def _doubts(standing: predictions.Standing) -> str:
    return f"\nOf a prediction that is not whole: {'; '.join(standing.doubts)}." if standing.doubts else ""


def in_words(found: Evaluation) -> str:
    """Return the scores of the network and of its humblest rival, in all and well by well."""

    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f}"

    lines = [
        f"Mean IoU on what was held out {share(found.network.mean_iou)}, nearest well {share(found.nearest.mean_iou)}."
    ]
    lines += [f"{body.name}: {share(body.scores.mean_iou)}." for body in found.bodies]
    return "\n".join(lines)
