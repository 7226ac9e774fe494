"""The wizard of columns as a window: keys, mouse, what is said while something is missing, large and foreign tables."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox

import four_kinds
import modal
from napari_fhn.labels import AmbiguousColumns, Question, Source
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.widgets.labelling.column_wizard import ColumnWizard


@pytest.fixture
def shown(qtbot, spin, tmp_path):
    """Returns a function that shows the wizard for the text of a table."""

    def show(text: str, kind: str = "points") -> ColumnWizard:
        path = tmp_path / "table.csv"
        path.write_text(text, encoding="utf-8")
        cause = AmbiguousColumns("it may be read in several ways", "Say what its columns are", sniffed(path), {})
        wizard = ColumnWizard(Question(Source(path, kind), cause))
        qtbot.addWidget(wizard)
        wizard.show()
        wizard.activateWindow()
        assert spin(wizard.isActiveWindow, 10)
        return wizard

    return show


def press(key):
    QTest.keyClick(QApplication.focusWidget(), key)
    QApplication.processEvents()


def ok_of(wizard):
    return wizard.buttons.button(wizard.buttons.StandardButton.Ok)


def test_tab_goes_from_column_to_column_and_enter_and_escape_end_it(shown):
    wizard = shown("1,2\n3,4\n")
    assert wizard.roles[0].hasFocus()
    seen = []
    for _ in range(4):
        seen.append(QApplication.focusWidget())
        press(Qt.Key.Key_Tab)
    assert seen == [wizard.roles[0], wizard.units[0], wizard.roles[1], wizard.units[1]]
    assert wizard.missing.text() == "Say what at least one column is, in the row above it."
    wizard.roles[0].setFocus()
    press(Qt.Key.Key_Return)
    assert wizard.isVisible()  # nothing is said yet
    QTest.keyClicks(wizard.roles[0], "row")
    assert not wizard.missing.text()
    wizard.roles[1].setFocus()
    QTest.keyClicks(wizard.roles[1], "row")
    assert wizard.missing.text() == "Two columns are row: one of them is not."
    assert not ok_of(wizard).isEnabled()
    QTest.qWait(2 * QApplication.keyboardInputInterval())  # or it were one word
    QTest.keyClicks(wizard.roles[1], "col")
    press(Qt.Key.Key_Return)
    assert not wizard.isVisible()
    assert wizard.result() == wizard.DialogCode.Accepted
    assert wizard.answered.columns == {"row": 0, "col": 1}
    other = shown("1,2\n3,4\n")
    press(Qt.Key.Key_Escape)
    assert other.result() == other.DialogCode.Rejected


def test_no_two_columns_are_proposed_as_the_same(shown):
    wizard = shown("well;easting;x;y\nA;1,5;1,5;2,5\n", "wells")
    chosen = [box.currentData() for box in wizard.roles if box.currentData()]
    assert len(chosen) == len(set(chosen)) == 3
    assert not wizard.missing.text()


def test_of_each_role_that_two_columns_have_a_sentence_is_said(shown):
    wizard = shown("1,2,3,4\n5,6,7,8\n")
    for box, role in zip(wizard.roles, ("row", "row", "col", "col"), strict=True):
        box.setCurrentIndex(box.findData(role))
    assert wizard.missing.text() == "Two columns are col: one of them is not. Two columns are row: one of them is not."


def test_the_wheel_changes_nothing_that_was_said(shown):
    wizard = shown("1,2\n3,4\n")
    box = wizard.roles[0]
    QTest.keyClicks(box, "row")
    middle = QPointF(box.rect().center())
    turned = QWheelEvent(
        middle, box.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    plain = QComboBox(wizard)
    plain.addItems(["a", "b"])
    QApplication.sendEvent(plain, turned.clone())
    assert plain.currentText() == "b"  # as a list of Qt's does
    QApplication.sendEvent(box, turned)
    assert box.currentData() == "row"


def test_of_hundreds_of_columns_the_one_with_the_keys_is_in_view(shown, spin):
    wizard = shown(";".join(f"c{k}" for k in range(200)) + "\n" + 3 * (";".join(["1,5"] * 200) + "\n"))
    assert len(wizard.roles) == 200
    last = wizard.roles[-1]
    assert last.visibleRegion().isEmpty()
    last.setFocus(Qt.FocusReason.TabFocusReason)
    assert spin(lambda: not last.visibleRegion().isEmpty(), 10)
    QTest.keyClicks(last, "class")
    press(Qt.Key.Key_Return)
    assert wizard.answered.columns["class"] == 199


def test_headers_in_any_writing_and_the_first_of_many_rows_are_shown(shown):
    wizard = shown("Größe;Ширина;名前\n" + "".join(f"{k},5;{k},25;salt\n" for k in range(100_000)))
    (grid,) = wizard.findChildren(type(wizard._grid(wizard._cause)))
    assert [grid.horizontalHeaderItem(k).text() for k in range(3)] == ["Größe", "Ширина", "名前"]
    assert grid.rowCount() == 10
    assert [grid.item(2, k).text() for k in range(3)] == ["0,5", "0,25", "salt"]
    assert wizard.roles[2].accessibleName() == "what column '名前' is"


def test_a_table_of_unknown_columns_becomes_labels_by_keys_alone(own_viewer, viewer, dock, spin, tmp_path):
    viewer.window.show()
    four_kinds.open_one(viewer, tmp_path, "volume")
    dock.labels.new.click()
    path = tmp_path / "points.csv"
    path.write_text("103 304 40 s a\n104 305 44 t b\n")

    def say(dialog):
        assert isinstance(dialog, ColumnWizard)
        assert dialog.isAncestorOf(QApplication.focusWidget())
        for box, role in zip(dialog.roles, ("inline", "crossline", "twt", "class", ""), strict=True):
            box.setFocus()
            QTest.keyClicks(box, role) if role else press(Qt.Key.Key_Home)
        dialog.units[2].setFocus()
        QTest.keyClicks(dialog.units[2], "ms")
        assert not dialog.missing.text()
        press(Qt.Key.Key_Return)

    meeting = modal.Meeting(say)
    dock.desk.labelling.loader.load([path])
    assert spin(meeting.done, 20), dock.desk.messages.message
    assert spin(lambda: "labels" in dock.desk.messages.message, 10), dock.desk.messages.message
    assert {"s", "t"} <= set(dock.desk.book.state.classes.names), dock.desk.messages.message
