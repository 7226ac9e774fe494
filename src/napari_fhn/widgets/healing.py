"""What a person does to the layers of the desk: taken away, they come back; another survey waits beside them."""

from __future__ import annotations

from typing import Any

from napari_fhn.project import ProjectError
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.wells_layer import WellsLayer
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.state import Activity


class Healing:
    """Brings layers back with the next section, and keeps a training with the survey that it was begun on.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book, prediction, wells : LabelBook, Prediction, WellsLayer
        Whose layers they are.
    """

    def __init__(self, context: DeskContext, book: LabelBook, prediction: Prediction, wells: WellsLayer) -> None:
        self._context = context
        self._book = book
        self._prediction = prediction
        self._wells = wells
        context.data.may_choose = self._why_not
        context.viewer.dims.events.current_step.connect(self._heal)
        context.state.events.activity.connect(self._may_again)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.dims.events.current_step, self._heal)

    def _heal(self, event: Any = None) -> None:
        """Bring back what was taken away, where the labels that it belongs to are shown."""
        book, project = self._book, self._context.project
        if book.layer is None or project.project is None or book.layer not in self._context.viewer.layers:
            return
        if self._prediction.layer is None:
            self._prediction.follow()
        if self._wells.points is None:
            self._wells.show()

    def _may_again(self, activity: Activity) -> None:
        """What another survey waited for is over."""
        if activity.idle:
            self._context.messages.waiting = ""

    def _why_not(self, material: Material) -> str:
        """Say why surveys cannot be worked on now; empty where they can."""
        state, session = self._context.state, self._context.project.session
        if state.activity.idle or session is None:
            return ""
        try:
            grid = session.manifest.grid
        except ProjectError:
            return ""
        if grid is None or not grid.apart(material.surveys.grid):
            return ""
        return (
            f"'{material.layer.name}' lies elsewhere than what is worked on. Stop, or wait until "
            f"{state.activity.value} has ended, and tick it then."
        )
