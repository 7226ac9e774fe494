"""What is not to be believed of the prediction that is shown: where nothing was predicted, and where it is stale."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from napari_fhn.project.predictions.ages import Stale, stale
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.views.latest import Latest
from napari_fhn.widgets.views.sources import HATCH, STALE


class Doubts:
    """Notes on the prediction layer what is to be hatched and greyed, while nothing is under way.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    prediction : Prediction
        The layer.

    Attributes
    ----------
    changed : Signal
        Emitted when there is something else to be shown.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, prediction: Prediction) -> None:
        self._context = context
        self._prediction = prediction
        self._latest = Latest(context.background)
        self._known: tuple[bool, Stale | None] = (False, None)
        for signal in (context.project.runs_changed, context.state.events.activity, prediction.shown):
            signal.connect(self.look)

    @property
    def hatched(self) -> bool:
        """Whether what has no class was not predicted; while something is under way it is predicted yet."""
        return self._known[0]

    @property
    def stale(self) -> Stale | None:
        """Where the prediction is stale; None where nothing is."""
        return self._known[1]

    def look(self, event: Any = None) -> None:
        """Find out anew."""
        project, run = self._context.project, self._context.project.shown
        session = project.session
        # Parts of it, and the classes alone, have no provenance of their own.
        if not self._context.state.activity.idle or session is None or run is None or not project.has_prediction:
            self._take((False, None))
            return

        def done(found: Stale | None) -> None:
            now = self._context.project.shown
            if now is not None and now.folder == run.folder and self._context.state.activity.idle:
                self._take((found is not None, found if found is not None and found.any else None))

        self._latest.ask("stale", lambda: stale(session, run), done, lambda error: self._take((False, None)))

    def _take(self, found: tuple[bool, Stale | None]) -> None:
        before, self._known = self._known, found
        layer = self._prediction.layer
        if layer is not None:
            layer.metadata[HATCH], layer.metadata[STALE] = found
        if found != before:
            self.changed.emit()
