"""Tidies the prediction: the section in view while one tries, everything when one applies; and takes it back."""

from __future__ import annotations

from napari.layers import Labels

from napari_fhn.project import Run
from napari_fhn.project.data.lazy import Lazy
from napari_fhn.project.predictions import predictions
from napari_fhn.sentence import counted
from napari_fhn.widgets import view
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.state import Activity

_NAME = "Tidied (preview)"


class Tidying:
    """Carries it out.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book, prediction : LabelBook, Prediction
        What is tidied.

    Attributes
    ----------
    layer : napari.layers.Labels or None
        The preview.
    """

    def __init__(self, context: DeskContext, book: LabelBook, prediction: Prediction) -> None:
        self.layer: Labels | None = None
        self._context = context
        self._viewer = context.viewer
        self._messages = context.messages
        self._state = context.state
        self._book = book
        self._prediction = prediction
        prediction.shown.connect(lambda: self.preview(None))

    @property
    def can_take_back(self) -> bool:
        """Whether the prediction that is shown was tidied, or stands in place of a whole one and is none."""
        run = self._context.project.current
        return run is not None and predictions.can_take_back(run)

    def preview(self, how: predictions.Tidying | None) -> None:
        """Show each section as it would be, tidied by itself; None takes the preview away."""
        if how is not None:
            self._prediction.show_factor("")  # what is tidied is all together
        mine, material = self._prediction.layer, self._context.data.material
        before, self.layer = self.layer, None
        if before is not None and before in self._viewer.layers:
            self._viewer.layers.remove(before)
        if how is None or mine is None or material is None:
            return
        values = Lazy(how.applied_to, mine.data)
        self.layer = class_layers.prediction_layer(values, self._book.state.classes, self._context.place_of(material))  # type: ignore[arg-type]
        self.layer.name, self.layer.opacity = _NAME, 0.8
        with view.keeping_active(self._viewer):
            self._viewer.add_layer(self.layer)

    def apply(self, how: predictions.Tidying) -> None:
        """Tidy the whole prediction; what it was is kept for :meth:`take_back`."""
        run = self._run()
        if run is None or not self._state.become(Activity.TIDYING):
            return
        self._prediction.show_factor("")
        self._messages.say("Tidying the whole prediction …")
        self._context.attempt(
            Operation("Tidying the whole prediction", writes=True),
            lambda operation: predictions.tidy(run, how, check=operation.check),
            self._done,
            self._failed,
            self._stopped,
        )

    def take_back(self) -> None:
        """Bring the prediction back as it was before it was tidied, or before one that was stopped."""
        run = self._run()
        if run is None:
            return
        if not self._state.become(Activity.TIDYING):
            return

        def bring(operation: Operation) -> bool:
            operation.check()
            return predictions.take_back(run)

        def done(back: bool) -> None:
            self._state.become(Activity.IDLE)
            if not back:
                self._messages.say(f"The prediction of '{run.name}' is as it was made: there is nothing to take back.")
                return
            self._prediction.refresh()
            self._context.project.runs_changed.emit()
            self._messages.say(f"The prediction of '{run.name}' is as it was before.")

        def failed(error: BaseException) -> None:
            self._state.become(Activity.IDLE)
            self._messages.fail(f"The prediction could not be brought back: {error}.")

        title = "Bringing the prediction back"
        self._context.attempt(Operation(title, writes=True), bring, done, failed, self._stopped)

    def _run(self) -> Run | None:
        project = self._context.project
        if project.current is None or not project.writable:
            self._messages.say("There is no prediction here that can be changed.")
            return None
        return project.current

    def _done(self, changed: int) -> None:
        self._state.become(Activity.IDLE)
        self.preview(None)
        self._prediction.refresh()
        self._context.project.runs_changed.emit()
        self._messages.say(f"Tidied: {counted(changed, 'voxels have', 'voxel has')} another class now.")

    def _stopped(self) -> None:
        self._state.become(Activity.IDLE)

    def _failed(self, error: BaseException) -> None:
        self._state.become(Activity.IDLE)
        words = "there is not enough memory for all of it at once" if isinstance(error, MemoryError) else str(error)
        self._messages.fail(f"The prediction could not be tidied: {words}.")
