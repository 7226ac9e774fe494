from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_fhn.labels import (
    Checkshot,
    ClassTable,
    DeviatedWell,
    Interval,
    LabelError,
    LabelWarning,
    Trajectory,
    Undeclared,
    class_curves,
    minimum_curvature,
    read_las,
    read_log,
    time_depth,
)

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
    well = read_las(write(tmp_path, text.replace("TWT.ms", "TWT.s").replace(".ms", ".s")), table)
    assert (well.inline, well.crossline) == (19.0, 2057.0)
    assert well.intervals[0] == Interval(100000, 108000, "shale")
    # A header that contradicts itself is asked about.
    path = write(tmp_path, text.replace("TWT.ms", "TWT.s"))
    with pytest.raises(Undeclared, match="TWT is in s, and its header gives start and stop in ms") as caught:
        read_las(path, table)
    assert (caught.value.option, caught.value.choices) == ("index_unit", ("ms", "s"))
    assert read_las(path, table, index_unit="ms").intervals[0] == Interval(100, 108, "shale")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (".ms", ".m", "TWT curve is in 'm'"),
        ("TWT.ms", "TIME.ms", "its curve TIME is neither two-way time nor a depth"),
        ("CLASS. :", "GR. :", "no curve CLASS; the curves are TWT, GR, and it may be GR"),
        ("INLINE. 103", "X. 1", "header has no INLINE"),
        ("INLINE. 103", "INLINE. east", "INLINE says 'east'"),
        ("108 2", "90 2", "does not increase"),
        ("108 2", "108 7", "CLASS curve holds 7, which is no class"),
        ("108 2", "108 1.5", "which is no class code"),
        (
            "CLASS. : CLASS\n",
            "CLASS. : CLASS\n GR. :\n SP. :\n",
            "names 4 curves, and the rows of its ~A section hold 2",
        ),
        ("TWT.ms : TIME\nCLASS. : CLASS", "CLASS. : CLASS", "names 1 curve, and the rows of its ~A section hold 2"),
        ("108 2", "108 2 9", "row 3 of its ~A section ('108 2 9') holds 3 values"),
        ("108 2", "108", "row 3 of its ~A section ('108') holds 1 value"),
        ("WRAP. NO", "WRAP. NO" + "x" * 3000, "line 3: its header has a line of"),
        ("108 2", "108 2" + "0" * 300, "line 18: it holds a value of more than 200 characters"),
        (LAS, "hello\nworld\n", "it is no LAS file: line 1 says 'hello'"),
        (LAS, "", "it is empty"),
        (LAS, "# Petrel checkshots format\n~", "it holds checkshots"),
        (LAS, "LASF\x00\x01", "points of a laser scan"),
        (LAS, LAS.partition("~ASCII")[0], "it holds no sample"),
    ],
)
def test_what_is_missing_is_said(tmp_path, table, old, new, sentence):
    with pytest.raises(LabelError) as caught:
        read_las(write(tmp_path, LAS.replace(old, new)), table)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("w.las")
    with pytest.raises(LabelError):
        read_las(tmp_path / "missing.las")


WRAPPED = """~Version
 VERS.   1.2 : CWLS LOG ASCII STANDARD
 WRAP.   YES : MULTIPLE LINES PER DEPTH STEP
~Well
 STRT.F    1000 :
 STOP.F    1300 :
 STEP.F     100 :
 NULL. -999.25 :
 WELL.     WELL : Deep One
 XCOORD.     UTM EASTING : 500050
 YCOORD.     UTM NORTHING : 6000100
 EKB.F        KELLY BUSHING : 100
~Curve
 DEPT.F :
 GR.API :
 SP.MV :
 FACIES. :
~A
1000.0
12.5 -3.0
1
1100.0
13.5 -999.25
1
1200.0
14.5 2.0
-999.25
1300.0
15.5 2.5
2
"""


