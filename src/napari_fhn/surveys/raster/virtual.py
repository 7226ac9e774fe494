"""What GDAL would open beside a raster that a person opens: found before GDAL is let near.

A virtual raster is looked through element by element. What is known to be harmless passes, a source has to be a raster
of a known kind in the folder of the file or below, and everything else is named: addresses, files elsewhere, sources
that may be anything, and parts of the format that reach out in ways of their own (warping, geolocation arrays, Python).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from napari_fhn.surveys import markup
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.reaching import is_outside

#: A description of ten thousand tiles has a few megabytes.
MAX_BYTES = 64 * 2**20
#: A virtual raster may be made of virtual rasters, so deep and so many.
_DEEPEST, _MOST = 8, 100_000
#: Elements that hold numbers and words.
_WORDS = """
    vrtdataset srs geotransform vrtrasterband colorinterp nodatavalue hidenodatavalue colortable entry
    description unittype offset scale categorynames category simplesource complexsource averagedsource
    kernelfilteredsource kernel size coefs sourceband sourceproperties srcrect dstrect nodata scaleoffset
    scaleratio colortablecomponent lut exponent srcmin srcmax dstmin dstmax clamp usemaskband maskband
    overviewlist overview gcplist gcp histograms histitem histmin histmax bucketcount includeoutofrange
    approximate histcounts blockxsize blockysize imageoffset pixeloffset lineoffset byteorder pixelfunctiontype
    pixelfunctionarguments sourcetransfertype skipnoncontributingsources metadata mdi
"""
_PLAIN = frozenset(_WORDS.split())
_CLASSES = ("", "vrtsourcedrasterband", "vrtderivedrasterband", "vrtrawrasterband", "vrtdataset")
#: Domains of metadata in which GDAL looks for names of files.
_NAMING = ("overviews", "geolocation", "subdatasets")

Known = Callable[[Path], bool]


def targets(path: Path, known: Known) -> list[str]:
    """Return what a raster has outside its folder, in words.

    Parameters
    ----------
    path : Path
        Any raster; those that are no virtual raster and no ER Mapper header have at most a file of metadata.
    known : callable
        Says of a file whether it is a raster of a kind that has all its values in itself.

    Returns
    -------
    list of str
        Empty where all of it is in the file, and beside it.

    Raises
    ------
    SurveyError
        When its description, or that of a source, is no XML.
    """
    found: list[str] = []
    _look(path, known, found, set(), 0)
    return list(dict.fromkeys(found))


def _look(path: Path, known: Known, found: list[str], seen: set[Path], depth: int) -> None:
    seen.add(path)
    for beside in (path.with_name(path.name + ".aux.xml"), path.with_suffix(".aux.xml")):
        if beside.is_file() and b"overview_file" in beside.read_bytes()[:MAX_BYTES].lower():
            found.append(f"overviews that {beside.name} names")
    suffix = path.suffix.lower()
    if suffix == ".ers":
        _look_ers(path, found)
    elif suffix == ".vrt":
        if depth > _DEEPEST or len(seen) > _MOST:
            found.append("virtual rasters of virtual rasters")
            return
        _look_vrt(path, known, found, seen, depth)


def _look_ers(path: Path, found: list[str]) -> None:
    text = path.read_bytes()[: 2**20].decode("latin-1")
    for match in re.finditer(r"^\s*DataFile\s*=\s*(.*)$", text, re.MULTILINE | re.IGNORECASE):
        named = match[1].strip().strip('"')
        # GDAL puts the folder in front, whatever the name.
        if named and is_outside("./" + named, path.parent):
            found.append(named)


def _look_vrt(path: Path, known: Known, found: list[str], seen: set[Path], depth: int) -> None:
    text = path.read_bytes()[: MAX_BYTES + 1]
    if len(text) > MAX_BYTES:
        raise SurveyError(path, "its description is too large, or has entities", "Build it again with gdalbuildvrt")
    try:
        root = markup.parsed(text)
    except markup.DeclaresEntities:
        raise SurveyError(
            path, "its description is too large, or has entities", "Build it again with gdalbuildvrt"
        ) from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SurveyError(
            path, f"its description is not whole ({error})", "Build it again with gdalbuildvrt"
        ) from error
    left = [(root, False)]
    while left:
        one, raw = left.pop()
        # GDAL compares without case.
        name = str(one.tag).rpartition("}")[2].lower()
        if name == "sourcefilename":
            _look_source(path, one, raw, known, found, seen, depth)
            continue
        given = {key.lower(): value.lower() for key, value in one.attrib.items()}
        kind, domain = given.get("subclass", ""), given.get("domain", "")
        if name == "pixelfunctionlanguage":
            if (one.text or "").strip().lower() == "python":
                found.append("a program in Python")
        elif name not in _PLAIN or kind not in _CLASSES:
            found.append(f"<{name if name not in _PLAIN else kind}>, which is not looked through")
        elif name == "metadata":
            if domain in _NAMING:
                found.append(f"metadata of the domain {domain.upper()}")
        elif name == "srs" and re.match(r"\s*(https?:|/)", one.text or ""):
            found.append((one.text or "").strip())
        else:
            left += [(child, kind == "vrtrawrasterband") for child in one]


def _look_source(
    path: Path, source: ElementTree.Element, raw: bool, known: Known, found: list[str], seen: set[Path], depth: int
) -> None:
    # As it stands there: GDAL takes spaces for a part of the name.
    named = source.text or ""
    relative = next((v for k, v in source.attrib.items() if k.lower() == "relativetovrt"), "0") == "1"
    # Without that word GDAL looks in the folder in which the program was started; a colon is another way of naming.
    if (not relative and not Path(named).is_absolute()) or ":" in named.removeprefix(Path(named).drive):
        found.append(named)
        return
    file = path.parent / named
    if is_outside(named, path.parent):
        found.append(named)
    elif not raw and file.resolve() not in seen:
        if file.suffix.lower() != ".vrt" and not known(file):
            found.append(f"{named} (of no kind that is known)")
        else:
            _look(file.resolve(), known, found, seen, depth + 1)
