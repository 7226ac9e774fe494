"""Shapes out of Google Earth and out of tables with text: every form, where they lie, and what is damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
import xarray as xr
from rasterio.crs import CRS
from rasterio.warp import transform

from napari_fhn import labels
from napari_fhn.labels import LabelError, Source, Undeclared, class_fields, read_polygons, recognise
from napari_fhn.labels.shapes.kml import read as read_kml
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.project.knowledge.naming import Said, sources
from workbook_files import pack, write

_NS = 'xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"'
KML = f"""<?xml version="1.0" encoding="UTF-8"?>
<kml {_NS}><Document><name>Areas</name>
<NetworkLink><Link><href>http://a.invalid/b.kml</href></Link></NetworkLink>
<Folder><name>Salt</name>
<Placemark><name>north</name><styleUrl>http://a.invalid/s.kml#x</styleUrl><ExtendedData>
<Data name="code"><value>10</value></Data></ExtendedData>
<Polygon><innerBoundaryIs><LinearRing><coordinates>9.0004,54.1484 9.0006,54.1484
9.0006,54.1486 9.0004,54.1484</coordinates></LinearRing></innerBoundaryIs><outerBoundaryIs><LinearRing><coordinates>
9.0002,54.1482,0 9.0010,54.1482,0 9.0010,54.1490,0 9.0002,54.1490,0 9.0002,54.1482,0</coordinates></LinearRing>
</outerBoundaryIs></Polygon></Placemark></Folder>
<Folder><name>Sand &amp; silt</name>
<Placemark><name>well</name><MultiGeometry><Point><coordinates>9.0012,54.1483</coordinates></Point>
<LineString><coordinates>9.0011,54.1484 9.0013,54.1485</coordinates></LineString></MultiGeometry></Placemark>
<Placemark><name>track</name><gx:Track><gx:coord>9.0012 54.1488 0</gx:coord>
<gx:coord>9.0014 54.1490 0</gx:coord></gx:Track></Placemark>
<Placemark><name>nowhere</name></Placemark></Folder></Document></kml>"""


@pytest.fixture
def scene() -> xr.DataArray:
    """15 x 14 cells of 10 m from 500000, 6000150 down, in UTM 32."""
    return xr.DataArray(
        np.zeros((1, 14, 15), np.float32),
        dims=("band", "y", "x"),
        coords={
            "y": 6_000_145.0 - 10 * np.arange(14),
            "x": 500_005.0 + 10 * np.arange(15),
            "spatial_ref": ((), 0, {"crs_wkt": CRS.from_epsg(32632).to_wkt()}),
        },
    )


def burnt(scene, *paths, **options):
    out = np.zeros(scene.shape[-2:], np.uint8)
    found = Knowledge(tuple(Source(path, "polygons", options=options) for path in paths)).burn(scene, out)
    return out, found


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_places_of_google_earth_come_to_the_map(tmp_path, scene, suffix):
    path = tmp_path / f"areas{suffix}"
    if suffix == ".kmz":
        pack(path, {"files/other.kml": "<kml/>", "doc.kml": KML, "files/a.png": b"\x89PNG"})
    else:
        path.write_text(KML)
    assert recognise(path) == "polygons"
    assert set(class_fields(path)) == {"name", "code", "folder"}
    with pytest.raises(Undeclared) as asked:
        read_polygons(path)
    assert asked.value.option == "field"
    # KML is in degrees of WGS 84, whatever is said of other files.
    out, found = burnt(scene, path, field="folder", crs="EPSG:32633")
    assert found.classes.names == ("Salt", "Sand & silt")
    x, y = transform("EPSG:4326", "EPSG:32632", [9.0003, 9.0012], [54.1489, 54.1483])
    cells = [(int((6_000_150 - b) // 10), int((a - 500_000) // 10)) for a, b in zip(x, y, strict=True)]
    assert [int(out[cell]) for cell in cells] == [1, 2]
    assert any("1 of 4 shapes has no" in words for words in found.words)
    hole = shapely.Polygon([(9.0004, 54.1484), (9.0006, 54.1484), (9.0006, 54.1486)])
    assert shapely.disjoint(read_kml(path).shapes[0], hole.buffer(-1e-5))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KML[:400], "it is no readable KML"),
        (KML.replace("54.1482,0 9.0010", "north 9.0010"), "is no longitude and latitude"),
        (KML.replace("9.0011,54.1484", "nan,nan"), "holds what is no number"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + KML.split("?>")[1], "it defines entities"),
        ("<kml><Document/></kml>", "it holds no place"),
        ("<a>" * 500, "deep in each other|no readable KML"),
        ("PK\x03\x04 cut", "no readable KMZ"),
    ],
)
def test_what_is_damaged_says_so(tmp_path, text, words):
    path = tmp_path / "damaged.kml"
    path.write_text(text)
    with pytest.raises(LabelError, match=words):
        read_polygons(path, "name")


def test_a_kmz_that_holds_no_kml_or_never_ends_is_refused(tmp_path, monkeypatch):
    with pytest.raises(LabelError, match="it holds no KML file"):
        read_polygons(pack(tmp_path / "a.kmz", {"a.png": b"1"}), "name")
    monkeypatch.setattr("napari_fhn.zipped.MOST_BYTES", 2**16)
    monkeypatch.setattr("napari_fhn.zipped.pieces.__defaults__", (2**16,))
    with pytest.raises(LabelError, match="it unpacks to more than"):
        read_polygons(pack(tmp_path / "b.kmz", {"doc.kml": KML + " " * 2**17}), "name")


SQUARE = "((500005 6000100, 500045 6000100, 500045 6000140, 500005 6000140, 500005 6000100))"
TABLES = {
    "commas": f'WKT,class,id\n"POLYGON {SQUARE}",10,1\n"POINT (500105 6000055)",20,2\n',
    "semicolons": f'id;the_geom;Klasse\n1;"SRID=32632;POLYGON{SQUARE}";10\n2;"SRID=32632;POINT(500105 6000055)";20\n',
    "tabs": f"# exported\nclass\tgeom\n10\tPOLYGON Z {SQUARE.replace(',', ' 1,').replace('))', ' 1))')}\n"
    "20\tMULTIPOINT (500105 6000055)\n\n30\t\n",
}


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("form", [*TABLES, "workbook"])
def test_tables_with_shapes_as_text_are_shapes(tmp_path, scene, form):
    path = tmp_path / "areas.csv"
    if form == "workbook":
        rows = [["shape", "class"], [f"POLYGON {SQUARE}", 10], ["POINT (500105 6000055)", 20]]
        path = write(tmp_path / "areas.xlsx", {"About": [["by nobody"]], "Areas": rows})
    else:
        path.write_text(TABLES[form])
    assert recognise(path) == "polygons"
    out, found = burnt(scene, path)
    assert found.classes.codes == (10, 20)
    assert (out[1:5, 0:5] == 1).sum() >= 12
    assert out[9, 10] == 2
    assert read_polygons(path).crs == (CRS.from_epsg(32632) if form == "semicolons" else None)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_geojson_in_another_crs_comes_to_the_map(tmp_path, scene):
    """As GDAL wrote it before the standard knew longitude and latitude alone."""
    corners = [(2, 102), (42, 102), (42, 142), (2, 142), (2, 102)]
    x, y = transform("EPSG:32632", "EPSG:25833", *zip(*((500_000 + a, 6_000_000 + b) for a, b in corners), strict=True))
    shape = {"type": "Polygon", "coordinates": [list(zip(x, y, strict=True))]}
    path = tmp_path / "areas.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}
    feature = {"type": "Feature", "properties": {"class": "salt"}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    out, _ = burnt(scene, path)
    assert np.argwhere(out).tolist() == [[i, j] for i in range(1, 5) for j in range(4)]


def test_a_shape_as_long_as_coast_lines_are_is_read(tmp_path):
    turn = np.linspace(0, 2 * np.pi, 20_000)
    ring = ", ".join(f"{500_070 + 60 * np.cos(a):.3f} {6_000_080 + 60 * np.sin(a):.3f}" for a in turn)
    path = tmp_path / "coast.csv"
    path.write_text(f'WKT,class\n"POLYGON (({ring}, 500130.000 6000080.000))",10\n')
    assert path.stat().st_size > 300_000
    assert shapely.get_num_coordinates(read_polygons(path).shapes).item() == 20_001


def test_shapes_as_text_that_are_none_say_their_line(tmp_path, scene):
    path = tmp_path / "a.csv"
    path.write_text('class,WKT\n10,"POINT (1 2)"\n20,"POLYGON ((1 2, 3"\n')
    with pytest.raises(LabelError, match=r"a\.csv, line 3: its shape cannot be read"):
        read_polygons(path)
    with pytest.raises(LabelError, match=r"it has no field 'rock'\. Its fields are class"):
        read_polygons(path, "rock")
    (tmp_path / "b.xyz").write_text("1 2 3\n4 5 6\n")
    with pytest.raises(LabelError, match="no column of it holds shapes"):
        read_polygons(tmp_path / "b.xyz")


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_shapes_in_degrees_without_a_crs_are_asked_about(tmp_path, scene):
    path = tmp_path / "a.csv"
    path.write_text('class,WKT\n10,"POLYGON ((9.0002 54.1482, 9.0010 54.1482, 9.0010 54.1490, 9.0002 54.1482))"\n')
    with pytest.raises(labels.Question, match="may be longitudes and latitudes") as asked:
        burnt(scene, path)
    assert asked.value.cause.option == "crs"
    out, _ = burnt(scene, path, crs="EPSG:4326")
    assert 20 < np.count_nonzero(out) < 50


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_shapes_come_to_a_volume_whose_crs_is_said(tmp_path, mapped):
    path = tmp_path / "areas.kml"
    path.write_text(KML)
    out = np.zeros(mapped.shape, np.uint8)
    said = {"polygons": path, "class_field": "folder", "slices": (40.0, 80.0)}
    with pytest.raises(labels.Question) as asked:
        Knowledge(sources(Said(**said), mapped)).burn(mapped, out)
    assert asked.value.cause.option == "survey_crs"
    Knowledge(sources(Said(**said, survey_crs="EPSG:32632"), mapped)).burn(mapped, out)
    assert out.any()
    assert not out[:, :, 11:].any()
