"""Small buttons, each of which opens one tool below; one at most is open, and none at first."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

_ACROSS = 3
_LOOK = (
    "QToolButton { background: rgba(128, 128, 128, 45); border: none; border-radius: 3px; padding: 2px 4px; } "
    "QToolButton:hover { background: rgba(128, 128, 128, 90); } "
    "QToolButton:checked { background: rgba(86, 180, 233, 110); } "
    "QToolButton:focus { text-decoration: underline; }"
)


class ToolFold(QWidget):
    """Tools that take no room until they are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        self.panels: dict[str, QWidget] = {}
        self._placed: list[QToolButton] = []
        self._away: set[QToolButton] = set()
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(self._grid)

    def add(self, title: str, words: str, panel: QWidget) -> None:
        """Add a tool.

        Parameters
        ----------
        title : str
            On its button.
        words : str
            What it is for.
        panel : QWidget
            What is shown while the button is down.
        """
        button = QToolButton()
        button.setText(title)
        button.setToolTip(words)
        button.setCheckable(True)
        button.toggled.connect(lambda down: self._toggled(title, down))
        self._place(button)
        self._column.addWidget(panel)
        panel.hide()
        self.buttons[title], self.panels[title] = button, panel

    def add_menu(self, title: str, words: str, menu: QMenu) -> None:
        """Add a button that opens a menu."""
        button = QToolButton()
        button.setText(title)
        button.setToolTip(words)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._place(button)

    def offer(self, title: str, wanted: bool) -> None:
        """Show the button of a tool that fits the data, and put one away that does not."""
        button = self.buttons[title]
        button.setVisible(wanted)
        if not wanted:
            button.setChecked(False)
        if (button in self._away) == wanted:
            (self._away.discard if wanted else self._away.add)(button)
            self._arrange()

    def call(self, title: str, shown: str, words: str) -> None:
        """Write something else on the button of a tool, which other data make another one."""
        self.buttons[title].setText(shown)
        self.buttons[title].setToolTip(words)

    def open(self, title: str) -> None:
        """Open a tool."""
        self.buttons[title].setChecked(True)

    def _place(self, button: QToolButton) -> None:
        button.setStyleSheet(_LOOK)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._placed.append(button)
        self._arrange()

    def _arrange(self) -> None:
        """Put the buttons that fit the data side by side, without gaps where others are."""
        for button in self._placed:
            self._grid.removeWidget(button)
        for k, button in enumerate(one for one in self._placed if one not in self._away):
            self._grid.addWidget(button, k // _ACROSS, k % _ACROSS)

    def _toggled(self, title: str, down: bool) -> None:
        if down:
            for other, button in self.buttons.items():
                if other != title:
                    button.setChecked(False)
        self.panels[title].setVisible(down)
