"""Places of Google Earth: the shapes of a KML file, or of the one in a KMZ, with what is said of each.

Nothing that such a file points to is opened: no network links, no styles, no pictures. Coordinates are longitude and
latitude of WGS 84, whatever a person says, for KML knows no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from napari_fhn import zipped
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.text import look
from napari_fhn.labels.zipped import opened

SUFFIXES = (".kml", ".kmz")
#: Of `field` where nothing else tells the folder that a place lies in.
FOLDER = "folder"
#: Of `Places.inside` for a place in none.
NO_FOLDER = "(no folder)"
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "Track")
_WORDS = ("name", "description")
_DEEPEST = 200
_CHUNK = 2**20


@dataclass
class Places:
    """What a file holds.

    Attributes
    ----------
    shapes : list of shapely geometry or None
        In longitude and latitude, and elevation in metres where there is one; None for a place without one.
    said : list of dict of str to str
        What is said of each: its name, its description, its innermost folder, and its extended data.
    inside : list of str
        The innermost folder of each that has a name, `NO_FOLDER` where it lies in none.
    above_ground : bool
        Whether heights were left out that count from the ground, and not from sea level.
    """

    shapes: list[Any] = field(default_factory=list)
    said: list[dict[str, str]] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    above_ground: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """What is said of any of them."""
        return tuple(dict.fromkeys(name for one in self.said for name, text in one.items() if text))

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that places lie in, in their order."""
        return tuple(dict.fromkeys(self.inside))


def read(path: Path) -> Places:
    """Read the places of a KML or KMZ file.

    Raises
    ------
    LabelError
        When it is missing or damaged, or holds no place.
    """
    look(path)
    found = _Reading(path)
    try:
        for piece in _pieces(path):
            found.feed(piece)
        found.end()
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    if not found.places.shapes:
        raise LabelError("it holds no place", "Export it again", path=path)
    return found.places


def _pieces(path: Path) -> Iterator[bytes]:
    """The bytes of the file, or of the first KML file in it."""
    with path.open("rb") as file:
        packed = file.read(4) == zipped.MAGIC
    if packed:
        with opened(path, "KMZ file") as archive:
            names = [info for info in archive.infolist() if info.filename.lower().endswith(".kml")]
            if not names:
                raise LabelError("it holds no KML file", "Export it again", path=path)
            # The one at the top comes before those in folders, doc.kml first.
            order = sorted(names, key=lambda info: (info.filename.count("/"), info.filename.lower() != "doc.kml"))
            yield from zipped.pieces(archive, order[0], path)
        return
    if path.stat().st_size > zipped.MOST_BYTES:
        raise LabelError(f"it holds {path.stat().st_size / 1e9:.1f} GB", "Use a part of it", path=path)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


