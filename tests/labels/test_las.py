from __future__ import annotations

import pytest

from napari_fhn.labels import Interval, LabelError, read_las

LAS = """~Version
VERS. 2.0 : CWLS LOG ASCII STANDARD
WRAP. NO  : ONE LINE PER STEP
~Well
STRT.ms 100 :
STOP.ms 120 :
STEP.ms 4 :
NULL. -999.25 :
WELL. W-1 : NAME
INLINE. 103 : NUMBER
CROSSLINE. 204.5 : NUMBER
~Curve
TWT.ms : TIME
CLASS. : CLASS
~ASCII
100 1
104 1
108 2
112 -999.25
116 2
120 2
"""


def write(folder, text):
    path = folder / "w.las"
    path.write_text(text)
    return path


def test_runs_of_a_class_are_intervals_and_nulls_gaps(tmp_path, table):
    well = read_las(write(tmp_path, LAS), table)
    assert (well.name, well.inline, well.crossline) == ("W-1", 103.0, 204.5)
    assert well.intervals == (
        Interval(100, 108, "shale"),
        Interval(108, 112, "sand"),
        Interval(116, 124, "sand"),
    )
    assert [i.class_name for i in read_las(write(tmp_path, LAS)).intervals] == ["1", "2", "2"]


def test_place_in_words_and_times_in_seconds(tmp_path, table):
    text = LAS.replace("INLINE. 103", "LOC. inline 19, crossline 2057").replace("CROSSLINE. 204.5", "X. 1")
    text = text.replace("TWT.ms", "TWT.s")
    well = read_las(write(tmp_path, text), table)
    assert (well.inline, well.crossline) == (19.0, 2057.0)
    assert well.intervals[0] == Interval(100000, 108000, "shale")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("TWT.ms", "DEPT.m", "no curve TWT; the curves are DEPT, CLASS"),
        ("CLASS.", "FACIES.", "no curve CLASS"),
        ("INLINE. 103", "X. 1", "header has no INLINE"),
        ("INLINE. 103", "INLINE. east", "INLINE says 'east'"),
        ("TWT.ms", "TWT.m", "TWT curve is in 'm'"),
        ("108 2", "90 2", "does not increase"),
        ("108 2", "108 7", "CLASS curve holds 7, which is no class"),
        ("108 2", "108 1.5", "which is no label value"),
        (LAS, "hello", "w.las: "),
        (LAS, "", "w.las: "),
    ],
)
def test_what_is_missing_is_said(tmp_path, table, old, new, sentence):
    with pytest.raises(LabelError) as caught:
        read_las(write(tmp_path, LAS.replace(old, new)), table)
    assert sentence in str(caught.value)
    with pytest.raises(LabelError):
        read_las(tmp_path / "missing.las")
