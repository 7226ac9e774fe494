"""Workbooks of spreadsheet programs as they are: kinds of table, several sheets, and what would fill the memory."""

from __future__ import annotations

import struct
import warnings
import zipfile

import numpy as np
import pytest

from napari_fhn import labels
from napari_fhn.labels import ClassTable, LabelClass, LabelError, LabelWarning, Source, Undeclared, recognise, sniff
from napari_fhn.labels.tables.sheet_lines import Sheet, laid_out
from napari_fhn.labels.tables.sheet_sizes import of_biff
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.project.knowledge.naming import Said, sources
from workbook_files import Day, container, pack, write

HEADS = [["Well", "X (m)", "Y (m)", "KB (m)"], ["A-1", 500_030.5, 6_000_020, 25], ["B", 500_060, 6_000_040, None]]
TOPS = [["Well", "Top TWT (ms)", "Base TWT (ms)", "Class"], ["A-1", 40, 60, 1.0], ["A-1", 60, 84.5, 2.0]]
PATH = [["Well", "A-1"], ["KB", 25, "m"], [], ["MD", "INC", "AZI"], ["m", "deg", "deg"], [0, 0, 0], [100.5, 1, 12],
        [200, 2, 13], [], ["From the files of the operator"]]  # fmt: skip
SHOTS = [["MD (m)", "TWT (ms)"], [0, 0], [500, 400]]
POINTS = [["inline", "crossline", "twt_ms", "class"], [103, 204, 60, 1.0], [104, 204, 80, 2.0]]
HORIZON = [["Inline", "Crossline", "TWT (ms)"]] + [[100 + i, 200 + 2 * j, 60 + i] for i in range(12) for j in range(10)]
KINDS = {
    "wells": HEADS, "tops": TOPS, "deviation": PATH, "checkshots": SHOTS, "points": POINTS, "horizon": HORIZON,
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".xlsx", ".ods", ".xls"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_is_read_from_every_kind_of_workbook(tmp_path, kind, suffix):
    path = write(tmp_path / f"book{suffix}", {"Data": KINDS[kind]})
    assert recognise(path) == kind
    cells = list(sniff(path).cells())
    assert cells[-1] == [f"{value:g}" if isinstance(value, float) else str(value or "") for value in
                         next(row for row in reversed(KINDS[kind]) if len(row) > 1)]  # fmt: skip


def test_what_stands_above_and_below_a_table_is_no_row_of_it(tmp_path):
    path = write(tmp_path / "path.xlsx", {"Survey": PATH})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelWarning)
        (way,) = labels.read_deviation(path).values()
    assert (way.name, way.kb_m, way.md[-1]) == ("A-1", 25.0, 200.0)


def test_a_second_table_on_a_sheet_is_said(tmp_path):
    path = write(tmp_path / "both.xlsx", {"Both": [*HEADS, ["C", 1.5, 2.5, 3.5], [], *TOPS]})
    table = sniff(path)
    assert table.names[0] == "Well"
    assert len(list(table.cells())) == 2
    assert "Above the table of the sheet 'Both' stands another one" in table.notes[0]
    assert sniff(write(tmp_path / "path.xlsx", {"a": PATH})).notes == ()


