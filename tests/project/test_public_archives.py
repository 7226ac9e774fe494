"""Tables, legends and databases as public archives and other programs deliver them, by their option and by a look."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import segyio
import shapely
import xarray as xr
from rasterio import Affine
from rasterio.control import GroundControlPoint
from rasterio.transform import from_origin
from rasterio.warp import transform

import napari_fhn as fhn
from napari_fhn import labels, surveys, vector
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import burn_known, knowledge
from napari_fhn.labels import ClassTable, LabelError, Question, recognise
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.project.knowledge import burn
from narrow_wells import narrow

SHAPE, X, Y = (8, 10, 32), 500_000.0, 6_000_000.0
MAP, CELL, WEST, NORTH = (16, 20), 30.0, 400_000.0, 5_000_000.0
#: Row, column and class on the map.
KNOWN = ((3, 4, "rock"), (8, 10, "water"))


@pytest.fixture(scope="module")
def in_time(tmp_path_factory) -> xr.DataArray:
    """Inlines from 100 going north by 20 m, crosslines from 200 going east by 10 m, 4 ms from 0."""
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(SHAPE, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i, segyio.su.xline: 200 + j,
                segyio.su.cdpx: int(X + 10 * j), segyio.su.cdpy: int(Y + 20 * i),
            })  # fmt: skip
    return surveys.open(path)


@pytest.fixture(scope="module")
def in_depth(in_time) -> xr.DataArray:
    """The same, every 4 m below sea level."""
    made = in_time.rename({in_time.dims[-1]: "depth"}).assign_coords(depth=("depth", np.arange(SHAPE[2]) * 4.0))
    made["depth"].attrs["units"] = "m"
    return made


@pytest.fixture(scope="module")
def mapped(tmp_path_factory) -> xr.DataArray:
    path = tmp_path_factory.mktemp("map") / "map.tif"
    how = {"crs": "EPSG:32633", "transform": from_origin(WEST, NORTH, CELL, CELL)}
    with rasterio.open(path, "w", driver="GTiff", dtype="float32", width=MAP[1], height=MAP[0], count=1, **how) as file:
        file.write(np.random.default_rng(0).random((1, *MAP)).astype(np.float32))
    return surveys.open(path)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wells.csv").write_text("Well,X (m),Y (m)\nA,500020,6000060\nB,500070,6000100\n")
    Path("tops.csv").write_text("Well,Marker,TWT (ms)\nA,sand,0\nA,shale,40\nA,end,100\nB,sand,20\nB,end,60\n")
    Path("cs.csv").write_text("Well,MD (m),TWT (ms)\nA,0,0\nA,100,100\nB,0,0\nB,100,100\n")


def burnt(survey: xr.DataArray, words: str) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    known = knowledge(parser().parse_args(["train", "s", *words.split()]), None, survey)
    out = np.zeros(survey.shape if "y" not in survey.dims else MAP, np.uint8)
    found = burn(narrow(known.sources), survey, ClassTable(()), out)
    return out, found.classes.names, found.words


#: Where wells begin, as archives list them: the same two wells.
HEADS = {
    "Norwegian Offshore Directorate": (
        '"wlbWellboreName","wlbWell","wlbDrillingOperator","wlbWaterDepth","wlbNsDecDeg","wlbEwDesDeg","wlbNsUtm",'
        '"wlbEwUtm","wlbUtmZone"\n"A","A","Equinor",80,54.148,9.0003,6000060.00,500020.00,32\n'
        '"B","B","Equinor",80,54.149,9.0011,6000100.00,500070.00,32\n'
    ),
    "Jupiter": "DGU nr.;XUTM;YUTM;Terrænkote (m)\nA;500020;6000060;10\nB;500070;6000100;12\n",
    "NLOG": "Boorgat code;X-coördinaat (RD);Y-coördinaat (RD)\nA;500020;6000060\nB;500070;6000100\n",
    "Teapot Dome": "API Number,Well Number,N_Coord,E_Coord\n1,A,6000060,500020\n2,B,6000100,500070\n",
    "drillers for minerals": "HOLEID,EAST,NORTH,RL,DEPTH\nA,500020,6000060,10,100\nB,500070,6000100,12,100\n",
    "Excel, with its mark": "sep=;\nWell;X;Y\nA;500020,0;6000060,0\nB;500070,0;6000100,0\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_where_wells_begin(in_time, name):
    Path("heads.csv").write_text(HEADS[name])
    wanted, classes, _ = burnt(in_time, "--wells wells.csv --tops tops.csv")
    found = burnt(in_time, "--wells heads.csv --tops tops.csv")
    np.testing.assert_array_equal(found[0], wanted)
    assert found[1] == classes == ("sand", "shale")
    assert recognise("heads.csv") == "wells"


def test_intervals_that_a_formation_names(in_time):
    """Each has a top and a base, and the name of a surface where others have a class."""
    Path("lith.csv").write_text(
        '"wlbName","lsuTopDepth","lsuBottomDepth","lsuName","lsuLevel","wlbCompletionDate"\n'
        '"A",10.0,50.0,"SHETLAND GP","GROUP","01.02.1990"\n"A",50.0,90.0,"CROMER KNOLL GP","GROUP","01.02.1990"\n'
        '"B",20.0,60.0,"SHETLAND GP","GROUP","01.02.1990"\n'
    )
    assert recognise("lith.csv") == "tops"
    words = "--wells wells.csv --tops lith.csv --checkshots cs.csv"
    with pytest.raises(Question, match="column 'lsuTopDepth' does not say which depth or time it is"):
        burnt(in_time, words)
    out, names, _ = burnt(in_time, f"{words} --columns tops:domain=md,top=:m --kb 0")
    assert names == ("SHETLAND GP", "CROMER KNOLL GP")
    # 10 m are 10 ms, which is between the third and the fourth sample.
    np.testing.assert_array_equal(np.flatnonzero(out[3, 2] == 1), np.arange(3, 13))
    np.testing.assert_array_equal(np.flatnonzero(out[3, 2] == 2), np.arange(13, 23))
    np.testing.assert_array_equal(np.flatnonzero(out[5, 7]), np.arange(5, 15))


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_path_of_dips_goes_down_whichever_sign_they_have(sign):
    Path("dips.csv").write_text(
        "HOLEID,DEPTH (m),DIP,AZIMUTH\n"
        + "".join(f"{hole},{depth},{sign * dip},90\n" for hole, dip in (("A", 90), ("B", 60)) for depth in (0, 100))
    )
    assert recognise("dips.csv") == "deviation"
    found = labels.read_deviation("dips.csv")
    assert found["A"].tvd[-1] == pytest.approx(100)
    assert found["B"].tvd[-1] == pytest.approx(100 * np.sin(np.radians(60)))
    assert found["B"].dx[-1] == pytest.approx(50)


@pytest.mark.parametrize(("dips", "what"), [((-60, 60), "both signs"), ((-95, -90), "a dip of -95 degrees is none")])
def test_dips_that_are_none_are_told(dips, what):
    Path("dips.csv").write_text(f"HOLEID,DEPTH (m),DIP,AZIMUTH\nA,0,{dips[0]},90\nA,10,{dips[1]},90\n")
    with pytest.raises(LabelError, match=what):
        labels.read_deviation("dips.csv")


def test_a_dip_of_beds_is_none_of_holes():
    Path("beds.csv").write_text("Well,Marker,MD (m),Dip angle,Dip azimuth\nA,sand,10,12,90\nA,shale,20,14,95\n")
    assert recognise("beds.csv") == "tops"


def test_picks_of_a_log_with_elevations_are_turned(in_depth):
    """As FORCE 2020 has them: a class at each place in space, with its depth as an elevation."""
    rows = "".join(f"A;{d};500020;6000060;{10 - d};{65000 if d < 50 else 30000}\n" for d in range(10, 90, 4))
    Path("force.csv").write_text(f"WELL;DEPTH_MD;X_LOC;Y_LOC;Z_LOC;FORCE_2020_LITHOFACIES_LITHOLOGY\n{rows}")
    out, names, words = burnt(in_depth, "--known force.csv --columns force.csv:z=:m")
    assert names == ("class 30000", "class 65000")
    np.testing.assert_array_equal(np.flatnonzero(out[3, 2]), np.arange(20))
    assert any("its values are negative, growing upwards, and were turned" in one for one in words)
    down = burnt(in_depth, "--points force.csv --columns points:z=:m --z up")[0]
    np.testing.assert_array_equal(down, out)


def test_a_point_without_a_depth_is_left_out_and_hides_no_sign(in_depth):
    rows = "".join(f"{z},500020,6000060,a\n" for z in (0, 4, 8, -999.25, -9999))
    Path("p.csv").write_text(f"Z (m),X,Y,class\n{rows}")
    out, _, words = burnt(in_depth, "--points p.csv")
    np.testing.assert_array_equal(np.flatnonzero(out[3, 2]), np.arange(3))
    assert "p.csv: 2 of 5 points lie outside the survey, or have no depth or time, and were left out." in words


def test_the_sign_that_ends_a_text_is_no_row(in_time):
    rows = "".join(f"{X + 10 * j:.2f} {Y + 20 * i:.2f} {40 + i}\r\n" for i in range(8) for j in range(10))
    Path("plain.txt").write_text(f"X Y TWT(ms)\r\n{rows}", newline="")
    wanted = burnt(in_time, "--horizon plain.txt --zones a,b")[0]
    for end in ("\x1a", "\r\n\x1a"):
        Path("dos.txt").write_text(f"X Y TWT(ms)\r\n{rows.rstrip()}{end}", newline="")
        np.testing.assert_array_equal(burnt(in_time, "--horizon dos.txt --zones a,b")[0], wanted)


#: Legends without a heading.
LEGENDS = {
    "10|Forest, mixed\n20|water\n": (("Forest, mixed", "water"), None),
    "10:rock\n20:water\n": (("rock", "water"), None),
    "10,rock,#ff0000\n20,water,#0000ff\n": (("rock", "water"), ("#ff0000", "#0000ff")),
    "10 255:0:0\n20 0:0:255\nnv 255:255:255\ndefault 0:0:0\nend\n": (("10", "20"), ("#ff0000", "#0000ff")),
    "10 255 0 0 255\n20 0 0 255 255\nnv 0 0 0 0\n": (("10", "20"), ("#ff0000", "#0000ff")),
    "10 bare rock 255 0 0\n20 water 0 0 255\n": (("bare rock", "water"), ("#ff0000", "#0000ff")),
}


@pytest.mark.parametrize("text", LEGENDS)
def test_legends_without_a_heading(text):
    Path("legend.txt").write_text(text)
    table = read_legend("legend.txt")
    names, colors = LEGENDS[text]
    assert (table.codes, table.names) == ((10, 20), names)
    assert colors is None or tuple(one.color for one in table) == colors


@pytest.mark.parametrize("text", ["10,rock,3\n20,water,4\n", "10,4.5\n20,3.5\n", "a,b\n10,rock,x,y\n"])
def test_what_is_no_legend_stays_none(text):
    Path("legend.txt").write_text(text)
    with pytest.raises(LabelError):
        read_legend("legend.txt")


ROIS = """; ENVI Output of ROIs (5.3) [Mon Jan  1 10:00:00 2024]
; Number of ROIs: 2
; File Dimension: 20 x 16
;
; ROI name: rock
; ROI rgb value: {255, 0, 0}
; ROI npts: 2
;
; ROI name: open water
; ROI rgb value: {0, 0, 255}
; ROI npts: 1
;
;   ID     X     Y       B1
     1     5     4     0.100
     2     6     4     0.100

     1    11     9     0.200
