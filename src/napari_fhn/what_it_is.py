"""What a file is by its own bytes, in words, and which option takes it: said where it was given as something else.

A reader knows what it wants, and can only say where it stumbled; a person who gave a picture for a well log, or tracks
of a GPS for a horizon, wants to hear what the file is. No library is loaded for it, and nothing of the file is believed
beyond its beginning.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_fhn.first_look import well_log
from napari_fhn.regular import why_not

#: What a file is used as, and what is said of that: the options are the same at the command line and in Python.
USES = {
    "voxels": "Give it as the survey, or as --labels where its values are classes",
    "raster": "Give it as the survey, or as --labels where its values are classes",
    "las": "Give it as --las",
    "shapes": "Give it as --polygons",
    "classes": "Give it as --classes",
    "job": "Give it as --job",
    "network": "Give it as --backbone, with a file beside it that says what it takes",
}
_UNPACK = "Unpack it, and give what is in it"
_AS_TABLE = "Save the table in it as CSV"
_AS_LEGEND = "Write the classes into a table of value, name, color"
_HEAD = 2**14
_TAR_AT = 257
_LAST_DBASE = (0x03, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xCB, 0xF5)
#: Members of a zip that a sentence names.
_NAMED = 3
#: Suffixes of shapes, of those that a zip may hold.
_SHAPES = (".shp", ".gpkg", ".geojson", ".gml", ".gpx", ".kml", ".fgb", ".mif", ".tab")


@dataclass(frozen=True)
class Found:
    """What a file is.

    Attributes
    ----------
    words : str
        For a sentence, behind "it is".
    use : str
        One of `USES`; ``"table"`` for what is read as a table, empty for what the program does not read.
    way_out : str
        What can be done with it.
    """

    words: str
    use: str = ""
    way_out: str = ""


def _used(words: str, use: str) -> Found:
    return Found(words, use, USES[use])


#: First bytes that nothing else has.
_BEGINS: tuple[tuple[bytes, Found], ...] = (
    (b"\x93NUMPY", _used("an array of numpy", "voxels")),
    (b"\x89HDF\r\n\x1a\n", _used("an HDF5 file", "voxels")),
    (b"CDF\x01", _used("a NetCDF file", "voxels")),
    (b"CDF\x02", _used("a NetCDF file", "voxels")),
    (b"CDF\x05", _used("a NetCDF file", "voxels")),
    (b"MATLAB 5.0", _used("a MATLAB file", "voxels")),
    (b"HueDataStore", _used("an OpenVDS volume", "voxels")),
    (b"VBS\x00", _used("a ZGY volume", "voxels")),
    (b"II*\x00", _used("a TIFF", "raster")),
    (b"MM\x00*", _used("a TIFF", "raster")),
    (b"II+\x00", _used("a TIFF", "raster")),
    (b"MM\x00+", _used("a TIFF", "raster")),
    (b"\x89PNG", _used("a picture (PNG)", "raster")),
    (b"\x00\x00\x00\x0cjP  ", _used("a picture (JPEG 2000)", "raster")),
    (b"ENVI", _used("the header of an ENVI image", "raster")),
    (b"<VRTDataset", _used("a virtual raster of GDAL", "raster")),
    (b"SQLite format 3\x00", _used("a database (SQLite, as GeoPackages are)", "shapes")),
    (b"fgb\x03", _used("a file of shapes (FlatGeobuf)", "shapes")),
    (b"\xff\xd8\xff", Found("a picture (JPEG)", way_out="Save it as a GeoTIFF, where it is a map")),
    (b"GIF8", Found("a picture (GIF)", way_out="Save it as a GeoTIFF, where it is a map")),
    (b"%PDF", Found("a document (PDF)", way_out=_AS_TABLE)),
    (b"{\\rtf", Found("a document (RTF)", way_out=_AS_TABLE)),
    (b"PAR1", Found("a table of Parquet", way_out="Save it as CSV or as a GeoPackage")),
    (b"LASF", Found("points of a laser scan (LAS of lidar), and no well log", way_out="Use another file")),
    (b"AC10", Found("a drawing of CAD (DWG)", way_out="Export its shapes as a GeoPackage, with a class")),
    (b"\x1f\x8b", Found("packed (gzip)", way_out=_UNPACK)),
    (b"BZh", Found("packed (bzip2)", way_out=_UNPACK)),
    (b"\xfd7zXZ\x00", Found("packed (xz)", way_out=_UNPACK)),
    (b"7z\xbc\xaf'\x1c", Found("packed (7-Zip)", way_out=_UNPACK)),
    (b"Rar!", Found("packed (RAR)", way_out=_UNPACK)),
    (b"\x28\xb5\x2f\xfd", Found("packed (Zstandard)", way_out=_UNPACK)),
)
_XML = (
    (re.compile(rb"<(?:\w+:)?kml\b"), _used("places of Google Earth (KML)", "shapes")),
    (re.compile(rb"<(?:\w+:)?gpx\b"), _used("points and tracks of a GPS (GPX)", "shapes")),
    (re.compile(rb"opengis\.net/gml"), _used("shapes (GML)", "shapes")),
    (re.compile(rb"<qgis\b"), _used("a style of QGIS", "classes")),
    (re.compile(rb"<(?:\w+:)?StyledLayerDescriptor\b"), _used("a style (SLD)", "classes")),
    (re.compile(rb"<PAMDataset\b"), _used("what GDAL keeps beside a raster", "classes")),
    (re.compile(rb"<!doctype html|<html\b", re.IGNORECASE),
     Found("a page of the web (HTML)", way_out="Download the file itself: a link may lead to a page about it")),
)  # fmt: skip
_FEATURES = re.compile(rb'"type"\s*:\s*"(?:FeatureCollection|Feature|Polygon|MultiPolygon|Point|LineString)"')
#: A colour palette of SNAP: colours at values, between which they run, and no names.
_PALETTE = re.compile(rb"#\s*BEAM Colou?r Palette|(?=.*^numPoints\s*[=:]).*^color0\s*[=:]", re.DOTALL | re.MULTILINE)
_CRS = re.compile(rb"\s*(?:PROJCS|GEOGCS|PROJCRS|GEOGCRS|COMPD_CS|BOUNDCRS)\s*\[")


def what_it_is(path: str | Path) -> Found | None:
    """Say what a file is, where its own bytes tell it.

    Parameters
    ----------
    path : path-like
        Any; nothing is raised for what is not there or cannot be read.

    Returns
    -------
    Found or None
        None for text that may be a table, for what nobody knows, and for folders.

    Examples
    --------
    >>> from napari_fhn import sample_data
    >>> what_it_is(sample_data.SEISMIC.survey).words, what_it_is(sample_data.SEISMIC.tops) is None
    ('a SEG-Y file', True)
    """
    path = Path(path)
    try:
        if why_not(path) is not None:
            return None
        with path.open("rb") as file:
            head = file.read(_HEAD)
            size = path.stat().st_size
            last = b"" if size < 8 else _last(path, 8)
        return _told(path, head, last)
    except (OSError, ValueError):
        return None


def is_text(path: str | Path) -> bool:
    """Whether a file begins as text does.

    Parameters
    ----------
    path : path-like
        Any; what cannot be read is none.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return bool(head) and (head[:2] in (b"\xff\xfe", b"\xfe\xff") or not re.search(rb"[\x00-\x08\x0e-\x1f]", head))