def test_numbers_dates_and_merged_cells_are_what_a_person_sees(tmp_path):
    rows = [["Well", "spud", "X", "Y", "remark"], ["A", Day(45000), 1.0, 2.5, "#N/A"], [None, None, 1e-7, 12, True],
            ['9 5/8" hole', Day(45001), 3, 4, " two\nlines "]]  # fmt: skip
    table = sniff(write(tmp_path / "a.xlsx", {"S": rows}, merged={"S": ["A2:A3"]}))
    assert list(table.cells()) == [
        ["A", "2023-03-15", "1", "2.5", ""],
        ["A", "", "1e-07", "12", "TRUE"],
        ['9 5/8" hole', "2023-03-16", "3", "4", "two lines"],
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # A group of columns above their names; a column called "#".
        (
            [["", "Place", ""], ["#", "X", "Y"], ["1", "5", "6"], ["2", "7", "8"]],
            ['# Place', '"#"\tX\tY', "1\t5\t6", "2\t7\t8"],
        ),
        # The text of a file that was pasted into one column.
        ([["well;x"], ["A;1"], ["B;2"]], ["well;x", "A;1", "B;2"]),
        # The header block of an interpretation system, and an empty column.
        (
            [["BEGIN HEADER", "", ""], ["X", "", ""], ["Y", "", ""], ["END HEADER", "", ""], ["1", "", "2"]],
            ["BEGIN HEADER", "X", "Y", "END HEADER", "1\t2"],
        ),
        # Notes above and below, which stand apart; the last row of a table that is not whole does not.
        (
            [["By me", "", ""], ["Day", "1 May", ""], ["", "", ""], ["Well", "X", "Y"], ["A", "5", "6"], ["B", "", ""],
             ["", "", ""], ["* about", "", ""], ["From: files", "", ""]],
            ["# By me", "# Day: 1 May", "", "Well\tX\tY", "A\t5\t6", "B\t\t", "", "# * about", "# From: files"],
        ),
        # Words alone.
        ([["Legend", ""], ["name", "color"], ["sand", "red"]], ["# Legend", "name\tcolor", "sand\tred"]),
    ],
)  # fmt: skip
def test_a_sheet_is_laid_out_as_lines(rows, expected):
    assert [text for _, text in laid_out(Sheet(rows))] == expected


def test_errors_name_the_row_as_the_spreadsheet_counts(tmp_path):
    rows = [[], ["Wells"], [], ["Well", "X", "Y"], ["A", 1, 2], [], ["B", "east", 3], ["C", 5, 6], ["D", 7, 8]]
    with pytest.raises(LabelError, match=r"w\.xlsx, line 7: column 'X' says 'east', which is no number"):
        labels.read_heads(write(tmp_path / "w.xlsx", {"S": rows}))


def test_a_workbook_with_a_sheet_for_each_kind_is_read_as_so_many_tables(tmp_path, mapped):
    separate = {"wells": write(tmp_path / "w.xlsx", {"a": HEADS}), "tops": write(tmp_path / "t.ods", {"a": TOPS})}
    about = [["A report"], ["by somebody"]]
    book = write(tmp_path / "book.xlsx", {"About": about, "Wells": HEADS, "Picks": TOPS})
    burnt = []
    one = {"known": [book], "columns": ["book.xlsx:sheet=Picks"]}
    assert [(s.kind, s.options["sheet"]) for s in sources(Said(**one), mapped)] == [("tops", "Picks")]
    for said in (Said(**separate), Said(wells=book, tops=book), Said(known=[book])):
        out = np.zeros(mapped.shape, np.uint8)
        found = Knowledge(sources(said, mapped)).burn(mapped, out)
        assert found.classes.codes == (1, 2)
        burnt.append(out)
    assert burnt[0].any()
    np.testing.assert_array_equal(burnt[0], burnt[1])
    np.testing.assert_array_equal(burnt[0], burnt[2])


def test_which_of_two_sheets_is_asked_and_can_be_said(tmp_path):
    book = write(tmp_path / "book.xlsx", {"2023": SHOTS, "2024": [SHOTS[0], [0, 0], [500, 420]]}, hidden=["2023"])
    source = Source.of(book)
    assert source.kind == "checkshots"
    with pytest.raises(Undeclared, match="which of its sheets holds checkshots") as asked:
        source.table()
    assert (asked.value.option, asked.value.choices) == ("sheet", ("2024", "2023"))
    for said, expected in (("2024", "420"), ("2023", "400"), ("1", "420")):
        assert list(source.answered(sheet=said).table().cells())[-1][1] == expected
    with pytest.raises(LabelError, match="it has no sheet '2025'"):
        source.answered(sheet="2025").table()
    several = write(tmp_path / "several.xlsx", {"a": SHOTS, "b": HEADS})
    with pytest.raises(Undeclared, match=r"its sheets hold different things: a \(checkshots") as asked:
        recognise(several)
    assert asked.value.choices == ("checkshots", "wells")


def test_classes_are_read_from_the_sheet_that_names_them(tmp_path):
    rows = [["Legend"], ["value", "name", "color"], [10, "shale", "#112233"], [65000, "sand", "#445566"]]
    book = write(tmp_path / "book.xlsx", {"Tops": TOPS, "Legend": rows})
    expected = (LabelClass(1, "shale", "#112233", 10), LabelClass(2, "sand", "#445566", 65000))
    assert tuple(ClassTable.from_csv(book)) == expected


