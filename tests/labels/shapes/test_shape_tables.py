"""Places in files of a GIS: wells, tops and checkshots as points with fields, paths as lines, as tables of the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import segyio
import shapely

from napari_fhn import labels, surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import knowledge
from napari_fhn.labels import AmbiguousColumns, ClassTable, LabelError, Question, Source, recognise
from napari_fhn.project.knowledge import burn
from narrow_wells import narrow

SHAPE = (8, 10, 32)
UTM = "EPSG:32632"
#: Of wells A and B, as in the table beside them.
PLACES = [(500_020.0, 6_000_060.0), (500_070.0, 6_000_100.0)]
WELLS = "Well,X (m),Y (m),KB (m)\nA,500020,6000060,10\nB,500070,6000100,12\n"
TOPS = "Well,Marker,TWT (ms)\nA,sand,0\nA,shale,40\nA,end,100\nB,sand,20\nB,end,60\n"


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Inlines from 100 going north by 20 m, crosslines from 200 going east by 10 m, 4 ms from 0; no CRS."""
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(SHAPE, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i,
                segyio.su.xline: 200 + j,
                segyio.su.cdpx: 500_000 + 10 * j,
                segyio.su.cdpy: 6_000_000 + 20 * i,
            })  # fmt: skip
    return surveys.open(path)


def written(path: Path, shapes: list[object], crs: str = UTM, **fields: list[object]) -> Path:
    kind = shapely.get_type_id(np.array(shapes, dtype=object))[0]
    name = {0: "Point", 1: "LineString", 4: "MultiPoint"}[int(kind)] + (" Z" if shapely.has_z(shapes[0]) else "")
    values = [np.array(one, dtype=object if isinstance(one[0], str) else None) for one in fields.values()]
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, dtype=object), output_dimension=3, flavor="iso"),
        field_data=values,
        fields=list(fields),
        crs=crs,
        geometry_type=name,
    )
    return path


def burnt(survey, *words: str) -> tuple[np.ndarray, tuple[str, ...]]:
    out = np.zeros(SHAPE, np.uint8)
    known = knowledge(parser().parse_args(["train", "s", *map(str, words)]), None, survey)
    return out, burn(narrow(known.sources), survey, ClassTable(()), out).words


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "wells.csv").write_text(WELLS)
    (tmp_path / "tops.csv").write_text(TOPS)
    return tmp_path


def points(crs: str = UTM, z: float | None = None) -> list[object]:
    at = np.array(PLACES)
    if crs != UTM:
        from pyproj import Transformer

        at = np.stack(Transformer.from_crs(UTM, crs, always_xy=True).transform(*at.T), axis=1)
    return [shapely.Point(*one) if z is None else shapely.Point(*one, z) for one in at]


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson", ".fgb"])
@pytest.mark.parametrize("z", [None, 12.5])
def test_wells_as_points_with_fields(tables, survey, suffix, z):
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    assert wanted.any()
    path = written(tables / f"w{suffix}", points(z=z), WELL_NAME=["A", "B"], TD=[3000.0, 2500.0], X=[1.0, 2.0])
    found, _ = burnt(survey, "--wells", path, "--tops", tables / "tops.csv")
    np.testing.assert_array_equal(found, wanted)
    assert recognise(path) == "wells"
    np.testing.assert_array_equal(burnt(survey, "--known", path, "--known", tables / "tops.csv")[0], wanted)


def test_wells_in_degrees_are_brought_over_and_the_crs_of_the_survey_is_asked(tables, survey):
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    path = written(tables / "w.gpkg", points("EPSG:4326"), "EPSG:4326", Well=["A", "B"])
    with pytest.raises(Question, match="are in EPSG:4326, and the CRS of the survey's own coordinates"):
        burnt(survey, "--wells", path, "--tops", tables / "tops.csv")
    found, words = burnt(survey, "--wells", path, "--tops", tables / "tops.csv", "--survey-crs", UTM)
    np.testing.assert_array_equal(found, wanted)
    assert any("its coordinates (EPSG:4326) were brought to the CRS of the survey" in one for one in words)


