"""The surveys one works on: which image layers are ticked, and where in them the person looks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from napari.components import ViewerModel
from napari.layers import Image, Labels
from psygnal import SignalGroupDescriptor
from qtpy.QtCore import QTimer

from napari_fhn.first_look import from_the_ground
from napari_fhn.project import ProjectError
from napari_fhn.sentence import cell
from napari_fhn.surveys.drawing import UPRIGHT, section_title
from napari_fhn.widgets.data import foreground, placement, readout
from napari_fhn.widgets.data.material import Material, survey_of
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.messages import Messages


@dataclass
class DataState:
    """What is ticked; setting a field emits an event of its name.

    Parameters
    ----------
    chosen : tuple of napari.layers.Image
        Ticked image layers, in the order of the layer list.
    material : Material or None
        What they are made of; None where nothing is ticked, or the ticked layers do not go together.
    vertical_axis : int or None
        Spatial axis of time or depth that the person chose, for arrays whose axes have no names.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    chosen: tuple[Any, ...] = ()
    material: Material | None = None
    vertical_axis: int | None = 2


class Data:
    """Ticks image layers as they come and go, and says which section is in view.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers they are.
    messages : Messages
        Where it says why layers do not go together.

    Attributes
    ----------
    state : DataState
        What is ticked.
    removing : bool
        Whether what is ticked changes because a layer was removed, which others may follow at once.
    may_choose : callable
        Says why surveys cannot be ticked now; "" where they can.
    """

    def __init__(self, viewer: ViewerModel, messages: Messages) -> None:
        self._viewer = viewer
        self.state = DataState()
        self._messages = messages
        self._faced: tuple[str, ...] = ()
        self.removing = False
        self._aside = ""
        self._awaited: tuple[Any, ...] = ()
        self._adopts = True
        self.may_choose: Callable[[Material], str] = lambda material: ""
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        self.state.events.vertical_axis.connect(self._face)
        for event in (self.state.events.material, self.state.events.vertical_axis):
            event.connect(self._word)

    @property
    def material(self) -> Material | None:
        """What the ticked layers are made of."""
        return self.state.material

    @property
    def vertical(self) -> int | None:
        """Spatial axis of time or depth, None for maps."""
        return None if self.material is None else self.material.vertical(self.state.vertical_axis)

    @property
    def on_line(self) -> bool:
        """Whether what is worked on is a line: one vertical section."""
        return self.material is not None and cell(len(self.material.shape), self.vertical) == "sample"

    def worded(self, text: str) -> str:
        """Return a text with the words for what is worked on, as the messages of the desk have them."""
        return self._messages.worded(text)

    def images(self) -> list[Image]:
        """Image layers that may be ticked."""
        return [layer for layer in self._viewer.layers if _may_be_data(layer)]

    def choose(self, layers: tuple[Any, ...]) -> None:
        """Tick these image layers and no others, and bring them to the front."""
        before, faced = self.material, self._faced
        self._choose(layers)
        material = self.material
        self._bring_back()
        if material is None or (before is not None and material.layer is before.layer):
            return
        self._set_aside(material)
        foreground.face(self._viewer, material, self.vertical, turn=self._faced != faced)

    def _word(self, event: Any = None) -> None:
        self._messages.cell = "voxel" if self.material is None else cell(len(self.material.shape), self.vertical)

    def _set_aside(self, material: Material) -> None:
        """Hide what would be drawn through what is worked on, and say so."""
        if hidden := foreground.set_aside(self._viewer, material, self.state.chosen):
            words = " and ".join(f"'{name}'" for name in hidden)
            are = "are" if len(hidden) > 1 else "is"
            self._tell(f"{words} {are} hidden while another survey is worked on: its eye, or its tick, shows it.")

    def _choose(self, layers: tuple[Any, ...]) -> None:
        chosen = tuple(layer for layer in self.images() if layer in layers)
        material = None
        if chosen:
            try:
                material = Material.of(chosen)
            except ProjectError as error:
                self._messages.fail(str(error))
        if material is not None and (why := self.may_choose(material)):
            self._messages.waiting, self._awaited = why, chosen
            self.state.events.chosen.emit(self.state.chosen)  # the list shows what is ticked still
            return
        self._messages.waiting, self._awaited = "", ()
        before = self.material
        self.state.chosen = chosen
        self.state.material = material
        if material is not None and (before is None or before.kind != material.kind):
            self._face()
        if material is not None:
            self._faced = tuple(map(str, material.first.dims))

    def adopt_all(self) -> None:
        """Take in the layers that were there before the dock, first those that go with what is seen."""
        images = self.images()
        seen = next((layer for layer in reversed(images) if layer.visible), None)
        for layer in sorted(images, key=lambda one: seen is not None and not _go_together(one, seen)):
            self._adopt(layer)

    @contextlib.contextmanager
    def adopting_nothing(self) -> Iterator[None]:
        """Leave what is ticked as it is, while surveys arrive that somebody will tick."""
        self._adopts = False
        try:
            yield
        finally:
            self._adopts = True

    def title(self) -> str:
        """Say which section is in view, by its survey number; empty where everything is."""
        if self.material is None or self.material.layer not in self._viewer.layers:
            return ""
        return self._title_of(self.material.layer)

    def _title_of(self, image: Image) -> str:
        dims = self._viewer.dims
        offset = dims.ndim - image.ndim
        data = image.data if hasattr(image.data, "coords") else survey_of(image)
        return section_title(
            data,
            lambda axis: round(float(image.world_to_data(dims.point)[axis])),
            tuple(axis - offset for axis in dims.displayed),
        )

    @property
    def seen(self) -> Image | None:
        """The survey that is seen: the uppermost of several; None where none is worked on."""
        if self.material is None or self.material.layer not in self._viewer.layers:
            return None
        return next(reversed(self._visible()), self.material.layer)

    @property
    def caption(self) -> str:
        """Which section is in view: of the survey that is seen, by name where there are several."""
        top = self.seen
        if top is None:
            return ""
        title = self._title_of(top)
        if any(layer not in self.state.chosen for layer in self._visible()):
            title = f"{top.name}: {title}" if title else str(top.name)
        return title

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._viewer.layers.events.inserted, self._on_inserted)
        disconnect(self._viewer.layers.events.removed, self._on_removed)

    def _visible(self) -> list[Image]:
        return [layer for layer in self.images() if layer.visible and "survey" in layer.metadata]

    def _adopt(self, layer: Any) -> None:
        if not _may_be_data(layer) or layer in self.state.chosen:
            return
        readout.attach(layer)
        if placement.is_upright(layer):
            placement.stand_upright(self._viewer)
        if not self._adopts:
            return
        try:
            Material.of((*self.state.chosen, layer))
        except ProjectError:
            self._leave_aside(layer)
            return
        # A second plain image on the same grid may be anything; one that a reader brought is data.
        if not self.state.chosen or "survey" in layer.metadata:
            first = not self.state.chosen
            self._choose((*self.state.chosen, layer))
            if first and self.material is not None:
                self._set_aside(self.material)  # those that were left when nothing was worked on
            elif not first:
                QTimer.singleShot(0, lambda: self._put_below(layer))  # napari has not drawn it yet

    def _put_below(self, layer: Image) -> None:
        """Put a survey that joins those that are worked on below what is known of them, and say that it has joined."""
        layers = self._viewer.layers
        known = [one for one in layers if "session" in one.metadata]
        if layer not in layers or not known:
            return
        if layers.index(layer) > layers.index(known[0]):
            layers.move(layers.index(layer), layers.index(known[0]))
            # napari has chosen what came last; who was painting goes on.
            layers.selection.active = next(
                (one for one in reversed(known) if isinstance(one, Labels) and one.editable), layer
            )
        if layer in self.state.chosen:
            self._messages.say(
                f"'{layer.name}' fits what is worked on, and the next training learns from it too: untick it to leave "
                "it out.",
                note=True,
            )

    def _leave_aside(self, layer: Any) -> None:
        """Leave a survey that lies elsewhere for the person to tick; it is not drawn over the one that is worked on."""
        if self.material is not None and foreground.is_in_the_way(layer, self.material):
            foreground.hide(layer)
            # A volume that arrives stands upright, and with it turns what it finds there.
            turned = tuple(self._viewer.dims.order) == UPRIGHT.get(self._viewer.dims.ndim)
            foreground.face(self._viewer, self.material, self.vertical, turn=turned)
            self._tell(f"'{layer.name}' lies elsewhere than what is worked on, and is hidden: tick it to work on it.")

    def _tell(self, words: str) -> None:
        """Say what is hidden, for as long as it is."""
        self._aside = words
        self._messages.say(words, note=True)

    def _bring_back(self, gone: Any = None) -> None:
        """Show what is hidden once nothing is worked on any more, and take back what was said of it."""
        if self.material is None and self._adopts:
            foreground.bring_back(self._viewer)
        elif gone is None or foreground.ASIDE not in gone.metadata:
            return
        if self._messages.note == self._aside:
            self._messages.note = ""

    def _face(self, event: Any = None) -> None:
        """Let what is worked on stand upright, or lie flat: a line and a map share the two axes of the canvas."""
        if self.material is None or self._viewer.dims.ndim != 2:
            return
        if self.vertical == len(self.material.shape) - 1:
            placement.stand_upright(self._viewer)
        else:
            placement.lie_flat(self._viewer)

    def _on_inserted(self, event: Any) -> None:
        placement.measure_alike(self._viewer)
        self._adopt(event.value)
        path = layer_file(event.value)
        if path is not None and from_the_ground(path):
            words = f"napari opened {path.name} as plain pixels, without its place on the ground"
            self._messages.say(f"{words}: Open … reads it as a survey.", note=True)

    def _on_removed(self, event: Any) -> None:
        if event.value in self.state.chosen:
            self.removing = True
            try:
                self._choose(tuple(other for other in self.state.chosen if other is not event.value))
            finally:
                self.removing = False
        if event.value in self._awaited:
            self._messages.waiting, self._awaited = "", ()
        self._bring_back(event.value)


def _go_together(one: Any, other: Any) -> bool:
    try:
        Material.of((one,) if one is other else (one, other))
    except ProjectError:
        return False
    return True


def layer_file(layer: Any) -> Path | None:
    """Return the file that napari itself has read a layer from; None for all other layers."""
    source = getattr(layer, "source", None)
    path = getattr(source, "path", None)
    return Path(path) if path and getattr(source, "reader_plugin", None) == "napari" else None


def _may_be_data(layer: Any) -> bool:
    """Whether a layer can be learnt from: colours cannot, and what the network says itself must not."""
    return isinstance(layer, Image) and not layer.rgb and "overlay" not in layer.metadata