def test_las_1_2_wrapped_in_feet(tmp_path, table, mapped):
    path = write(tmp_path, WRAPPED)
    log = read_log(path)
    assert [c.name for c in log.curves] == ["DEPT", "GR", "SP", "FACIES"]
    assert np.isnan(log.curve("sp").values[1])
    # LAS 1.2 has value and description the other way round.
    assert log.head.name == "Deep One"
    assert log.head.xy == (500050.0, 6000100.0)
    assert log.head.kb_m == pytest.approx(30.48)
    assert class_curves(log) == ("FACIES",)
    with pytest.raises(LabelError, match="goes down in two-way time, and there are no checkshots"):
        read_las(path, table, mapped)
    shots = Checkshot("", "tvdss", np.array([0.0, 1000.0]), np.array([0.0, 1000.0]))
    well = read_las(path, table, mapped, checkshot=shots)
    assert well.xy == (500050.0, 6000100.0)
    ends = [(i.top_ms, i.base_ms, i.class_name) for i in well.intervals]
    feet = 0.3048
    np.testing.assert_allclose(
        [e[:2] for e in ends], [(900 * feet, 1100 * feet), (1200 * feet, 1300 * feet)], rtol=1e-12
    )
    assert [e[2] for e in ends] == ["shale", "sand"]


def test_a_depth_survey_needs_no_checkshots(tmp_path, table, survey):
    deep = survey.rename(twt="depth")
    text = LAS.replace("TWT.ms", "DEPT.m").replace(".ms", ".m")
    with pytest.raises(Undeclared, match="elevation of the datum of well 'W-1'") as caught:
        read_las(write(tmp_path, text), table, deep)
    assert caught.value.option == "kb_m"
    well = read_las(tmp_path / "w.las", table, deep, kb_m=20, datum_m=5)
    assert well.intervals[0] == Interval(100 - 15, 108 - 15, "shale")


def test_the_curve_can_be_chosen_and_hold_text(tmp_path, table):
    text = LAS.replace("CLASS. : CLASS", "FACIES. : a\n LITH. : b")
    for k, (a, b) in enumerate([("1", "sand"), ("1", "sand"), ("2", '"sand"'), ("-999.25", "-999.25"), ("2", "shale")]):
        text = text.replace(f"{100 + 4 * k} {a}\n", f"{100 + 4 * k} {a} {b}\n")
    text = text.replace("120 2\n", "120 2 shale\n")
    path = write(tmp_path, text)
    with pytest.raises(Undeclared, match="it may be FACIES or LITH") as caught:
        read_las(path, table)
    assert (caught.value.option, caught.value.choices) == ("curve", ("FACIES", "LITH"))
    well = read_las(path, table, curve="lith")
    assert [(i.top_ms, i.base_ms, i.class_name) for i in well.intervals] == [(100, 112, "sand"), (116, 124, "shale")]
    with pytest.raises(LabelError, match="there is no curve RHOB"):
        read_las(path, table, curve="RHOB")


@pytest.mark.parametrize("null", ["-9999", "-9999.25", "-1", "1e30"])
def test_another_value_for_nothing_than_the_header_names_is_told(tmp_path, table, null):
    text = LAS.replace("112 -999.25", f"112 {null}").replace("104 1", f"104 {null}")
    with pytest.warns(LabelWarning) as told:
        well = read_las(write(tmp_path, text), table)
    assert well.intervals == (
        Interval(100, 104, "shale"), Interval(108, 112, "sand"), Interval(116, 124, "sand")
    )  # fmt: skip
    shown = f"{float(null):.10g}"
    assert [str(one.message) for one in told] == [
        f'w.las: {shown} (2 samples) in its curve CLASS taken for "no value"; its header names -999.25.'
    ]
    bare = text.replace("NULL. -999.25 :\n", "")
    with pytest.warns(LabelWarning, match=r"taken for \"no value\"; its header names no value for that\."):
        assert read_las(write(tmp_path, bare), table) == well


def test_what_the_header_names_and_0_are_gaps_without_a_word(tmp_path, table, recwarn):
    read_las(write(tmp_path, LAS.replace("104 1", "104 0")), table)
    assert not [one for one in recwarn if issubclass(one.category, LabelWarning)]


def test_a_code_that_a_table_names_is_a_class_whatever_it_looks_like(tmp_path):
    table = ClassTable.of_codes({1: "shale", 2: "sand", 9999999: "basement"})
    text = LAS.replace("112 -999.25", "112 9999999")
    assert Interval(112, 116, "basement") in read_las(write(tmp_path, text), table).intervals


