"""Files of many makers on one survey: by their own option, by a look into them, and in a session, the same labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import segyio
import surfio
from rasterio.warp import transform

import gis_drivers
import napari_fhn as fhn
import workbook_files
from napari_fhn import surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import knowledge
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.knowledge import burn
from narrow_wells import narrow

#: 8 inlines from 100, 10 crosslines from 200, 20 samples of 4 ms; 20 m north and 10 m east from here, in UTM 32.
N, X, Y = (8, 10, 20), 500_000.0, 6_000_000.0
UTM = "EPSG:32632"


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(N, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, N[1])
            header.update({
                segyio.su.iline: 100 + i, segyio.su.xline: 200 + j,
                segyio.su.cdpx: int(X + 10 * j), segyio.su.cdpy: int(Y + 20 * i),
            })  # fmt: skip
    return path


def heads(crs: str | None = None) -> list[list[object]]:
    x, y = [X + 40, X + 70], [Y + 60, Y + 120]
    if crs is not None:
        x, y = transform(UTM, crs, x, y)
    return [["well", "x", "y"], ["A", x[0], y[0]], ["B", x[1], y[1]]]


TOPS = [["well", "top_twt_ms", "base_twt_ms", "class"], ["A", 8, 20, "sand"], ["B", 12, 40, "salt"]]
#: 30 ms in the south and west, deeper to the north and east.
SURFACE = 30 + np.arange(N[1])[:, np.newaxis] / 2 + np.arange(N[0])
TOP = "POLYGON ((500005 6000030, 500045 6000030, 500045 6000090, 500005 6000090, 500005 6000030))"


def text(name: str, rows: list[list[object]], mark: str = ",") -> Callable[[Path], Path]:
    return written(name, "".join(mark.join(map(str, row)) + "\n" for row in rows))


def written(name: str, content: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return write


def book(name: str, sheets: dict[str, list[list[object]]]) -> Callable[[Path], Path]:
    return lambda folder: workbook_files.write(folder / name, sheets)


def irap(name: str, binary: bool) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        head = surfio.IrapHeader(ncol=N[1], nrow=N[0], xori=X, yori=Y, xinc=10.0, yinc=20.0, xrot=X, yrot=Y)
        surface = surfio.IrapSurface(head, SURFACE.astype(np.float32))
        (surface.to_binary_file if binary else surface.to_ascii_file)(folder / name)
        return folder / name

    return write


def north_up(head: str) -> str:
    """A header, and the columns from west to east, each from north to south."""
    return head + "".join(" ".join(f"{z:.4f}" for z in column[::-1]) + "\n" for column in SURFACE)


def in_kml() -> str:
    lon, lat = transform(UTM, "EPSG:4326", [X + 5, X + 45, X + 45, X + 5], [Y + 30, Y + 30, Y + 90, Y + 90])
    ring = " ".join(f"{a:.9f},{b:.9f}" for a, b in zip([*lon, lon[0]], [*lat, lat[0]], strict=True))
    return (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><ExtendedData><Data name="class"><value>salt</value>'
        f"</Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></kml>"
    )


PICKS = [["X", "Y", "TWT (ms)"]] + [
    [X + 10 * j, Y + 20 * i, SURFACE[j, i]] for i in range(N[0]) for j in range(N[1])
]  # fmt: skip
ELSEWHERE = transform(UTM, "EPSG:25833", [row[0] for row in PICKS[1:]], [row[1] for row in PICKS[1:]])
MOVED = [[x, y, row[2]] for x, y, row in zip(*ELSEWHERE, PICKS[1:], strict=True)]
LAS_3 = (
    "~V\nVERS. 3.0 :\nWRAP. NO :\nDLM. COMMA :\n~W\nSTRT.ms 8 :\nSTOP.ms 20 :\nSTEP.ms 4 :\nNULL. -9 :\nWELL. A :\n"
    "XCOORD.m 500040 :\nYCOORD.m 6000060 :\n~Log_Definition\nTWT.ms : {F}\nGR. : {F}\n~Log_Data | Log_Definition\n8,1\n"
    "12,2\n~Log_Definition[2]\nTWT.ms : {F}\nFACIES. : {S}\n~Log_Data[2] | Log_Definition[2]\n8,sand\n"
    "12,sand\n16,sand\n"
)
PATH = "Bohrung;Teufe MD [m];Neigung [gon];Azimut [gon]\nA;0;0;0\nA;50;0;0\n"
SHOTS = [["MD (m)", "TWT (ms)"], [0, 0], [100, 100]]
BY_DEPTH = [["well", "marker", "md_m"], ["A", "sand", 8], ["A", "base", 20]]


def rows(cells: list[list[object]]) -> list[str]:
    return [";".join(map(str, row)) for row in cells]


def _in(page: str, path: Path, lines: list[str]) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(page))
    return path


@dataclass(frozen=True)
class Member:
    """Files with what is said about them.

    Attributes
    ----------
    files : dict of str to callable
        What writes each, by its kind; several kinds in one workbook have the same.
    alike : str
        The kind of labels that come of it.
    said : tuple of str
        Options.
    """

    files: dict[str, Callable[[Path], Path]]
    alike: str
    said: tuple[str, ...] = ()


_BOTH = book("book.xlsx", {"About": [["wells of the block"]], "Wells": heads(), "Tops": TOPS})
DEGREES = ("--survey-crs", UTM)
SLICES = ("--slices", "20,40")
MEMBERS = {
    "one workbook": Member({"wells": _BOTH, "tops": _BOTH}, "wells"),
    "an old workbook": Member({"wells": book("w.xls", {"a": heads()}), "tops": book("t.ods", {"a": TOPS})}, "wells"),
    "wells in degrees": Member(
        {
            "wells": text("w.csv", [["well", "longitude", "latitude"], *heads("EPSG:4326")[1:]]),
            "tops": text("t.csv", TOPS),
        },
        "wells",
        DEGREES,
    ),
    "wells of another zone": Member(
        {"wells": text("w.csv", heads("EPSG:25833"), ";"), "tops": text("t.csv", TOPS)},
        "wells",
        ("--crs", "EPSG:25833", *DEGREES),
    ),
    "a later log": Member({"las": written("a.las", LAS_3)}, "log"),
    "a path in gon": Member(
        {
            "wells": text("w.csv", heads()[:2]),
            "tops": text("t.csv", BY_DEPTH),
            "deviation": written("p.csv", PATH),
            "checkshots": book("c.ods", {"a": SHOTS}),
        },
        "log",
    ),
    "picks in a workbook": Member({"horizon": book("h.xlsx", {"h": PICKS})}, "horizon"),
    "picks of another zone": Member(
        {"horizon": text("h.csv", [PICKS[0], *MOVED])},
        "horizon",
        ("--crs", "EPSG:25833", *DEGREES),
    ),
    "Irap classic": Member({"horizon": irap("h.irap", False)}, "horizon"),
    "Irap classic, binary": Member({"horizon": irap("h.gri", True)}, "horizon"),
    "ZMap": Member(
        {
            "horizon": written(
                "h.zmap",
                north_up(f"@h HEADER, GRID, 8\n12, 1E+30, , 4, 1\n8, 10, {X}, {X + 90}, {Y}, {Y + 140}\n0, 0, 0\n@\n"),
            )
        },
        "horizon",
    ),
    "CPS-3": Member(
        {
            "horizon": written(
                "h.cps",
                north_up(
                    f"FSASCI 0 1 C 0 1E+30\nFSATTR 0 0\nFSLIMI {X} {X + 90} {Y} {Y + 140} 0 9\nFSNROW 8 10\n->h\n"
                ),
            )
        },
        "horizon",
    ),
    "places of Google Earth": Member({"polygons": written("a.kml", in_kml())}, "shapes", (*SLICES, *DEGREES)),
    "places, packed": Member(
        {"polygons": lambda folder: workbook_files.pack(folder / "a.kmz", {"doc.kml": in_kml()})},
        "shapes",
        (*SLICES, *DEGREES),
    ),
    "shapes as text": Member({"polygons": written("a.csv", f'class,WKT\nsalt,"{TOP}"\n')}, "shapes", SLICES),
    "shapes in a workbook": Member(
        {"polygons": book("a.xlsx", {"a": [["geom", "class"], [TOP, "salt"]]})}, "shapes", SLICES
    ),
}


#: Headings of wells and of their intervals, in languages and abbreviations of the trade.
HEADINGS = {
    "Norwegian": ("Brønn;Øst;Nord", "Brønn;Topp TWT [ms];Bunn TWT [ms];Litologi"),
    "Portuguese": ("Poço;Leste;Norte", "Poço;Topo TWT (ms);Base TWT (ms);Litologia"),
    "Italian": ("Pozzo;Est;Nord", "Pozzo;Tetto TWT [ms];Letto TWT [ms];Litologia"),
    "Russian": ("Скважина;X;Y", "Скважина;Кровля TWT, мс;Подошва TWT, мс;Литология"),
    "Chinese": ("井名;X坐标;Y坐标", "井名;顶 TWT (毫秒);底 TWT (毫秒);岩性"),
    "Turkish": ("Kuyu;Doğu;Kuzey", "Kuyu;Üst TWT (ms);Alt TWT (ms);Litoloji"),
    "Polish": ("Otwór;X;Y", "Otwór;Strop TWT [ms];Spąg TWT [ms];Litologia"),
    "Dutch": ("Put;X;Y", "Put;Top TWT [ms];Basis TWT [ms];Lithologie"),
    "French": ("Puits;X;Y", "Puits;Toit TWT (ms);Mur TWT (ms);Faciès"),
    "Czech": ("Vrt;X;Y", "Vrt;Strop TWT (ms);Báze TWT (ms);Litologie"),
    "Indonesian": ("Sumur;X;Y", "Sumur;Atas TWT (ms);Bawah TWT (ms);Litologi"),
    "by number": ("UWI;Surface X;Surface Y", "UWI;Top TWT (ms);Base TWT (ms);Lithofacies"),
    "kind in the unit": (
        "Well Name;X Surface Location;Y Surface Location",
        "Well Name;From (ms TWT);To [TWT, ms];Zone",
    ),
    "units below": ("Well;X;Y", "Well;Top TWT;Base TWT;Facies\n;ms;ms;"),
}
MEMBERS |= {
    f"headings, {name}": Member(
        {
            "wells": text("w.csv", [[heads_], *([";".join(map(str, row))] for row in heads()[1:])]),
            "tops": text("t.csv", [[tops_], *([";".join(map(str, row))] for row in TOPS[1:])]),
        },
        "wells",
    )
    for name, (heads_, tops_) in HEADINGS.items()
}
#: Inline, crossline, x, y and time of each pick.
ROWS = [(100 + i, 200 + j, X + 10 * j, Y + 20 * i, SURFACE[j, i]) for i in range(N[0]) for j in range(N[1])]


def lines_of(head: str, row: str) -> Callable[[Path], Path]:
    return written(
        "h.dat", head + "".join(row.format(i=i, j=j, x=x, y=y, z=z, s=z / 1000, up=-z) + "\n" for i, j, x, y, z in ROWS)
    )


MEMBERS |= {
    f"picks, {name}": Member({"horizon": lines_of(head, row)}, "horizon")
    for name, (head, row) in {
        "numbered comments": ("# 1: X\n# 2: Y\n# 3: Inline\n# 4: Crossline\n# 5: Z(ms)\n", "{x} {y} {i} {j} {z}"),
        "quoted names": ('"Horizon name"\t"X"\t"Y"\t"Z(ms)"\n', '"Top"\t{x}\t{y}\t{z}'),
        "lines and traces": ("Line,Trace,X,Y,Time\n", "{i},{j},{x},{y},{z}"),
        "fixed columns": ("", "{i:10.2f}{j:10.2f}{x:12.2f}{y:12.2f}{z:12.4f}"),
        "seconds": ("IL XL TWT(s)\n", "{i} {j} {s:.4f}"),
        "attributes below a header": (
            "# Petrel Points with attributes\n# Unit in depth: ms\nVERSION 1\n"
            "BEGIN HEADER\nX\nY\nZ\nINT,Inline\nEND HEADER\n",
            "{x} {y} {up} {i}",
        ),
        "fields in comments": (
            "# Type: scattered data\n# Field: 1 x meters\n# Field: 2 y meters\n"
            "# Field: 3 twt milliseconds\n# End:\n", "{x} {y} {z}",
        ),
        "German": ("Inline;Crossline;Laufzeit [ms]\n", "{i};{j};{z}"),
        "Russian": ("Инлайн;Кросслайн;Время (мс)\n", "{i};{j};{z}"),
        "Chinese": ("主测线,联络线,双程时间(ms)\n", "{i},{j},{z}"),
        "header behind a mark": ("#X Y TWT_ms\n", "{x} {y} {z}"),
    }.items()
}  # fmt: skip
MEMBERS |= {
    f"path and checkshots, {name}": Member(
        {
            "wells": text("w.csv", heads()[:2]),
            "tops": text("t.csv", BY_DEPTH),
            "deviation": written("p.csv", path),
            "checkshots": written("c.csv", shots),
        },
        "log",
    )
    for name, (path, shots) in {
        "a report": (
            "Company: X\nWell: A\nSurvey report\n\nMeasured Depth (m)\tInclination (deg)\tAzimuth (deg)\n"
            "0.0\t0.0\t0.0\n50.0\t0.0\t0.0\n",
            "MD (m),OWT (ms)\n0,0\n100,50\n",
        ),
        "quadrants": ("Well,MD (m),Inc,Azi\nA,0,0,N0E\nA,50,0,N0E\n", "Measured depth [m];TWT [s]\n0;0\n100;0.1\n"),
        "Russian": (
            "Скважина;Глубина по стволу (м);Зенитный угол;Азимут\nA;0;0;0\nA;50;0;0\n",
            "Глубина MD (м);Двойное время (мс)\n0;0\n100;100\n",
        ),
        "Spanish": (
            "Pozo;Profundidad medida (m);Inclinación;Azimut\nA;0;0;0\nA;50;0;0\n",
            "Profundidad medida (m);Tiempo doble (ms)\n0;0\n100;100\n",
        ),
        "Chinese": ("井名,测深(m),井斜角,方位角\nA,0,0,0\nA,50,0,0\n", "测深 (m),双程时间 (ms)\n0,0\n100,100\n"),
    }.items()
}  # fmt: skip


def of_a_gis(name: str, **how: object) -> Callable[[Path], Path]:
    """One area with a class; a shapefile is packed."""

    def write(folder: Path) -> Path:
        import pyogrio
        import shapely

        path = folder / name
        made = folder / "rocks.shp" if path.suffix == ".zip" else path
        shapes, classes = np.array([shapely.from_wkt(TOP)], object), [np.array(["salt"], object)]
        with gis_drivers.or_skip():
            pyogrio.raw.write(made, shapely.to_wkb(shapes), classes, ["class"], geometry_type="Polygon", crs=UTM, **how)
        if made != path:
            workbook_files.pack(path, {f"rocks/{one.name}": one.read_bytes() for one in folder.glob("rocks.*")})
        return path

    return write


def in_bytes(folder: Path) -> Path:
    import shapely

    return text("a.csv", [["geom", "class"], [shapely.to_wkb(shapely.from_wkt(TOP), hex=True), "salt"]])(folder)


MEMBERS |= {
    f"shapes, {name}": Member({"polygons": write}, "shapes", SLICES)
    for name, write in {
        "a zipped shapefile": of_a_gis("a.zip"),
        "SpatiaLite": of_a_gis("a.sqlite", driver="SQLite", dataset_options={"SPATIALITE": "YES"}),
        "GML": of_a_gis("a.gml"),
        "bytes of PostGIS": in_bytes,
    }.items()
}
MEMBERS |= {
    f"wells, {name}": Member(
        {
            "wells": lambda folder, head=head, page=page: _in(page, folder / "w.csv", [head, *rows(heads()[1:])]),
            "tops": lambda folder, top=top, page=page: _in(page, folder / "t.csv", [top, *rows(TOPS[1:])]),
        },
        "wells",
    )
    for name, (page, head, top) in {
        "Windows-1251": ("cp1251", "Скважина;Восток;Север", "Скважина;Кровля TWT, мс;Подошва TWT, мс;Порода"),
        "GB 18030": ("gb18030", "井名;X坐标;Y坐标", "井名;顶 TWT (毫秒);底 TWT (毫秒);岩性"),
    }.items()
}
MEMBERS["wells, words for nothing"] = Member(
    {
        "wells": text("w.csv", heads()),
        "tops": text("t.csv", [*TOPS, ["A", 24, 40, "n/a"], ["B", 44, 60, "No data"]]),
    },
    "wells",
)
MEMBERS["picks, words for nothing"] = Member(
    {"horizon": text("h.csv", [*PICKS, [X, Y, "not reached"], [X + 10, Y, "#REF!"], [X + 20, Y, "n.d."]])}, "horizon"
)


def labelled(survey: Path, *words: str) -> np.ndarray:
    opened = surveys.open(survey)
    known = knowledge(parser().parse_args(["train", "s", *words]), None, opened)
    out = np.zeros(N, np.uint8)
    burn(narrow(known.sources), opened, ClassTable(()), out)
    return out


def expected(alike: str) -> np.ndarray:
    out = np.zeros(N, np.uint8)
    if alike == "wells":
        out[3, 4, 2:5], out[6, 7, 3:10] = 1, 2
    elif alike == "log":
        out[3, 4, 2:5] = 1
    elif alike == "shapes":
        out[2:5, 1:5, 5:10] = 1
    else:
        first = np.ceil(SURFACE.T / 4 - 1e-6).astype(int)
        out[:] = np.where(np.arange(N[2]) < first[..., np.newaxis], 1, 2)
    return out


@pytest.mark.parametrize("name", MEMBERS)
def test_files_give_the_same_labels_however_they_are_named(tmp_path, survey, name):
    member = MEMBERS[name]
    paths = {kind: write(tmp_path) for kind, write in member.files.items()}
    by_kind = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    by_look = [word for path in dict.fromkeys(paths.values()) for word in ("--known", str(path))]
    for words in (by_kind, by_look):
        np.testing.assert_array_equal(labelled(survey, *words, *member.said), expected(member.alike))


def test_a_session_remembers_each_sheet_of_a_workbook(tmp_path, survey):
    path = _BOTH(tmp_path)
    with fhn.open(survey, session=tmp_path / "work.fhn") as work:
        work.label(known=path, radius=0)
        np.testing.assert_array_equal(work.labels, expected("wells"))
        kept = work.project.session.manifest.knowledge
        assert [(one.kind, one.answers["options"]["sheet"]) for one in kept] == [("wells", "Wells"), ("tops", "Tops")]
        work.label(wells=path, tops=path, radius=0, replace_labels=True)
        np.testing.assert_array_equal(work.labels, expected("wells"))
        assert [one.kind for one in work.project.session.manifest.knowledge] == ["wells", "tops"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (book("book.xlsx", {"a": [["well", "x"], ["A", 1]]}), "--known {path} --columns book.xlsx:kind=horizon"),
        (book("book.xlsx", {"a": TOPS}), "--points {path}"),
        (written("book.xlsx", "PK\x03\x04 cut"), "--known {path}"),
        (written("top.irap", "-996 8 10 20\n1 2 3\n"), "--known {path}"),
        (written("top.cps", "FSASCI 0 1\nFSLIMI 0 1 0 1\n->\n1 2 3\n"), "--horizon {path}"),
        (written("top.zmap", "@h HEADER, GRID, 8\n12\n@\n1 2 3\n"), "--known {path}"),
        (written("a.kml", "<kml><Placemark>"), "--known {path} --slices 20,40"),
        (written("a.csv", 'class,WKT\nsalt,"POLYGON ((1 2, 3))"\n'), "--known {path} --slices 20,40"),
        (written("a.las", LAS_3), "--las {path} --columns las:log=Log_Data[3]"),
        (text("w.csv", heads()), "--wells {path} --tops {path} --crs nowhere"),
    ],
)
def test_wrong_files_are_a_sentence(tmp_path, survey, make, words):
    path = make(tmp_path)
    with pytest.raises(LabelError) as error:
        labelled(survey, *words.format(path=path).split())
    assert path.name in str(error.value)
    assert len(str(error.value)) < 600