def test_tops_checkshots_and_points_as_points(tables, survey):
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    rows = [line.split(",") for line in TOPS.splitlines()[1:]]
    at = {"A": points()[0], "B": points()[1]}
    tops = written(
        tables / "t.shp", [at[row[0]] for row in rows], WELL=[row[0] for row in rows],
        MARKER=[row[1] for row in rows], TWT_ms=[float(row[2]) for row in rows],
    )  # fmt: skip
    assert recognise(tops) == "tops"
    np.testing.assert_array_equal(burnt(survey, "--wells", tables / "wells.csv", "--tops", tops)[0], wanted)
    with pytest.raises(AmbiguousColumns, match="column 'marker' is missing"):
        labels.read_tops(written(tables / "bare.shp", points(), WELL=["A", "B"]))


@pytest.mark.parametrize("sign", [1, -1])
def test_paths_of_wells_as_lines_in_space(tables, survey, sign):
    head = np.array([*PLACES[0], 0.0])
    corners = np.array([[0, 0, 10], [0, 0, -90], [30, 0, -130], [30, 0, -230]]) + head
    path = written(tables / "p.shp", [shapely.LineString(corners)], WELL=["A"])
    assert recognise(path) == "deviation"
    (way,) = labels.read_deviation(path, kb_m=10.0, survey=survey).values()
    assert way.name == "A"
    np.testing.assert_allclose(way.md, [0, 100, 150, 250], atol=1e-6)
    np.testing.assert_allclose(way.tvd, [0, 100, 140, 240], atol=1e-6)
    np.testing.assert_allclose(way.dx, [0, 0, 30, 30], atol=1e-6)
    several = written(tables / "m.gpkg", [shapely.MultiPoint(corners)], WELL=["A"])
    table = labels.sniff(several)
    assert table.names == ("WELL", "X", "Y", "Z")
    assert sum(1 for _ in table.rows()) == 4


def test_shapes_with_a_class_stay_shapes(tables, survey):
    for fields in ({"class": ["a", "b"]}, {"name": ["a", "b"]}, {"well": ["A", "B"], "class": ["a", "b"]},
                   {"name": ["A", "B"], "formation": ["x", "y"]}):  # fmt: skip
        assert recognise(written(tables / "s.gpkg", points(), **fields)) == "polygons"
    assert Source.of(written(tables / "l.shp", [shapely.LineString([(0, 0), (1, 1)])], well=["A"])).kind == "polygons"


def test_what_is_wrong_is_a_sentence(tables, survey):
    path = written(tables / "w.shp", points(), WELL=["A", "B"])
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(LabelError):
        labels.sniff(path)
    odd = written(tables / "odd.geojson", points(), WELL=["A\tone\n", "# B"])
    assert [row.text("well") for row in labels.sniff(odd).rows({"well": 0})] == ["A one", "# B"]
    quotes = written(tables / "quotes.geojson", points(), WELL=['"A', 'B 9"'])
    assert [row.text("well") for row in labels.sniff(quotes).rows({"well": 0})] == ['"A', 'B 9"']


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson"])
def test_a_shape_without_a_place_is_not_left_out_unsaid(tables, survey, suffix):
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    wells = written(tables / f"w{suffix}", [points()[0], shapely.Point()], WELL=["A", "B"])
    with pytest.raises(LabelError, match="line 3: column 'X' is empty"):
        burnt(survey, "--wells", wells, "--tops", tables / "tops.csv")
    # Tops say their well by its name, and need no place.
    rows = [line.split(",") for line in TOPS.splitlines()[1:]]
    at = [points()[0], *[shapely.Point()] * (len(rows) - 1)]
    tops = written(
        tables / f"t{suffix}", at, WELL=[row[0] for row in rows], MARKER=[row[1] for row in rows],
        TWT_ms=[float(row[2]) for row in rows],
    )  # fmt: skip
    np.testing.assert_array_equal(burnt(survey, "--wells", tables / "wells.csv", "--tops", tops)[0], wanted)


@pytest.mark.parametrize("option", ["--wells", "--tops", "--deviation", "--polygons", "--points", "--known"])
def test_a_shapefile_without_its_other_files_says_which(tables, survey, option):
    whole = written(tables / "w.shp", points(), WELL=["A", "B"])
    (tables / "linked.shp").symlink_to(whole)
    whole.with_suffix(".shx").rename(tables / "w.SHX")
    labels.sniff(whole)
    (tables / "w.SHX").unlink()
    others = {"--wells": tables / "wells.csv", "--tops": tables / "tops.csv"}
    for name in ("w", "linked"):
        words = (word for pair in (others | {option: tables / f"{name}.shp"}).items() for word in pair)
        with pytest.raises(LabelError, match=rf"{name}\.shx is not beside it"):
            burnt(survey, *words)