class _Reading:
    """Follows the elements of a file, one after the other."""

    def __init__(self, path: Path) -> None:
        self.places = Places()
        self._path = path
        self._open: list[str] = []
        self._folders: list[str] = []
        self._text: list[str] = []
        self._said: dict[str, str] | None = None
        self._parts: list[Any] = []
        self._rings: list[list[tuple[float, ...]]] = []
        self._track: list[tuple[float, ...]] = []
        self._mode = ""
        self._key = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._finish
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, piece: bytes, last: bool = False) -> None:
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of an encoding that there is not
            if isinstance(error, LabelError):
                raise
            what = f"it is no readable KML ({error})"
            raise LabelError(what, "Export it again", path=self._path) from error

    def end(self) -> None:
        self.feed(b"", True)

    def _doctype(self, *_: object) -> None:
        raise LabelError("it defines entities, which no KML file does", "Export it again", path=self._path)

    def _begin(self, name: str, said: dict[str, str]) -> None:
        bare = name.rpartition(":")[2]
        self._open.append(bare)
        self._text.clear()
        if len(self._open) > _DEEPEST:
            raise LabelError(f"its elements lie {_DEEPEST} deep in each other", "Export it again", path=self._path)
        match bare:
            case "Folder" | "Document":
                self._folders.append("")
            case "Placemark":
                self._said, self._parts = {}, []
            case "Polygon":
                self._rings, self._mode = [], ""
            case "Track":
                self._track, self._mode = [], ""
            case "Point" | "LineString":
                self._mode = ""
            case "Data" | "SimpleData":
                self._key = said.get("name", "")

    def _finish(self, name: str) -> None:
        bare = self._open.pop()
        inside = self._open[-1] if self._open else ""
        text = "".join(self._text).strip()
        self._text.clear()
        if bare in _WORDS and inside == "Placemark" and self._said is not None:
            self._said[bare] = " ".join(text.split())
        elif bare == "name" and inside in ("Folder", "Document") and self._folders:
            self._folders[-1] = " ".join(text.split())
        elif self._said is not None and (bare == "SimpleData" or (bare == "value" and inside == "Data")):
            self._said[self._key or "value"] = " ".join(text.split())
        elif bare == "altitudeMode" and inside in _SHAPES:
            self._mode = text
        elif bare == "coordinates":
            self._shape(inside, self._numbers(text))
        elif bare == "coord" and inside == "Track":
            self._track += self._numbers(",".join(text.split()))
        elif bare == "Track":
            self._shape("LineString", self._track)
        elif bare == "Polygon" and self._rings:
            self._add("Polygon", self._rings)
        elif bare in ("Folder", "Document"):
            self._folders.pop()
        elif bare == "Placemark":
            self._end_of_place()

    def _shape(self, of: str, at: list[tuple[float, ...]]) -> None:
        if not at:
            return
        if of == "LinearRing" and "Polygon" in self._open:
            # The outer one comes first; holes follow.
            self._rings = [at, *self._rings] if "outerBoundaryIs" in self._open else [*self._rings, at]
        elif of in _SHAPES:
            self._add(of, at)

    def _add(self, of: str, at: Any) -> None:
        import shapely

        at, deep = _levelled(at if of == "Polygon" else [at])
        if deep and self._mode not in ("", "absolute", "clampToGround"):
            at, self.places.above_ground = [[place[:2] for place in ring] for ring in at], True
        try:
            match of:
                case "Point":
                    made = shapely.Point(at[0][0])
                case "Polygon":
                    made = shapely.Polygon(at[0], at[1:])
                case _:
                    made = shapely.LineString(at[0]) if len(at[0]) > 1 else shapely.Point(at[0][0])
        except (ValueError, shapely.errors.GEOSException) as error:
            what = f"a {of} of it is none ({' '.join(str(error).split())[:80]})"
            line = self._parser.CurrentLineNumber
            raise LabelError(what, "Correct it", path=self._path, line=line) from error
        self._parts.append(made)

    def _end_of_place(self) -> None:
        import shapely

        assert self._said is not None
        folder = next((name for name in reversed(self._folders) if name), "")
        self.places.said.append({**self._said, **({FOLDER: folder} if folder and FOLDER not in self._said else {})})
        self.places.inside.append(folder or NO_FOLDER)
        parts = self._parts
        self.places.shapes.append(
            None if not parts else parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)
        )
        self._said, self._parts = None, []

    def _numbers(self, text: str) -> list[tuple[float, ...]]:
        """Longitude, latitude and maybe elevation of some places, as lon,lat,height with blanks between them."""
        try:
            found = [tuple(float(number) for number in place.split(",")[:3]) for place in text.split()]
        except ValueError as error:
            raise self._wrong(f"'{text[:30]}' is no longitude and latitude") from error
        if any(len(place) < 2 for place in found):
            raise self._wrong(f"'{text[:30]}' is no longitude and latitude")
        if not all(np.isfinite(number) for place in found for number in place):
            raise self._wrong(f"'{text[:30]}' holds what is no number")
        return found

    def _wrong(self, what: str) -> LabelError:
        return LabelError(what, "Correct it", path=self._path, line=self._parser.CurrentLineNumber)


def _levelled(rings: list[list[tuple[float, ...]]]) -> tuple[list[list[tuple[float, ...]]], bool]:
    """Places with their elevations, and whether they have any: not where one has none, or where all are zero."""
    every = [place for ring in rings for place in ring]
    deep = all(len(place) > 2 for place in every) and any(place[2] for place in every)
    return (rings if deep else [[place[:2] for place in ring] for ring in rings]), deep
