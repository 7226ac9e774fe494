"""What kind of knowledge a file holds, found by looking into it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray as xr

from napari_fhn.labels import plugins
from napari_fhn.labels.classes import legends
from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.fitting import check_fits, fits
from napari_fhn.labels.horizons.surface_files import is_surface, surface_words
from napari_fhn.labels.shapes import shape_tables, wkt
from napari_fhn.labels.shapes.shape_files import SUFFIXES, fields, is_shapes
from napari_fhn.labels.tables import dialects
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.guesses import SURE, suggest
from napari_fhn.labels.tables.sniffing import sniff
from napari_fhn.labels.tables.text import look, to_number
from napari_fhn.labels.tables.vocabulary import meaning
from napari_fhn.labels.tables.workbooks import is_workbook, sheets
from napari_fhn.labels.wells.wide_tops import markers_of
from napari_fhn.plugins import Registry
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.surveys.remote.opening import is_store
from napari_fhn.what_it_is import what_it_is

_OURS = {
    "wells": "where wells begin",
    "tops": "tops or intervals along wells",
    "deviation": "paths of deviated wells",
    "checkshots": "checkshots: time for depth",
    "las": "a well log",
    "horizon": "picks of horizons",
    "points": "points with a class",
    "polygons": "shapes with a class",
    "labels": "labels on the survey's grid",
    "classes": "a table of classes",
}
#: Every kind, and what it is called; behind ours those that other distributions read.
KINDS: Registry[str] = Registry(_OURS, plugins.titles)
#: Suffixes of files that hold values on a grid: of what is known they can only be labels.
GRIDDED = (
    ".npy", ".npz", ".tif", ".tiff", ".sgy", ".segy", ".nc", ".h5", ".hdf5", ".mat", ".zarr", ".su", ".seg", ".vds",
    ".zgy", ".mdio", ".nc4", ".cdf", ".he5", ".hdr", ".bsq", ".bil", ".bip", ".flt", ".img", ".jp2", ".vrt", ".ers",
    ".sdat", ".rst", ".png",
)  # fmt: skip
#: What people bring that is read as something else, by suffix.
_OF_OTHERS = {
    **dict.fromkeys((".dlis", ".lis"), ("logs are read from LAS, and this is another format", "Export them as LAS")),
    **dict.fromkeys((".dxf", ".dwg"), ("it is a drawing of CAD", "Export its shapes as a GeoPackage, with a class")),
    ".parquet": ("tables are read as text, workbooks or files of a GIS", "Save it as CSV or as a GeoPackage"),
    ".pdf": ("it is a document", "Save the table in it as CSV"),
    ".docx": ("it is a document", "Save the table in it as CSV, or as a workbook"),
}
#: A line of fault sticks as Charisma and those after it write them; picks of a horizon have a crossline, too.
_STICK = re.compile(
    rb"\s*(?:INLINE|XLINE|CROSSLINE|TRACE|LINE)-\s*\d+\s+(?:[-+\d.eE]+\s+){3}[\w.]+\s+\d+\s*$", re.IGNORECASE
)
_CLASSES = {"value", "name", "color"}
#: Of parts of a file: which one is meant, and that they differ.
_WHICH = {"sheet": "which of its sheets", "layer": "which of its layers"}
_DIFFER = {"sheet": "its sheets hold different things", "layer": "its layers hold different things"}
_PLACES = ({"inline", "crossline"}, {"x", "y"}, {"trace"}, {"cdp"}, {"row", "col"}, {"lat", "lon"})
_DEPTHS = {"md", "tvd", "tvdss", "depth", "z"}
_TIMES = {"twt", "owt", "time"}
#: Paths of wells have none of these.
_NO_PATH = _TIMES | {"marker", "class", "inline", "crossline"}
#: How sure it is that a column called "name" is that of wells.
_A_NAME = 0.7
#: Lines above a table among which its title is looked for.
_TITLE = 12


def recognise(
    path: str | Path,
    survey: xr.DataArray | None = None,
    *,
    decimal: str | None = None,
    sheet: str | None = None,
    layer: str | None = None,
) -> str:
    """Return the kind of a file.

    Parameters
    ----------
    path : str or Path
        A table, a LAS file or a file of shapes.
    survey : xarray.DataArray, optional
        Against which columns without telling names are held.
    decimal : {".", ","}, optional
        Decimal mark, where it cannot be told.
    sheet : str, optional
        Of a workbook the sheet that is meant.
    layer : str, optional
        Of a file of a GIS the layer that is meant.

    Returns
    -------
    str
        One of `KINDS`.

    Raises
    ------
    Undeclared
        With option ``"kind"``, when it may be several, or ``"decimal"``.
    LabelError
        When it is missing or no table, or the survey does not take what it holds.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data
    >>> labels.recognise(sample_data.SEISMIC.wells), labels.recognise(sample_data.SEISMIC.tops)
    ('wells', 'tops')
    """
    path = Path(path)
    suffix = path.suffix.lower()
    url = url_of(path)
    # A store of voxels is read where it lies, at an address; all else is fetched first.
    if (url is not None and is_store(url)) or (suffix in GRIDDED and (path.is_file() or path.is_dir())):
        return "labels"
    look(path)
    guest = plugins.claiming(path)
    if guest is not None:
        return guest.name
    try:
        kind = _recognise(path, survey, decimal, sheet, layer)
    except LabelError as error:
        guest = plugins.able(path)
        if guest is None:
            _say_what_it_is(path, error)
            raise
        return guest.name
    check_fits(kind, survey, path)
    return kind


def told_by_content(path: Path, kind: str) -> str:
    """Say what a file is whose columns tell nothing: a surface on a grid, or shapes as text; nothing for another."""
    try:
        if kind == "horizon" and (grid := surface_words(path)):
            return f"It begins as {grid} does."
        if kind == "polygons" and path.suffix.lower() not in SUFFIXES and (found := wkt.written(path)) is not None:
            return f"Its column '{found.names[found.shape]}' holds shapes as text."
    except LabelError:
        pass  # who reads it says what is wrong
    return ""


def parts(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return what the parts of a file are called, ``"sheet"`` or ``"layer"``, and their names; none of most files.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    if path.suffix.lower() in shape_tables.SUFFIXES:
        return "layer", tuple(shape_tables.layers(path))
    return ("sheet", sheets(path)) if is_workbook(path) else ("", ())


def kinds_of_parts(path: Path, survey: xr.DataArray | None = None, *, decimal: str | None = None) -> dict[str, str]:
    """Return the kind of each sheet of a workbook, or layer of a file of a GIS; empty where a part does not tell it.

    Raises
    ------
    LabelError
        When the file has no parts.
    """
    option, names = parts(path)
    found = {}
    for name in names:
        try:
            found[name] = _of_layer(path, survey, name) if option == "layer" else _of_table(path, survey, decimal, name)
        except LabelError:
            found[name] = ""
    return found


def part_of(path: Path, kind: str, survey: xr.DataArray | None = None, *, decimal: str | None = None) -> dict[str, str]:
    """Return the option that names the part of a file that holds a kind of knowledge; none for a file of one part.

    Raises
    ------
    Undeclared
        With option ``"sheet"`` or ``"layer"``, when several may.
    """
    option, names = parts(path)
    if len(names) < 2:
        return {}
    fitting = [name for name, found in kinds_of_parts(path, survey, decimal=decimal).items() if found == kind]
    if not fitting and option == "layer":
        fitting = [name for name in names if shape_tables.holds(path, name)]
        if not fitting:
            raise shape_tables.no_rows(path)
    if len(fitting) == 1:
        return {option: fitting[0]}
    raise Undeclared(
        f"{_WHICH[option]} holds {_OURS.get(kind, kind)} is not told; it has {', '.join((fitting or names)[:8])}",
        "Say which",
        option=option,
        choices=tuple(fitting or names),
        path=path,
    )


def _say_what_it_is(path: Path, error: LabelError) -> None:
    """Raise what a file is that no reader of tables has understood, where it says so itself."""
    found = what_it_is(path)
    if found is not None and found.use != "table":
        raise LabelError(f"it is {found.words}", found.way_out, path=path) from error


def _refuse_others(path: Path) -> None:
    """Say of files of other trades what they are, and how they come in."""
    if path.is_dir():
        return
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(2**14)
    found = _OF_OTHERS.get(suffix)
    if found is not None:
        raise LabelError(*found, path=path)
    lines = [line for line in head.splitlines()[:-1] or head.splitlines() if line.strip()]
    if lines and all(_STICK.match(line) for line in lines):
        what = "it holds sticks of faults, along which nothing says what class is where"
        raise LabelError(what, "Draw the fault as shapes, or load the horizons beside it", path=path)


def _recognise(
    path: Path, survey: xr.DataArray | None, decimal: str | None, sheet: str | None, layer: str | None
) -> str:
    """Find the kind among ours."""
    suffix = path.suffix.lower()
    _refuse_others(path)
    if suffix == ".las":
        return "las"
    if suffix in legends.STYLES and legends.is_legend(path):
        return "classes"
    if suffix in SUFFIXES:
        return _of_shapes(path, survey, layer)
    if is_surface(path):
        # On a map such a file holds what is there, and no depth of anything.
        return "labels" if survey is not None and not is_seismic(survey) else "horizon"
    if sheet is None and is_workbook(path) and len(sheets(path)) > 1:
        return _of_parts(path, "sheet", kinds_of_parts(path, survey, decimal=decimal), survey)
    return _of_table(path, survey, decimal, sheet)


def _of_parts(path: Path, option: str, found: Mapping[str, str], survey: xr.DataArray | None) -> str:
    """Return the kind of a file whose parts are of these kinds.

    Raises
    ------
    Undeclared
        With option ``"kind"``, where they differ.
    """
    told = tuple(dict.fromkeys(kind for kind in found.values() if kind))
    kinds = tuple(kind for kind in told if fits(kind, survey))
    if len(kinds) == 1 or (told and not kinds):
        return (kinds or told)[0]  # of what a survey does not take, the first is what it is refused for
    said = ", ".join(f"{name} ({_OURS.get(kind, 'not told')})" for name, kind in list(found.items())[:8])
    raise _asked(path, f"{_DIFFER[option]}: {said}", survey, kinds)


def _of_shapes(path: Path, survey: xr.DataArray | None, layer: str | None) -> str:
    """Find the kind of a file of shapes."""
    try:
        several = layer is None and path.suffix.lower() in shape_tables.SUFFIXES and len(shape_tables.layers(path)) > 1
        found = kinds_of_parts(path, survey) if several else {}
    except LabelError:
        return "polygons"  # whose reader says what is wrong
    if not several:
        return _of_places(path, survey, layer)
    return _of_parts(path, "layer", found, survey) if any(found.values()) else "polygons"


def _of_layer(path: Path, survey: xr.DataArray | None, layer: str) -> str:
    """Find the kind of one of several layers; of shapes without a field that is called a class, nothing is told."""
    kind = _of_places(path, survey, layer)
    if kind != "polygons":
        return kind
    said = [meaning(name) for name in fields(path, layer)]
    return kind if any(is_ and is_.role == "class" and is_.confidence >= SURE for is_ in said) else ""


def _of_places(path: Path, survey: xr.DataArray | None, layer: str | None) -> str:
    """Find the kind of shapes: points and paths that tell of wells are tables, all others have a class."""
    try:
        if not shape_tables.holds(path, layer):
            return "polygons"
        table = sniff(path, layer=layer)
        guesses = suggest(table, survey).guesses
    except LabelError:
        return "polygons"
    sure = {role: found[0] for role, found in guesses.items() if found and found[0].confidence >= SURE}
    along = sure.keys() & (_DEPTHS | _TIMES)
    # What is called "name" may be anything; a formation without a depth is the class of a place.
    of_wells = "well" in sure and (sure["well"].confidence > _A_NAME or along - {"z"} or "kb" in sure)
    # A class at a place, but not one between two depths of a well.
    of_class = "class" in sure and not {"top", "base"} <= sure.keys()
    if not of_wells or of_class or ("marker" in sure and not along):
        return "polygons"
    kind = _of_roles(set(sure))
    if kind in ("horizon", "wells") and _runs_along(table, {role: one.column for role, one in sure.items()}):
        kind = "deviation"
    return kind if kind in ("wells", "tops", "checkshots", "deviation") else "polygons"


def _of_table(path: Path, survey: xr.DataArray | None, decimal: str | None, sheet: str | None) -> str:
    """Find the kind of a table."""
    if is_shapes(path, sheet):
        return "polygons"
    if _first_cells(path) >= _CLASSES:
        return "classes"
    table = sniff(path, decimal=decimal, sheet=sheet)
    if legends.is_legend(path, table):
        return "classes"
    if table.dialect.kind in dialects.CARDS:
        return "points" if table.dialect.kind == "rois" else "horizon"
    guesses = suggest(table, survey).guesses
    roles = {role for role, found in guesses.items() if found and found[0].confidence >= SURE}
    kind = _of_title(table.comments, roles | set(guesses)) or _of_roles(roles) or _of_roles(set(guesses))
    if kind in ("horizon", "wells") and _runs_along(table, {role: found[0].column for role, found in guesses.items()}):
        kind = "deviation"
    if kind is None and markers_of(table):
        kind = "tops"
    if kind is None:
        raise _asked(path, f"its columns ({', '.join(table.names[:8])}) do not tell what it holds", survey)
    return kind


def _first_cells(path: Path) -> set[str]:
    """Cells of the first line, in lower case; none for a file that is no text."""
    with path.open("rb") as file:
        first = file.readline(500).decode("utf-8-sig", errors="replace")
    try:
        return {cell.strip().lower() for cell in next(csv.reader(first.splitlines()[:1]), [])}
    except csv.Error:
        return set()


def _asked(path: Path, what: str, survey: xr.DataArray | None, kinds: Sequence[str] = ()) -> Undeclared:
    others = ("las", "polygons", "labels", "classes")
    tables = tuple(one for one in _OURS if one not in others and fits(one, survey))
    return Undeclared(what, "Say what it is", option="kind", choices=tuple(kinds) or tables, path=path)


def _runs_along(table: Table, columns: Mapping[str, int]) -> bool:
    """Whether places with a depth are those of a path: the measured depth grows from row to row of a well."""
    if not ({"md", "x", "y"} <= set(columns) and columns.keys() & {"tvdss", "z"}) or columns.keys() & _NO_PATH:
        return False
    well = columns.get("well")
    depths = [to_number(row[columns["md"]], table.dialect.decimal) for row in table.sample]
    wells = ["" if well is None else row[well] for row in table.sample]
    steps = [b - a for a, b, of, then in zip(depths, depths[1:], wells, wells[1:], strict=False) if of == then]
    return len(steps) > 1 and all(step > 0 for step in steps)


def _of_title(comments: Sequence[str], roles: set[str]) -> str | None:
    """The kind that a file says itself in the comments above its table, where its columns do not speak against it."""
    said = " ".join(comments[:_TITLE]).lower()
    if re.search(r"check\s?-?shots?\b", said) and roles & (_TIMES | {"z"}) and roles & _DEPTHS:
        return "checkshots"
    if re.search(r"\bwell\s?tops?\b|\bformation tops?\b|\bmarkers\b", said) and {"well", "marker"} <= roles:
        return "tops"
    if re.search(r"\bwell (?:trace|path)|\bdeviation survey|\bdirectional survey", said) and "md" in roles:
        return "deviation"
    return None


def _of_roles(roles: set[str]) -> str | None:
    """The kind of a table whose columns have these roles; None where that does not tell it."""
    placed = any(pair <= roles for pair in _PLACES)
    along = bool(roles & (_DEPTHS | _TIMES))
    offsets = {"dx", "dy"} <= roles or {"x", "y"} <= roles
    if {"inclination", "azimuth"} <= roles or (
        {"dip", "azimuth"} <= roles and along and not roles & {"marker", "class"}
    ):
        return "deviation"
    if {"top", "base"} <= roles or ({"well", "marker"} <= roles and along and not placed):
        return "tops"
    if "class" in roles and placed:
        return "points"
    if {"md", "tvd"} <= roles and offsets:
        return "deviation"
    # Heads of wells have no times: where a depth and a time stand beside a well's place, these are what is told.
    if roles & _TIMES and roles & _DEPTHS and (not placed or ("well" in roles and not roles & {"marker", "class"})):
        return "checkshots"
    if "well" in roles and placed:
        return "tops" if "marker" in roles and along else "wells"
    if placed and along:
        return "horizon"
    return None