@pytest.mark.parametrize("word", ["N/A", "unclassified", "-9999"])
def test_words_for_nothing_are_no_classes_of_a_log(tmp_path, word):
    text = LAS.replace(" 1\n", " shale\n").replace(" 2\n", " sand\n").replace(" -999.25\n", f" {word}\n")
    with pytest.warns(LabelWarning, match=rf"{word} \(1 sample\) in its curve CLASS taken for \"no value\""):
        well = read_las(write(tmp_path, text))
    assert {one.class_name for one in well.intervals} == {"shale", "sand"}


@pytest.mark.parametrize("null", ["-9999", "9999", "-999.25"])
def test_a_value_for_nothing_among_the_times_is_no_time(tmp_path, table, null):
    """At the end that would pass for a time, and at the beginning for a sample far above the well."""
    text = LAS.replace("100 1\n", f"{null} 1\n100 1\n") if null[0] == "-" else LAS + f"{null} 2\n"
    wanted = read_las(write(tmp_path, LAS), table)
    with pytest.warns(LabelWarning) as told:
        assert read_las(write(tmp_path, text), table) == wanted
    said = [str(one.message) for one in told]
    assert "w.las: 1 sample without TWT was left out." in said
    strange = f'w.las: {null} (1 sample) in its curve TWT taken for "no value"; its header names -999.25.'
    assert (strange in said) == (null != "-999.25")


def test_a_curve_of_classes_is_known_beside_values_for_nothing(tmp_path):
    text = LAS.replace("CLASS. :", "ROCK. :").replace("-999.25\n116", "-9999\n116")
    assert class_curves(read_log(write(tmp_path, text))) == ("ROCK",)


def test_a_log_that_was_logged_upwards_is_turned(tmp_path, table):
    head, _, data = LAS.partition("~ASCII\n")
    rows = [row for row in data.splitlines() if row]
    up = read_las(write(tmp_path, head + "~ASCII\n" + "\n".join(rows[::-1]) + "\n"), table)
    assert up == read_las(write(tmp_path, LAS), table)


def test_what_lasio_finds_strange_is_told(tmp_path, table):
    text = LAS.replace("WELL. W-1 : NAME", "WELL. W-1 : NAME\n no mnemonic here")
    with pytest.warns(LabelWarning, match=r"w\.las: line 10 of the header cannot be read and was left out"):
        assert read_las(write(tmp_path, text), table).name == "W-1"


def test_times_without_a_unit(tmp_path, table):
    text = LAS.replace(".ms", ".")
    with pytest.warns(LabelWarning, match="TWT has no unit and was read in ms"):
        assert read_las(write(tmp_path, text), table).intervals[0] == Interval(100, 108, "shale")
    small = text
    for time in range(100, 124, 4):
        small = small.replace(f"\n{time} ", f"\n0.{time} ")
    with pytest.raises(Undeclared, match="its TWT curve has no unit"):
        read_las(write(tmp_path, small), table)


def test_along_a_path_a_log_brings_its_own_times(tmp_path, table, mapped):
    rows = "".join(f"{md} {40 + (md - 100) / 2.5:g} {1 if md < 200 else 2}\n" for md in range(100, 310, 10))
    head, _, _ = LAS.partition("~ASCII\n")
    text = head.replace(".ms", ".m").replace("TWT.m : TIME", "DEPT.m : DEPTH\nTWT.ms : TIME") + "~ASCII\n" + rows
    path = write(tmp_path, text)
    shots = time_depth(read_log(path))
    assert shots is not None
    assert shots.time([100, 300]).tolist() == [40, 120]
    way = Trajectory("W-1", *minimum_curvature([0, 100, 100.001, 400], [0, 0, 30, 30], [90] * 4))
    with pytest.warns(LabelWarning, match="were continued 10 m below the last"):
        well = read_las(path, table, mapped, trajectory=way)
    assert isinstance(well, DeviatedWell)
    assert [(i.top_m, i.base_m, i.class_name) for i in well.intervals] == [(100, 200, "shale"), (200, 310, "sand")]
    assert np.interp(200, well.md_m, well.vertical) == pytest.approx(80)
    # Without a path its times alone are enough.
    assert read_las(path, table, mapped).intervals[0] == Interval(40, 80, "shale")
    assert time_depth(read_log(write(tmp_path, LAS))) is None


