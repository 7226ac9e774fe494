"""Labels on the section in view from what is there already: neighbours, shapes, and the prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Labels, Shapes
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.labels.volumes import between, changes
from napari_fhn.labels.volumes.drawn import areas
from napari_fhn.project import Session
from napari_fhn.project.knowledge.burning import labelled
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import LABELS, SectionReference, Step
from napari_fhn.sentence import begun, counted
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.shapes import shapes_layer

_MARK = "#ffffff"


class Sections:
    """Copies, interpolates, burns shapes, and takes over parts of the prediction.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels it adds to.
    opening : LabelOpening
        Which shows the labels.

    Attributes
    ----------
    shapes : napari.layers.Shapes or None
        Drawn by the person, on the grid of the labels.
    """

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening) -> None:
        self._context = context
        self._book = book
        self._opening = opening
        self.shapes: Shapes | None = None
        self._marks: Labels | None = None
        self._context.viewer.layers.events.removed.connect(self._on_removed)
        book.state.events.has_labels.connect(self._on_labels)
        book.stepped.connect(self._stepped)

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)

    @property
    def are_there(self) -> bool:
        """Whether what is worked on has sections that lie beside each other: a map and a line have none."""
        material = self._context.data.material
        return material is not None and len(material.shape) == 3

    def copy(self, reach: int) -> None:
        """Copy the labels of the section in view to its neighbours on either side."""
        place, layer = self._book.place(), self._book.layer
        if place is None or layer is None:
            self._context.messages.fail("Look at a section first: neighbours are those before and after it.")
            return
        values = layer.data
        if not np.take(values, place.index, place.axis).any():
            self._context.messages.fail(f"Nothing is labelled on {place.title or 'this section'}.")
            return
        self._fill(
            f"copied {place.title or 'this section'} to {counted(reach, 'neighbours')} on either side",
            lambda: between.copied(values, place.axis, place.index, reach),
        )

    def interpolate(self) -> None:
        """Label what lies between the nearest labelled sections before and after the one in view."""
        place, layer = self._book.place(), self._book.layer
        if place is None or layer is None:
            self._context.messages.fail("Look at a section first: it says in which direction to interpolate.")
            return
        values, axis, index = layer.data, place.axis, place.index

        self._fill("interpolated between sections", lambda: between.interpolated_at(values, axis, index))

    def draw(self) -> None:
        """Make a layer to draw shapes on, and choose its polygon tool."""
        book, material = self._book, self._context.data.material
        if not self._opening.new() or material is None or book.layer is None:
            return
        if self.shapes is None:
            self.shapes = shapes_layer(book.layer.ndim, material.placement())
            self._context.viewer.add_layer(self.shapes)
        self._context.viewer.layers.selection.active = self.shapes
        self.shapes.mode = "add_polygon"
        self._context.messages.say("Draw around what you know, then 'Label shapes'.")

    def burn_shapes(self) -> None:
        """Make labels of the class in use of the shapes that are drawn, and remove them."""
        book, drawn = self._book, self.shapes
        if drawn is None or book.layer is None or not len(drawn.data):
            self._context.messages.fail("Draw a shape first.")
            return
        value, values = int(book.layer.selected_label), book.layer.data
        inside = areas(zip(drawn.data, drawn.shape_type, strict=True), values.shape)
        names = dict(zip(book.state.classes.values, book.state.classes.names, strict=True))
        drawn.data = []
        self._fill(
            f"shapes as {names.get(value, f'class {value}')}",
            lambda: np.where(inside, np.uint8(value), np.uint8(0)),
            overwrite=True,
            place=book.place(),
        )

    def accept(
        self,
        prediction: NDArray[np.uint8],
        entropy: NDArray[Any] | None = None,
        least: float = 0.0,
        *,
        by_shapes: bool,
    ) -> None:
        """Make labels of a part of the prediction, and outline them.

        Parameters
        ----------
        prediction : ndarray of uint8
            The predicted classes.
        entropy : ndarray, optional
            How undecided the network is, 0 to 1, on the same grid.
        least : float
            How sure it must be: one minus the entropy.
        by_shapes : bool
            Take what lies inside the drawn shapes; else what the network is sure of on the section in view.
        """
        place, layer = self._book.place(), self._book.layer
        if layer is None:
            return
        inside = np.zeros(layer.data.shape, bool)
        if by_shapes:
            if self.shapes is None or not len(self.shapes.data):
                self._context.messages.fail("Draw around the part of the prediction that is right, then accept it.")
                return
            inside = areas(zip(self.shapes.data, self.shapes.shape_type, strict=True), layer.data.shape)
            self.shapes.data = []
        elif entropy is None:
            self._context.messages.fail("How sure the network is has not been written yet: train or predict first.")
            return
        else:
            where: tuple[Any, ...] = () if place is None else (slice(None),) * place.axis + (place.index,)
            inside[where] = 1.0 - np.asarray(entropy[where], np.float32) >= least
        taken = inside & (np.asarray(prediction) != 0)
        if not taken.any():
            self._context.messages.fail("Nothing is predicted there.")
            return
        self._fill(
            "accepted from the prediction",
            lambda: np.where(taken, prediction, np.uint8(0)).astype(np.uint8),
            place=place,
            accepted=True,
        )

    def _fill(
        self,
        title: str,
        wanted: Callable[[], NDArray[np.uint8]],
        *,
        overwrite: bool = False,
        place: SectionReference | None = None,
        accepted: bool = False,
    ) -> None:
        book = self._book
        if book.layer is None:
            return
        shape, locked = book.layer.data.shape, tuple(book.state.locked)
        meant = 0

        def plan(session: Session) -> Step:
            nonlocal meant
            labels = wanted()
            meant = int(np.count_nonzero(labels))
            rule = changes.filling(labels, overwrite=overwrite, locked=locked)
            change = changes.planned(session.volume(LABELS, shape), rule)
            # What came from the prediction is marked, so that nobody takes it for an observation.
            marks = {"accepted": change.marked()} if accepted else {}
            return Step(title, {LABELS: change, **marks}, shape, place=place)

        def done(outcome: Outcome) -> None:
            new = outcome.step.labels.voxels
            doubts = self._context.project.doubts() if accepted and new else ""
            self._context.messages.say(f"{begun(title)}: {labelled(new, meant - new)}.{doubts}")

        book.work(plan, done, title=f"Labels {title}")

    def _stepped(self, step: Step) -> None:
        """Outline what came from the prediction."""
        session = self._context.project.session
        if "accepted" in step.volumes and session is not None:
            self._show_marks(mapped.open(session.accepted))

    def _show_marks(self, values: NDArray[np.uint8]) -> None:
        """Show where labels were taken over from a prediction."""
        material = self._context.data.material
        if material is None:
            return
        if self._marks is None:
            colors = DirectLabelColormap(color_dict={None: _MARK, 0: (0, 0, 0, 0), 1: _MARK})
            place = self._context.place_of(material)
            self._marks = Labels(values, name="Accepted from prediction", colormap=colors, **place)
            self._marks.contour = 2
            self._marks.editable = False
            with view.keeping_active(self._context.viewer):
                self._context.viewer.add_layer(self._marks)
        self._marks.refresh(extent=False, thumbnail=False)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.shapes:
            self.shapes = None
        elif event.value is self._marks:
            self._marks = None

    def _on_labels(self, has_labels: bool) -> None:
        session = self._context.project.session
        if not has_labels:
            self.shapes = self._marks = None
        elif session is not None and self._marks is None and mapped.is_whole(session.accepted):
            self._show_marks(mapped.open(session.accepted))
