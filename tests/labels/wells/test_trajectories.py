"""Paths of wells: arcs of circles exactly, and surveys in the forms that systems write."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.labels import (
    AmbiguousColumns,
    LabelError,
    LabelWarning,
    Trajectory,
    Undeclared,
    minimum_curvature,
    read_deviation,
    recognise,
)


def test_an_arc_of_a_circle_is_exact():
    # A quarter circle of 300 m radius to the east, in three unequal courses, after 500 m straight down.
    angle = np.radians([0, 20, 55, 90])
    md = 500 + 300 * angle
    along, tvd, dx, dy = minimum_curvature(md, np.degrees(angle), np.full(4, 90.0), step_m=7.0)
    phi = np.clip((along - 500) / 300, 0, None)
    down = np.where(along < 500, along, 500 + 300 * np.sin(phi))
    np.testing.assert_allclose(tvd, down, atol=1e-9)
    np.testing.assert_allclose(dx, 300 * (1 - np.cos(phi)), atol=1e-9)
    np.testing.assert_allclose(dy, 0, atol=1e-9)
    assert np.diff(along).max() <= max(7.0, 500.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1, 300), st.floats(0, 120), st.floats(0, 360)), min_size=1, max_size=8))
def test_a_path_is_never_longer_than_it_was_drilled(stations):
    md = np.cumsum([s[0] for s in stations])
    inclination, azimuth = [s[1] for s in stations], [s[2] for s in stations]
    along, tvd, dx, dy = minimum_curvature(md, inclination, azimuth)
    steps = np.sqrt(np.diff(tvd) ** 2 + np.diff(dx) ** 2 + np.diff(dy) ** 2)
    assert (steps <= np.diff(along) + 1e-6).all()
    assert along[-1] == pytest.approx(md[-1])
    # Its direction at the end is that of the last station.
    end = np.array([dx[-1] - dx[-2], dy[-1] - dy[-2], tvd[-1] - tvd[-2]])
    i, a = np.radians(inclination[-1]), np.radians(azimuth[-1])
    wanted = np.array([np.sin(i) * np.sin(a), np.sin(i) * np.cos(a), np.cos(i)])
    if len(md) == 1:
        return
    turn = np.arccos(np.clip(end @ wanted / np.linalg.norm(end), -1, 1))
    # A chord of 5 m or less differs from the tangent at its end by half the turn along it.
    course = md[-1] - md[-2]
    assert turn <= np.pi * min(5.0, course) / course + 1e-3


def test_places_along_a_path():
    path = Trajectory(
        "A", np.array([100.0, 200.0, 300.0]), np.array([100.0, 200.0, 260.0]), *np.array([[0, 0, 80.0]] * 2)
    )
    tvd, dx, _ = path.at([50, 250, 400])
    assert tvd.tolist() == [50, 230, 320]
    assert dx.tolist() == [0, 40, 160]
    np.testing.assert_allclose(path.md_of_tvd([50, 230, 320]), [50, 250, 400])
    level = Trajectory("B", np.array([0.0, 100, 200]), np.array([0.0, 100, 100]), np.zeros(3), np.zeros(3))
    with pytest.raises(LabelError, match="runs level or rises"):
        level.md_of_tvd(50)


@pytest.mark.parametrize(
    ("md", "inclination", "sentence"),
    [
        ([0, 100, 90], [0, 1, 2], "does not increase"),
        ([0, 100, 200], [0, 1, 181], "not between 0 and 180"),
        ([0, 100, np.nan], [0, 1, 2], "no number"),
        ([0, 100, 200], [0, 0, 180], "turns back on itself"),
        ([], [], "as many"),
    ],
)
def test_what_is_no_path_is_said(md, inclination, sentence):
    with pytest.raises(LabelError, match=sentence):
        minimum_curvature(md, inclination, np.zeros(len(md)))


PETREL = """# WELL TRACE FROM PETREL
# WELL NAME:              W-9
# WELL HEAD X-COORDINATE: 1000.50000000 (m)
# WELL HEAD Y-COORDINATE: 2000.00000000 (m)
# WELL DATUM (KB, Kelly bushing, from MSL): 115.89000000 (m)
# MD AND TVD ARE REFERENCED (=0) AT WELL DATUM AND INCREASE DOWNWARDS
# DEPTH (Z, TVD) GIVEN IN m-UNITS
#=====================================================
      MD        X        Y       Z      TVD      DX     DY   AZIM_TN   INCL   DLS   AZIM_GN