def laid_out(folder, rows, *, delimiter="", wrap="NO", curves=("DEPT.M", "CLASS.", "GR.API"), step="1", version="2.0"):
    """Write a log of some rows."""
    head = f"~Version\nVERS. {version} :\nWRAP. {wrap} :\n" + (f"DLM. {delimiter} :\n" if delimiter else "")
    well = f"~Well\nSTRT.M 1000 :\nSTOP.M 1002 :\nSTEP.M {step} :\nNULL. -999.25 :\nWELL. W-1 :\n"
    return write(
        folder, head + well + "~Curve\n" + "".join(f"{c} :\n" for c in curves) + "~A\n" + "\n".join(rows) + "\n"
    )


STEPS = [(1000.0, 1.0, 50.5), (1001.0, 2.0, np.nan), (1002.0, 1.0, -3.25)]


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        (["1000,1,50.5", "1001,2,-999.25", "1002,1,-3.25"], {"delimiter": "COMMA"}),
        (["1000, 1, 50.5,", "1001, 2, ,", "1002, 1, -3.25,"], {"delimiter": "COMMA"}),
        (["1000\t1\t50.5", "1001\t2\t", "1002\t1\t-3.25"], {"delimiter": "TAB"}),
        (["1000 1   50.5", "1001 2 -999.25", "1002 1 -3.25"], {"delimiter": "SPACE"}),
        (["1000;1;50.5", "1001;2;-999.25", "1002;1;-3.25"], {}),
        (["1000;1;50,5", "1001;2;-999,25", "1002;1;-3,25"], {}),
        (["1000;1;50.5;", "1001;2;;", "1002;1;-3.25;"], {}),
        (["1000", "1 50.5", "1001", "2 -999.25", "1002", "1 -3.25"], {"wrap": "YES"}),
        (["1000 1", "50.5", "1001 2", "-999.25", "1002 1", "-3.25"], {"wrap": "YES"}),
        (["1000 1", "50.5", "1001 2", "-999.25", "1002 1", "-3.25"], {}),
        (["1000 1 50.5 1001 2 -999.25 1002 1 -3.25"], {}),
        (["1000 1 50.5 1001", "2 -999.25 1002 1 -3.25"], {"step": "0"}),
        (["1000 1 50.5", "1001 2-999.25", "1002 1-3.25"], {}),
        (["1000,1,", "50.5", "1001,2,", "-999.25", "1002,1,", "-3.25"], {"delimiter": "COMMA", "wrap": "YES"}),
    ],
)
def test_rows_are_read_however_they_are_delimited_and_broken(tmp_path, rows, how):
    log = read_log(laid_out(tmp_path, rows, **how))
    assert [curve.name for curve in log.curves] == ["DEPT", "CLASS", "GR"]
    np.testing.assert_array_equal(np.stack([curve.values for curve in log.curves], axis=1), STEPS)


@pytest.mark.parametrize("width", range(1, 17))
def test_steps_are_wrapped_at_any_length(tmp_path, width):
    curves = ("DEPT.M", *(f"C{k}." for k in range(15)))
    values = np.array([[1000 + k, *(100 * k + np.arange(15) + 0.25)] for k in range(3)])
    rows = [" ".join(f"{v:g}" for v in step[k : k + width]) for step in values for k in range(0, 16, width)]
    for wrap in ("YES", "NO"):
        log = read_log(laid_out(tmp_path, rows, wrap=wrap, curves=curves))
        np.testing.assert_array_equal(np.stack([curve.values for curve in log.curves], axis=1), values)


def test_rows_are_not_put_together_against_the_header(tmp_path):
    """Of two curves that nobody named, every second depth would make a log of half the steps."""
    path = laid_out(tmp_path, ["1000 1", "1001 2", "1002 1", "1003 2"], curves=("DEPT.M", "CLASS.", "GR.", "SP."))
    with pytest.raises(LabelError, match="names 4 curves, and the rows of its ~A section hold 2"):
        read_log(path)


LAS_3 = """~Version
VERS. 3.0 : CWLS LOG ASCII STANDARD
WRAP. NO :
DLM. COMMA :
~Well
STRT.M 1000 : START
STOP.M 1002 : STOP
STEP.M 1 : STEP
NULL. -999.25 : NULL
WELL. W-1 : WELL
INLINE. 103 : INLINE {F}
CROSSLINE. 204 : CROSSLINE {F}
~Parameter
EKB.M 25 : KELLY BUSHING {F} | Run[1]
~Core_Definition
CORET.M : TOP {F}
CORED.M : BASE {F}
~Core_Data | Core_Definition
1000.0,1001.0
~Log_Definition
DEPT.M : DEPTH {F10.4}
FACIES. : LITHOLOGY {S} | Log_Definition
GR.API : GAMMA {F10.4}
~Log_Data | Log_Definition
1000,"fine, sandy",50.5
1001,shale,
1002,shale,-999.25
"""