def _last(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(-count, 2)
        return file.read()


def _told(path: Path, head: bytes, last: bytes) -> Found | None:
    suffix = path.suffix.lower()
    if not head:
        return Found("empty", way_out="Export it again")
    if head[:2] == b"PK":
        return _zip(path)
    if head.startswith(b"\x00\x00\x27\x0a"):
        if suffix == ".shx":
            return Found("the index of a shapefile", way_out="Give the .shp that lies beside it")
        return _used("a shapefile", "shapes")
    for begin, found in _BEGINS:
        if head.startswith(begin):
            if begin[:4] == b"\x89HDF" and suffix in (".nc", ".nc4", ".mat"):
                return _used("a MATLAB file" if suffix == ".mat" else "a NetCDF file", "voxels")
            return found
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return Found("packed (tar)", way_out=_UNPACK)
    if b"RECORD" in head[:32] and re.match(rb".{4}V\d\.\d\dRECORD", head, re.DOTALL):
        return Found("a file of well logs of another format (DLIS)", way_out="Export them as LAS")
    if _is_segy(head):
        return _used("a SEG-Y file", "voxels")
    if suffix.startswith(".gdb") and path.parent.suffix.lower() == ".gdb":
        return Found("a part of a file geodatabase", way_out=f"Give the whole folder, {path.parent.name}")
    if suffix == ".dbf" and head[0] in _LAST_DBASE:
        return Found("the table of a shapefile, without its places", way_out="Give the .shp that lies beside it")
    if head[0] == 0x80 and len(head) > 1 and head[1] in range(2, 6) and last[-1:] in (b".", b""):
        return Found("a pickle of Python, which is not opened since it may do anything", way_out="Save it as .npy")
    if suffix == ".lfc":
        return Found("a colour map of Leapfrog, which is not read", way_out=_AS_LEGEND)
    if suffix == ".onnx":
        return _used("a network (ONNX)", "network")
    return _text(suffix, head)


def _is_segy(head: bytes) -> bool:
    """Whether the first card of a text header begins as all do, in EBCDIC or ASCII."""
    first = head[:3].decode("cp037") if head[:1] == b"\xc3" else head[:3].decode("ascii", "replace")
    return len(head) >= 3600 and re.fullmatch(r"C[ 0]1", first) is not None


def _text(suffix: str, head: bytes) -> Found | None:
    """What begins with words that only one kind of text begins with."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare[:1] == b"<":
        return next(
            (found for root, found in _XML if root.search(bare)),
            Found("a file of XML", way_out="Export what is in it as a table, or as a GeoPackage"),
        )
    if bare[:1] == b"{":
        if _FEATURES.search(bare):
            return _used("a file of shapes (GeoJSON)", "shapes")
        if re.match(rb'\{\s*"format"\s*:\s*"napari-fhn', bare):
            return Found("a record of napari-fhn", "job", "A saved job is given as --job")
        return Found("a file of JSON", "classes", "Only GeoJSON, legends and saved jobs are read from such files")
    if well_log(bare[:4096]):
        return _used("a well log (LAS)", "las")
    if suffix == ".dxf" or re.match(rb"0\r?\nSECTION\r?\n", bare):
        return Found("a drawing of CAD (DXF)", way_out="Export its shapes as a GeoPackage, with a class")
    if _PALETTE.match(bare):
        return Found(
            "a colour palette of SNAP, which has colours at values and no names of classes", way_out=_AS_LEGEND
        )
    if _CRS.match(bare):
        return Found("the CRS of a file that lies beside it", way_out="Give the file itself, such as the .shp")
    return None


def _zip(path: Path) -> Found | None:
    """What a zip is by the names of what it holds; nothing of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return Found("a zip that cannot be opened", way_out="It seems to be damaged: copy it again")
    names = [name for name in inside if not name.startswith("__MACOSX")]
    suffixes = {PurePosixPath(name.replace("\\", "/")).suffix.lower() for name in names}
    if not names:
        return Found("a zip that holds nothing", way_out="Pack it again, or give the files themselves")
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        return Found("a workbook", "table", "Give it as the kind of table that its sheets hold, or as --known")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return Found("a document", way_out="Save the table in it as CSV, or as a workbook")
    if any(PurePosixPath(name).name in ("data.pkl", "constants.pkl") for name in names):
        return _used("a network of PyTorch", "network")
    if suffixes == {".npy"} and path.suffix.lower() == ".npz":
        return _used("arrays of numpy", "voxels")
    if path.suffix.lower() == ".kmz":
        return _used("places of Google Earth (KMZ)", "shapes")
    if suffixes & set(_SHAPES) or any(".gdb/" in name.lower() for name in names):
        return _used("a zip of shapes", "shapes")
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return Found(f"a zip of {listed}", way_out=_UNPACK)
