"""Tops with a column for each marker say what the same tops with a row for each say."""

from __future__ import annotations

import pytest

from napari_fhn import labels
from napari_fhn.labels import LabelError, LabelWarning, Undeclared, recognise

LONG = "Well,Marker,MD (m)\nA,Sand,10\nA,Shale,20\nA,Chalk,30\nB,Sand,12\nB,Chalk,33\nC,Sand,1\nC,Chalk,4\n"
ROWS = [("A", "10", "20", "30"), ("B", "12", "", "33"), ("C", "1", "n.a.", "4")]


def written(folder, *header: str, mark: str = ",", rows=ROWS, name: str = "wide.csv"):
    path = folder / name
    path.write_text("\n".join(mark.join(row) for row in (header, *rows)) + "\n")
    return path


def read(path, **how):
    with pytest.warns(LabelWarning, match="taken for a top each"):
        found = labels.read_tops(path, **how)
    return {well: (spans.domain, spans.ends) for well, (spans, _) in found.items()}


@pytest.fixture
def wanted(tmp_path):
    (tmp_path / "long.csv").write_text(LONG)
    with pytest.warns(LabelWarning, match="no marker below"):
        found = labels.read_tops(tmp_path / "long.csv")
    return {well: (spans.domain, spans.ends) for well, (spans, _) in found.items()}


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        (("Well", "Sand MD (m)", "Shale MD (m)", "Chalk MD (m)"), ","),
        (("Borehole", "Sand_MD [m]", "Shale_MD [m]", "Chalk_MD [m]"), ";"),
        (("Bohrung", "MD Sand (m)", "MD Shale (m)", "MD Chalk (m)"), "\t"),
    ],
)
def test_columns_that_say_their_depth(tmp_path, wanted, header, mark):
    path = written(tmp_path, *header, mark=mark)
    assert recognise(path) == "tops"
    assert read(path) == wanted


def test_what_they_are_is_asked_where_they_do_not_say_it(tmp_path, wanted):
    path = written(tmp_path, "Well", "Sand", "Shale", "Chalk")
    assert recognise(path) == "tops"
    with pytest.raises(Undeclared, match="Sand, Shale, Chalk do not say which depth or time") as asked:
        labels.read_tops(path)
    assert asked.value.option == "domain"
    with pytest.raises(Undeclared, match="unit of column 'md'"), pytest.warns(LabelWarning):
        labels.read_tops(path, domain="md")
    assert read(path, domain="md", units={"md": "m"}) == wanted
    feet = read(path, domain="md", units={"md": "ft"})
    assert feet["A"][1][0][0] == pytest.approx(3.048)
    with pytest.raises(Undeclared) as asked:
        labels.read_tops(written(tmp_path, "Well", "Sand (ms)", "Shale (ms)", "Chalk (ms)"))
    assert asked.value.choices == ("twt", "owt")


def test_a_place_a_datum_and_a_number_beside_them_are_no_tops(tmp_path, wanted):
    rows = [(row[0], "500000", "6000000", "25", "7", *row[1:]) for row in ROWS]
    header = ("Well", "X", "Y", "KB (m)", "No", "Sand MD (m)", "Shale MD (m)", "Chalk MD (m)")
    path = written(tmp_path, *header, rows=rows)
    assert recognise(path) == "wells"
    assert read(path) == wanted
    assert list(labels.read_heads(path)) == ["A", "B", "C"]


def test_what_is_wrong_is_a_sentence_with_its_line(tmp_path):
    with pytest.raises(LabelError, match="its tops are in ft and m"):
        labels.read_tops(written(tmp_path, "Well", "Sand MD (m)", "Shale MD (ft)", "Chalk MD (m)"))
    bad = [*ROWS * 40, ("D", "10", "deep", "30")]
    with pytest.raises(LabelError, match="line 122"), pytest.warns(LabelWarning):
        labels.read_tops(written(tmp_path, "Well", "Sand MD (m)", "Shale MD (m)", "Chalk MD (m)", rows=bad))
    with pytest.raises(labels.AmbiguousColumns):
        labels.read_tops(written(tmp_path, "Well", "MD (m)", "No", rows=[("A", "1", "2"), ("B", "3", "4")]))
