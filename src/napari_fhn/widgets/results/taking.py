"""What is taken along from a training: its network, the command that does it again, its score well by well."""

from __future__ import annotations

import shlex
from pathlib import Path

from napari_fhn.report import Evaluation, on_held_out
from napari_fhn.report.writing import write
from napari_fhn.session import Session
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.transfer import copy_network
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.words import Words


class Taking:
    """Hands out what a session holds.

    Parameters
    ----------
    book : LabelBook
        Whose session it is.
    words : Words
        Where it says what happened.
    background : Background
        On which it scores.
    """

    def __init__(self, book: LabelBook, words: Words, background: Background) -> None:
        self._book = book
        self._words = words
        self._background = background

    def command(self) -> str | None:
        """Return the commands that train and predict as was clicked, for a shell; None before a first training."""
        session = self._trained()
        if session is None:
            return None
        job = shlex.quote(str(session.model / "job.json"))
        return f"napari-fhn train --job {job} && napari-fhn predict --job {job}"

    def save_model(self, folder: Path) -> None:
        """Copy the trained network to a folder of its own."""
        session = self._trained()
        if session is None:
            return
        try:
            copy_network(session.model, folder)
        except (OSError, JobError) as error:
            self._words.fail(f"The network could not be saved: {error}.")
            return
        self._words.say(f"The network is saved in {folder}.")

    def score(self) -> None:
        """Score the prediction on each body held out, and say it."""
        session = self._trained()
        if session is None:
            return
        self._words.say("Scoring on the labels held out ...")

        def failed(error: BaseException) -> None:
            if isinstance(error, JobError):
                self._words.fail("No labels were held out of the last training: choose some at Hold out and train.")
            else:
                self._words.fail(f"The prediction could not be scored: {error}.")

        path = session.model / "job.json"
        self._background.run(
            lambda: on_held_out(Job.load(path)), lambda found: self._words.say(in_words(found)), failed
        )

    def report(self) -> None:
        """Write the report of the session as one HTML file, and say where it is."""
        session = self._trained()
        if session is None:
            return
        self._words.say("Writing the report ...")

        def done(path: Path) -> None:
            self._words.say(f"The report is {path}.")

        def failed(error: BaseException) -> None:
            self._words.fail(f"The report could not be written: {error}.")

        self._background.run(lambda: write(session.folder), done, failed)

    def _trained(self) -> Session | None:
        session = self._book.session
        if session is None or not (session.model / "job.json").is_file():
            self._words.say("Train first: there is no network yet.")
            return None
        return session


def in_words(found: Evaluation) -> str:
    """Return the scores of the network and of its humblest rival, in all and well by well."""

    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f}"

    lines = [
        f"Mean IoU on what was held out {share(found.network.mean_iou)}, nearest well {share(found.nearest.mean_iou)}."
    ]
    lines += [f"{body.name}: {share(body.scores.mean_iou)}." for body in found.bodies]
    return "\n".join(lines)
