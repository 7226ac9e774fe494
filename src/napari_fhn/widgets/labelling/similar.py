"""More like this: a click, an outline or a class finds similar places; those that are right become labels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor
from qtpy.QtCore import QTimer

from napari_fhn.labels.volumes.drawn import areas
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.knowledge.burning import labelled
from napari_fhn.project.labelling import shown, similar
from napari_fhn.project.labelling.similar import Similar
from napari_fhn.project.undo.step_doing import Outcome
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.sentence import counted
from napari_fhn.structure.similar.describing import Descriptions
from napari_fhn.structure.similar.likeness import Examples
from napari_fhn.structure.similar.places import LEVEL, SimilarPlace
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.places import typed
from napari_fhn.training.errors import JobError
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.compared import By, Compared
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.labelling.shapes import shapes_layer

_OUTLINE = "Look for"

_STILL = 4.0
"""Pixels that the mouse may move in a click; farther than that it moves the canvas."""


@dataclass
class SimilarState:
    """What was found; setting a field emits an event of its name.

    Parameters
    ----------
    found : Similar or None
        The answer to the last question.
    at : int
        The place that was gone to last, in its list; -1 for none.
    ticked : frozenset of int
        Places that are right, in its list.
    searching : bool
        Whether a question is being answered.
    picking : bool
        Whether the next click on the canvas is a question.
    level : float
        How alike what belongs to a place is, 0 to 1.
    by : {"data", "network"}
        Whether places are compared by what the data look like there, or by the states of the network.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    found: Similar | None = None
    at: int = -1
    ticked: frozenset[int] = field(default=frozenset())
    searching: bool = False
    picking: bool = False
    level: float = LEVEL
    by: By = "data"


