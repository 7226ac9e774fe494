"""Legends as others write them: codes, names and colours in tables with any headings, styles, colour maps and JSON.

The program's own table is ``value,name,color``. A map comes with ``GRID_CODE;LABEL3;RGB``, ``Wert;Klasse``, a style
of QGIS or SLD, a colour map of four numbers a line, a raster attribute table, or a dictionary. What of a legend is a
class is the same everywhere: `class_rows` says it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from napari_fhn import record
from napari_fhn.labels.classes.class_rows import classes_of_rows
from napari_fhn.labels.classes.class_table import ClassTable
from napari_fhn.labels.classes.codes import as_code
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.sniffing import sniff
from napari_fhn.labels.tables.text import encoding_of, lines, look
from napari_fhn.what_it_is import what_it_is

Entry = tuple[str, str, str, int | None]
"""Code, name and colour as they stand there, and the line."""

#: Styles and the like, by suffix.
STYLES = (".qml", ".sld", ".xml", ".json", ".clr")
#: Bytes of a legend; 255 classes need no more, whatever is said about each.
_MOST = 8 * 2**20
_WHERE = re.compile(r"[\s_.\-/()\[\]#°º]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What columns of legends are called, without spaces, points and lines, in lower case.
_CODES = _words(
    "value values code codes id classid classcode classvalue classnumber gridcode gridvalue number no nr num "
    "key val dn pixel pixelvalue rastervalue lccode clccode cod codigo código codice codigoclase clave valor "
    "valore wert wertcode klassenwert klassennummer nummer schluessel schlüssel kennzahl kode valeur numero "
    "numéro numer kod koodi värde verdi værdi waarde код номер значение 值 代码 编码 コード 番号"
)
_NAMES = _words(
    "name names label labels label1 label2 label3 classname class classes title description desc legend "
    "legende légende leyenda legenda meaning category type landcover landcoverclass nlcdlandcoverclass landuse "
    "lulc lithology litho facies unit formation nom nomclasse libelle libellé classe nombre clase descripcion "
    "descripción nome descrizione descrição bezeichnung klasse klassenname beschreibung beskrivelse "
    "beskrivning naam klas omschrijving navn namn nimi luokka nazwa opis klasa název название имя класс "
    "описание 名称 类别 类名 名前 分類 クラス"
)
_COLORS = _words(
    "color colour colors hex hexcolor colorhex colourhex htmlcolor rgb rgbcolor farbe farbwert couleur colore "
    "cor kleur farg färg farge farve väri kolor barva цвет 颜色 色"
)
_RED, _GREEN, _BLUE = (
    _words("r red rot rouge rojo rosso rood"),
    _words("g green grün gruen vert verde groen"),
    _words("b blue blau bleu azul blu blauw"),
)
#: How columns end that hold codes or names of something: ``LITHOLOGY_CODE``, ``soil_name``.
_ENDS = ("code", "codes", "id", "value", "number", "nr", "num", "kode")
_CALLED = ("name", "names", "class", "label", "description", "desc", "bezeichnung", "klasse")
#: Columns of tables that are no legends, whatever else is in them.
_PLACES = _words("x y z lon lat longitude latitude easting northing inline crossline md tvd twt depth top base well")
#: Columns of legends that say nothing of a class.
_BESIDE = _words(
    "a alpha opacity transparency count counts pixelcount histogram area areakm2 areaha percent share anzahl "
    "fläche flaeche oid objectid fid rowid index"
)
#: Lines of colour maps that are of no class: no data of gdaldem and GRASS, and what ends the latter.
_OF_NONE = re.compile(r"(?:nv|nan|nodata|default|end)\b", re.IGNORECASE)
_COLONS = re.compile(r"\b(\d{1,3}):(\d{1,3}):(\d{1,3})\s*$")
#: Lines without a heading, as GRASS writes categories: ``10|rock``, ``10:rock``; and ``10 rock 255 0 0``.
_NAMED = re.compile(
    r"(-?\d+(?:\.\d+)?)\s*([|:;,=\t])\s*(?P<name>[^\d\s#](?:(?!\2).){0,200})"
    r"(?:\2\s*(?P<color>#[0-9a-fA-F]{6}))?"
)
_COLORED = re.compile(
    r"(-?\d+(?:\.\d+)?)[\s|;,]+(?P<name>[^\d\s].{0,200}?)[\s|;,]+(?P<color>\d{1,3}[\s:,;]+\d{1,3}[\s:,;]+\d{1,3})"
    r"(?:[\s:,;]+\d{1,3})?"
)
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTRIES = re.compile(r"<(?:\w+:)?(paletteEntry|item|category|ColorMapEntry)\b([^>]*)>", re.IGNORECASE)
_ROWS = re.compile(r"<Row\b[^>]*>(.*?)</Row>", re.DOTALL)
_CELLS = re.compile(r"<F>(.*?)</F>|<F\s*/>", re.DOTALL)
_FIELDS = re.compile(r"<FieldDefn\b[^>]*>.*?<Name>(.*?)</Name>", re.DOTALL)
_CATEGORIES = re.compile(r"<CategoryNames>(.*?)</CategoryNames>", re.DOTALL)
_CATEGORY = re.compile(r"<Category>(.*?)</Category>|<Category\s*/>", re.DOTALL)
_CODE, _NAME, _COLOR = (
    ("value", "code", "id", "quantity"),
    ("label", "name", "title", "description"),
    ("color", "color_hint"),
)


def read_legend(path: str | Path) -> ClassTable:
    """Read the classes of a legend.

    Parameters
    ----------
    path : str or Path
        A table (text or workbook) with a column of whole numbers and one of names, whatever they are called; colours
        as ``#rrggbb``, ``230-0-77``, ``rgb(230, 0, 77)``, in three columns, or none. A style of QGIS (``.qml``) or SLD,
        a raster attribute table (``.aux.xml``), a colour map (``.clr``, or lines of code, red, green, blue, name), or
        JSON: names by code, codes by name, or a list of objects.

    Returns
    -------
    ClassTable
        What it calls unclassified, no data or the like is left out, and, with a `LabelWarning`, what has no whole
        number as its code, or no name; the usual colours where it gives none.

    Raises
    ------
    LabelError
        With file and line.
    """
    path = Path(path)
    look(path)
    try:
        entries = _of_style(path) if path.suffix.lower() in STYLES else None
        if entries is None:
            entries = _of_color_map(path) or _of_plain_lines(path) or _of_table(path)
        rows = ((code, name, _hex(color), line) for code, name, color, line in entries)
        return classes_of_rows(ClassTable, path, rows)
    except (OSError, record.RecordError) as error:
        raise LabelError(f"it cannot be read as a legend ({error})", "Export it again", path=path) from error
    except LabelError as error:
        found = what_it_is(path)
        if found is None or found.use in ("classes", "table"):
            raise
        raise LabelError(f"it is {found.words}", found.way_out, path=path) from error


def is_legend(path: Path, table: Table | None = None) -> bool:
    """Say whether a file is a legend, and nothing else: each of its columns says something of classes.

    Parameters
    ----------
    path : Path
        The file.
    table : Table, optional
        What a look at it has found.
    """
    if path.suffix.lower() in STYLES:
        try:
            found = _of_color_map(path) if path.suffix.lower() == ".clr" else _of_style(path)
            return any(as_code(code) is not None and name for code, name, *_ in found or ())
        except (OSError, LabelError, record.RecordError):
            return False
    if table is None or not table.has_header:
        # Four whole numbers a line may be anything: these say what they are.
        said = " ".join(text for _, text in islice(lines(path, encoding_of(path)), 3)).upper()
        return ("COLOR MAP" in said or "INTERPOLATION:" in said) and bool(_of_color_map(path))
    bare = [_bare(name) for name in table.names]
    if _PLACES & set(bare):
        return False
    try:
        code, name, colors = _columns(path, table, strict=True)
    except LabelError:
        return False
    known = _CODES | _NAMES | _COLORS | _RED | _GREEN | _BLUE | _BESIDE
    strange = [k for k, one in enumerate(bare) if one not in known and k not in (code, name)]
    codes = [row[code] for row in table.sample]
    return len(set(codes)) == len(codes) and (not strange or bool(colors))


def _bare(name: str) -> str:
    return _WHERE.sub("", name).lower()


def _of_table(path: Path) -> list[Entry]:
    table = sniff(path)
    first = table.sample[0] if table.sample and not table.has_header else []
    if {_bare(cell) for cell in first} & _CODES and {_bare(cell) for cell in first} & _NAMES:
        # Below it are words where numbers stand elsewhere, so that it looks like any other row.
        table = sniff(path, wanted=[cell.strip().lower() for cell in first])
    if not table.has_header:
        what = "its columns have no names"
        raise LabelError(what, "The first line must name them, such as value, name, color", path=path, line=1)
    code, name, colors = _columns(path, table)
    names = {"code": code, "name": name, **{f"color{k}": column for k, column in enumerate(colors)}}
    table.warn()
    return [
        (row.cells["code"], row.cells["name"], " ".join(row.cells[f"color{k}"] for k in range(len(colors))), row.line)
        for row in table.rows(names)
        if any(row.cells.values())
    ]


def _columns(path: Path, table: Table, *, strict: bool = False) -> tuple[int, int, list[int]]:
    """Which columns are code, name and colour: by what they are called, and by what stands in them.

    One in which not all are whole numbers is that of the codes only where it is called so, and no other can be.
    """
    bare = [_bare(name) for name in table.names]
    cells = [[row[k].strip() if k < len(row) else "" for row in table.sample] for k in range(len(bare))]
    whole = [all(as_code(cell) is not None for cell in column if cell) and any(column) for column in cells]
    colors = next(([k] for k, name in enumerate(bare) if name in _COLORS), [])
    parts = [
        next((k for k, name in enumerate(bare) if name in channel and whole[k]), -1)
        for channel in (_RED, _GREEN, _BLUE)
    ]
    if not colors and -1 not in parts:
        colors = parts
    # "class" is the code in one legend and the name in the next: what stands there tells.
    codes = [k for k, name in enumerate(bare) if name in _CODES and whole[k]]
    codes = codes or [k for k, name in enumerate(bare) if name.endswith(_ENDS) and whole[k]]
    codes = codes or [k for k, name in enumerate(bare) if name in _NAMES and whole[k]]
    if not codes and not strict:
        codes = [k for k, name in enumerate(bare) if name in _CODES]
    if not codes:
        found = ", ".join(table.names[:12])
        what = f"no column of it is that of the codes; the columns are {found}"
        raise LabelError(what, "Name it 'value'; codes are whole numbers", path=path, line=1)
    told = [k for k in codes if len(set(cells[k])) == len(cells[k])] or codes
    if len(told) > 1 and "value" in (bare[k] for k in told):
        told = [k for k in told if bare[k] == "value"]
    if len(told) > 1:
        which = " and ".join(f"'{table.names[k]}'" for k in told[:4])
        raise LabelError(
            f"{which} may each be the codes", "Name the one that is in the data 'value'", path=path, line=1
        )
    taken = {*codes, *colors, *(part for part in parts if part >= 0)}
    named = [k for k, name in enumerate(bare) if name in _NAMES and k not in taken]
    named = named or [k for k, name in enumerate(bare) if k not in taken and name.endswith(_CALLED) and not whole[k]]
    named = named or [k for k in range(len(bare)) if k not in taken and bare[k] not in _BESIDE and not whole[k]]
    if not named:
        what = f"no column of it is that of the names; the columns are {', '.join(table.names[:12])}"
        raise LabelError(what, "Name it 'name'", path=path, line=1)
    # Of several levels of a legend the one that tells all classes apart, and of these the last is the finest.
    apart = [k for k in named if len(set(cells[k])) == len(cells[k])]
    first = next((k for k in apart or named if bare[k] == "name"), None)
    return told[0], (apart or named)[-1] if first is None else first, colors


def _of_color_map(path: Path) -> list[Entry]:
    """Read lines of code, red, green, blue, and perhaps opacity and a name; nothing where it has others."""
    found: list[Entry] = []
    for number, line in islice(lines(path, encoding_of(path)), 2000):
        text = line.strip()
        if not text or text.startswith("#") or text.upper().startswith("INTERPOLATION"):
            continue
        if _OF_NONE.match(text):
            continue
        # GRASS divides the colours by colons.
        text = _COLONS.sub(r"\1 \2 \3", text)
        parts = text.split(",", 5) if text.count(",") >= 3 else text.split(None, 5)
        numbers = [as_code(part) for part in parts[:5]]
        if len(parts) < 4 or None in numbers[1:4] or not all(0 <= (n or 0) <= 255 for n in numbers[1:4]):
            return []
        opaque = len(parts) > 4 and numbers[4] is not None
        name = " ".join(parts[5 if opaque else 4 :]).strip(" ,\t\"'")
        found.append((parts[0], name or parts[0].strip(), " ".join(parts[1:4]), number))
    # Where no code is a whole number, these may be four columns of anything.
    return found if any(as_code(code) is not None for code, *_ in found) or path.suffix.lower() == ".clr" else []


def _of_plain_lines(path: Path) -> list[Entry]:
    """Read lines of code and name, or code, name and colour, without a heading; nothing where it has others."""
    found: list[Entry] = []
    for number, line in islice(lines(path, encoding_of(path)), 2000):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        said = _COLORED.fullmatch(text) or _NAMED.fullmatch(text)
        if said is None:
            return []
        found.append((said[1], said["name"].strip(" \"'"), said["color"] or "", number))
    return found


def _of_style(path: Path) -> list[Entry] | None:
    """Read a style, a raster attribute table, or JSON; None for a colour map."""
    suffix = path.suffix.lower()
    if suffix == ".clr":
        return None
    if path.stat().st_size > _MOST:
        raise LabelError("it is too large for a legend", "Export the legend alone", path=path)
    if suffix == ".json":
        if (found := what_it_is(path)) is not None and found.use == "job":
            raise LabelError(f"it is {found.words}", found.way_out, path=path)
        return _of_json(path)
    text = path.read_bytes().decode("utf-8-sig", "replace")
    entries: list[Entry] = []
    for match in _ENTRIES.finditer(text):
        said = {key.rpartition(":")[2].lower(): html.unescape(a or b) for key, a, b in _ATTRIBUTE.findall(match[2])}
        code = next((said[key] for key in _CODE if said.get(key)), "")
        name = next((said[key] for key in _NAME if said.get(key)), "")
        if code:
            entries.append((code, name or code, said.get("color", ""), text.count("\n", 0, match.start()) + 1))
    if not any(as_code(code) is not None for code, *_ in entries):  # such as items of another part of the style
        entries = _of_attributes(text, path) or entries
    if not entries:
        what = "it names no class: neither colours by value nor a raster attribute table are in it"
        raise LabelError(what, "Export the legend as a table of value, name, color", path=path)
    return entries


def _of_attributes(text: str, path: Path) -> list[Entry]:
    """Read a raster attribute table, or the names of categories, as GDAL keeps them beside a raster."""
    fields = [_bare(html.unescape(name)) for name in _FIELDS.findall(text)]
    code = next((k for k, name in enumerate(fields) if name in _CODES), -1)
    name = next((k for k, field in enumerate(fields) if field in _NAMES and k != code), -1)
    color = [next((k for k, field in enumerate(fields) if field in one), -1) for one in (_RED, _GREEN, _BLUE)]
    found: list[Entry] = []
    if code >= 0 and name >= 0:
        for match in _ROWS.finditer(text):
            cells = [html.unescape(cell).strip() for cell in _CELLS.findall(match[1])]
            if len(cells) == len(fields):
                rgb = "" if -1 in color else " ".join(cells[k] for k in color)
                found.append((cells[code], cells[name], rgb, text.count("\n", 0, match.start()) + 1))
    categories = _CATEGORIES.search(text)
    if not found and categories is not None:
        named = [html.unescape(one).strip() for one in _CATEGORY.findall(categories[1])]
        found = [(str(k), one, "", None) for k, one in enumerate(named) if one]
    return found


def _of_json(path: Path) -> list[Entry]:
    content = record.parse(path.read_bytes(), longest=_MOST)
    for key in ("classification:classes", "classes", "legend", "labels", "categories"):
        if isinstance(content, dict) and isinstance(content.get(key), dict | list):
            content = content[key]
    found: list[Entry] = []
    if isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, dict):
                found.append((_said(value, _CODE) or key, _said(value, _NAME) or key, _color_of(value), None))
            elif as_code(key) is None and isinstance(value, int | float) and not isinstance(value, bool):
                found.append((str(value), key, "", None))
            else:
                found.append((key, value if isinstance(value, str) else "", "", None))
    elif isinstance(content, list):
        found = [
            (_said(one, _CODE), _said(one, _NAME), _color_of(one), None)
            for one in (one if isinstance(one, dict) else {"name": str(one)} for one in content)
        ]
    if not found:
        raise LabelError("it names no class", 'Write {"10": "trees", "80": "water"}', path=path)
    return found


def _said(one: dict[str, Any], keys: Sequence[str]) -> str:
    lower = {str(key).lower(): value for key, value in one.items()}
    return next((str(lower[key]) for key in keys if isinstance(lower.get(key), str | int | float)), "")


def _color_of(one: dict[str, Any]) -> str:
    color = next((value for key, value in one.items() if str(key).lower() in (*_COLOR, *_COLORS)), "")
    return " ".join(map(str, color)) if isinstance(color, list) else str(color)


def _hex(said: str) -> str:
    """Return a colour as ``#rrggbb``; nothing for words, which are left to the usual colours."""
    text = said.strip().lower()
    short = re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", text)
    if short is not None:
        return "#" + "".join(2 * digit for digit in short.groups())
    found = re.fullmatch(r"(?:#|0x)?([0-9a-f]{6})(?:[0-9a-f]{2})?", text)
    if found is not None and (text.startswith(("#", "0x")) or not text.isdigit() or len(text) == 6):
        return f"#{found[1]}"
    numbers = [int(part) for part in re.findall(r"\d{1,18}", text.partition("%")[0])][:3]
    if len(numbers) == 3 and max(numbers) <= 255 and re.fullmatch(r"(?:rgba?\s*\()?[\d\s,;/.\-]*\)?", text):
        return "#{:02x}{:02x}{:02x}".format(*numbers)
    return ""
