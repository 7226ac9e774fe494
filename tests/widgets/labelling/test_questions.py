"""Whatever a file leaves open, a dialog asks for it and takes the answer."""

from __future__ import annotations

import numpy as np
import pytest
import segyio
import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from tests.project.open_questions import QUESTIONS, SHAPE, Open

from napari_fhn import surveys
from napari_fhn.labels import OPTIONS, AmbiguousColumns, ClassTable, Question, Source, Undeclared, options_of
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.project.knowledge import burn
from napari_fhn.project.knowledge.recognition import Recognised, recognised
from napari_fhn.widgets.labelling.column_wizard import ColumnWizard
from napari_fhn.widgets.labelling.load_dialog import LoadDialog
from napari_fhn.widgets.labelling.questions import AnswerDialog
from napari_fhn.widgets.labelling.source_dialog import SourceDialog
from napari_fhn.widgets.labelling.zones_dialog import ZonesDialog

_MOST = 8


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(SHAPE, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i,
                segyio.su.xline: 200 + j,
                segyio.su.cdpx: 500_000 + 10 * j,
                segyio.su.cdpy: 6_000_000 + 20 * i,
            })  # fmt: skip
    return surveys.open(path)


def clicked(question: Question, case: Open, qtbot) -> Source:
    """What a person answers with the dialog that opens."""
    cause = question.cause
    if isinstance(cause, AmbiguousColumns):
        wizard = ColumnWizard(question)
        qtbot.addWidget(wizard)
        role = next(iter(cause.candidates))
        column = int(case.answers[role]) - 1
        wizard.roles[column].setCurrentIndex(wizard.roles[column].findData(role))
        assert wizard.roles[column].currentData() == role
        wizard.units[column].setCurrentText(case.answers.get(f"UNIT {role}", wizard.units[column].currentText()))
        for k, box in enumerate(wizard.roles):
            if k != column and box.currentData() == role:
                box.setCurrentIndex(0)
        ok = wizard.buttons.button(wizard.buttons.StandardButton.Ok)
        for other, number in case.answers.items():
            # All that is needed is asked for at once, and said until it is.
            assert ok.isEnabled() == (not wizard.missing.text())
            if not ok.isEnabled() and other in cause.candidates:
                wizard.roles[int(number) - 1].setCurrentIndex(wizard.roles[int(number) - 1].findData(other))
        assert ok.isEnabled()
        return wizard.answered
    dialog = AnswerDialog(question)
    qtbot.addWidget(dialog)
    wanted = {"curve": "NAME", "field": "NAME", "layer": "NAME", "kind": "kind"}.get(cause.option)
    wanted = case.answers.get(wanted, "tvdss" if cause.option == "columns" else None)
    if wanted in cause.choices:
        dialog.group.button(cause.choices.index(wanted)).setChecked(True)
    if dialog.text is not None and cause.option in ("crs", "survey_crs"):
        ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
        assert not ok.isEnabled()
        dialog.text.setText("EPSG:nothing")
        assert "EPSG:nothing" in dialog.wrong.text()
        assert not ok.isEnabled()
        dialog.text.setText(case.answers[{"crs": "CRS", "survey_crs": "EPSG:CODE"}[cause.option]])
        assert ok.isEnabled()
    for spin, value in zip(dialog.numbers, (60, 68) if cause.option == "window" else (0,), strict=False):
        spin.setValue(value)
    return dialog.answered


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_can_be_answered_in_a_dialog(qtbot, tmp_path, survey, name):
    case, sources, asked = QUESTIONS[name], [], []
    for path, kind in case.write(tmp_path).items():
        try:
            said = case.options.get(kind, {})
            sources.append(Source.of(path, survey, kind=None if kind == "known" else kind, **said))
        except Undeclared as error:
            asked.append(error.option)
            sources.append(clicked(Question(Source(path, ""), error), case, qtbot))
    for _ in range(_MOST):
        out = np.zeros(SHAPE, np.uint8)
        try:
            burn(sources, survey, ClassTable(()), out)
            break
        except Question as question:
            asked.append("which" if isinstance(question.cause, AmbiguousColumns) else question.cause.option)
            answered = clicked(question, case, qtbot)
            sources = [answered if one.path == answered.path else one for one in sources]
    else:
        pytest.fail(f"asked for {asked} and was never content")
    assert asked[0] == case.asks
    assert out.any()


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_can_be_said_of_a_file(qtbot, tmp_path, name):
    option = OPTIONS[name]
    values = {"interval": "1/2.5", "names": "a//b", "mapping": "axes=y/x, page=2", "number": "2.5", "text": "word"}
    path = tmp_path / "file.txt"
    path.write_text("1 2\n3 4\n")
    for kind in option.kinds:
        dialog = SourceDialog(Source(path, kind))
        qtbot.addWidget(dialog)
        assert set(dialog.fields) == set(options_of(kind))
        assert dialog.answered == Source(path, kind)
        if option.type == "choice":
            dialog.fields[name].setCurrentText(option.choices[-1])
            expected = option.choices[-1]
        else:
            dialog.fields[name].setText(values[option.type])
            expected = option.parse(values[option.type])
        assert dialog.answered.options == {name: expected}
        again = SourceDialog(dialog.answered)
        qtbot.addWidget(again)
        assert again.answered == dialog.answered


