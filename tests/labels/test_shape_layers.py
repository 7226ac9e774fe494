"""Wells, tops, checkshots and paths in files of a GIS with several layers, packed as a zip, and in KML with folders."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from tests.labels.shapes.test_shape_tables import PLACES, TOPS, UTM, WELLS, burnt, points, survey

from napari_fhn import labels
from napari_fhn.api.wording import in_python
from napari_fhn.labels import LabelError, Question, Source, collect_warnings, recognise
from napari_fhn.labels.shapes.shape_tables import layers
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.project.knowledge.naming import Said, sources
from napari_fhn.project.knowledge.recognition import all_recognised
from napari_fhn.project.sessions.answers import Answers

__all__ = ["survey"]

#: Of well A, from its datum 10 m above sea level.
PATH = np.add([[0, 0, 10], [0, 0, -90], [30, 0, -130], [30, 0, -230]], [*PLACES[0], 0.0])


def add(path: Path, layer: str, shapes: list[object], crs: str = UTM, **fields: list[object]) -> Path:
    kind = type(shapes[0]).__name__ + (" Z" if shapely.has_z(shapes[0]) else "")
    pyogrio.raw.write(
        path, layer=layer, append=path.exists(), crs=crs, geometry_type=kind,
        geometry=shapely.to_wkb(np.array(shapes, dtype=object), output_dimension=3, flavor="iso"),
        field_data=[np.array(one, dtype=object if isinstance(one[0], str) else None) for one in fields.values()],
        fields=list(fields), **({"driver": "SQLite", "SPATIALITE": "YES"} if path.suffix == ".sqlite" else {}),
    )  # fmt: skip
    return path


def tops_as_points() -> dict[str, list[object]]:
    rows = [line.split(",") for line in TOPS.splitlines()[1:]]
    return {"WELL": [r[0] for r in rows], "MARKER": [r[1] for r in rows], "TWT_ms": [float(r[2]) for r in rows]}


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "wells.csv").write_text(WELLS)
    (tmp_path / "tops.csv").write_text(TOPS)
    return tmp_path


@pytest.fixture(params=[".gpkg", ".sqlite", ".zip"])
def project(request, tables):
    """Wells, tops and areas with a class as layers, beside a coast that says nothing."""
    tops = tops_as_points()
    at = dict(zip("AB", points(), strict=True))
    of = {
        "wellbores": (points(), {"WELL_NAME": ["A", "B"], "TD": [3000.0, 2500.0]}),
        "formation_tops": ([at[str(name)] for name in tops["WELL"]], tops),
        "licences": ([shapely.box(500_000, 6_000_000, 500_030, 6_000_050)], {"facies": ["salt"], "owner": ["X"]}),
        "coast": ([shapely.LineString([(0, 0), (1, 1)])], {"scale": [3]}),
    }
    if request.param == ".zip":
        # Each a shapefile in a folder of its own, as an archive of a survey has them.
        path = tables / "data.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, (shapes, fields) in of.items():
                add(tables / f"{name}.shp", name, shapes, **fields)
                for part in tables.glob(f"{name}.*"):
                    archive.write(part, f"delivery/{name}/{part.name}")
        return path
    path = tables / f"data{request.param}"
    for name, (shapes, fields) in of.items():
        add(path, name, shapes, **fields)
    return path


def test_each_layer_that_tells_its_kind_is_read(project, survey):
    csv = ("--wells", project.parent / "wells.csv", "--tops", project.parent / "tops.csv")
    wanted, _ = burnt(survey, *csv)
    assert layers(project)["coast"] == "lines"
    for words in (
        ("--wells", project, "--tops", project),
        ("--wells", project, *csv[2:]),
        (*csv[:2], "--tops", project),
    ):
        np.testing.assert_array_equal(burnt(survey, *words)[0], wanted)
    (found, rest) = collect_warnings(lambda: sources(Said(known=project), survey))
    kinds = {one.kind: one.part for one in found}
    assert kinds == {"wells": "wellbores", "tops": "formation_tops", "polygons": "licences"}
    assert rest == [f"{project.name}: its layer coast did not tell what it holds, and was left out."]
    both, _ = burnt(survey, "--known", project, "--slices", "0,400")
    alone, _ = burnt(survey, *csv, "--polygons", project, "--layer", "licences", "--slices", "0,400")
    np.testing.assert_array_equal(both, alone)
    assert np.count_nonzero(both) > np.count_nonzero(wanted)


def test_the_load_dialog_has_a_row_for_each_layer(project, survey):
    found = all_recognised(project, survey, Answers(project.parent / "answers.json"))
    assert {one.source.kind: one.source.part for one in found} == {
        "wells": "wellbores", "tops": "formation_tops", "polygons": "licences",
    }  # fmt: skip
    assert all(one.why for one in found)


def test_one_layer_is_said(project, survey):
    found = sources(Said(known=project, layer="formation_tops"), survey)
    assert [(one.kind, one.part) for one in found] == [("tops", "formation_tops")]
    (one,) = sources(Said(wells=project, layer="wellbores"))
    assert sniffed(one.table()).layer == "wellbores"
    with pytest.raises(LabelError, match=r"it has no layer 'wels'\. Its layers are"):
        burnt(survey, "--wells", project, "--layer", "wels", "--tops", project.parent / "tops.csv")


def test_several_layers_of_wells_are_asked(tables, survey):
    path = tables / "w.gpkg"
    for name in ("exploration", "production"):
        add(path, name, points(), WELL_NAME=["A", "B"], TD=[3000.0, 2500.0])
    words = ("--wells", path, "--tops", tables / "tops.csv")
    with pytest.raises(
        Question, match="which of its layers holds where wells begin is not told; it has exploration, prod"
    ) as asked:
        burnt(survey, *words)
    assert asked.value.cause.choices == ("exploration", "production")
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    for answer in (("--columns", "wells:layer=production"), ("--layer", "production")):
        np.testing.assert_array_equal(burnt(survey, *words, *answer)[0], wanted)
    # The layer of shapes is no layer of wells.
    areas = add(tables / "a.gpkg", "one", [shapely.box(0, 0, 1, 1)], facies=["x"])
    found = sources(Said(wells=path, polygons=areas, layer="one", columns=["wells:layer=production"]))
    assert {one.kind: one.part for one in found} == {"wells": "production", "polygons": "one"}
    with pytest.raises(LabelError, match="columns='wells:layer=exploration'"), in_python():
        raise asked.value


@pytest.mark.parametrize("suffix", [".shp", ".geojson", ".gpkg"])
def test_one_file_in_a_zip(tables, survey, suffix):
    wanted, _ = burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    add(tables / f"w{suffix}", "w", points(), WELL_NAME=["A", "B"], TD=[1.0, 2.0])
    with zipfile.ZipFile(tables / "w.zip", "w") as archive:
        for part in tables.glob("w.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    assert recognise(tables / "w.zip") == "wells"
    found, _ = burnt(survey, "--wells", tables / "w.zip", "--tops", tables / "tops.csv")
    np.testing.assert_array_equal(found, wanted)


def kml(path: Path, body: str) -> Path:
    path.write_text(
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    )
    return path


def in_degrees(xyz: np.ndarray) -> str:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True).transform(xyz[:, 0], xyz[:, 1])
    return " ".join(f"{a:.10f},{b:.10f},{c:g}" for a, b, c in zip(lon, lat, xyz[:, 2], strict=True))


def placemark(name: str, shape: str, at: np.ndarray, mode: str = "absolute") -> str:
    said = f"<altitudeMode>{mode}</altitudeMode>" if mode else ""
    inside = f"{said}<coordinates>{in_degrees(at)}</coordinates>"
    if shape == "Polygon":
        inside = (
            f"<outerBoundaryIs><LinearRing><coordinates>{in_degrees(at)}</coordinates></LinearRing></outerBoundaryIs>"
        )
    return f"<Placemark><name>{name}</name><{shape}>{inside}</{shape}></Placemark>"


def folder(name: str, *marks: str) -> str:
    return f"<Folder><name>{name}</name>{''.join(marks)}</Folder>"


HEADS = [placemark(name, "Point", np.array([[*at, 0.0]])) for name, at in zip("AB", PLACES, strict=True)]
AREA = placemark(
    "block", "Polygon", np.array([[500_000, 6_000_000, 0.0], [500_030, 6_000_000, 0], [500_030, 6_000_050, 0]])
)


def test_wells_in_a_folder_of_google_earth(tables, survey):
    csv = ("--wells", tables / "wells.csv", "--tops", tables / "tops.csv")
    wanted, _ = burnt(survey, *csv)
    path = kml(tables / "w.kml", folder("Wells", *HEADS) + folder("Licence", AREA))
    assert layers(path) == {"Wells": "points", "Licence": "areas"}
    with zipfile.ZipFile(tables / "w.kmz", "w") as archive:
        archive.write(path, "doc.kml")
    for one in (path, tables / "w.kmz"):
        found, _ = burnt(survey, "--wells", one, *csv[2:], "--survey-crs", UTM)
        np.testing.assert_array_equal(found, wanted)
    several = kml(tables / "s.kml", folder("Oil", *HEADS) + folder("Gas", *HEADS))
    with pytest.raises(Question, match="it has Oil, Gas"):
        burnt(survey, "--wells", several, *csv[2:])
    # As shapes a file is whole, with its folders as a field, or one of its folders.
    whole, words = collect_warnings(lambda: labels.read_polygons(path, "folder"))
    assert (whole.classes, words) == (("Wells", "Wells", "Licence"), [])
    assert not shapely.has_z(whole.shapes).any()
    assert labels.read_polygons(path, "folder", layer="Licence").classes == ("Licence",)
    with pytest.raises(LabelError, match=r"it has no folder 'x'\. Its folders are Wells, Licence"):
        labels.read_polygons(path, "folder", layer="x")


@pytest.mark.parametrize("mode", ["absolute", ""])
def test_lines_of_google_earth_with_elevations_are_paths(tables, survey, mode):
    path = kml(tables / "p.kml", placemark("A", "LineString", PATH, mode))
    (way,) = labels.read_deviation(path, kb_m=10.0, survey=survey, survey_crs=UTM).values()
    assert way.name == "A"
    # On the map of the survey, whose scale is 0.9996, so much shorter than on the ground.
    np.testing.assert_allclose(way.md, [0, 100, 150, 250], atol=0.02)
    np.testing.assert_allclose(way.tvd, [0, 100, 140, 240], atol=1e-6)
    np.testing.assert_allclose(way.dx, [0, 0, 30, 30], atol=0.01)


def test_a_path_in_degrees_says_its_unit_or_is_refused(tables, survey):
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True).transform(PATH[:, 0], PATH[:, 1])
    line = [shapely.LineString(np.stack([lon, lat, PATH[:, 2]], axis=1))]
    (way,) = labels.read_deviation(
        add(tables / "p.geojson", "p", line, "EPSG:4326", WELL=["A"]), kb_m=10.0, survey=survey, survey_crs=UTM
    ).values()
    np.testing.assert_allclose(way.md, [0, 100, 150, 250], atol=0.02)
    with pytest.raises(LabelError, match="its lines are in degrees, and nothing says in which unit they go down"):
        labels.read_deviation(add(tables / "p.gpkg", "p", line, "EPSG:4326", WELL=["A"]), survey=survey)


FLAT = PATH * [1, 1, 0]


@pytest.mark.parametrize("option", ["wells", "tops", "deviation", "checkshots", "horizon"])
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".kml", "z.gpkg", "ground.kml"])
def test_lines_on_the_map_are_told_as_what_they_are(tables, survey, option, suffix):
    path = tables / f"l{suffix}"
    if suffix.endswith(".kml"):
        ground = suffix == "ground.kml"
        kml(path, placemark("A", "LineString", PATH if ground else FLAT, "relativeToGround" if ground else "absolute"))
    else:
        at = np.add(FLAT, [0, 0, 5]) if suffix == "z.gpkg" else FLAT[:, :2]
        add(path, "l", [shapely.LineString(at)], WELL=["A"])
    how = "count from the ground, not from sea level" if suffix == "ground.kml" else "have none"
    with pytest.raises(
        LabelError, match=f"it holds lines on the map, and no wells, tops or picks; a path .* {how}"
    ) as told:
        burnt(survey, "--wells", tables / "wells.csv", "--tops", tables / "tops.csv", f"--{option}", path)
    assert "shapes with a class are given as --polygons" in str(told.value)
    assert Source.of(path).kind == "polygons"


def test_areas_and_shapes_of_several_sorts_are_told(tables, survey):
    for body, words in ((AREA, "areas"), (AREA + HEADS[0], "shapes")):
        with pytest.raises(LabelError, match=f"it holds {words} on the map, and no wells"):
            labels.sniff(kml(tables / "a.kml", body))
    areas = kml(tables / "a.kml", AREA)
    with pytest.raises(LabelError, match=r"it is places of Google Earth \(KML\)\. Give it as --polygons"):
        burnt(survey, "--wells", areas, "--tops", tables / "tops.csv")
    with pytest.raises(LabelError, match="it holds no shape"):
        labels.sniff(kml(tables / "n.kml", "<Placemark><name>x</name></Placemark>"))


def test_what_comes_to_lie_beside_a_file_is_seen(tables):
    path = add(tables / "w.shp", "w", points(), WELL=["A", "B"])
    said = path.with_suffix(".prj").read_text()
    path.with_suffix(".prj").unlink()
    assert labels.sniff(path).crs == ""
    path.with_suffix(".prj").write_text(said)
    assert "32632" in labels.sniff(path).crs or "UTM" in labels.sniff(path).crs


def test_a_column_for_each_marker_in_a_layer(tables, survey):
    csv = tables / "wide.csv"
    csv.write_text("Well,sand TWT (ms),shale TWT (ms)\nA,0,40\nB,20,60\n")
    wide = add(
        tables / "wide.gpkg",
        "t",
        points(),
        Well=["A", "B"],
        **{"sand TWT (ms)": [0.0, 20.0], "shale TWT (ms)": [40.0, 60.0]},
    )
    wells = ("--wells", tables / "wells.csv")
    np.testing.assert_array_equal(burnt(survey, *wells, "--tops", wide)[0], burnt(survey, *wells, "--tops", csv)[0])


def test_intervals_with_a_class_are_those_of_wells(tables, survey):
    csv = tables / "intervals.csv"
    csv.write_text("well,top_twt_ms,base_twt_ms,unit\nA,0,40,sand\nB,20,60,shale\n")
    fields = {"top_twt_ms": [0.0, 20.0], "base_twt_ms": [40.0, 60.0], "unit": ["sand", "shale"]}
    path = add(tables / "intervals.gpkg", "t", points(), well=["A", "B"], **fields)
    assert recognise(path) == "tops"
    wells = ("--wells", tables / "wells.csv")
    np.testing.assert_array_equal(burnt(survey, *wells, "--known", path)[0], burnt(survey, *wells, "--tops", csv)[0])


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_lines_without_a_field_are_no_dead_end(tables, survey, suffix):
    path = add(tables / f"l{suffix}", "l", [shapely.LineString(FLAT[:, :2])])
    with pytest.raises(LabelError, match="nothing is said of its shapes, and so not which class they are"):
        burnt(survey, "--polygons", path, "--slices", "0,400")
    # With one, they are what lies along them.
    named = add(tables / f"n{suffix}", "l", [shapely.LineString([PLACES[0], PLACES[1]])], WELL=["A"])
    out, _ = burnt(survey, "--polygons", named, "--slices", "0,400", "--class-field", "WELL")
    assert out.any()
