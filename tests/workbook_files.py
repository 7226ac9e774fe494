"""Workbooks as spreadsheet programs write them, made of rows of values: ``.xlsx``, ``.ods`` and the old ``.xls``."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

Rows = Sequence[Sequence[object]]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACK = "http://schemas.openxmlformats.org/package/2006"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


@dataclass(frozen=True)
class Day:
    """A date, as days since the end of 1899."""

    number: float


@dataclass(frozen=True)
class Book:
    """What a workbook holds."""

    sheets: Mapping[str, Rows]
    merged: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hidden: Sequence[str] = ()


def write(path: Path, sheets: Mapping[str, Rows], **more: object) -> Path:
    """Write a workbook in the format of its suffix."""
    book = Book(sheets, **more)  # type: ignore[arg-type]
    {".xlsx": _xlsx, ".ods": _ods, ".xls": _xls}[path.suffix](path, book)
    return path


def reference(row: int, column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row + 1}"


def _xlsx(path: Path, book: Book) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    names = list(book.sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACK}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACK}/relationships"><Relationship Id="rId1" '
        f'Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{k}" r:id="rId{k}"'
            + (' state="hidden"' if name in book.hidden else "")
            + "/>"
            for k, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACK}/relationships">'
        + "".join(
            f'<Relationship Id="rId{k}" Type="{_DOC}/worksheet" Target="worksheets/sheet{k}.xml"/>'
            for k in range(1, len(names) + 1)
        )
        + f'<Relationship Id="rId99" Type="{_DOC}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
    }
    for k, (name, rows) in enumerate(book.sheets.items(), 1):
        merged = "".join(f'<mergeCell ref="{one}"/>' for one in book.merged.get(name, ()))
        parts[f"xl/worksheets/sheet{k}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>'
            + "".join(
                f'<row r="{i + 1}">' + "".join(_cell(reference(i, j), value) for j, value in enumerate(row)) + "</row>"
                for i, row in enumerate(rows)
            )
            + "</sheetData>"
            + (f"<mergeCells>{merged}</mergeCells>" if merged else "")
            + "</worksheet>"
        )
    pack(path, {name: f'<?xml version="1.0" encoding="UTF-8"?>{text}' for name, text in parts.items()})


def pack(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write a zip of parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def _cell(at: str, value: object) -> str:
    match value:
        case None | "":
            return f'<c r="{at}"/>'
        case bool():
            return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{at}"><v>{float(value)!r}</v></c>'
        case Day():
            return f'<c r="{at}" s="1"><v>{value.number!r}</v></c>'
        case str() if value.startswith("#N"):
            return f'<c r="{at}" t="e"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _ods(path: Path, book: Book) -> None:
    def cell(value: object) -> str:
        if value is None or value == "":
            return "<table:table-cell/>"
        if isinstance(value, int | float):
            said = f'office:value-type="float" office:value="{float(value)!r}"'
        else:
            said = 'office:value-type="string"'
        return f"<table:table-cell {said}><text:p>{escape(str(value))}</text:p></table:table-cell>"

    rows_of = {
        name: "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        # As LibreOffice ends a sheet.
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
        for name, rows in book.sheets.items()
    }
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{_ODF}:office:1.0" '
        f'xmlns:table="{_ODF}:table:1.0" xmlns:text="{_ODF}:text:1.0"><office:body><office:spreadsheet>'
        + "".join(f"<table:table table:name={quoteattr(name)}>{rows}</table:table>" for name, rows in rows_of.items())
        + "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0"/>'
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    pack(path, {"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": manifest})


def _xls(path: Path, book: Book) -> None:
    def record(kind: int, body: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    def cell(i: int, j: int, value: object) -> bytes:
        if value is None or value == "":
            return b""
        at = struct.pack("<HHH", i, j, 0)
        if isinstance(value, int | float):
            return record(0x0203, at + struct.pack("<d", value))
        text = str(value).encode("utf-16-le")
        return record(0x0204, at + struct.pack("<HB", len(text) // 2, 1) + text)

    sheets = {
        name: begin(0x10)
        + record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0))
        + b"".join(cell(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row))
        + record(0x000A)
        for name, rows in book.sheets.items()
    }
    bound = {name: name.encode("utf-16-le") for name in sheets}
    place = len(begin(5)) + sum(12 + len(one) for one in bound.values()) + 4
    globals_ = begin(5)
    for name, text in bound.items():
        globals_ += record(0x0085, struct.pack("<IBBBB", place, 0, 0, len(text) // 2, 1) + text)
        place += len(sheets[name])
    path.write_bytes(container({"Workbook": globals_ + record(0x000A) + b"".join(sheets.values())}))


def container(streams: Mapping[str, bytes]) -> bytes:
    """Return the container of old office files, with its streams in sectors of 512 bytes."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    padded = {name: data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0") for name, data in streams.items()}
    table = [fat, end]
    entries = [("Root Entry", 5, end, 0)]
    for name, data in padded.items():
        first, n = len(table), len(data) // 512
        table += [*range(first + 1, first + n), end]
        entries.append((name, 2, first, len(data)))
    assert len(table) <= 128
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB", 2 * len(name) + 2, kind, 1)
        + struct.pack("<III", free, free, 1 if kind == 5 else free)
        + b"\0" * 36
        + struct.pack("<III", first, size, 0)
        for name, kind, first, size in entries
    ).ljust(512, b"\0")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0")
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + b"\0" * 10
        + struct.pack("<IIIIIIII", 1, 1, 0, 4096, end, 0, end, 0)
        + struct.pack("<I", 0)
        + struct.pack("<I", free) * 108
    )
    sectors = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
    return header + sectors + directory + b"".join(padded.values())