@pytest.mark.parametrize("named", ["~Log_Definition", "~Log_Definition[1]", "~Curve"])
def test_the_first_log_of_las_3_is_read(tmp_path, named):
    text = LAS_3.replace("~Log_Definition\n", f"{named}\n")
    if named == "~Curve":
        text = text.replace("~Log_Data | Log_Definition", "~ASCII | Curve")
    with pytest.warns(LabelWarning, match="Core_Data"):
        log = read_log(write(tmp_path, text))
    assert (log.curves[0].name, log.curves[0].unit, log.curves[0].description) == ("DEPT", "M", "DEPTH")
    assert log.curve("FACIES").values.tolist() == ["fine, sandy", "shale", "shale"]
    np.testing.assert_array_equal(log.curve("GR").values, [50.5, np.nan, np.nan])
    assert (log.head.name, log.head.inline, log.head.kb_m) == ("W-1", 103.0, 25.0)
    shots = Checkshot("", "md", np.array([0.0, 2000.0]), np.array([0.0, 2000.0]))
    with pytest.warns(LabelWarning, match="Core_Data"):
        well = read_las(write(tmp_path, text), curve="FACIES", checkshot=shots)
    assert well.class_names == ("fine, sandy", "shale")


SECOND = """~Log_Definition[2]
DEPT.M : DEPTH {{F10.4}}
{curve}. : CODES {{F}}
~Log_Data[2] | Log_Definition[2]
1000,10
1001,10
1002,20
~Inclinometry_Definition
MD.M : DEPTH {{F}}
~Inclinometry_Data | Inclinometry_Definition
0
"""
SHOTS = Checkshot("", "md", np.array([0.0, 2000.0]), np.array([0.0, 2000.0]))


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_a_later_log_of_las_3_is_read(tmp_path):
    path = write(tmp_path, LAS_3.replace("FACIES", "REMARK") + SECOND.format(curve="FACIES"))
    # The one that has classes, or the one that is named.
    assert read_las(path, checkshot=SHOTS).class_names == ("10", "20")
    assert read_las(path, curve="REMARK", checkshot=SHOTS).class_names == ("fine, sandy", "shale")
    for named in ("Log_Data[2]", "log_data[2]", "2"):
        assert read_log(path, named).curve("FACIES").values.tolist() == [10.0, 10.0, 20.0]
    assert read_log(path, "1").curve("GR").values[0] == 50.5
    assert read_log(path, "Inclinometry_Data").curves[0].name == "MD"
    with pytest.raises(LabelError, match=r"no log '3'. It holds Core_Data, Log_Data, Log_Data\[2\], Inclinometry"):
        read_log(path, "3")


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_which_of_two_logs_with_classes_is_asked(tmp_path):
    path = write(tmp_path, LAS_3 + SECOND.format(curve="LITHO"))
    with pytest.raises(Undeclared) as asked:
        read_las(path, checkshot=SHOTS)
    assert (asked.value.option, asked.value.choices) == ("log", ("Log_Data", "Log_Data[2]"))
    assert read_las(path, log_name="Log_Data[2]", checkshot=SHOTS).class_names == ("10", "20")


def test_las_3_without_a_log_is_refused(tmp_path):
    with pytest.raises(LabelError, match="LAS 3 and holds no log"):
        read_log(write(tmp_path, LAS_3.partition("~Log_Definition")[0]))


CASES = Path(__file__).parents[4] / "shared" / "cases" / "las"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the checkout")
@pytest.mark.parametrize(
    ("name", "delimiter"), [("comma_delim", ","), ("semicolon", ";"), ("wrap16", None), ("wrap_std", None)]
)
def test_the_values_of_the_cases_are_their_rows(name, delimiter):
    rows = (CASES / f"{name}.las").read_text().partition("~A\n")[2].split("\n")
    cells = [float(cell) for row in rows if row for cell in row.split(delimiter)]
    log = read_log(CASES / f"{name}.las")
    np.testing.assert_array_equal(np.stack([curve.values for curve in log.curves], axis=1).ravel(), cells)
