"""What columns may mean: by their names, by their values, as a person says, and never by silence."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import AmbiguousColumns, LabelError, LabelWarning, Undeclared, sniff, suggest
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.vocabulary import ROLES, meaning


def table_of(folder, text):
    path = folder / "t.txt"
    path.write_text(text)
    return sniff(path)


@pytest.mark.parametrize(
    ("name", "role", "domain"),
    [
        ("Well name", "well", ""),
        ("UWI", "well", ""),
        ("Easting (m)", "x", ""),
        ("UTM_X", "x", ""),
        ("cdp_y", "y", ""),
        ("In-line", "inline", ""),
        ("XLINE", "crossline", ""),
        ("top_twt_ms", "top", "twt"),
        ("Base MD (ft)", "base", "md"),
        ("depth_from", "top", "depth"),
        ("TVDSS", "tvdss", ""),
        ("TWT picked", "twt", ""),
        ("One-way time", "owt", ""),
        ("Surface", "marker", ""),
        ("Lithology", "class", ""),
        ("AZIM_GN", "azimuth", ""),
        ("Incl [deg]", "inclination", ""),
        ("KB (m)", "kb", ""),
        ("Z meters", "z", ""),
        ("Tiefe (m)", "depth", ""),
        ("Tiefe unter Gelände", "depth", ""),
        ("Teufe von [m]", "top", "depth"),
        ("Teufe bis [m]", "base", "depth"),
        ("Tiefe OK", "top", "depth"),
        ("profondeur de (m)", "top", "depth"),
        ("profondeur à (m)", "base", "depth"),
        ("Prof. toit", "top", "depth"),
        ("Prof. mur", "base", "depth"),
        ("profundidad desde", "top", "depth"),
        ("profundidad hasta", "base", "depth"),
        ("profondeur de la couche", "depth", ""),
        ("Vertikale Teufe", "tvd", ""),
        ("profundidad vertical verdadera", "tvd", ""),
        ("Teufe u. NN", "tvdss", ""),
        ("Höhe (m)", "z", ""),
        ("Cota (m)", "z", ""),
        ("Zweiweglaufzeit (ms)", "twt", ""),
        ("Zwei-Weg-Laufzeit [ms]", "twt", ""),
        ("temps aller-retour", "twt", ""),
        ("tiempo de ida y vuelta (ms)", "twt", ""),
        ("Einweglaufzeit", "owt", ""),
        ("temps simple", "owt", ""),
        ("Schicht", "class", ""),
        ("couche", "class", ""),
        ("Neigungswinkel", "inclination", ""),
        ("Spalte", "col", ""),
        ("Breitengrad", "lat", ""),
    ],
)
def test_names_say_roles(name, role, domain):
    said = meaning(name)
    assert said is not None
    assert (said.role, said.domain) == (role, domain)
    assert role in ROLES


def test_names_that_say_nothing():
    for name in ("", "gamma", "col 3b", "(m)", "1", "amplitude"):
        assert meaning(name) is None


def test_a_suggestion_has_confidence_and_reason(tmp_path):
    table = table_of(tmp_path, "Well,AZIM_TN,AZIM_GN,MD,INCL,Formation,Zone\nA,1,2,3,4,Chalk,z\nB,1,2,3,4,Salt,z\n")
    found = suggest(table)
    assert found.mapping == {"well": 0, "azimuth": 2, "md": 3, "inclination": 4, "marker": 5, "class": 6}
    best = found.best("azimuth")
    assert best is not None
    assert (best.name, best.reason) == ("AZIM_GN", "its name is 'AZIM_GN'")
    assert [g.name for g in found.guesses["azimuth"]] == ["AZIM_GN", "AZIM_TN"]
    assert best.confidence > found.guesses["azimuth"][1].confidence


def test_two_columns_of_one_role_are_ambiguous(tmp_path):
    table = table_of(tmp_path, "well,x,easting,y\nA,1,2,3\nB,4,5,6\n")
    found = suggest(table)
    assert found.best("x") is None
    assert {g.name for g in found.ambiguous["x"]} == {"x", "easting"}
    columns = Columns(table)
    with pytest.raises(
        AmbiguousColumns, match=r"map coordinate east may be 'x' .*, 'easting'.*Say which is x"
    ) as caught:
        columns.index("x")
    assert [g.column for g in caught.value.candidates["x"]] == [1, 2]
    assert caught.value.table is table
    assert Columns(table, {"x": "easting"}).index("x") == 2
    assert Columns(table, {"x": "2"}).index("x") == 1


def test_a_column_that_was_given_a_role_has_no_other(tmp_path):
    table = table_of(tmp_path, "well,depth,md\nA,1,2\nB,3,4\n")
    columns = Columns(table, {"tvd": "md"})
    assert not columns.has("md")
    assert columns.index("tvd") == 2


@pytest.mark.parametrize(
    ("said", "units", "sentence"),
    [
        ({"wheel": 1}, {}, "there is no role 'wheel'"),
        ({"well": "hole"}, {}, "there is no column 'hole'"),
        ({}, {"md": "fathoms"}, "there is no unit 'fathoms'"),
    ],
)
def test_wrong_choices_are_sentences(tmp_path, said, units, sentence):
    with pytest.raises(LabelError, match=sentence):
        Columns(table_of(tmp_path, "well,md\nA,1\nB,2\n"), said, units)


def test_units_are_said_or_asked_for(tmp_path):
    table = table_of(tmp_path, "well,md,twt_s\nA,1,2\nB,3,4\n")
    columns = Columns(table)
    assert columns.unit("twt", ("ms", "s")) == "s"
    with pytest.raises(Undeclared, match="unit of column 'md'") as caught:
        columns.unit("md", ("m", "ft"))
    assert (caught.value.option, caught.value.role, caught.value.choices) == ("units", "md", ("m", "ft"))
    assert Columns(table, units={"md": "feet"}).unit("md", ("m", "ft")) == "ft"
    with pytest.warns(LabelWarning, match="was read in m: the map is"):
        assert columns.unit("md", ("m", "ft"), ("m", "the map is")) == "m"
    with pytest.raises(LabelError, match=r"'twt_s' is in s, and the .* comes in m or ft"):
        columns.unit("twt", ("m", "ft"))
    commented = table_of(tmp_path, "# Unit in depth: ft\nwell md\nA 1\nB 2\n")
    assert Columns(commented).unit("md", ("m", "ft")) == "ft"


def rows_in(survey, n=40, seed=0):
    rng = np.random.default_rng(seed)
    i, j = rng.integers(0, 12, n), rng.integers(0, 10, n)
    x, y = survey.attrs["geometry"].to_xy(100.0 + i, 200.0 + 2 * j)
    return 100 + i, 200 + 2 * j, x, y, 41.3 + 70 * rng.random(n)


def test_values_say_what_names_do_not(tmp_path, mapped):
    il, xl, x, y, z = rows_in(mapped)
    pairs = dict.fromkeys(zip(il, xl, strict=True))
    il, xl = map(np.array, zip(*pairs, strict=True))
    n = len(il)
    text = "".join(
        f"{a:.2f} {b:.2f} {c} {d} {t:.2f}\n" for a, b, c, d, t in zip(x[:n], y[:n], il, xl, z[:n], strict=True)
    )
    found = suggest(table_of(tmp_path, text), mapped)
    assert found.mapping == {"x": 0, "y": 1, "inline": 2, "crossline": 3, "z": 4}
    assert "within the survey on the map" in found.guesses["x"][0].reason
    # Without the survey nothing is known.
    assert suggest(table_of(tmp_path, text)).mapping == {}


def test_values_that_say_two_things_are_ambiguous(tmp_path, survey):
    # Numbers that are inlines and crosslines alike: which is which cannot be told.
    square = survey.isel(inline=slice(0, 10)).assign_coords(inline=200.0 + 2 * np.arange(10))
    text = "".join(f"{200 + 2 * i} {200 + 2 * j} {50.5 + i}\n" for i in range(6) for j in range(6))
    table = table_of(tmp_path, text)
    with pytest.raises(AmbiguousColumns, match=r"inline number may be 'column 1' .*, 'column 2'"):
        Columns(table, survey=square).first(("inline", "crossline"))
    # Held against what it belongs to, the order is clear.
    text = "".join(f"{200 + 2 * j} {100 + i} {50.5 + i}\n" for i in range(6) for j in range(6))
    assert suggest(table_of(tmp_path, text), survey).mapping == {"inline": 1, "crossline": 0, "z": 2}


def test_a_headerless_table_asks(tmp_path):
    table = table_of(tmp_path, "1 2 3\n4 5 6\n")
    with pytest.raises(
        AmbiguousColumns, match="nothing names its 3 columns, and which is x and which y cannot be told"
    ):
        Columns(table).first(("x", "y"))


def test_what_is_lacking_is_said_with_every_way_to_say_it(tmp_path):
    path = tmp_path / "wells.csv"
    path.write_text("well,kb\nA,3\nB,4\n")
    with pytest.raises(AmbiguousColumns) as caught:
        Columns(sniffed(path)).first(("inline", "crossline"), ("x", "y"))
    assert "column 'inline' is missing; the columns are well, kb" in str(caught.value)
    assert "Needed is inline with crossline or x with y" in str(caught.value)
    with pytest.raises(AmbiguousColumns) as tops:
        Columns(sniffed(path)).first(("twt",), ("top", "base", "class"))
    assert tops.value.lacking(()) == "twt or top with base and class"
    assert caught.value.lacking(["inline"]) == "crossline or x with y"
    assert caught.value.lacking(["inline", "crossline"]) == caught.value.lacking("xy") == ""
    with pytest.raises(AmbiguousColumns) as caught:
        Columns(sniffed(path)).index("class")
    assert caught.value.lacking(()) == "class"