def test_what_a_file_holds_is_not_said_by_enter_alone(qtbot, tmp_path):
    kind = Undeclared(
        "it does not tell", "Say what it is", option="kind", choices=("wells", "tops"), path=tmp_path / "a"
    )
    unit = Undeclared("it has no unit", "Say it", option="units", choices=("ms", "s"), role="twt", path=tmp_path / "a")
    for cause, chosen in ((kind, -1), (unit, 0)):
        dialog = AnswerDialog(Question(Source(tmp_path / "a", ""), cause))
        qtbot.addWidget(dialog)
        assert dialog.group.checkedId() == chosen
        ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
        assert ok.isEnabled() == (chosen >= 0)
        QTest.keyClick(dialog.group.button(1), Qt.Key.Key_Space)
        assert ok.isEnabled()
        assert dialog.group.checkedId() == 1


def test_what_makes_no_sense_is_refused_in_words(qtbot, tmp_path):
    path = tmp_path / "p.txt"
    path.write_text("1 2\n3 4\n")
    dialog = SourceDialog(Source(path, "points"))
    qtbot.addWidget(dialog)
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    dialog.fields["radius"].setText("far")
    assert not ok.isEnabled()
    dialog.fields["radius"].setText("2")
    assert ok.isEnabled()
    dialog.kind.setCurrentIndex(dialog.kind.findData("horizon"))
    assert dialog.answered.kind == "horizon"
    assert set(dialog.fields) == set(options_of("horizon"))


def test_it_is_said_why_a_table_is_taken_for_what_it_is(qtbot, tmp_path):
    path = tmp_path / "heads.csv"
    path.write_text("Pozo;X;Y\nA;500100;6000050\n")
    dialog = SourceDialog(Source.of(path))
    qtbot.addWidget(dialog)
    assert dialog.kind.currentData() == "wells"
    assert "Column 'Pozo' may be the name of the well (95 %): its name is 'Pozo'." in dialog.why.text()