def test_text_with_the_suffix_of_a_workbook_is_read_as_text(tmp_path):
    path = tmp_path / "wells.xls"
    path.write_text("Well\tX\tY\nA\t1\t2\n")
    assert recognise(path) == "wells"


@pytest.mark.parametrize(
    ("at", "edit"),
    [
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b'r="A3"', b'r="XFD1048576"')),
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b'r="A3"', b'r="XFD&#49;048576"')),
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><w', 1)),
        ("xl/worksheets/sheet1.xml", lambda part: part[:400]),
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b'r="A3"', b'r="A%s"' % (b"1" * 30))),
        ("xl/worksheets/sheet1.xml", lambda part: part.replace(b'<row r="3"', b'<row r="4294967298"')),
        ("xl/workbook.xml", lambda part: b""),
        ("content.xml", lambda part: part.replace(b"value=", b'value="1" table:number-columns-repeated="+9999" a=', 1)
                                         .replace(b"-row>", b'-row table:number-rows-repeated="99999">', 1)),
    ],
)  # fmt: skip
def test_what_is_damaged_or_larger_than_it_looks_is_refused(tmp_path, at, edit):
    sound = write(tmp_path / ("sound.ods" if at == "content.xml" else "sound.xlsx"), {"a": SHOTS})
    assert len(list(sniff(sound).cells())) == 2
    with zipfile.ZipFile(sound) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(LabelError, match=r"spans|no spreadsheet has|defines entities|damaged|no readable workbook"):
        sniff(pack(tmp_path / f"bad{sound.suffix}", {**parts, at: edit(parts[at])}))


def test_a_part_that_never_ends_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_fhn.zipped.MOST_BYTES", 2**16)
    path = write(tmp_path / "a.xlsx", {"a": SHOTS})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.png", b"\0" * 2**17)
    with pytest.raises(LabelError, match="it unpacks to more than"):
        sniff(path)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cut.xlsx", b"PK\x03\x04 and no more", "no readable workbook"),
        ("cut.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "its header is cut off"),
        ("letter.doc", container({"WordDocument": b"text"}), "it is no workbook"),
        ("locked.xlsx", container({"EncryptedPackage": b"secret"}), "it is locked with a password"),
    ],
)
def test_what_is_no_workbook_says_so(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LabelError, match=words):
        sniff(tmp_path / name)


@pytest.mark.parametrize("record", [b"\x03\x02\x0e\x00", b"\x00\x02\x0e\x00"])
def test_an_old_workbook_whose_cells_lie_far_apart_is_refused(tmp_path, record):
    path = write(tmp_path / "a.xls", {"a": SHOTS})
    data = bytearray(path.read_bytes())
    at = data.find(record) + 4
    data[at : at + 14] = b"\xff" * 4 + b"\xff\xff\xff\xff\x00\x00\xff\xff\x00\x00" if record[0] else (
        b"\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\xff\xff\x00\x00")  # fmt: skip
    path.write_bytes(data)
    with pytest.raises(LabelError, match="spans"):
        sniff(path)


def test_sizes_of_an_old_workbook_are_those_that_its_reader_makes_room_for(tmp_path):
    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def span(*ends: int) -> bytes:
        return record(0x0200, struct.pack("<IIHH2x", *ends))

    begin = record(0x0809, bytes(16))
    assert of_biff(begin + span(0, 3, 0, 4), tmp_path) == [0, 12]
    assert of_biff(begin + span(5, 0, 0, 0), tmp_path) == [0, 0]
    # The last row lies in front of the first: how many there are wraps around.
    with pytest.raises(LabelError, match="ends before it begins"):
        of_biff(begin + span(5, 1, 0, 4), tmp_path)
    # The name of a sheet is a record for whoever reads from where the sheet is said to begin.
    named = record(0x0085, struct.pack("<I", len(begin) + 8) + span(0, 2**24, 0, 2**16 - 1))
    assert max(of_biff(begin + named, tmp_path)) == 2**24 * (2**16 - 1)
