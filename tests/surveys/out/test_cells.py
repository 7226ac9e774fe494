"""What a person wrote into a name is no formula in anybody's spreadsheet, and comes back as it was written."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.surveys.out import save_classes
from napari_fhn.surveys.out.cells import as_text, csv_text, plain_text

FORMULAS = (
    "=1+1",
    "+1",
    "-5 m sand",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://x","y")',
    "＝1",
    "a;=cmd|' /c x'!A0",
)


@given(st.text(alphabet="=+-@\t\r\n ';,|aＢ＝") | st.text())
def test_every_cell_comes_back(cell):
    assert plain_text(as_text(cell)) == cell


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_like_a_formula_wherever_lines_are_cut(formula):
    table = csv_text(("value", "name"), [(-1, formula)])
    assert table.startswith("value,name\n-1,")  # a number is one
    for mark in ",;\t":
        for row in csv.reader(table.splitlines(keepends=True)[1:], delimiter=mark):
            cells = row[1:] if mark == "," else [row[0].removeprefix("-1,"), *row[1:]]
            assert not any(cell.lstrip('"')[:1] in tuple("=+-@\t\r＝") for cell in cells if cell)


def test_a_cell_has_one_line():
    assert csv_text(("name",), [("a\r\nb\u2028c",), ("\r=1",)]) == "name\na b c\n' =1\n"


def test_both_writers_of_class_tables_write_the_same_and_it_is_read_again(tmp_path):
    table = ClassTable(
        tuple(LabelClass(k, name, "#e69f00") for k, name in enumerate((*FORMULAS, "'quoted'", "clay"), 1))
    )
    table.to_csv(tmp_path / "own.csv")
    save_classes(tmp_path / "saved.csv", table)
    assert (tmp_path / "own.csv").read_bytes() == (tmp_path / "saved.csv").read_bytes()
    assert ClassTable.from_csv(tmp_path / "own.csv") == table
