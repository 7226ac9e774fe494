"""Every setting of a training, folded away: a control for each field of the dataclasses that hold them."""

from __future__ import annotations

from typing import Any, get_args

from magicgui.widgets import LineEdit
from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy

from napari_fhn.network.architecture import Architecture
from napari_fhn.project.runs.settings import JOB_FIELDS, NETWORK_FIELDS, OBJECTIVE_FIELDS, SCHEDULE_FIELDS, Part
from napari_fhn.sentence import Cell
from napari_fhn.training.job import Job
from napari_fhn.training.objective import Objective
from napari_fhn.training.recipes import recipe
from napari_fhn.training.schedule import Schedule
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.network.attribute_fields import AttributeFields
from napari_fhn.widgets.network.factor_fields import FactorFields
from napari_fhn.widgets.network.fields import Form
from napari_fhn.widgets.network.known_fields import KnownFields
from napari_fhn.widgets.network.place_field import PlaceField
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.network.reading_field import ReadingField
from napari_fhn.widgets.section import Fold

_LAYERS = (
    "The network in words: 2d for sections and maps or 3d for blocks, channels, then groups of layers as "
    "'number x width'; 'down' halves the resolution and 'up' doubles it, as in '2d 16: 2x8 | down 3x16 | up 2x8'. "
    "Press Enter to take it."
)
_TERMS = "knowledge"
"""Field of the objective that has fields of its own."""

_TITLES: dict[Part, str] = {
    "network": "Network",
    "schedule": "Schedule",
    "objective": "What counts as a mistake",
    "job": "Prediction and memory",
}


_IDLE: dict[Cell, frozenset[str]] = {
    "voxel": frozenset(),
    "sample": frozenset({"context"}),
    "pixel": frozenset({"context", "shear", "shift"}),
}
"""Settings that do nothing: a line has no sections beside it, a map neither these nor time or depth."""


class Advanced(Fold):
    """The fold with every setting.

    Parameters
    ----------
    planning : Planning
        Whose settings are shown and changed.
    messages : Messages
        Which know whether a volume, a line or a map is worked on.

    Attributes
    ----------
    forms : dict of str to Form
        By part of the settings.
    layers : magicgui LineEdit
        The layers in words.
    known : KnownFields
        What is known without labels.
    attributes : AttributeFields
        Attributes of the data to learn from too.
    factors : FactorFields
        What a prediction is made of beside the network.
    reading : ReadingField
        Whether surveys are copied.
    on : PlaceField
        The machine that trains.
    reset : QPushButton
        Back to the recipe.
    """

    def __init__(self, planning: Planning, messages: Messages) -> None:
        super().__init__("Advanced", "Every setting of the training, with its meaning and unit.")
        self._planning = planning
        self._messages = messages
        self.fold()
        column = self.body
        column.setContentsMargins(14, 0, 0, 0)
        self.layers = LineEdit(tooltip=_LAYERS)
        self.layers.native.setAccessibleName("layers")
        self.layers.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.layers.native.editingFinished.connect(self._layers_written)
        sources: dict[Part, tuple[type, tuple[str, ...]]] = {
            "network": (Architecture, NETWORK_FIELDS),
            "schedule": (Schedule, SCHEDULE_FIELDS),
            "objective": (Objective, tuple(name for name in OBJECTIVE_FIELDS if name != _TERMS)),
            "job": (Job, JOB_FIELDS),
        }
        self.forms: dict[Part, Form] = {}
        for part in get_args(Part):
            of, names = sources[part]
            column.addWidget(_title(f"<b>{_TITLES[part]}</b>"))
            if part == "network":
                column.addWidget(self.layers.native)
            form = Form(of, names)
            form.changed.connect(lambda name, value, part=part: self._planning.change(part, name, value))
            column.addWidget(form)
            self.forms[part] = form
            if part == "objective":
                column.addWidget(_title("<b>What is known without labels</b>"))
                self.known = KnownFields(planning)
                column.addWidget(self.known)
        column.addWidget(_title("<b>Attributes as further channels</b>"))
        self.attributes = AttributeFields(planning)
        column.addWidget(self.attributes)
        self._factors_title = _title("<b>The prediction is made of the network and</b>")
        column.addWidget(self._factors_title)
        self.factors = FactorFields(planning)
        column.addWidget(self.factors)
        column.addWidget(_title("<b>Surveys are read</b>"))
        self.reading = ReadingField(planning)
        column.addWidget(self.reading)
        column.addWidget(_title("<b>Train on</b>"))
        self.on = PlaceField(planning)
        column.addWidget(self.on)
        self.reset = QPushButton("Reset to the recipe")
        self.reset.setToolTip("Take back every change.")
        self.reset.clicked.connect(self._reset)
        column.addWidget(self.reset)
        planning.state.events.settings.connect(self._show)
        messages.events.cell.connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        settings = self._planning.state.settings
        changed = settings.changed if settings is not None else ()
        if settings is not None:
            changed = (*changed, *(name for name in ("ignored", "attributes") if getattr(settings, name)))
            if settings.combination != recipe(settings.recipe).combination:
                changed = (*changed, "combination")
        self.heading.setText(f"Advanced: {len(changed)} changed" if changed else "Advanced")
        self.reset.setEnabled(bool(changed))
        self._factors_title.setVisible(bool(self._planning.factors))
        if settings is None:
            return
        for part, form in self.forms.items():
            values = settings.values(part)
            form.setVisible(bool(values))
            form.leave_out(_IDLE[self._messages.cell])
            form.show_values(values)
        with self.layers.changed.blocked():
            self.layers.value = settings.layers
        self.layers.native.setCursorPosition(0)
        self.layers.enabled = bool(settings.layers)

    def _layers_written(self) -> None:
        settings = self._planning.state.settings
        if settings is not None and self.layers.value != settings.layers:
            self._planning.change("network", "layers", self.layers.value)

    def _reset(self) -> None:
        settings = self._planning.state.settings
        if settings is not None:
            self._planning.choose(settings.recipe)


def _title(words: str) -> QLabel:
    title = QLabel(words)
    title.setWordWrap(True)  # as wide as it is, it would cut off the right of the whole dock
    return title
