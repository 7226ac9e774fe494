"""What comes of horizons that were tracked: labels above, below and between them, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from napari_fhn import __version__
from napari_fhn.labels import Source
from napari_fhn.project.labelling import horizons as horizon_file
from napari_fhn.project.labelling import tracking
from napari_fhn.project.sessions import layout
from napari_fhn.sentence import counted
from napari_fhn.surveys import SurveyError
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.labelling.loader import Loader
from napari_fhn.widgets.saving import beside

_T = TypeVar("_T")


class HorizonResults:
    """Writes horizons beside the window.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Which says whether labels may be written.
    horizons : HorizonBook
        The horizons.
    loader : Loader
        Which makes labels of them, as of those in files.
    """

    def __init__(self, context: DeskContext, book: LabelBook, horizons: HorizonBook, loader: Loader) -> None:
        self._context = context
        self._book = book
        self._horizons = horizons
        self._loader = loader

    def use_as_labels(self, names: tuple[str, ...] = ()) -> None:
        """Make labels of what lies above, between or below horizons, or of bands around them.

        They are written as tables of the session and read like any horizon in a file: asked about, burnt, remembered,
        taken back.

        Parameters
        ----------
        names : tuple of str
            Which; all that were tracked where none is named, from top to bottom.
        """
        session, material = self._context.project.session, self._context.data.material
        shown = [
            one for one in self._horizons.maps() if np.isfinite(one.samples).any() and (not names or one.name in names)
        ]
        if not shown or session is None or material is None:
            self._context.messages.fail("Track a horizon first: labels are made of what lies above and below it.")
            return
        if not self._book.may_write():
            return
        shown.sort(key=lambda one: float(np.nanmean(one.samples)))
        folder = session.folder / layout.HORIZONS
        paths = [folder / f"{name}.csv" for name in horizon_file.file_names([one.name for one in shown])]
        tracked = [self._tracked(one.name) for one in shown]

        def write(operation: Operation) -> None:
            folder.mkdir(exist_ok=True)
            for k, (one, path) in enumerate(zip(tracked, paths, strict=True)):
                operation.told(k / len(paths))
                one.write(path, material.first, 0.0)

        def done(_: object) -> None:
            if self._context.project.session is session and self._context.data.material is material:
                self._loader.bring([Source(path, "horizon", options={"together": str(folder)}) for path in paths])

        self._attempt("Making labels of horizons", write, done)

    def propose(self, one: horizon_file.KeptHorizon, suffix: str) -> Path:
        """Return what a file of a horizon could be called, beside the survey."""
        material, (name,) = self._context.data.material, horizon_file.file_names([one.name])
        return beside(None if material is None else material.first, f"{name}{suffix}")

    def save(self, path: Path) -> None:
        """Write the chosen horizon to a file, beside the window: a table, a surface or a GeoTIFF.

        One that is there is replaced: the dialog has asked.
        """
        one, material = self._horizons.chosen, self._context.data.material
        if one is None or material is None or self._horizons.good(one) is None:
            self._context.messages.fail("Track the horizon first.")
            return
        tracked, made = self._tracked(one.name), [f"napari-fhn {__version__}"]

        def write(operation: Operation) -> int:
            operation.check()
            return int(tracked.save(path, material.first, one.least, made=made, overwrite=True))

        self._attempt(
            f"Writing {path.name}",
            write,
            lambda count: self._context.messages.say(f"Written: {path}, {counted(count, 'traces')} of {one.name}."),
        )

    def _tracked(self, name: str) -> tracking.TrackedHorizon:
        material, one = self._context.data.material, self._horizons.state.kept.named(name)
        assert material is not None
        assert one is not None
        horizon = self._horizons.good(one)
        assert horizon is not None
        return tracking.on_survey(horizon, material.first, name, len(one.picks))

    def _attempt(self, title: str, write: Callable[[Operation], _T], done: Callable[[_T], None]) -> None:
        messages = self._context.messages
        self._context.attempt(
            Operation(title, writes=True), write, done, lambda error: messages.report(error, OSError, SurveyError)
        )
