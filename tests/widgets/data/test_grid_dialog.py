"""Where survey numbers stand is asked where it is uncertain, and remembered."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import segyio

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.segy.previews import guesses
from napari_fhn.widgets.data import data_panel, reader
from napari_fhn.widgets.data.grid_dialog import GridDialog, doubt


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """The bundled survey with its numbers moved to bytes that nothing names, and without coordinates."""
    monkeypatch.setenv("NAPARI_FHN_REMEMBERED", str(tmp_path / "remembered.json"))
    path = tmp_path / "odd.sgy"
    shutil.copyfile(sample_data.SEISMIC.survey, path)
    path.chmod(0o644)
    with segyio.open(path, "r+", ignore_geometry=True) as file:
        for k in range(file.tracecount):
            header = file.header[k]
            header.update({201: header[189], 205: header[193]})
            header.update({189: 0, 193: 0, 181: 0, 185: 0, 9: 0, 21: 0, 5: 0, 17: 0, 1: k + 1})
        file.text[0] = b" " * 3200
    return path


def test_the_bundled_survey_is_certain():
    path = sample_data.SEISMIC.survey
    assert not doubt(surveys.open(path), guesses(path))


def test_numbers_found_by_looking_are_asked_about_once(odd, viewer, qtbot, monkeypatch):
    asked = []

    def ask(path, found, why):
        dialog = GridDialog(path, found, why)
        qtbot.addWidget(dialog)
        asked.append(why)
        best = next(k for k, guess in enumerate(found) if (guess.inline_byte, guess.crossline_byte) == (201, 205))
        dialog.list.setCurrentRow(best)
        assert dialog.evidence.text()
        return dialog.options

    monkeypatch.setattr(reader, "ask_where", ask)
    data, _attributes, _ = reader.read(str(odd))[0]
    assert data.shape == (128, 192, 160)
    assert asked
    assert "by looking" in asked[0] or "for sure" in asked[0] or "may hold" in asked[0]
    np.testing.assert_array_equal(np.asarray(data[3]), np.asarray(surveys.open(sample_data.SEISMIC.survey)[3]))
    reader.read(str(odd))
    assert len(asked) == 1


def test_nothing_opens_when_the_person_cancels(odd, viewer, monkeypatch):
    monkeypatch.setattr(reader, "ask_where", lambda path, found, why: None)
    assert reader.read(str(odd)) == [(None,)]


def test_a_person_types_any_byte_and_time_and_it_is_remembered(odd, viewer, qtbot, monkeypatch):
    def ask(path, found, why):
        dialog = GridDialog(path, found, why)
        qtbot.addWidget(dialog)
        dialog.list.setCurrentRow(next(k for k, guess in enumerate(found) if guess.how == "order"))
        typed = {"inline_byte": "201", "crossline_byte": "205", "sample_interval_ms": "2,5", "delay_ms": "100"}
        for name, text in typed.items():
            dialog.form.fields[name].setText(text)
        dialog.form.changed.emit()
        assert "128 inlines" in dialog.evidence.text()
        assert dialog.plot.getAxis("left").labelText == "inline"
        dialog.form.fields["x_byte"].setText("203")
        dialog.form.changed.emit()
        assert "byte 203" in dialog.evidence.text()
        dialog.form.fields["x_byte"].setText("")
        return dialog.options

    monkeypatch.setattr(reader, "ask_where", ask)
    assert reader.read(str(odd))[0][0].shape == (128, 192, 160)
    again = surveys.open(odd)
    assert again.shape == (128, 192, 160)
    assert again["twt"].values[:2].tolist() == [100, 102.5]


def test_a_sample_interval_that_is_doubted_is_asked_about(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_REMEMBERED", str(tmp_path / "remembered.json"))
    path = tmp_path / "ms.sgy"
    shutil.copyfile(sample_data.SEISMIC.survey, path)
    path.chmod(0o644)
    for micro, words in ((4, "doubtful"), (0, "counts samples")):
        with segyio.open(path, "r+", ignore_geometry=True) as file:
            file.bin.update({3217: micro})
            for k in range(file.tracecount):
                file.header[k].update({117: micro})
        assert words in doubt(surveys.open(path), guesses(path))
    assert not doubt(surveys.open(path, sample_interval_ms=4), guesses(path))


def test_an_open_survey_is_read_otherwise_and_its_labels_come_back_when_it_is_read_as_before(
    tmp_path, viewer, dock, qtbot, monkeypatch, spin
):
    monkeypatch.setenv("NAPARI_FHN_REMEMBERED", str(tmp_path / "remembered.json"))
    path, desk, said, begun = tmp_path / "small.sgy", dock.desk, {"sample_interval_ms": "2"}, []
    segyio.tools.from_array3D(str(path), np.random.default_rng(0).random((6, 8, 32), np.float32), dt=4000)
    viewer.open(str(path), plugin="napari-fhn")
    assert not dock.data.headers.isHidden()
    dock.labels.new.click()
    desk.book.layer.data_setitem((np.array([2]), np.array([3]), np.array([4])), 1)

    def ask(path, found, why, parent, now):
        assert "How this survey is read" in why
        dialog = GridDialog(path, found, why, now=now)
        qtbot.addWidget(dialog)
        # It begins with how the survey is read, so that nothing is lost by looking.
        begun.append(dialog.options)
        for name, text in said.items():
            dialog.form.fields[name].setText(text)
        dialog.remember.setChecked(False)
        return dialog.options

    monkeypatch.setattr(data_panel, "ask_grid", ask)
    dock.data.headers.click()

    def interval():
        material = desk.data.material
        return 0.0 if material is None else float(material.first.twt[1]) - float(material.first.twt[0])

    assert spin(lambda: interval() == 2.0)
    assert "labels of its own" in desk.messages.message
    dock.labels.new.click()
    assert not np.asarray(desk.book.layer.data).any()
    said["sample_interval_ms"] = ""
    dock.data.headers.click()
    assert spin(lambda: interval() == 4.0)
    assert [one.get("sample_interval_ms") for one in begun] == [None, 2.0]
    assert desk.book.layer.data[2, 3, 4] == 1
    path.unlink()
    assert desk.rereading.path() is None


def test_it_begins_with_how_the_survey_is_read_and_takes_nothing_that_cannot_be(qtbot):
    path = sample_data.SEISMIC.survey
    found = guesses(path)
    for now, how in (({"line": True}, "order"), ({"inline_byte": 189, "crossline_byte": 193}, "numbers"), ({}, "")):
        dialog = GridDialog(path, found, "", now=now)
        qtbot.addWidget(dialog)
        guess = dialog.guesses[dialog.list.currentRow()]
        assert (guess.how == "order") == (how == "order")
        assert (guess.inline_byte == 189) == (how != "order")
    dialog = GridDialog(path, found, "", now={"inline_byte": 201, "crossline_byte": 205, "delay_ms": 12.0})
    qtbot.addWidget(dialog)
    assert {name: field.text() for name, field in dialog.form.fields.items() if field.text()} == {
        "inline_byte": "201", "crossline_byte": "205", "delay_ms": "12"
    }  # fmt: skip
    # To the last digit, and a delay of 0 too, which is said against the headers.
    now = {"inline_byte": 189, "crossline_byte": 193, "sample_interval_ms": 2.083333333, "delay_ms": 0.0}
    exact = GridDialog(path, found, "", now=now)
    qtbot.addWidget(exact)
    assert exact.form.options == {"sample_interval_ms": 2.083333333, "delay_ms": 0.0}
    button = dialog.buttons.button(dialog.buttons.StandardButton.Open)
    for name, text, why in (
        ("inline_byte", "500", "1 to 237"),
        ("x_byte", "0", "1 to 237"),
        ("sample_interval_ms", "-3", "Above 0"),
        ("coordinate_scalar", "0", "not 0"),
    ):
        before = dialog.form.fields[name].text()
        assert button.isEnabled()
        dialog.form.fields[name].setText(text)
        assert not button.isEnabled()
        assert text in dialog.wrong.text()
        assert why in dialog.wrong.text()
        dialog.form.fields[name].setText(before)
    assert button.isEnabled()
    # All fields are as wide as what stands in them needs.
    dialog.show()
    assert min(field.width() for field in dialog.form.fields.values()) > 60