def test_the_load_dialog_says_what_files_hold_and_takes_another_word_for_it(qtbot, tmp_path):
    there = Source(tmp_path / "old.csv", "tops")
    files = {"tops.csv": "well,marker,twt_ms\nA,Top,400\n", "numbers.txt": "1 2\n3 4\n5 6\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    dialog = LoadDialog([recognised(tmp_path / name) for name in files], [there])
    qtbot.addWidget(dialog)
    tops, numbers = dialog.rows
    assert tops.kind.currentData() == "tops"
    assert "its name is 'marker'" in tops.why.text()
    assert "in place of old.csv" in tops.note.text()
    assert numbers.kind.currentData() == ""
    assert not numbers.options.isEnabled()
    tops.kind.setCurrentIndex(tops.kind.findData("points"))
    assert not tops.note.text()
    numbers.wanted.setChecked(False)
    assert numbers.source is None
    assert [(one.path.name, one.kind) for one in dialog.chosen] == [("tops.csv", "points")]
    tops.wanted.setChecked(False)
    assert not dialog.load.isEnabled()


def test_on_a_map_no_dialog_offers_what_only_goes_down(qtbot, tmp_path):
    chart = xr.DataArray(np.zeros((20, 30)), dims=("y", "x"), name="chart")
    path = tmp_path / "points.csv"
    path.write_text("a,b,class\n1,2,one\n3,4,two\n")
    source = Source(path, "points")
    dialog = LoadDialog([Recognised(source, "")], [], None, chart)
    qtbot.addWidget(dialog)
    kinds = {dialog.rows[0].kind.itemData(k) for k in range(dialog.rows[0].kind.count())}
    assert kinds == {"points", "polygons", "labels", "classes"}
    assert dialog.load.hasFocus() or dialog.focusWidget() is dialog.load
    options = SourceDialog(source, None, chart)
    qtbot.addWidget(options)
    said = {options._form.itemAt(row, options._form.ItemRole.LabelRole).widget().text() for row in range(7)}
    assert said == {"decimal", "sheet", "radius (pixels)", "fall off (pixels)", "layer", "CRS", "survey CRS"}
    cause = AmbiguousColumns("it may be read in several ways", "Say what its columns are", sniffed(path), {})
    wizard = ColumnWizard(Question(source, cause), None, chart)
    qtbot.addWidget(wizard)
    roles = {wizard.roles[0].itemData(k) for k in range(wizard.roles[0].count())}
    assert roles == {"", "class", "row", "col", "x", "y", "lon", "lat"}


def test_what_cannot_be_read_is_not_ticked_until_somebody_says_what_it_holds(qtbot, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    dialog = LoadDialog([recognised(tmp_path / "empty.csv")], [])
    qtbot.addWidget(dialog)
    (row,) = dialog.rows
    assert "it is empty" in row.why.text()
    assert row.source is None
    assert not dialog.load.isEnabled()
    row.kind.setCurrentIndex(row.kind.findData("points"))
    assert dialog.chosen == [Source(tmp_path / "empty.csv", "points")]
    assert dialog.load.isEnabled()


def test_horizons_that_would_label_nothing_are_no_answer(qtbot):
    surface = xr.DataArray(np.zeros((3, 4)), dims=("inline", "crossline"), name="top", attrs={"units": "ms"})
    dialog = ZonesDialog([surface], ClassTable(()))
    qtbot.addWidget(dialog)
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.zones[1].setCurrentText("base")
    assert ok.isEnabled()
    dialog.zones[1].setCurrentText("")
    assert not ok.isEnabled()
    dialog.around.setChecked(True)
    assert ok.isEnabled()
    assert dialog.answer.names == ("top",)


def test_times_and_depths_are_asked_for_in_the_unit_of_the_survey(qtbot, tmp_path, survey):
    (path,) = QUESTIONS["slices of polygons"].write(tmp_path)
    deep = survey.rename({survey.dims[-1]: "depth"})
    cause = Undeclared("its shapes lie on the map", "Say between which", option="window", path=path)
    for one, unit in ((survey, " ms"), (deep, " m")):
        dialog = AnswerDialog(Question(Source(path, "polygons"), cause), None, one)
        qtbot.addWidget(dialog)
        assert [spin.suffix() for spin in dialog.numbers] == [unit, unit]
        # All of the survey, until somebody says less.
        assert [spin.value() for spin in dialog.numbers] == [one[one.dims[-1]].values[k] for k in (0, -1)]
        source = SourceDialog(Source(path, "polygons"), None, one)
        qtbot.addWidget(source)
        titles = [
            source._form.itemAt(row, source._form.ItemRole.LabelRole).widget().text()
            for row in range(source._form.rowCount())
        ]
        assert f"window ({unit.strip()})" in titles
    datum = Undeclared("the elevation of the datum is not known", "Say it in metres", option="kb_m", path=path)
    dialog = AnswerDialog(Question(Source(path, "tops"), datum), None, survey)
    qtbot.addWidget(dialog)
    assert [spin.suffix() for spin in dialog.numbers] == [" m"]