class MoreLikeThis:
    """Asks where else the survey looks like that, and makes labels of the places that a person agrees to.

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
    state : SimilarState
        What was found.
    outline : napari.layers.Shapes or None
        What a person draws around what is meant.
    """

    def __init__(self, context: DeskContext, book: LabelBook, opening: LabelOpening) -> None:
        self.state = SimilarState()
        self.outline: Shapes | None = None
        self._context = context
        self._book = book
        self._opening = opening
        self._compared = Compared(context)
        self._described: tuple[tuple[Any, ...], Descriptions] | None = None
        self._known: NDArray[np.uint8] | None = None
        self._active: Any = None
        context.data.state.events.material.connect(self._material_changed)
        context.viewer.layers.events.removed.connect(self._on_removed)

    # Questions -------------------------------------------------------------------------------------------------------

    def pick(self, wanted: bool = True) -> None:
        """Take the next click on the canvas as the place that is meant; or do not wait for it any more."""
        viewer, material = self._context.viewer, self._material()
        if not wanted or material is None:
            self._stop_picking()
            return
        if self.state.picking:
            return
        # No brush must paint where the click falls.
        self._active = viewer.layers.selection.active
        viewer.layers.selection.active = material.layer
        viewer.mouse_drag_callbacks.append(self._clicked)
        self.state.picking = True
        self._context.messages.say("Click on a place: the survey is looked through for others like it.")

    def under_cursor(self) -> None:
        """Ask for what is under the cursor."""
        self.ask_at(self._context.viewer.cursor.position)

    def ask_at(self, world: Any) -> None:
        """Ask for what is at a place of the canvas."""
        material = self._material()
        if material is None:
            return
        if self._context.viewer.dims.ndisplay == 3:
            self._context.messages.fail("Look at a section first: in 3D the cursor is on a ray, and not at a place.")
            return
        image, n = material.layer, len(material.shape)
        keep = [axis for axis, dim in enumerate(material.first.dims) if dim != "band"]
        index = np.asarray(image.world_to_data(world), np.float64)[-image.ndim :]
        voxel = np.rint(index[keep] if len(index) == len(material.first.dims) else index[-n:]).astype(np.int64)
        if (voxel < 0).any() or (voxel >= material.shape).any():
            self._context.messages.fail("There is no data under the cursor: point at a place of the survey.")
            return
        self._ask(Examples((voxel[None],)))

    def draw(self) -> None:
        """Make a layer to draw around what is meant; what is drawn asks at once."""
        material = self._material()
        if material is None:
            return
        if self.outline is None:
            self.outline = shapes_layer(len(material.shape), self._context.place_of(material))
            self.outline.name = _OUTLINE
            self._context.viewer.add_layer(self.outline)
            self.outline.events.data.connect(self._drawn)
            self.outline.mode = "pan_zoom"
        self.outline.data = []
        self._context.viewer.layers.selection.active = self.outline
        self.outline.mode = "add_polygon_lasso"
        self._context.messages.say("Draw around what is meant: the survey is looked through for others like it.")

    def ask_for_class(self) -> None:
        """Ask for what is labelled as the class in use, and not for what is labelled as others."""
        layer, table = self._book.layer, self._book.state.classes
        if layer is None:
            self._context.messages.fail("Nothing is labelled yet: label some of it, or show a place.")
            return
        value = int(layer.selected_label)
        name = dict(zip(table.values, table.names, strict=True)).get(value, f"class {value}")
        try:
            self._ask(shown.labelled_examples(layer.data, value, name), known=layer.data)
        except ProjectError as error:
            self._context.messages.fail(str(error))

    def refuse(self) -> None:
        """Look again: the place in view is not meant, and those that are ticked are."""
        found, at = self.state.found, self.state.at
        if found is None or not 0 <= at < len(found.places):
            self._context.messages.fail("Go to a place first: the one in view is what is not meant.")
            return
        examples = found.examples.without(found.places[at].voxels)
        for number in sorted(self.state.ticked):
            if number != at and not found.places[number].shown:
                examples = examples.with_also(found.places[number].voxels)
        self._ask(examples, known=self._known)

    def set_level(self, level: float) -> None:
        """Ask again, for what is this much alike."""
        if level == self.state.level:
            return
        self.state.level = level
        if self.state.found is not None:
            self._ask(self.state.found.examples, known=self._known)

    def set_by(self, by: By) -> None:
        """Compare by the data, or by the network; ask again where something was asked."""
        if by == self.state.by:
            return
        self.state.by = by
        if self.state.found is not None:
            self._ask(self.state.found.examples, known=self._known)

    # Answers ---------------------------------------------------------------------------------------------------------

    def go(self, number: int) -> None:
        """Show the section through a place, and where on it the place is."""
        found, material = self.state.found, self._context.data.material
        if found is None or material is None or not 0 <= number < len(found.places):
            return
        self.state.at = number
        layer, voxel = material.layer, found.places[number].voxel
        index = list(voxel)
        if layer.ndim == len(material.first.dims) and "band" in material.first.dims:
            index.insert(material.first.dims.index("band"), 0)
        world = np.asarray(layer.data_to_world(index[-layer.ndim :]), np.float64)
        self._context.show_place(layer, world)

    def step(self, by: int) -> None:
        """Go to the next place, or to the one before."""
        found = self.state.found
        if found is not None and found.places:
            start = -1 if self.state.at < 0 and by > 0 else self.state.at
            self.go((start + by) % len(found.places))

    def tick(self, number: int, right: bool) -> None:
        """Say whether a place is right."""
        ticked = self.state.ticked
        self.state.ticked = ticked | {number} if right else ticked - {number}

    def label(self) -> None:
        """Make labels of the class in use of the places that are ticked."""
        found, material = self.state.found, self._context.data.material
        chosen = [] if found is None else [found.places[number] for number in sorted(self.state.ticked)]
        if not chosen or material is None:
            self._context.messages.fail("Tick the places that are right first.")
            return
        if not self._opening.new() or self._book.layer is None:
            return
        book, shape = self._book, self._book.layer.data.shape
        value = int(self._book.layer.selected_label)
        names = dict(zip(book.state.classes.values, book.state.classes.names, strict=True))
        count = counted(len(chosen), "similar places")
        title = f"{count} as {names.get(value, f'class {value}')}"
        there = 0

        def plan(session: Session) -> Step:
            nonlocal there
            change, there = similar.label(material.surveys, chosen, session.volume(LABELS, shape), value)
            return Step(title, {LABELS: change}, shape)

        def done(outcome: Outcome) -> None:
            new = outcome.step.labels.voxels
            self._context.messages.say(f"Labelled {title}: {labelled(new, there)}.")
            if new:
                self.state.ticked = frozenset()

        book.work(plan, done)

    def worded(self, text: str) -> str:
        """Return a text with the words for what is looked at."""
        return self._context.data.worded(text)

    def words_for(self, place: SimilarPlace, *, short: bool = False) -> str:
        """Return how alike a place is, and where it is in the survey's numbers, or as one would type it."""
        found = self.state.found
        where = "" if found is None else found.where(place)
        if found is not None and short:
            where = typed(found.numbers, dict(zip(found.numbers.names, place.voxel, strict=True))) or where
        return f"{'here' if place.shown else f'{100 * place.likeness:.0f} %'} · {where}"

    def forget(self) -> None:
        """Forget what was found."""
        self.state.ticked, self.state.at = frozenset(), -1
        self.state.found = None

    def close(self) -> None:
        """Let go of the viewer, and end a network that is looking."""
        self._compared.close()
        self._stop_picking()
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)

    # Inside ----------------------------------------------------------------------------------------------------------

    def _material(self) -> Material | None:
        material = self._context.data.material
        if material is None:
            self._context.messages.fail("Tick a survey first: open a file, or one of the samples.")
        return material

    def _ask(self, examples: Examples, known: NDArray[np.uint8] | None = None) -> None:
        material = self._context.data.material
        if material is None:
            return
        if self.state.searching:
            self._context.messages.say("The survey is being looked through already.", note=True)
            return
        find = self._compared.by(self.state.by, material)
        if find is None:
            return
        before, level = self._described, self.state.level
        self._known = known
        self.state.searching = True
        self._context.messages.say("Looking through the survey …")

        def work(operation: Operation) -> tuple[tuple[Any, ...], Descriptions, Similar]:
            key, describe = find
            described = before[1] if before is not None and before[0] == key else describe(operation)
            return key, described, similar.find(material.surveys, described, examples, level=level, known=known)

        def done(answer: tuple[tuple[Any, ...], Descriptions, Similar]) -> None:
            self.state.searching = False
            if self._context.data.material is not material:
                return
            self._described = answer[:2]
            self._show(answer[2])

        def failed(error: BaseException) -> None:
            self.state.searching = False
            self._context.messages.report(error, ProjectError, JobError, SurveyError)

        def stopped() -> None:
            self.state.searching = False

        self._context.attempt(Operation("Looking through the survey"), work, done, failed, stopped)

    def _show(self, found: Similar) -> None:
        self.state.ticked, self.state.at = frozenset(), -1
        self.state.found = found
        count = len(found.found)
        if count:
            words = f"{counted(count, 'places look', 'place looks')} like that: tick those that are right."
        else:
            words = "Nothing else looks like that: lower 'alike', or show another place."
        self._context.messages.say(words)

    def _clicked(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        # In pixels: while the canvas is moved, what is under the mouse stays the same.
        place, began = tuple(event.position), np.asarray(event.pos, np.float64)
        yield
        while event.type == "mouse_move":
            yield
        if np.abs(np.asarray(event.pos) - began).max() <= _STILL:
            self._stop_picking()
            self.ask_at(place)

    def _stop_picking(self) -> None:
        viewer = self._context.viewer
        if self._clicked in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._clicked)
        if self._active is not None and self._active in viewer.layers:
            viewer.layers.selection.active = self._active
        self._active = None
        self.state.picking = False

    def _drawn(self, event: Any) -> None:
        # napari is still about to tidy up behind the mouse.
        QTimer.singleShot(0, self._ask_outline)

    def _ask_outline(self) -> None:
        """Ask for what lies inside the outline, once it is one: a lasso is a path until the button is let go."""
        outline, material = self.outline, self._context.data.material
        if outline is None or material is None or outline.mode == "pan_zoom":
            return
        if not len(outline.data) or outline.shape_type[-1] in ("path", "line"):
            return
        outline.mode = "pan_zoom"
        inside = areas(zip(outline.data, outline.shape_type, strict=True), material.shape)
        if not inside.any():
            self._context.messages.fail("Nothing of the survey is inside: draw around a part of it.")
            return
        self._ask(Examples((np.argwhere(inside),)))

    def _material_changed(self, material: Material | None) -> None:
        self._stop_picking()
        self._described = None
        self.forget()
        if self.outline is not None and self.outline in self._context.viewer.layers:
            self._context.viewer.layers.remove(self.outline)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.outline:
            self.outline = None