"""


def test_regions_of_envi(mapped):
    """Its pixels count from 1, and the regions follow each other without a word between them."""
    Path("rois.txt").write_text(ROIS)
    assert recognise("rois.txt", mapped) == "points"
    for option in ("--points", "--known"):
        out, names, words = burnt(mapped, f"{option} rois.txt")
        assert names == ("rock", "open water")
        assert np.argwhere(out).tolist() == [[3, 4], [3, 5], [8, 10]]
        assert out[3, 5] == out[3, 4] != out[8, 10]
        assert any("They were marked on an image of 16 rows and 20 columns" in one for one in words)
    # Where they were marked on a part of an image, their columns are others.
    Path("moved.txt").write_text(ROIS.replace("ID     X     Y ", "ID  Map_X  X  Y ").replace("1     5", "1  0.5  5"))
    cut = ROIS.splitlines(keepends=True)
    Path("cut.txt").write_text("".join(cut[:13]))
    with pytest.raises(LabelError):
        burnt(mapped, "--points cut.txt")


def geodatabase(folder: Path) -> Path:
    for layer, field in (("MapUnitPolys", "MapUnit"), ("Stations", "Notes")):
        squares = [shapely.box(x - 5, y - 5, x + 5, y + 5) for x, y in PLACES]
        pyogrio.raw.write(
            folder, shapely.to_wkb(np.array(squares, dtype=object)), [np.array(["rock", "water"], dtype=object)],
            [field], driver="OpenFileGDB", layer=layer, geometry_type="MultiPolygon", crs="EPSG:32633",
            append=folder.exists(), promote_to_multi=True,
        )  # fmt: skip
    return folder


PLACES = [(WEST + CELL * (j + 0.5), NORTH - CELL * (i + 0.5)) for i, j, _ in KNOWN]


def test_a_geodatabase_as_a_folder_and_in_a_zip(mapped):
    base = geodatabase(Path("geology.gdb"))
    with zipfile.ZipFile("geology.zip", "w") as archive:
        for part in base.iterdir():
            archive.write(part, f"delivery/{part}")
    for name in ("geology.gdb", "geology.zip"):
        with pytest.raises(Question, match="it holds 2 layers: MapUnitPolys, Stations"):
            burnt(mapped, f"--polygons {name}")
        for option in ("--polygons", "--points", "--known"):
            out, names, _ = burnt(mapped, f"{option} {name} --layer MapUnitPolys")
            assert names == ("rock", "water")
            assert np.argwhere(out).tolist() == [[3, 4], [8, 10]]


def test_wells_in_a_geodatabase(in_time):
    path = Path("wells.gdb")
    at = [shapely.Point(500_020, 6_000_060), shapely.Point(500_070, 6_000_100)]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(at, dtype=object)), [np.array(["A", "B"], dtype=object), np.array([10.0, 12.0])],
        ["WELL_NAME", "KB"], driver="OpenFileGDB", layer="wells", geometry_type="Point", crs="EPSG:32632",
    )  # fmt: skip
    wanted = burnt(in_time, "--wells wells.csv --tops tops.csv")[0]
    for option in ("--wells", "--known"):
        np.testing.assert_array_equal(burnt(in_time, f"{option} wells.gdb --tops tops.csv")[0], wanted)


def test_a_folder_that_is_no_geodatabase_or_leads_elsewhere_is_told(mapped):
    Path("empty.gdb").mkdir()
    Path("file.gdb").write_text("x")
    whole = geodatabase(Path("whole.gdb"))
    shutil.copytree(whole, "led.gdb")
    Path("led.gdb/a0000000f.gdbtable").symlink_to("/etc/passwd")
    shutil.copytree(whole, "cut.gdb")
    Path("cut.gdb/a00000001.gdbtable").write_bytes(b"x" * 40)
    for name, what in (
        ("empty.gdb", "the table of its tables"), ("cut.gdb", "the table of its tables"),
        ("file.gdb", "a geodatabase is a folder"), ("led.gdb", r"a0000000f\.gdbtable in it is no plain file"),
    ):  # fmt: skip
        with pytest.raises(vector.VectorError, match=what):
            vector.layer_of(Path(name))
        for option in ("--polygons", "--known"):
            with pytest.raises(LabelError, match=what):
                burnt(mapped, f"{option} {name} --layer x")


def labels_at(path: str, transform: Affine, codes: np.ndarray, crs: str | None = "EPSG:32633") -> None:
    how = {"dtype": codes.dtype, "width": codes.shape[1], "height": codes.shape[0], "count": 1}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **how) as file:
        file.write(codes[np.newaxis])


def coded() -> np.ndarray:
    codes = np.zeros(MAP, np.uint8)
    for (row, column, _), code in zip(KNOWN, (10, 20), strict=True):
        codes[row, column] = code
    return codes


def test_a_raster_turned_by_a_quarter(mapped):
    labels_at("turned.tif", Affine(0, CELL, WEST, -CELL, 0, NORTH), np.ascontiguousarray(coded().T))
    out, _, words = burnt(mapped, "--labels turned.tif")
    assert np.argwhere(out).tolist() == [[3, 4], [8, 10]]
    assert any("was brought onto 16 x 20 cells of 30 m" in one for one in words)
    # As a survey it keeps its place, too.
    survey = surveys.open("turned.tif")
    labels_at("upright.tif", from_origin(WEST, NORTH, CELL, CELL), coded())
    placed = surveys.read_classes("upright.tif", survey)
    assert np.argwhere(placed.values.values).tolist() == [[4, 3], [10, 8]]
    surveys.save("out.tif", placed.values.values, survey)
    with rasterio.open("out.tif") as file:
        assert file.transform == Affine(0, CELL, WEST, -CELL, 0, NORTH)


def test_ground_control_points_are_a_place(mapped):
    """Rows from the bottom up, one cell further east: taken voxel by voxel they would lie elsewhere."""
    moved = np.zeros(MAP, np.uint8)
    moved[::-1, :-1] = coded()[:, 1:]
    for name, bend in (("fit.tif", 0.0), ("bent.tif", 100.0)):
        labels_at(name, Affine.identity(), moved, None)
        corners = [(0, 0), (0, MAP[1]), (MAP[0], 0), (MAP[0], MAP[1]), (8, 10)]
        points = [
            GroundControlPoint(
                row, column, WEST + CELL * (column + 1) + bend * (row == 8), NORTH - CELL * (MAP[0] - row)
            )
            for row, column in corners
        ]
        with rasterio.open(name, "r+") as file:
            file.gcps = (points, rasterio.crs.CRS.from_epsg(32633))
    assert np.argwhere(burnt(mapped, "--labels fit.tif")[0]).tolist() == [[3, 4], [8, 10]]
    said = surveys.open("fit.tif").attrs["notes"]
    assert any(one.startswith("Its place is told by 5 ground control points, which a grid fits") for one in said)
    assert any("which no regular grid fits" in one for one in surveys.open("bent.tif").attrs["notes"])


def test_labels_finer_than_the_survey_that_no_cell_meets_are_told(mapped):
    fine = np.zeros((160, 200), np.uint16)
    fine[36:40, 44:48] = 111
    labels_at("fine.tif", from_origin(WEST, NORTH, 3, 3), fine)
    with pytest.raises(LabelError, match="nothing of it covers the middle of a cell of the survey"):
        burnt(mapped, "--labels fine.tif")


def test_classes_that_no_cell_of_the_survey_meets_are_named_at_every_door(mapped, capsys):
    fine = np.zeros((160, 200), np.uint16)
    fine[40:80, 40:80] = 10
    fine[36:40, 44:48] = 20
    labels_at("fine.tif", from_origin(WEST, NORTH, 3, 3), fine)
    told = "fine.tif: nothing is left of 20 (16 pixels) on the grid of the survey"
    out, names, words = burnt(mapped, "--labels fine.tif")
    assert names == ("class 10",)
    assert any(one.startswith(told) for one in words), words
    Path("classes.csv").write_text("value,name\n10,granite\n20,dyke\n")
    named = told.replace("20", "20 dyke")
    given = parser().parse_args(["train", "s", "--labels", "fine.tif"])
    burn_known(knowledge(given, read_legend("classes.csv"), mapped), mapped, out)
    assert named in capsys.readouterr().err
    with fhn.open(mapped.attrs["source"], session="p.fhn") as work:
        found = work.label("fine.tif", classes="classes.csv")
        assert any(one.startswith(named) for one in found), found
    # An array that says where it lies, and a truth, are held to the same.
    with fhn.open(mapped.attrs["source"], session="a.fhn") as work:
        found = work.label(surveys.open("fine.tif")[0])
        assert any("nothing is left of 20 (16 pixels)" in one for one in found), found


def test_places_in_degrees_with_blanks_are_no_columns_of_their_own(in_time):
    def written(value: float, side: str) -> str:
        minutes = value % 1 * 60
        return f"{side} {int(value)} {int(minutes):02d} {minutes % 1 * 60:.4f}"

    lon, lat = transform("EPSG:32632", "EPSG:4326", [500_020, 500_070], [6_000_060, 6_000_100])
    rows = (f"{name},{written(b, 'N')},{written(a, 'E')}\n" for name, a, b in zip("AB", lon, lat, strict=True))
    Path("dms.csv").write_text("Well,Latitude,Longitude\n" + "".join(rows))
    wanted = burnt(in_time, "--wells wells.csv --tops tops.csv")[0]
    found = burnt(in_time, "--wells dms.csv --tops tops.csv --survey-crs EPSG:32632")[0]
    np.testing.assert_array_equal(found, wanted)


def test_names_of_classes_in_the_table_that_arcgis_keeps_beside_a_raster(mapped):
    codes = np.zeros((1, *MAP), np.uint8)
    for (row, column, _), code in zip(KNOWN, (10, 20), strict=True):
        codes[0, row, column] = code
    how = {"crs": "EPSG:32633", "transform": from_origin(WEST, NORTH, CELL, CELL)}
    with rasterio.open("vat.tif", "w", driver="GTiff", dtype="uint8", width=20, height=16, count=1, **how) as file:
        file.write(codes)
    fields = (("VALUE", b"N", 10), ("CLASS_NAME", b"C", 20))
    width = 1 + sum(size for _, _, size in fields)
    head = bytes([3, 126, 1, 1]) + (2).to_bytes(4, "little")
    head += (33 + 32 * len(fields)).to_bytes(2, "little") + width.to_bytes(2, "little") + bytes(20)
    for name, sort, size in fields:
        head += name.encode().ljust(11, b"\0") + sort + bytes(4) + bytes([size, 0]) + bytes(14)
    rows = b"".join(b" " + f"{code:>10}{name:<20}".encode() for code, name in ((10, "rock"), (20, "water")))
    Path("vat.tif.vat.dbf").write_bytes(head + b"\r" + rows + b"\x1a")
    out, names, _ = burnt(mapped, "--labels vat.tif")
    assert names == ("rock", "water")
    assert np.argwhere(out).tolist() == [[3, 4], [8, 10]]
