"""Tables in every dialect: what is written comes back, or a sentence says what cannot be told."""

from __future__ import annotations

import csv
import io
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from napari_fhn.labels import LabelError, LabelWarning, Undeclared, sniff
from napari_fhn.labels.tables.csv_rows import read_rows
from proofs import examples

WORDS = st.from_regex(r"[A-Za-zÄÖÜéñ][A-Za-zäöüéñ0-9/_.-]{1,9}", fullmatch=True)
NAMES = WORDS.filter(lambda word: word.lower() not in ("nan", "null", "none", "na", "undef", "undefined", "end", "eod"))
PHRASES = st.lists(NAMES, min_size=1, max_size=3).map(" ".join).filter(lambda text: text.upper() != "END DATA")
NUMBERS = st.floats(-1e7, 1e7).map(lambda v: round(v, 2))
ROWS = st.lists(st.tuples(PHRASES, NUMBERS, NUMBERS, st.integers(-999, 9999)), min_size=3, max_size=8)


def text_of(rows, header, delimiter, decimal, width):
    """Write rows as a program with this delimiter and decimal mark would."""
    lines = [list(header)] if header else []
    lines += [[row[0], *(repr(v).replace(".", decimal) for v in row[1:])] for row in rows]
    if delimiter == " ":
        quoted = [[f'"{c}"' if " " in c else c for c in line] for line in lines]
        return "".join(" ".join(c.rjust(width) for c in line) + "\n" for line in quoted)
    if delimiter == "  ":
        return "".join("   ".join(c.ljust(width) for c in line).rstrip() + "\n" for line in lines)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return out.getvalue()


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    delimiter=st.sampled_from([",", ";", "\t", "|", " ", "  "]),
    decimal=st.sampled_from([".", ","]),
    header=st.sampled_from([(), ("Well", "X", "Y", "Trace"), ("name", "Easting (m)", "Northing (m)", "TWT [ms]")]),
    preamble=st.sampled_from(["", "# made by a program\n\n", "! one\n! two, three; four\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    width=st.integers(1, 14),
)
def test_what_is_written_in_any_dialect_comes_back(
    tmp_path, rows, delimiter, decimal, header, preamble, encoding, ends, width
):
    # Rows of a space-delimited table may be read by two spaces as well, when names have spaces and nothing else has.
    assume(delimiter != "  " or any(" " in row[0] for row in rows))
    path = tmp_path / "table.txt"
    body = preamble + text_of(rows, header, delimiter, decimal, width)
    path.write_bytes(body.replace("\n", ends).encode(encoding))
    table = sniff(path)
    assert table.has_header == bool(header)
    assert len(table.names) == 4
    assert table.first_line == 1 + preamble.count("\n") + bool(header)
    if len(header) and "(" in header[1]:
        assert table.names == ("name", "Easting", "Northing", "TWT")
        assert table.units == ("", "m", "m", "ms")
    got = [
        (row.text("0"), row.number("1"), row.number("2"), row.integer("3"))
        for row in table.rows({str(k): k for k in range(4)})
    ]
    assert got == rows
    np.testing.assert_array_equal(table.numbers([2, 3]), [row[2:] for row in rows])


LAYOUTS = {
    "petrel well tops": (
        "# Petrel well tops\n# Unit in depth: m\nVERSION 2\nBEGIN HEADER\nX\nY\nTWT\nMD\nType\nSurface\nWell\n"
        "END HEADER\n"
        '1.0 2.0 -999 110.5 Horizon "Top Salt" "W 1"\n1.0 2.0 -999 210.5 Horizon "Base Salt" "W 1"\n',
        ("X", "Y", "TWT", "MD", "Type", "Surface", "Well"),
        ("1.0", "2.0", "-999", "110.5", "Horizon", "Top Salt", "W 1"),
    ),
    "opendtect, numbered fields": (
        "# 1: X\n# 2: Y\n# 3: Inline\n# 4: Crossline\n# 5: Z\n# - - - - -\n"
        "620986.88\t6080882.36\t376\t914\t648.6\n621036.86\t6080883.76\t376\t916\t647.8\n",
        ("X", "Y", "Inline", "Crossline", "Z"),
        ("620986.88", "6080882.36", "376", "914", "648.6"),
    ),
    "opendtect, names not in the header": (
        '# "Inline"\t"Crossline"\t"Z"\n# - - - - -\n"FS6"\t110\t1042\t865.3\n"FS6"\t110\t1044\t865.2\n',
        ("Horizon", "Inline", "Crossline", "Z"),
        ("FS6", "110", "1042", "865.3"),
    ),
    "earthvision": (
        "# Type: scattered data\n# Version: 6\n# Field: 1 x\n# Field: 2 y\n# Field: 3 z ms\n# End:\n"
        "100.0 200.0 -50.0\n110.0 200.0 -51.0\n",
        ("x", "y", "z ms"),
        ("100.0", "200.0", "-50.0"),
    ),
    "ruled columns in blocks": (
        "# ER: Eroded\n\nWell NO 1/5-7 A\n"
        "  Well name    Surface name     Qlf MD       TVD\n"
        "  ------------ ---------------- --- -------- --------\n"
        "  NO 1/5-7 A   Sleipner Fm. Top     4098.10\n\nWell NO 1/9-11\n"
        "  Well name    Surface name     Qlf MD       TVD\n"
        "  ------------ ---------------- --- -------- --------\n"
        "  NO 1/9-11    Seabed           NL  113.00   113.00\n",
        ("Well name", "Surface name", "Qlf", "MD", "TVD"),
        ("NO 1/5-7 A", "Sleipner Fm. Top", "", "4098.10", ""),
    ),
    "charisma": (
        "INLINE :    376 XLINE :    914  620986.88 6080882.36   648.6\n"
        "INLINE-377 XLINE - 916 621036.88 6080882.36   647.6\n",
        ("Inline", "Crossline", "X", "Y", "Z", "Horizon"),
        ("376", "914", "620986.88", "6080882.36", "648.6", ""),
    ),
    "iesx": (
        "PROFILE Segment          TYPE 1  4                                              3d_ci7m.ifdf     m ms\n"
        "SNAPPING PARAMETERS 5     0 1\n"
        "  6.20986880E+05  6.08088236E+06  0 14   648.62    914.00    914.00  914 5.3956040E+03 I    376 XX    \n"
        "\t648.617\t5395.6\n"
        "EOD  6.21036860E+05  6.08088376E+06  0 14   647.84    916.00    916.00  916 5.8515186E+03 I    376 XX\nEOD",
        ("X", "Y", "Z", "Crossline", "Inline", "Horizon"),
        ("6.20986880E+05", "6.08088236E+06", "648.62", "914", "376", "Segment"),
    ),
    "a row of units": (
        "well,md,inc\n,m,deg\nA,0,0\nA,100,1.5\n",
        ("well", "md", "inc"),
        ("A", "0", "0"),
    ),
    "two spaces": (
        "Well          Marker        MD\nNO 1/2-3      Top Chalk     1200.5\nNO 1/2-34     Top Salt A    1300\n",
        ("Well", "Marker", "MD"),
        ("NO 1/2-3", "Top Chalk", "1200.5"),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_that_systems_write_are_known(tmp_path, layout):
    text, names, first = LAYOUTS[layout]
    path = tmp_path / "table.dat"
    path.write_text(text)
    table = sniff(path)
    assert table.names == names
    assert table.has_header
    rows = [tuple(row.cells.values()) for row in table.rows()]
    assert len(rows) == 2
    assert rows[0] == first


def test_units_come_from_the_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("well,top_twt_ms,Depth (ft),TVD [m],class,x_s\nA,1,2,3,s,4\nB,1,2,3,s,4\n")
    assert sniff(path).units == ("", "ms", "ft", "m", "", "s")
    path.write_text("well,md,inc\n,(m),(deg)\nA,0,0\nA,100,1.5\n")
    assert sniff(path).units == ("", "m", "deg")


def test_commas_that_may_divide_thousands_are_asked_about(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x;y\n482,914;6514,278\n482,915;6,279\n")
    assert sniff(path).dialect.decimal == ","
    path.write_text("x;y\n482,914;514,278\n482,915;6,279\n")
    with pytest.raises(Undeclared, match="decimal marks or divide thousands") as caught:
        sniff(path)
    assert (caught.value.option, caught.value.choices) == ("decimal", (",", "."))
    table = sniff(path, decimal=",")
    assert next(table.rows()).number("x") == 482.914
    assert next(sniff(path, decimal=".").rows()).number("x") == 482_914
    path.write_text("x;y\n1,482.5;6.5\n11,482.5;6\n")
    assert sniff(path).numbers([0]).ravel().tolist() == [1482.5, 11482.5]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it holds no row"),
        (b"# only\n# comments\n", "comments alone"),
        (b"PK\x03\x04\x00\x00\x08\x00", "it is no readable workbook"),
        (b"\x01\x02\x03\x04\x05" * 40, "full of control characters"),
        (b"a" * 200_000, "longer than 100,000 characters"),
        (b"PROFILE H TYPE 1 4 m ms\nSNAPPING\n", "no line holds one"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, content, sentence):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(LabelError) as caught:
        sniff(path)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("t.csv")


def test_missing_files_and_folders_are_sentences(tmp_path):
    with pytest.raises(LabelError, match="there is no such file"):
        sniff(tmp_path / "missing.csv")
    with pytest.raises(LabelError, match="it is a folder"):
        sniff(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x y z\n1 2 3\n1 2\n1 2 3\n", "line 3: it has 2 cells, and the table 3 columns"),
        ("x,y,z\n1,2,3\n1,2,3,4\n1,2,3\n", "line 3: it has 4 cells, and the table 3 columns"),
        ('x,y,z\n1,2,a\n1,2,"b\n1,2,c\n', "a quote opens and never ends"),
        ("x,y,z\n1,2,3\n1,two,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n", "line 3: column 'y' says 'two', which is no number"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, text, sentence):
    path = tmp_path / "t.csv"
    path.write_text(text)
    table = sniff(path)
    with pytest.raises(LabelError) as caught:
        table.numbers([0, 1])
    assert sentence in str(caught.value)


def test_a_comment_that_looks_like_a_row_is_left_out_aloud(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("well,x,y\nA,1,2\n#7,3,4\n# a word\nB,5,6\n")
    with pytest.warns(LabelWarning, match="line 3: it begins as a comment and was left out"):
        rows = [row.text("well") for row in sniff(path).rows()]
    assert rows == ["A", "B"]
    path.write_text('well,x,y\nA,1,2\n"#7",3,4\nB,5,6\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [row.text("well") for row in sniff(path).rows()] == ["A", "#7", "B"]


def test_columns_go_by_name_number_and_index(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Well,X,X\nA,1,2\nB,3,4\n")
    table = sniff(path)
    assert (table.column("well"), table.column("3"), table.column(1)) == (0, 2, 1)
    for wrong, sentence in ((9, "no column of index 9"), ("z", "no column 'z'"), ("x", "2 columns are called 'x'")):
        with pytest.raises(LabelError, match=sentence):
            table.column(wrong)


def test_rows_with_known_names_come_in_any_dialect(tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text("Value;Name;Color\n1;Salz, weiß;#112233\n\n2;Ton;#445566\n", encoding="cp1252")
    with pytest.warns(LabelWarning, match="not in UTF-8 and was read as Windows-1252"):
        rows = list(read_rows(path, ("value", "name", "color")))
    assert [(r.line, r.integer("value"), r.text("name")) for r in rows] == [(2, 1, "Salz, weiß"), (4, 2, "Ton")]
    with pytest.raises(LabelError, match=r"line 1: column 'depth' is missing; the columns are value, name, color"):
        list(read_rows(path, ("depth",)))
