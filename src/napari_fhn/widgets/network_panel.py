"""Step 3: which network, where, and what is kept for the score."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import ComboBox, SpinBox
from qtpy.QtWidgets import QFormLayout, QLabel

from napari_fhn.training.recipes import RECIPES, fitting
from napari_fhn.widgets.data.material import Material, MaterialError
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.labelling.tally import MOST_HELD_OUT
from napari_fhn.widgets.section import Section

_DEVICES = [("Automatic", "auto"), ("Processor", "cpu"), ("NVIDIA GPU", "cuda")]


class NetworkPanel(Section):
    """A short form: recipe, device, hold-out.

    Parameters
    ----------
    desk : Desk
        Whose settings are shown.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(3, "Network")
        self._desk = desk
        self.recipe = ComboBox(label="Recipe", choices=self._recipes, tooltip="Which network, trained how.")
        self.device = ComboBox(
            label="Runs on",
            choices=_DEVICES,
            value=desk.state.device,
            tooltip="Where to train and predict. A GPU is found by itself; choose one to insist on it.",
        )
        self.held_out = SpinBox(
            label="Hold out",
            min=0,
            max=MOST_HELD_OUT,
            tooltip=(
                "How many labelled bodies (wells, patches) are kept from training, to score the network on "
                "labels it never saw. A body that has the last labels of a class is never held out. "
                "Default: one in five, where there are four bodies or more."
            ),
        )
        self._fields = (self.recipe, self.device, self.held_out)
        form = QFormLayout()
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in self._fields:
            label = QLabel(field.label)
            label.setToolTip(field.tooltip or "")
            form.addRow(label, field.native)
        self.body.addLayout(form)
        self.recipe.changed.connect(self._recipe_chosen)
        self.device.changed.connect(lambda value: setattr(desk.state, "device", value))
        self.held_out.changed.connect(self._held_out_chosen)
        desk.data.state.events.chosen.connect(self._show)
        desk.book.state.events.held_out.connect(self._show_held_out)
        desk.state.events.task.connect(self._enable)
        self._show()

    def _recipes(self, widget: Any = None) -> list[tuple[str, str]]:
        try:
            dimensions = len(Material.of(self._desk.data.state.chosen).shape)
        except MaterialError:
            dimensions = 3
        return [(RECIPES[name].title, name) for name in fitting(dimensions)]

    def _show(self, event: Any = None) -> None:
        with self.recipe.changed.blocked():
            self.recipe.reset_choices()
            if self._desk.state.recipe in self.recipe.choices:
                self.recipe.value = self._desk.state.recipe
        self._explain()
        self._show_held_out()

    def _explain(self) -> None:
        if self.recipe.value in RECIPES:
            self.recipe.tooltip = RECIPES[self.recipe.value].description

    def _show_held_out(self, event: Any = None) -> None:
        with self.held_out.changed.blocked():
            self.held_out.value = self._desk.book.state.held_out

    def _recipe_chosen(self, name: str) -> None:
        self._desk.state.recipe = name
        self._explain()

    def _held_out_chosen(self, n: int) -> None:
        self._desk.book.tally.choose_held_out(n)

    def _enable(self, event: Any = None) -> None:
        for field in self._fields:
            field.enabled = self._desk.state.task is None
