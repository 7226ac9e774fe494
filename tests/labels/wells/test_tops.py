"""Tops in any kind of depth, tied to a survey by deviation surveys and checkshots."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_fhn.labels import (
    AmbiguousColumns,
    Checkshot,
    DeviatedWell,
    Head,
    Interval,
    LabelError,
    LabelWarning,
    Spans,
    Stretch,
    Trajectory,
    Undeclared,
    Well,
    minimum_curvature,
    read_heads,
    read_tops,
    read_wells,
    tie,
)
from napari_fhn.surveys import Grid
from napari_fhn.surveys.grid import GridAxis


def write(folder, text, name="tops.txt"):
    path = folder / name
    path.write_text(text)
    return path


def straight(velocity=2000.0, domain="md"):
    """Checkshots of one velocity from the surface."""
    return Checkshot("", domain, np.array([0.0, 3000.0]), np.array([0.0, 6e6 / velocity]))


def inclined(name="A", kb_m=None):
    """100 m straight down, then 60 degrees to the east."""
    return Trajectory(name, *minimum_curvature([0, 100, 100.001, 400], [0, 0, 60, 60], [90] * 4), kb_m=kb_m)


def test_heads_by_numbers_and_by_coordinates(tmp_path, mapped):
    path = write(tmp_path, "Well;X (ft);Y (ft);KB (ft)\nA;1640419,95;19685039,37;82\nB;1;2;\n")
    with pytest.warns(LabelWarning, match="map coordinates are in ft and were converted"):
        heads = read_heads(path, survey=mapped)
    assert heads["A"].xy == pytest.approx((500_000, 6_000_000), abs=0.01)
    assert heads["A"].kb_m == pytest.approx(24.99, abs=0.01)
    assert heads["B"].kb_m is None
    # Numbers are exact, and come before coordinates.
    path = write(tmp_path, "well,x,y,inline,crossline,kb\nA,1,2,103,204,9\n")
    with pytest.warns(LabelWarning, match="column 'kb' has no unit and was left out"):
        head = read_heads(path)["A"]
    assert (head.inline, head.crossline, head.xy, head.kb_m) == (103, 204, None, None)


def test_markers_are_tops_of_what_bears_their_name(tmp_path):
    text = (
        "# Petrel well tops\n# Unit in depth: m\nVERSION 2\nBEGIN HEADER\nX\nY\nMD\nSurface\nWell\nEND HEADER\n"
        '1 2 110.5 "Top Salt" "W 1"\n1 2 -999 Gap "W 1"\n1 2 310.5 Base "W 1"\n1 2 210.5 Chalk "W 1"\n'
        '1 2 210.5 Thin "W 1"\n1 2 50 Alone W2\n'
    )
    with pytest.warns(LabelWarning) as told:
        tops = read_tops(write(tmp_path, text))
    words = " ".join(str(w.message) for w in told)
    assert "no marker below them tells where they end: Base in W 1, Alone in W2" in words
    assert "they end where they begin: Chalk in W 1" in words
    assert "1 top without md" in words
    spans, line = tops["W 1"]
    assert spans == Spans("md", ((110.5, 210.5, "Top Salt"), (210.5, 310.5, "Thin")))
    assert line == 11
    assert tops["W2"][0].ends == ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tops = read_tops(tmp_path / "tops.txt", classes={"Top Salt": "salt", "Thin": ""})
    assert tops["W 1"][0].ends == ((110.5, 210.5, "salt"),)


@pytest.mark.parametrize(
    ("text", "kind", "option", "sentence"),
    [
        ("well,top_m,base_m,class\nA,1,2,s\n", Undeclared, "domain", "column 'top_m' does not say which depth"),
        ("well,depth_from_m,depth_to_m,class\nA,1,2,s\n", Undeclared, "domain", "which depth or time it is"),
        ("well,top_md,base_md,class\nA,1,2,s\n", Undeclared, "units", "unit of column 'top_md'"),
        ("well,top_md_s,base_md_s,class\nA,1,2,s\n", LabelError, None, "is in s, and the upper end"),
        ("well,top_md_m,base_md_ft,class\nA,1,2,s\n", LabelError, None, "tops are in m and its bases in ft"),
        ("well,marker,depth_m\nA,s,1\nA,t,2\n", Undeclared, "domain", "column 'depth_m' does not say which depth"),
        ("Bohrung;Horizont;Tiefe (m)\nA;s;1\nA;t;2\n", Undeclared, "domain", "Say which it is: md, tvd, tvdss"),
        ("puits;formation;temps\nA;s;1\nA;t;2\n", Undeclared, "domain", "Say which it is: twt, owt"),
        ("well,marker,gamma\nA,s,1\nA,t,2\n", AmbiguousColumns, None, "column 'md' is missing"),
        ("A,1,2,s\nB,3,4,t\n", AmbiguousColumns, None, "may be 'column 1'"),
    ],
)
def test_what_tops_do_not_tell_is_asked(tmp_path, text, kind, option, sentence):
    with pytest.raises(kind) as caught:
        read_tops(write(tmp_path, text))
    assert sentence in str(caught.value)
    if option is not None:
        assert caught.value.option == option


def test_depths_and_times_of_a_kind_not_said_are_read_as_a_person_says(tmp_path, mapped):
    path = write(tmp_path, "Bohrung;Horizont;Tiefe (m)\nA;s;1\nA;t;2\n")
    with pytest.warns(LabelWarning, match="no marker below"):
        assert read_tops(path, domain="tvdss")["A"][0] == Spans("tvdss", ((1.0, 2.0, "s"),))
    with pytest.raises(LabelError, match="column 'Tiefe' holds depths, the survey goes down in two-way time"):
        read_tops(path, survey=mapped, tied=False)
    with pytest.raises(AmbiguousColumns, match="column 'twt' is missing"):
        read_tops(path, domain="twt")
    path = write(tmp_path, "puits;formation;temps (ms)\nA;s;1\nA;t;2\n")
    with pytest.warns(LabelWarning, match="no marker below"):
        assert read_tops(path, domain="owt")["A"][0] == Spans("twt", ((2.0, 4.0, "s"),))


def test_answers_are_taken(tmp_path):
    path = write(tmp_path, "A;1,5;2,5;s\nB;3;4;t\n")
    said = {"well": "1", "top": "2", "base": "3", "class": "4"}
    tops = read_tops(path, columns=said, units={"top": "ft"}, domain="tvd")
    assert tops["A"][0] == Spans("tvd", ((1.5 * 0.3048, 2.5 * 0.3048, "s"),))
    # One-way times become two-way.
    assert read_tops(path, columns=said, units={"top": "s"}, domain="owt")["A"][0].ends == ((3000, 5000, "s"),)
    with pytest.raises(LabelError, match="'fathom' is no kind"):
        read_tops(path, columns=said, domain="fathom")


@pytest.mark.filterwarnings("ignore:.*taken as vertical")
def test_measured_depths_of_a_vertical_well_meet_its_checkshots(tmp_path, survey):
    wells = write(tmp_path, "well,inline,crossline\nA,103,204\nB,105,206\n", "wells.csv")
    tops = write(tmp_path, "well,top_md_m,base_md_m,class\na,50,80,sand\nB,60,90,shale\n")
    with pytest.warns(LabelWarning, match="taken as vertical, without a deviation survey: A, B"):
        found = read_wells(wells, tops, survey, checkshots={"": straight()})
    assert found == [
        Well("A", 103, 204, (Interval(50, 80, "sand"),)),
        Well("B", 105, 206, (Interval(60, 90, "shale"),)),
    ]
    with pytest.raises(LabelError, match=r"tops\.txt: depth and two-way time meet in well 'B', .* no checkshots"):
        read_wells(wells, tops, survey, checkshots={"A": straight()})
    with pytest.warns(LabelWarning, match="it has none of the wells that a checkshots is for: C"):
        read_wells(wells, tops, survey, checkshots={"": straight(), "C": straight()})


def test_the_datum_is_asked_for_only_where_it_is_needed():
    head = Head("A", 1, 2)
    spans = Spans("md", ((100.0, 200.0, "s"),))
    assert tie(head, spans, checkshot=straight()).intervals == (Interval(100, 200, "s"),)
    below_sea = straight(domain="tvdss")
    with pytest.raises(Undeclared, match=r"elevation of the datum of well 'A' .* Say it in metres") as caught:
        tie(head, spans, checkshot=below_sea)
    assert caught.value.option == "kb_m"
    assert tie(Head("A", 1, 2, None, 25.0), spans, checkshot=below_sea).intervals == (Interval(75, 175, "s"),)
    # Vertical depth below sea level against shots below the datum: the other way round.
    found = tie(Head("A", 1, 2, None, 25.0), Spans("tvdss", ((75.0, 175.0, "s"),)), checkshot=straight())
    assert found.intervals == (Interval(100, 200, "s"),)
    # In a depth survey, from its own zero.
    found = tie(Head("A", 1, 2, None, 25.0), spans, vertical="depth", datum_m=10.0)
    assert found.intervals == (Interval(85, 185, "s"),)
    # Two-way times need no depth in a time survey, and checkshots in a depth survey.
    times = Spans("twt", ((100.0, 200.0, "s"),))
    assert tie(head, times).intervals == (Interval(100, 200, "s"),)
    found = tie(head, times, vertical="depth", checkshot=straight(4000.0, "tvdss"))
    assert found.intervals == (Interval(200, 400, "s"),)


def test_a_deviated_well_keeps_measured_depths(tmp_path):
    spans = Spans("md", ((50.0, 200.0, "s"), (200.0, 300.0, "t")))
    well = tie(Head("A", 1, 2), spans, trajectory=inclined(), checkshot=straight(domain="tvd"))
    assert isinstance(well, DeviatedWell)
    assert well.intervals == (Stretch(50, 200, "s"), Stretch(200, 300, "t"))
    # Half as deep as far beyond the kick-off: 60 degrees.
    assert np.interp(300, well.md_m, well.vertical) == pytest.approx(200, abs=0.01)
    assert np.interp(300, well.md_m, well.dx_m) == pytest.approx(200 * np.sin(np.pi / 3), abs=0.01)
    # The same by vertical depths and by times.
    for domain in ("tvd", "twt"):
        ends = Spans(domain, ((50.0, 150.0, "s"), (150.0, 200.0, "t")))
        other = tie(Head("A", 1, 2), ends, trajectory=inclined(), checkshot=straight(domain="tvd"))
        np.testing.assert_allclose([(i.top_m, i.base_m) for i in other.intervals], [(50, 200), (200, 300)], atol=0.01)


def test_a_path_that_ends_too_early_is_continued_aloud():
    spans = Spans("md", ((350.0, 500.0, "s"),))
    with pytest.warns(LabelWarning, match="path of well 'A' was continued straight on for 100 m"):
        well = tie(Head("A", 1, 2), spans, trajectory=inclined(), checkshot=straight(domain="tvd"))
    assert well.md_m[-1] == 500
    assert well.vertical[-1] == pytest.approx(300, abs=0.01)


def test_intervals_of_a_well_may_not_overlap_along_it():
    with pytest.raises(LabelError, match="in well 'A' s ends at 60 m, below the top of t at 50 m"):
        DeviatedWell("A", 1, 2, *np.zeros((4, 2)), (Stretch(40, 60, "s"), Stretch(50, 80, "t")))
    with pytest.raises(LabelError, match="a stretch from 60 to 40 m is empty"):
        Stretch(60, 40, "s")


def test_words_for_what_was_not_found_are_no_tops(tmp_path, survey):
    (tmp_path / "wells.csv").write_text("well,inline,crossline\nA,103,204\n")
    (tmp_path / "tops.csv").write_text(
        "well,surface,twt_ms\nA,one,48\nA,two,not reached\nA,three,n.d.\nA,four,#REF!\nA,end,80\n"
    )
    with pytest.warns(LabelWarning):
        (well,) = read_wells(tmp_path / "wells.csv", tmp_path / "tops.csv", survey)
    assert [(one.top_ms, one.base_ms, one.class_name) for one in well.intervals] == [(48.0, 80.0, "one")]
    (tmp_path / "tops.csv").write_text("well,top_twt_ms,base_twt_ms,class\nA,48,60,n/a\nA,60,80,sand\n")
    (well,) = read_wells(tmp_path / "wells.csv", tmp_path / "tops.csv", survey)
    assert [one.class_name for one in well.intervals] == ["sand"]


def test_what_a_survey_cannot_take_is_refused_before_a_unit_is_asked_for(tmp_path, survey):
    wells = write(tmp_path, "well,inline,crossline\nA,103,204\n", "wells.csv")
    times = write(tmp_path, "well,marker,twt\nA,sand,40\nA,shale,90\n", "times.csv")
    depths = write(tmp_path, "well,marker,md\nA,sand,40\nA,shale,90\n", "depths.csv")
    deep = survey.rename({survey.dims[-1]: "depth"})
    with pytest.raises(
        LabelError, match=r"times\.csv: its column 'twt' holds two-way times, the survey goes down in de"
    ):
        read_wells(wells, times, deep)
    with pytest.raises(LabelError, match=r"depths\.csv: its column 'md' holds depths, the survey goes down in two-way"):
        read_wells(wells, depths, survey)
    # With checkshots both make sense, and what the unit is only a person knows.
    with pytest.raises(Undeclared, match="'twt'"):
        read_wells(wells, times, deep, checkshots={"": straight(domain="tvdss")})
    with pytest.raises(Undeclared, match="'md'"):
        read_wells(wells, depths, survey, checkshots={"": straight()})


def test_times_without_a_unit_are_those_in_which_they_lie_on_the_survey(tmp_path, survey):
    wells = write(tmp_path, "well,inline,crossline\nA,103,204\n", "wells.csv")
    axis = survey[survey.dims[-1]].values
    top, base = float(axis[3]), float(axis[-4])
    for factor, unit in ((1.0, "ms"), (1e-3, "s")):
        tops = write(tmp_path, f"well,marker,twt\nA,sand,{top * factor}\nA,shale,{base * factor}\n")
        with pytest.warns(
            LabelWarning, match=f"'twt' has no unit and was read in {unit}: only so they lie on the survey"
        ):
            (well,) = read_wells(wells, tops, survey)
        assert (well.intervals[0].top_ms, well.intervals[0].base_ms) == pytest.approx((top, base))
    # Where no unit brings them there, it is asked for.
    tops = write(tmp_path, "well,marker,twt\nA,sand,70000\nA,shale,80000\n")
    with pytest.raises(Undeclared, match="the unit of column 'twt'"):
        read_wells(wells, tops, survey)


def test_the_kind_that_the_survey_has_is_asked_for_first(tmp_path, survey):
    wells = write(tmp_path, "well,inline,crossline\nA,103,204\n", "wells.csv")
    for header in ("well,top,base,class\nA,40,90,sand\n", "well,Sand,Shale\nA,40,90\n"):
        tops = write(tmp_path, header)
        with pytest.raises(Undeclared) as asked:
            read_wells(wells, tops, survey)
        assert asked.value.choices[:2] == ("twt", "owt")
        with pytest.raises(Undeclared) as asked:
            read_wells(wells, tops, survey.rename({survey.dims[-1]: "depth"}))
        assert asked.value.choices[:3] == ("md", "tvd", "tvdss")


def test_times_that_grow_upwards_say_their_unit_too(tmp_path):
    wells, tops = tmp_path / "wells.csv", tmp_path / "tops.csv"
    wells.write_text("well,inline,crossline\nA,103,210\n")
    tops.write_text("well,marker,twt\nA,sand,-404\nA,shale,-424\n")
    lateral = GridAxis("inline", 8, 101.0, 1.0), GridAxis("crossline", 10, 206.0, 2.0)
    axes = (*lateral, GridAxis("twt", 12, 400.0, 4.0, "ms"))
    with pytest.warns(LabelWarning, match="was read in ms"):
        (well,) = read_wells(wells, tops, Grid(axes, kind="seismic", name="survey").template())
    assert well.intervals[0].top_ms == 404.0
