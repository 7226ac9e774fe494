"""Files of wells read together, asking about what each leaves open."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn import labels
from napari_fhn.labels import AmbiguousColumns, ClassTable, LabelError, Question, Source, Undeclared


def write(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def heads(tmp_path):
    return Source(write(tmp_path / "wells.csv", "well,inline,crossline\nA,104,206\nB,108,212\n"), "wells")


def test_heads_and_tops_make_wells_together(tmp_path, heads, survey):
    tops = Source(write(tmp_path / "tops.csv", "well,top_twt_ms,base_twt_ms,class\nA,40,60,1\nB,60,80,2\n"), "tops")
    wells = labels.read_all_wells([tops, heads], survey)
    assert [well.name for well in wells] == ["A", "B"]
    assert labels.read_all_wells([heads], survey) == []


def test_depths_meet_time_by_checkshots(tmp_path, heads, survey):
    tops = Source(write(tmp_path / "tops.csv", "well,top_tvdss_m,base_tvdss_m,class\nA,50,60,sand\n"), "tops")
    with pytest.raises(LabelError, match="checkshot"):
        labels.read_all_wells([heads, tops], survey)
    shots = Source(write(tmp_path / "shots.csv", "tvdss_m,twt_ms\n0,0\n100,100\n"), "checkshots")
    well = labels.read_all_wells([heads, tops, shots], survey)[0]
    assert well.intervals[0].top_ms == pytest.approx(50)


def test_a_question_names_its_file_and_an_answer_settles_it(tmp_path, heads, survey):
    tops = Source(write(tmp_path / "tops.csv", "well,top,base,class\nA,4e4,6e4,sand\n"), "tops")
    with pytest.raises(Question) as caught:
        labels.read_all_wells([heads, tops], survey)
    assert caught.value.source is tops
    assert isinstance(caught.value.cause, Undeclared)
    assert caught.value.cause.option == "domain"
    answered = caught.value.source.answered(domain="twt")
    with pytest.raises(Question) as caught:
        labels.read_all_wells([heads, answered], survey)
    assert caught.value.cause.option == "units"
    answered = answered.answered(units={caught.value.cause.role: "ms"})
    assert labels.read_all_wells([heads, answered], survey)[0].intervals[0].base_ms == 60_000


def test_columns_without_names_are_asked_for(tmp_path, survey):
    rows = "\n".join(f"{a} {b} {c}" for a, b, c in np.random.default_rng(0).integers(0, 9, (20, 3)))
    source = Source(write(tmp_path / "picks.txt", rows), "horizon")
    with pytest.raises(Question) as caught:
        labels.read_surfaces(source, survey)
    assert isinstance(caught.value.cause, AmbiguousColumns)


def test_digits_in_a_log_are_codes(tmp_path, survey):
    text = (
        "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.MS 40 :\nSTOP.MS 80 :\nSTEP.MS 4 :\nNULL. -999.25 :\nWELL. W :\n"
        "INLINE. 104 :\nCROSSLINE. 206 :\n~C\nTWT.MS :\nCLASS. :\n~A\n"
    )
    text += "\n".join(f"{40 + 4 * k} {3 if k < 5 else 5}" for k in range(11))
    source = Source.of(write(tmp_path / "w.las", text), survey)
    assert source.kind == "las"
    well = labels.read_all_wells([source], survey)[0]
    table = ClassTable(()).including(well.class_names)
    assert (table.values, table.codes) == ((1, 2), (3, 5))
    out = np.zeros(survey.shape, np.uint8)
    labels.burn([well], survey, table, out)
    assert set(np.unique(out)) == {0, 1, 2}


def test_names_get_the_values_after_those_in_digits():
    table = ClassTable(()).including(["sand", "2", "shale", "sand"])
    assert dict(zip(table.names, table.values, strict=True)) == {"class 2": 1, "sand": 2, "shale": 3}
    assert table.codes == (2, 3, 4)  # 2 is taken: those without a number of their own come after it
    assert table.including(["4", "shale"]) == table
    assert ClassTable(()).including(["300.0"]).by_code == {300: 1}
    with pytest.raises(LabelError, match="name 300 classes, and 255 can be told apart"):
        ClassTable(()).including(map(str, range(1, 301)))