#=====================================================
    0.00  1000.50  2000.00  115.89     0.00    0.00   0.00    92.00   0.00  0.00     90.00
  100.00  1000.50  2000.00   15.89   100.00    0.00   0.00    92.00   0.00  0.00     90.00
  200.00  1060.50  2000.00  -64.11   180.00   60.00   0.00    92.00  73.74  0.00     90.00
"""


def write(folder, text, name="w.dev"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.filterwarnings("ignore:.*minimum curvature")
def test_a_well_trace_brings_name_head_and_datum(tmp_path):
    path = write(tmp_path, PETREL)
    with pytest.warns(LabelWarning, match="azimuths taken from grid north"):
        found = read_deviation(path)
    well = found["W-9"]
    assert (well.head, well.kb_m, well.head_unit) == ((1000.5, 2000.0), 115.89, "m")
    # Grid north, not true north.
    assert well.dy[-1] == pytest.approx(0, abs=1e-9)
    assert well.md[-1] == 200
    # By its own places, where the person says that they count.
    placed = read_deviation(path, columns={"inclination": "DLS"}, kb_m=20)["W-9"]
    assert placed.kb_m == 20


@pytest.mark.parametrize("roles", ["dx,dy", "x,y"])
def test_tables_of_places(tmp_path, roles):
    offset = (0, 0) if roles == "dx,dy" else (500_000, 6_000_000)
    rows = [(0, 0, 0, 0), (1000, 1000, 0, 0), (1500, 1400, 300, 0)]
    text = f"well,md_ft,tvd_ft,{roles}\n" + "".join(
        f"A,{m},{t},{x + offset[0]},{y + offset[1]}\n" for m, t, x, y in rows
    )
    units = dict.fromkeys(roles.split(","), "ft")
    path = read_deviation(write(tmp_path, text), units=units)["A"]
    np.testing.assert_allclose(path.md, 0.3048 * np.array([0, 1000, 1500]))
    np.testing.assert_allclose(path.dx, 0.3048 * np.array([0, 0, 300]))
    assert path.kb_m is None


@pytest.mark.filterwarnings("ignore:.*minimum curvature")
def test_several_wells_in_one_table(tmp_path):
    text = "WELL;MD (m);INC;AZI\nA;0;0;0\nA;100,5;0;0\nB;0;0;0\nB;50;10;45\n"
    with pytest.warns(LabelWarning, match=r"path by minimum curvature, azimuths taken from grid north \(A, B\)"):
        found = read_deviation(write(tmp_path, text))
    assert list(found) == ["A", "B"]
    assert found["A"].tvd[-1] == pytest.approx(100.5)
    assert found["B"].dx[-1] == pytest.approx(found["B"].dy[-1])
    turned = read_deviation(write(tmp_path, text), convergence_deg=45)["B"]
    assert turned.dx[-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("md,inc,azi\n0,0,0\n9,1,2\n", Undeclared, "unit of column 'md'"),
        ("md_m,inc\n0,0\n9,1\n", AmbiguousColumns, "column 'azimuth' is missing"),
        ("md_m,inc,azi\n0,0,0\n9,,2\n12,1,1\n", LabelError, "line 3: a value of the survey is missing"),
        ("md_m,inc,azi\n0,0,0\n9,1,2\n8,1,2\n", LabelError, "does not increase"),
        ("md_m,tvd_m,dx_m,dy_m\n0,0,0,0\n100,200,0,0\n", LabelError, "between 0 and 100 m of measured depth"),
        ("md_m,inc,azi\n5,0,0\n", LabelError, None),
        ("# KB: 30\nmd_m inc azi\n0 0 0\n9 1 2\n", Undeclared, "gives the datum without a unit"),
    ],
)
def test_what_is_no_survey_is_said(tmp_path, text, kind, sentence):
    path = write(tmp_path, text)
    if sentence is None:
        # One station is a vertical well down to it.
        assert read_deviation(path)["w"].tvd[-1] == 5
        return
    with pytest.raises(kind) as caught:
        read_deviation(path)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("w.dev")


PATHS = {
    "elevations": "MD (m),X (m),Y (m),Z (m)\n0,500000,6000000,25\n100,500001,6000002,-74.9\n"
    "200,500003,6000006,-174.5\n",
    "elevations, said": "MD (m),X (m),Y (m),TVDSS (m)\n0,500000,6000000,25\n100,500001,6000002,-74.9\n"
    "200,500003,6000006,-174.5\n",
    "below the sea": "Well;MD (m);TVDSS (m);X;Y\nA;0;-25;500000;6000000\nA;100;74,9;500001;6000002\n"
    "A;200;174,5;500003;6000006\n",
    "negative": "MD (m),TVD (m),E/W (m),N/S (m)\n0,0,0,0\n100,-99.9,1,2\n200,-199.5,3,6\n",
    "in feet": "MD (ft)\tX (m)\tY (m)\tZ (ft)\n0\t500000\t6000000\t82.021\n328.084\t500001\t6000002\t-245.735\n"
    "656.168\t500003\t6000006\t-572.507\n",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("form", PATHS)
def test_depths_of_a_path_grow_downwards_from_its_datum(tmp_path, form):
    path = tmp_path / "path.txt"
    path.write_text(PATHS[form])
    assert recognise(path) == "deviation"
    (way,) = read_deviation(path).values()
    np.testing.assert_allclose(way.tvd, [0, 99.9, 199.5], atol=0.01)
    np.testing.assert_allclose([way.dx, way.dy], [[0, 1, 3], [0, 2, 6]], atol=1e-6)
    assert way.kb_m == (None if form == "negative" else pytest.approx(25, abs=0.01))


def test_a_path_below_the_sea_that_begins_deep_needs_its_datum(tmp_path):
    path = tmp_path / "path.txt"
    path.write_text("MD (m),DX (m),DY (m),TVDSS (m)\n900,0,0,850\n1000,60,0,920\n1100,150,0,910\n")
    with pytest.raises(Undeclared, match="elevation of the well's datum is not known") as asked:
        read_deviation(path)
    assert asked.value.option == "kb_m"
    # It ends above where it began, and still goes down from the datum.
    assert read_deviation(path, kb_m=25.0)["path"].tvd.tolist() == [875, 945, 935]


def test_heads_with_an_elevation_and_a_total_depth_are_no_path(tmp_path):
    path = tmp_path / "wells.csv"
    rows = "A,500000,6000000,25,2000\nB,500100,6000000,30,2100\nC,500200,6000000,28,2500\n"
    path.write_text(f"Well,X,Y,Elevation,MD\n{rows}")
    assert recognise(path) == "wells"


@pytest.mark.parametrize(
    "header",
    [
        "MD;Inklination;Azimut",
        "Teufe MD;Neigung;Richtung",
        "MD;Inclinaison;Azimut",
        "MD;Inclinación;Acimut",
        "MD;Inkl;Azi",
    ],
)
def test_paths_are_known_in_the_languages_of_the_trade(tmp_path, header):
    path = tmp_path / "path.csv"
    names = [f"{name} ({of})" for name, of in zip(header.split(";"), ("m", "gon", "gon"), strict=True)]
    path.write_text(";".join(names) + "\n0;0;0\n100;1;50\n200;2;50\n")
    assert recognise(path) == "deviation"
    with pytest.warns(LabelWarning, match="minimum curvature"):
        (way,) = read_deviation(path).values()
    # 50 gon are 45 degrees.
    np.testing.assert_allclose(way.dx, way.dy, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "MD (m),Inc,Azi\n0,0,N\n1000,90,N\n2000,90,S30W\n",
        "Depth (m);Neigung;Bearing\n0;0°0';N0E\n1000;90°00';N 0 W\n2000;90°;S 30°00' W\n",
        "md [m]\tinclination\tazimuth\n0\t0\t0\n1000\t90\t360°0'0\"\n2000\t90\t210°00'00\"\n",
    ],
)
def test_directions_in_quadrants_and_minutes_are_read(tmp_path, text):
    path = tmp_path / "A.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.warns(LabelWarning):
        (way,) = read_deviation(path).values()
    expected = minimum_curvature([0, 1000, 2000], [0, 90, 90], [0, 0, 210])
    np.testing.assert_allclose((way.tvd[-1], way.dx[-1], way.dy[-1]), [one[-1] for one in expected[1:]])


@pytest.mark.parametrize("wrong", ["N95E", "N45O", "X", "12°75'"])
def test_what_is_no_direction_is_a_sentence(tmp_path, wrong):
    path = tmp_path / "A.csv"
    path.write_text(f"MD (m),Inc,Azi\n0,0,N\n1000,9,N4E\n2000,9,{wrong}\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"A\.csv(, line 4: column 'Azi' says|: the column of the direction)"):
        read_deviation(path)
