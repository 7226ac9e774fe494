"""What a prediction is made of, as a table to click: each factor alone, or all together; and what happens then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.training.combination.settings import Choice
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.results.made_of import FactorRow, MadeOf
from napari_fhn.widgets.section import QUIET

_COLUMNS = (
    ("Made of", "Click a row to see what this part says alone; the first row is all together."),
    ("Counts", "How much the part counts, as found on labels that the first part of training was not shown."),
    ("IoU", "Mean IoU on those labels: of the part alone, and of all together."),
)
_CHOICES: tuple[tuple[str, Choice], ...] = (("as labels say", "auto"), ("always", "on"), ("never", "off"))
_ALONG_REFLECTORS: tuple[tuple[str, Choice], ...] = (("always", "auto"), ("never", "off"))
"""Where labels are not asked."""
_SNAPPING: tuple[tuple[str, Choice], ...] = (("as labels say", "auto"), ("never", "off"))
"""How far a boundary is snapped they say themselves, if it is."""


class MadeOfPanel(QWidget):
    """A table of the parts, choices of what happens then, and the sentences that say why.

    Parameters
    ----------
    made_of : MadeOf
        What is shown.
    prediction : Prediction
        The layer that shows a part.
    planning : Planning
        Whose settings say what happens after the parts are put together.

    Attributes
    ----------
    list : QTreeWidget
        The table.
    smoothing, snapping, order : QComboBox
        Whether probabilities are averaged along the structure, boundaries snapped to reflectors, and columns labelled
        in an order.
    why : QLabel
        The sentences.
    """

    def __init__(self, made_of: MadeOf, prediction: Prediction, planning: Planning) -> None:
        super().__init__()
        self._made_of = made_of
        self._prediction = prediction
        self._planning = planning
        self.list = QTreeWidget()
        self.list.setAccessibleName("what the prediction is made of")
        self.list.setColumnCount(len(_COLUMNS))
        self.list.setHeaderLabels([title for title, _ in _COLUMNS])
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(0)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip(_COLUMNS[0][1])
        self._lay_out()
        self.list.currentItemChanged.connect(self._chosen)
        self.smoothing = self._choice("smoothing", "")
        self.snapping = self._choice(
            "boundaries snapped to reflectors",
            "Snap boundaries of classes to reflectors that look like them where they are labelled: as far as wells "
            "foretell each other so, or never. Holds from the next Train or Predict.",
        )
        self.order = self._choice(
            "order of layers",
            "Label columns in the order in which the labelled ones show the classes: where labels left out are "
            "foretold no worse so, always or never. Holds from the next Train or Predict.",
        )
        self.smoothing.activated.connect(lambda _: planning.combine(None, smoothing=self.smoothing.currentData()))
        self.snapping.activated.connect(lambda _: planning.combine(None, snapping=self.snapping.currentData()))
        self.order.activated.connect(lambda _: planning.combine(None, order=self.order.currentData()))
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setStyleSheet(QUIET)
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.why.setToolTip("Why the parts count as much as they do.")
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        self._upright = (QLabel("Snap boundaries"), self.snapping, QLabel("Order of layers"), self.order)
        rows = ((QLabel("Smoothing"), self.smoothing), self._upright[:2], self._upright[2:])
        for row, (label, field) in enumerate(rows):
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.list)
        column.addWidget(self.why)
        column.addLayout(grid)
        for name in ("rows", "words"):
            getattr(made_of.state.events, name).connect(self._show)
        prediction.shown.connect(self._show_chosen)
        planning.state.events.settings.connect(self._show_choices)
        self._show()
        self._show_choices()

    def _lay_out(self) -> None:
        head, header = self.list.headerItem(), self.list.header()
        assert head is not None
        assert header is not None
        for column, (_, words) in enumerate(_COLUMNS):
            head.setToolTip(column, words)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def _choice(self, name: str, words: str) -> QComboBox:
        field = QComboBox()
        field.setAccessibleName(name)
        field.setToolTip(words)
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        _offer(field, _CHOICES)
        return field

    def _show(self, event: Any = None) -> None:
        state = self._made_of.state
        self.list.blockSignals(True)
        self.list.clear()
        for row in state.rows:
            self.list.addTopLevelItem(_item(row))
        self.list.blockSignals(False)
        self.list.setVisible(bool(state.rows))
        header, height = self.list.header(), self.list.sizeHintForRow(0)
        if header is not None and state.rows:
            self.list.setFixedHeight(header.sizeHint().height() + height * len(state.rows) + 2 * self.list.frameWidth())
        self.why.setText(" ".join(state.words))
        self.why.setVisible(bool(self.why.text()))
        self._show_chosen()

    def _show_chosen(self, event: Any = None) -> None:
        self.list.blockSignals(True)
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole) == self._prediction.factor:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)

    def _chosen(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None = None) -> None:
        if item is not None:
            self._made_of.show(str(item.data(0, Qt.ItemDataRole.UserRole)))

    def _show_choices(self, event: Any = None) -> None:
        settings = self._planning.state.settings
        combination = None if settings is None else settings.combination
        upright = "reflectors" in self._planning.factors
        _offer(self.smoothing, _ALONG_REFLECTORS if upright else _CHOICES)
        _offer(self.snapping, _SNAPPING)
        for field, value in (
            (self.smoothing, "" if combination is None else combination.smoothing),
            (self.snapping, "" if combination is None else combination.snapping),
            (self.order, "" if combination is None else combination.order),
        ):
            field.setCurrentIndex(max(0, field.findData(value)))
            field.setEnabled(combination is not None)
        for widget in self._upright:
            widget.setVisible(upright)
        how = (
            "along reflectors" if upright else "where the bands are alike: where labels left out are foretold better so"
        )
        self.smoothing.setToolTip(
            f"Average probabilities {how}, always or never. Holds from the next Train or Predict."
        )


def _offer(field: QComboBox, choices: Sequence[tuple[str, Choice]]) -> None:
    """Fill a list with choices, where it has others."""
    if [field.itemText(row) for row in range(field.count())] != [title for title, _ in choices]:
        field.clear()
        for title, choice in choices:
            field.addItem(title, choice)


def _item(row: FactorRow) -> QTreeWidgetItem:
    share = "" if row.share is None else f"{100 * row.share:.0f} %"
    score = "" if row.mean_iou is None else f"{row.mean_iou:.2f}"
    item = QTreeWidgetItem([row.title[:1].upper() + row.title[1:], share, score])
    item.setData(0, Qt.ItemDataRole.UserRole, row.name)
    for column in (1, 2):
        item.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
    shown = "Show this part alone." if row.name else "Show what all parts say together."
    for column in range(3):
        item.setToolTip(column, shown if row.there else "This part alone comes with the next Train or Predict.")
    return item
