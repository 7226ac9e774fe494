"""What a file of shapes is by its first bytes, and whether it names anything beside itself."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from napari_fhn.regular import odd_beside, why_not
from napari_fhn.vector.errors import VectorError, short
from napari_fhn.what_it_is import what_it_is

_SQLITE = b"SQLite format 3\x00"
#: First bytes of a file, by suffix.
MAGIC = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": _SQLITE,
    ".geojson": b"{",
    ".json": b"{",
    ".fgb": b"fgb",
    ".geojsonl": b"{",
    ".gmt": b"# @VGMT",
    ".mif": b"version",
    ".tab": b"!table",
    ".sqlite": _SQLITE,
    ".db": _SQLITE,
    ".gml": b"<",
    ".gpx": b"<",
    ".zip": b"PK\x03\x04",
}
#: A folder of tables, as ArcGIS has it (a file geodatabase).
GEODATABASE = ".gdb"
SUFFIXES = (*MAGIC, GEODATABASE)
#: Tables, with their indices, in one.
_MOST_TABLES = 20_000
#: The table of all its tables, and how such begin, by the two versions of them.
_CATALOGUE, _CATALOGUES = "a00000001.gdbtable", (b"\x03\x00\x00\x00", b"\x04\x00\x00\x00")
#: Files without which GDAL cannot read one, by suffix; in either case.
_NEEDED = {".shp": ".shx", ".tab": ".dat"}
#: What a table of MapInfo says that has its shapes beside it, and is no view of others elsewhere.
_NATIVE = (b"type native", b"open table")
#: What has to stand near the beginning of a file of XML.
_ROOTS = {".gml": re.compile(rb"opengis\.net/gml"), ".gpx": re.compile(rb"<([A-Za-z_][\w.-]*:)?gpx[\s>]")}
_ROOT_WITHIN = 2**16
#: Files of XML are read whole by GDAL before the first shape comes.
_LARGEST_XML = 2**30
_PIECE = 2**20
#: Entities could blow a few bytes up to gigabytes, or stand for other files.
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST_MATCH = 64
#: What SQLite makes tables of that are no files: indices of places and of words.
_HARMLESS = re.compile(
    r"\A\s*CREATE\s+VIRTUAL\s+TABLE\s.+?\sUSING\s+[\"'`\[]?"
    r"(rtree|rtree_i32|fts[345]|virtualspatialindex|virtualelementary|virtualknn2?)\b",
    re.IGNORECASE | re.DOTALL,
)


def check(path: Path) -> None:
    """Look at a file before GDAL does.

    Parameters
    ----------
    path : Path
        Of shapes.

    Raises
    ------
    VectorError
        When it is missing or no plain file, is not what its suffix says, or names what lies outside of it.
    """
    suffix = path.suffix.lower()
    if suffix == GEODATABASE:
        _check_geodatabase(path)
        return
    magic = MAGIC.get(suffix)
    if magic is None:
        raise VectorError(path, f"the suffix '{path.suffix}' is not known", f"Use {', '.join(SUFFIXES)}")
    wrong = why_not(path) or odd_beside(path)
    if wrong is not None:
        raise VectorError(path, *wrong)
    try:
        with path.open("rb") as file:
            head = file.read(_ROOT_WITHIN).removeprefix(b"\xef\xbb\xbf")
        head = head.lstrip(b" \t\r\n") if magic[0] > 32 else head
        root = _ROOTS.get(suffix)
        if not head[:64].lower().startswith(magic.lower()) or (root is not None and not root.search(head)):
            raise _another(path, suffix)
        if suffix == ".tab":
            said = path.read_bytes()[:_ROOT_WITHIN].lower()
            if _NATIVE[0] not in said or _NATIVE[1] in said:
                what = "it is a table of MapInfo without shapes of its own"
                raise VectorError(path, what, "Export it as a native table")
        needed = _NEEDED.get(suffix, "")
        if needed and not any(path.with_suffix(one).exists() for one in (needed, needed.upper())):
            what = f"it is several files of one name, and {path.stem}{needed} is not beside it"
            raise VectorError(path, what, f"Copy all files {path.stem}.* together, or use a GeoPackage")
        if root is not None:
            _check_xml(path)
    except OSError as error:
        raise VectorError(path, f"it cannot be read: {error.strerror or error}", "Check the path") from error
    if magic is _SQLITE:
        _check_tables(path)


def _check_geodatabase(path: Path) -> None:
    """Refuse a folder that is no geodatabase, or in which anything leads elsewhere."""
    wrong = why_not(path, folder=True)
    if wrong is not None:
        raise VectorError(path, *wrong)
    if not path.is_dir():
        raise VectorError(path, "it is a file, and a geodatabase is a folder of many", "Copy the whole folder")
    try:
        with os.scandir(path) as entries:
            for count, entry in enumerate(entries):
                if not entry.is_file(follow_symlinks=False):
                    raise VectorError(path, f"{entry.name} in it is no plain file", "Copy the geodatabase again")
                if count >= _MOST_TABLES:
                    raise VectorError(path, f"it holds more than {_MOST_TABLES:,} files", "Export what is needed of it")
        with (path / _CATALOGUE).open("rb") as file:
            begins = file.read(4)
    except FileNotFoundError:
        begins = b""
    except OSError as error:
        raise VectorError(path, f"it cannot be read: {error.strerror or error}", "Check the path") from error
    if begins not in _CATALOGUES:
        what = f"it is no geodatabase: the table of its tables ({_CATALOGUE}) is not in it"
        raise VectorError(path, what, "Copy the whole folder again")


def _another(path: Path, suffix: str) -> VectorError:
    """Return the error for a file that is not what its suffix says."""
    found = what_it_is(path)
    if found is None:
        return VectorError(path, f"it is no {suffix[1:]} file by its first bytes", "Export it again")
    # A zip that holds nothing begins otherwise than others, and is one.
    said = "" if "a zip" in found.words else f"it is no {suffix[1:]} file by its first bytes: "
    return VectorError(path, f"{said}it is {found.words}", found.way_out or "Export it again")


def _check_xml(path: Path) -> None:
    size = path.stat().st_size
    if size > _LARGEST_XML:
        raise VectorError(path, f"it holds {size / 1e9:.1f} GB of text", "Export it as a GeoPackage")
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            if _ENTITIES.search(before + piece):
                raise VectorError(path, "it defines entities, which no such file needs", "Export it again")
            before = piece[-_LONGEST_MATCH:]


def _check_tables(path: Path) -> None:
    """Refuse a database with tables that are made of something else, such as files elsewhere."""
    try:
        # As a file that nobody changes: no journal is looked for, and none is left beside it.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema=OFF")
            found = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE sql LIKE '%virtual%' AND type = 'table'"
            ).fetchall()
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise VectorError(path, f"it cannot be read ({short(error)})", "Export it again") from error
    made = re.compile(r"\A\s*CREATE\s+VIRTUAL\s", re.IGNORECASE)
    for name, sql in found:
        if made.match(str(sql)) and not _HARMLESS.match(str(sql)):
            what = f"its table '{name}' is made of what lies outside of it"
            raise VectorError(path, what, "Save the table itself as a GeoPackage")
