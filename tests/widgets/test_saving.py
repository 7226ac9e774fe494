"""Names of files as they are typed into the real dialog: what is put behind them, what is asked, what comes next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLineEdit, QMessageBox, QWidget

import modal
from napari_fhn.project.data import stack_sources
from napari_fhn.widgets.saving import ask_file, beside

MAPS = "GeoTIFF (*.tif);;NetCDF (*.nc)"


@pytest.fixture
def own_dialogs():
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, True)
    yield
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, False)


def asked(parent, proposed, *acts):
    meeting = modal.Meeting(*acts)
    path = ask_file(parent, "Export", str(proposed), MAPS)
    assert meeting.done()
    return path


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mine", "mine.tif"),
        ("mine.", "mine.tif"),
        ("north v1.2", "north v1.2.tif"),
        ("mine.NC", "mine.NC"),
        ("mine.sgy", "mine.sgy"),  # it means a kind of file, and is refused in words by whoever writes
        ("mine.png", "mine.png"),
        ("top.irap", "top.irap"),
        ("net.PT", "net.PT"),
        ("net.npz", "net.npz"),
        ("names.qml", "names.qml"),
        ("3.3gp", "3.3gp.tif"),  # which is a kind of file on some machines alone
    ],
)
def test_the_suffix_of_the_chosen_kind_is_put_behind_a_name_without_one(qtbot, own_dialogs, tmp_path, typed, name):
    parent = QWidget()
    qtbot.addWidget(parent)
    assert asked(parent, tmp_path / "a.tif", modal.typing(tmp_path / typed)) == tmp_path / name


def test_who_does_not_want_a_file_replaced_is_asked_for_another_name(qtbot, own_dialogs, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    (tmp_path / "mine.tif").write_bytes(b"somebody's")
    seen = []

    def no(box):
        assert isinstance(box, QMessageBox)
        assert box.defaultButton().text().replace("&", "") == "No"
        seen.append(box.text())
        modal.pressing(Qt.Key.Key_Return)(box)

    def another(dialog):
        seen.append(dialog.findChild(QLineEdit).text())
        modal.typing(tmp_path / "other")(dialog)

    path = asked(parent, tmp_path / "a.tif", modal.typing(tmp_path / "mine"), no, another)
    assert seen == ["mine.tif already exists.", "mine.tif"]
    assert path == tmp_path / "other.tif"
    assert asked(parent, tmp_path / "a.tif", modal.pressing(Qt.Key.Key_Escape)) is None


def test_the_kind_of_the_proposed_name_is_chosen_at_first(qtbot, own_dialogs, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    seen = []

    def look(dialog):
        seen.append((dialog.selectedNameFilter(), dialog.findChild(QLineEdit).selectedText()))
        modal.typing(tmp_path / "mine")(dialog)

    assert asked(parent, tmp_path / "a.nc", look) == tmp_path / "mine.nc"
    assert seen == [("NetCDF (*.nc)", "a.nc")]


def test_beside_no_survey_is_a_name_alone():
    assert beside(None, "classes.csv") == Path("classes.csv")


def test_beside_a_stack_is_beside_the_first_of_its_maps(tmp_path):
    for name in ("maps", "stacks"):
        (tmp_path / name).mkdir()
    chart, stack = tmp_path / "maps" / "gravity.tif", tmp_path / "stacks" / "gravity and rocks.tif"
    for path in (chart, stack):
        path.touch()
    survey = xr.DataArray(np.zeros(3), attrs={"source": str(stack)})
    assert beside(survey, "out.tif") == stack.parent / "out.tif"
    stack_sources.note(stack, [str(chart), "/elsewhere/rocks.tif"])
    assert beside(survey, "out.tif") == chart.parent / "out.tif"
