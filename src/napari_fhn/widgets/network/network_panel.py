"""Step 3: which network, where, what is kept for the score, and what that will need."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import ComboBox, SpinBox
from qtpy.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton
from superqt import QElidingLabel

from napari_fhn.widgets.buttonless import without_buttons
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.network.advanced import Advanced
from napari_fhn.widgets.network.memory_bar import MemoryBar
from napari_fhn.widgets.section import QUIET, TOGGLE, Section

_MOST_HELD_OUT = 999
_DEVICES = [("Auto", "auto"), ("Processor", "cpu"), ("NVIDIA GPU", "cuda"), ("Apple GPU", "mps")]
_MEMORY = (
    "Memory of a training step, forecast before anything is allocated. The bar is the free memory of the device: blue "
    "is what this network needs, hatched what it would need if every state were kept and every kernel of full rank."
)

_TIMED = "as measured in the last training of this kind on this computer."


class NetworkPanel(Section):
    """A short form, the forecast, and a fold with everything else.

    Parameters
    ----------
    desk : Desk
        Whose settings are shown.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(3, "Network")
        self._desk = desk
        self._seen = False
        self._planning = desk.planning
        self.recipe = ComboBox(label="Recipe", choices=self._recipes, tooltip="Which network, trained how.")
        self.device = ComboBox(
            label="Runs on",
            choices=_DEVICES,
            value=desk.planning.state.device,
            tooltip="Where to train and predict. A GPU is found by itself; choose one to insist on it.",
        )
        self.held_out = SpinBox(
            label="Hold out",
            min=0,
            max=_MOST_HELD_OUT,
            tooltip=(
                "How many labelled bodies (wells, patches) are kept from training, to score the network on "
                "labels it never saw. A body that has the last labels of a class is never held out. "
                "Default: one in five, where there are ten bodies or more: of fewer, each is missed in "
                "training more than its score can tell."
            ),
        )
        self._fields = (self.recipe, self.device, self.held_out)
        self.body.addLayout(self._form())
        self.bar = MemoryBar()
        self.needs = QLabel()
        self.needs.setWordWrap(True)  # in the narrowest dock it is longer than a line
        for widget in (self.bar, self.needs):
            widget.setToolTip(_MEMORY)
        self.block = QToolButton()
        self.block.setCheckable(True)
        self.block.setStyleSheet(TOGGLE)
        self.block.setToolTip("Draw the block that the network sees at once over what is in view.")
        self.block.toggled.connect(desk.block_box.show)
        desk.block_box.gone.connect(lambda: self.block.setChecked(False))
        self.time = QElidingLabel()
        self.time.setStyleSheet(QUIET)
        self.time.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.block)
        row.addWidget(self.time, 1)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.needs)
        self.body.addLayout(row)
        self.advanced = Advanced(desk.planning, desk.messages)
        self.body.addWidget(self.advanced)
        self.recipe.changed.connect(desk.planning.choose)
        self.device.changed.connect(lambda value: setattr(desk.planning.state, "device", value))
        self.held_out.changed.connect(desk.book.choose_held_out)
        desk.data.state.events.material.connect(self._show)
        for name in ("settings", "why"):
            getattr(desk.planning.state.events, name).connect(self._show)
        for name in ("outlook", "free", "speed", "where"):
            getattr(desk.planning.state.events, name).connect(self._show_outlook)
        desk.book.state.events.held_out.connect(self._show_held_out)
        desk.state.events.activity.connect(self._enable)
        desk.book.state.events.has_labels.connect(self._wanted)
        self._show()
        self._show_outlook()
        self.fold()

    def _wanted(self, has_labels: bool) -> None:
        """Unfold once there is something to train on; from then on it is as the person leaves it."""
        if has_labels and not self._seen:
            self._seen = True
            self.fold(False)

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        places = ((self.recipe, 0, 0, 3), (self.device, 1, 0, 1), (self.held_out, 1, 2, 1))
        for field, row, column, span in places:
            label = QLabel(field.label)
            label.setToolTip(field.tooltip or "")
            label.setBuddy(field.native)
            grid.addWidget(label, row, column)
            grid.addWidget(field.native, row, column + 1, 1, span)
        grid.setColumnStretch(1, 1)
        for combo, letters in ((self.recipe, 12), (self.device, 7)):
            combo.native.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.native.setMinimumContentsLength(letters)
            combo.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        # Arrow keys and the wheel do without buttons, whose room the device beside it needs.
        # Else it takes the focus whenever a number is shown, and what is typed on the canvas goes there.
        self.held_out.native.setKeyboardTracking(False)
        without_buttons(self.held_out.native, 22)
        self.held_out.native.setFixedWidth(40)
        return grid

    def _recipes(self, widget: Any = None) -> list[tuple[str, str]]:
        return [(self._planning.words_of(name)[0], name) for name in self._planning.recipes]

    def _show(self, event: Any = None) -> None:
        settings = self._planning.state.settings
        with self.recipe.changed.blocked():
            self.recipe.reset_choices()
            if settings is not None and settings.recipe in self.recipe.choices:
                self.recipe.value = settings.recipe
        self.aside.setText(self._planning.state.why)
        self.aside.setToolTip(self._planning.state.why)
        self.recipe.tooltip = f"Which network, trained how. {self._planning.state.why}"
        self._show_held_out()

    def _show_outlook(self, event: Any = None) -> None:
        state = self._planning.state
        seen, settings = state.outlook, state.settings
        for widget in (self.bar, self.needs, self.block, self.time):
            widget.setVisible(seen is not None)
        self.bar.show_outlook(seen, state.free)
        if seen is None or settings is None:
            return
        self.needs.setText(seen.sentence(state.free))
        self.needs.setToolTip(f"{_MEMORY} Free memory is that of {state.where}.")
        self.block.setText(seen.block_in_words)
        speed = state.speed
        self.time.setText(speed.sentence(settings.schedule.steps) if speed else "not timed yet")
        self.time.setToolTip(f"{self.time.text()}: {_TIMED}")

    def _show_held_out(self, event: Any = None) -> None:
        with self.held_out.changed.blocked():
            self.held_out.value = self._desk.book.state.held_out

    def _enable(self, event: Any = None) -> None:
        idle = self._desk.state.activity.idle
        for field in self._fields:
            field.enabled = idle
        self.advanced.setEnabled(idle)
        if not idle:
            # It has said what it has to say; from here on the prediction is what one looks at.
            self.block.setChecked(False)
        else:
            self._planning.look_ahead()
